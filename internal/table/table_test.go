package table

import (
	"errors"
	"strings"
	"testing"

	"tare/internal/request"
)

// A table in the manner of Docker's, with what is hard in it.
var people = Format{
	Fields:  []string{"Age", "Name"},
	Headers: map[string]string{"Age": "AGE", "Name": "NAME"},
	Table:   "{{.Name}}\t{{.Age}}",
}

func TestTable(t *testing.T) {
	rows := []Row{{"Name": "a", "Age": "1"}, {"Name": "<b> & c", "Age": "22"}}
	for _, c := range []struct{ format, want string }{
		{"", "NAME      AGE\na         1\n<b> & c   22\n"},
		{"table", "NAME      AGE\na         1\n<b> & c   22\n"},
		{`table {{.Age}}\t{{.Name}}`, "AGE       NAME\n1         a\n22        <b> & c\n"},
		{`table{{.Age}}\t{{.Name}}`, "AGE       NAME\n1         a\n22        <b> & c\n"},
		{"table\t{{.Age}} ", "AGE\n1\n22\n"},
		{"tabletop", "top\ntop\ntop\n"},
		{"{{.Name}}", "a\n<b> & c\n"},
		{`{{.Name}}\n{{.Age}}`, "a\n1\n<b> & c\n22\n"},
		{"{{upper .Name}}", "A\n<B> & C\n"},
		{"json", `{"Age":"1","Name":"a"}` + "\n" + `{"Age":"22","Name":"<b> & c"}` + "\n"},
		{"{{json .Name}}", "\"a\"\n\"<b> & c\"\n"},
	} {
		var b strings.Builder
		if err := people.Write(&b, c.format, rows); err != nil {
			t.Errorf("%q: %v", c.format, err)
		}
		if b.String() != c.want {
			t.Errorf("%q: got\n%swant\n%s", c.format, b.String(), c.want)
		}
	}
	for _, format := range []string{"{{", "{{.Nothing}}", "{{nothing .Age}}"} {
		var usage request.Error
		if err := people.Write(&strings.Builder{}, format, rows); !errors.As(err, &usage) {
			t.Errorf("%q: %v is no usage error", format, err)
		}
	}
}

func TestEllipsis(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{{"short", 5, "short"}, {"longer", 5, "long…"}, {"äöüßé", 5, "äöüßé"}, {"äöüßéè", 5, "äöüß…"}} {
		if got := Ellipsis(c.in, c.n); got != c.want {
			t.Errorf("Ellipsis(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}
