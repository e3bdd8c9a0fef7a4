package table

import (
	"errors"
	"strings"
	"testing"

	"tare/internal/request"
)

func TestTemplate(t *testing.T) {
	type person struct {
		Name string
		Tags []string
	}
	v := person{"<a> & b", []string{"x", "y"}}
	for _, c := range []struct{ format, want string }{
		{"json", `{"Name":"<a> & b","Tags":["x","y"]}` + "\n"},
		{"{{.Name}}", "<a> & b\n"},
		{`{{.Name}}\t{{index .Tags 1}}`, "<a> & b\ty\n"},
		{`{{join .Tags "+"}}\n`, "x+y\n\n"},
		{"{{json .Tags}}", `["x","y"]` + "\n"},
	} {
		var b strings.Builder
		if err := Template(&b, c.format, v); err != nil || b.String() != c.want {
			t.Errorf("%q: %q, %v; want %q", c.format, b.String(), err, c.want)
		}
	}
	for _, format := range []string{"{{", "{{.Nothing}}", "{{index .Tags 9}}"} {
		var usage request.Error
		var b strings.Builder
		if err := Template(&b, format, v); !errors.As(err, &usage) || !strings.HasPrefix(err.Error(), "--format: ") || b.Len() > 0 {
			t.Errorf("%q: %v, and %q was printed", format, err, b.String())
		}
	}
}

// What cannot be written as JSON is an error, and no half line.
func TestWriteJSON(t *testing.T) {
	var b strings.Builder
	if err := WriteJSON(&b, func() {}); err == nil || b.Len() > 0 {
		t.Errorf("%v, %q", err, b.String())
	}
}

// A field without a column is this program's fault, not the user's.
func TestFieldWithoutColumn(t *testing.T) {
	var usage request.Error
	err := people.Write(&strings.Builder{}, "", []Row{{"Name": "a", "Age": "1", "Shoe": "43"}})
	if err == nil || errors.As(err, &usage) || !strings.Contains(err.Error(), `"Shoe"`) {
		t.Error(err)
	}
}

// full takes n bytes and no more.
type full struct{ n int }

func (f *full) Write(b []byte) (int, error) {
	if len(b) > f.n {
		return 0, errors.New("no space")
	}
	f.n -= len(b)
	return len(b), nil
}

// A disk that is full is heard of, whatever the format.
func TestWriteErrors(t *testing.T) {
	rows := []Row{{"Name": "a", "Age": "1"}}
	for _, format := range []string{"", "json", "{{.Name}}"} {
		if err := people.Write(&full{}, format, rows); err == nil {
			t.Errorf("%q: no error", format)
		}
		if err := people.Write(&full{1000}, format, rows); err != nil {
			t.Errorf("%q: %v", format, err)
		}
	}
	if err := Template(&full{}, "{{.}}", 1); err == nil {
		t.Error("template: no error")
	}
}
