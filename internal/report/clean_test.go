package report_test

import (
	"strings"
	"testing"

	"tare/internal/page"
	"tare/internal/report"
)

// TestDocumentsAreClean: whoever makes a block may forget a stranger's text; no writer
// lets it out as it is, and colours of tare's own stay.
func TestDocumentsAreClean(t *testing.T) {
	const evil = "E\x1b[2J\u009b\u202e\rx"
	d := report.Document{
		report.Para{Text: evil, Heading: true}, report.Item{Text: evil},
		report.Para{Text: evil, Verbatim: true, Place: report.Place{Part: "x", Weight: report.Full}},
		report.Table{Title: evil, Subject: evil, Columns: []report.Column{{Title: evil}, {Title: evil}}, Rows: []report.Row{{Cells: []report.Cell{{Text: evil, Delta: evil}, {Text: evil}}}}, Note: evil},
		report.Sides{Subjects: []report.Subject{{Title: evil, Note: evil}}, Rows: []report.Measure{{Label: evil, Help: evil, Cells: []report.Cell{{Text: evil, Delta: evil}}}}},
	}
	for name, write := range map[string]func(*strings.Builder) error{
		"text":     func(b *strings.Builder) error { return d.WriteText(b, report.Style{Width: 200, Color: true}) },
		"markdown": func(b *strings.Builder) error { return d.WriteMarkdown(b) },
		"csv":      func(b *strings.Builder) error { return d.WriteCSV(b) },
		"html":     func(b *strings.Builder) error { return (&page.Page{Title: evil, Doc: d}).Write(b) },
	} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		got := b.String()
		if name == "text" && !strings.Contains(got, "\x1b[1m") {
			t.Error("no colours")
		}
		got = strings.NewReplacer("\x1b[0m", "", "\x1b[1m", "", "\x1b[2m", "", "\x1b[31m", "", "\x1b[32m", "").Replace(got)
		if i := strings.IndexAny(got, "\x1b\u009b\u202e\r"); i >= 0 {
			t.Errorf("%s: %q", name, got[max(0, i-20):])
		}
	}
}
