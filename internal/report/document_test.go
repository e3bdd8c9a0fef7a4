package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"tare/internal/page"
	"tare/internal/report"
)

func at(part string, w report.Weight) report.Place { return report.Place{Part: part, Weight: w} }

// screens is a document with something of every weight.
func screens() report.Document {
	return report.Document{
		report.Para{Place: at("verdict", report.Always), Text: "the verdict"},
		report.Para{Place: at("table", report.Brief), Text: "the short table"},
		report.Para{Place: at("table", report.Full), Text: "the long table"},
		report.Para{Place: at("files", report.Full), Text: "the files", Heading: true},
		report.Item{Place: at("files", report.Full), Text: "a file"},
		report.Item{Place: at("said", report.Always), Severity: report.Secret, Text: "a key"},
		report.Para{Place: at("", report.Brief), Text: "the rest: --full"},
	}
}

// The first screen, --full and --show choose by weight and part alone; every format
// shows, folds or keeps the rest.
func TestView(t *testing.T) {
	for name, c := range map[string]struct {
		view report.View
		rest report.Rest
		want string
	}{
		"first screen": {report.View{}, report.Drop, "the verdict|the short table|secret: a key|the rest: --full"},
		"full":         {report.View{Full: true}, report.Drop, "the verdict|the long table|the files|a file|secret: a key"},
		"kept":         {report.View{}, report.Keep, "the verdict|the long table|the files|a file|secret: a key"},
		"one part":     {report.View{Show: []string{"files"}}, report.Drop, "the files|a file"},
		"fuller":       {report.View{Show: []string{"said", "table"}}, report.Drop, "the long table|secret: a key"},
		"empty":        {report.View{Show: []string{"waste"}}, report.Drop, "Nothing to show: waste."},
	} {
		var b bytes.Buffer
		if err := screens().View(c.view, c.rest).WriteText(&b, report.Style{}); err != nil {
			t.Fatal(err)
		}
		var got []string
		for l := range strings.Lines(b.String()) {
			if l = strings.TrimPrefix(strings.TrimSpace(l), "· "); l != "" {
				got = append(got, l)
			}
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%s: %s, want %s", name, s, c.want)
		}
	}
	var unknown *report.PartError
	if err := (report.View{Show: []string{"files", "nothing"}}).Check([]string{"files", "waste"}); !errors.As(err, &unknown) || !strings.Contains(err.Error(), `"nothing": the parts are files, waste`) {
		t.Error(err)
	}
	if err := (report.View{Show: []string{"files"}}).Check([]string{"files", "waste"}); err != nil {
		t.Error(err)
	}
}

// Markdown and the page fold what is not on the first screen, and only that.
func TestFolding(t *testing.T) {
	var md, ht bytes.Buffer
	d := screens().View(report.View{}, report.Fold)
	if err := errors.Join(d.WriteMarkdown(&md), (&page.Page{Title: "x", Doc: d}).Write(&ht)); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{"markdown": md.String(), "html": ht.String()} {
		if n := strings.Count(s, "<details>"); n != 2 || strings.Count(s, "</details>") != 2 {
			t.Errorf("%s: %d folds:\n%s", name, n, s)
		}
		inside := strings.Join([]string{between(s, "<details>", "</details>", 0), between(s, "<details>", "</details>", 1)}, "")
		for _, want := range []string{"the long table", "the files", "a file", "<summary>Table</summary>", "<summary>the files</summary>"} {
			if !strings.Contains(inside, want) {
				t.Errorf("%s: %q is not folded", name, want)
			}
		}
		if strings.Contains(inside, "verdict") || strings.Contains(inside, "a key") {
			t.Errorf("%s: the first screen is folded", name)
		}
	}
}

func between(s, from, to string, n int) string {
	parts := strings.Split(s, from)
	if n+1 >= len(parts) {
		return ""
	}
	body, _, _ := strings.Cut(parts[n+1], to)
	return body
}

func table(rows int) report.Table {
	t := report.Table{Title: "T", Columns: []report.Column{{Title: "BYTES", Right: true}, {Title: "SPARE", Spare: 1}, {Title: "LESS", Spare: 2}, {Title: "PATH", Cut: report.Path}}}
	for n := range rows {
		t.Rows = append(t.Rows, report.Row{Bar: .5, Cells: []report.Cell{{Text: strings.Repeat("1", n+1), Trend: report.Worse}, {Text: "middling words"}, {Text: "more of them"}, {Text: fmt.Sprintf("/usr/lib/python3.11/site-packages/package/sub%d/libpython3.so.1.0", n)}}})
	}
	return t
}

// A pipe gets everything; a narrow terminal loses columns, the most spare one first,
// and a path keeps its file name.
func TestWidths(t *testing.T) {
	for width, want := range map[int]struct{ has, not string }{
		0:   {"BYTES  SPARE           LESS          PATH|/usr/lib/python3.11/site-packages/package/sub0/libpython3.so.1.0", "…|█"},
		200: {"LESS|SPARE|sub0/libpython3.so.1.0  █████", "…"},
		80:  {"SPARE|BYTES|/usr/…/package/sub0/libpython3.so.1.0", "█"},
		70:  {"SPARE|BYTES|/usr/…/package/sub0/libpython3.so.1.0", "LESS"},
		50:  {"BYTES|/usr/…/package/sub0/libpython3.so.1.0", "SPARE|LESS"},
		40:  {"BYTES|libpython3.so.1.0", "SPARE|LESS"},
	} {
		var b bytes.Buffer
		d := report.Document{table(9)}
		if err := d.WriteText(&b, report.Style{Width: width, Bars: width > 0}); err != nil {
			t.Fatal(err)
		}
		for _, w := range strings.Split(want.has, "|") {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%d columns: no %q in\n%s", width, w, b.String())
			}
		}
		for _, w := range strings.Split(want.not, "|") {
			if strings.Contains(b.String(), w) {
				t.Errorf("%d columns: %q in\n%s", width, w, b.String())
			}
		}
		for l := range strings.Lines(b.String()) {
			if n := utf8.RuneCountInString(strings.TrimRight(l, "\n")); width > 0 && n > width {
				t.Errorf("%d columns of %d: %s", n, width, l)
			}
		}
	}
}

// Colours come from fields alone, whatever a text begins with.
func TestColoursAreFields(t *testing.T) {
	d := report.Document{
		report.Item{Text: "✗ only a text"}, report.Item{Mark: report.No, Text: "refuted"}, report.Item{Severity: report.Error, Text: "broken"},
		report.Table{Columns: []report.Column{{Title: "A"}}, Rows: []report.Row{{Cells: []report.Cell{{Text: "−5MB"}}}, {Cells: []report.Cell{{Text: "1MB", Delta: "+3%", Trend: report.Better}}}}},
	}
	var b bytes.Buffer
	if err := d.WriteText(&b, report.Style{Width: 80, Color: true}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"  · ✗ only a text", "\x1b[31m✗\x1b[0m refuted", "\x1b[31merror: \x1b[0mbroken", "  −5MB", "\x1b[32m+3%\x1b[0m"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in %q", want, b.String())
		}
	}
}
