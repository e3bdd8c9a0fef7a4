package report

import (
	"strings"
	"testing"
)

// Every line has the same number of values, whatever the texts.
func TestTSV(t *testing.T) {
	d := Document{
		Para{Place: Place{Part: "verdict"}, Text: "a\tb, \"c\""},
		Table{Place: Place{Part: "files"}, Subject: "x\ty", Columns: []Column{number("LIVE"), text("PATH")},
			Rows: []Row{{Cells: []Cell{sizes{}.of(1234567), words("/a,b")}}, {Cells: []Cell{sizes{}.of(-5), words("=1+1")}}}},
	}
	var b strings.Builder
	if err := d.WriteTSV(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 4 || lines[0] != strings.Join(csvHead, "\t") || !strings.Contains(b.String(), "\tbytes\t1234567") || !strings.Contains(b.String(), "\tbytes\t-5") {
		t.Errorf("%q", lines)
	}
	for _, l := range lines {
		if strings.Count(l, "\t") != len(csvHead)-1 {
			t.Errorf("%d tabs: %q", strings.Count(l, "\t"), l)
		}
	}
}
