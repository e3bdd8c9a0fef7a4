package page

import (
	"io"
	"slices"

	"tare/internal/chart"
	"tare/internal/report"
)

// Format is a way to write a report. A new one is one more of Formats.
type Format struct {
	Name      string      // as --format takes it
	Extension string      // of a file's name
	Pictures  bool        // it draws: what only pictures need is worked out
	Rest      report.Rest // what it does with what is not on the first screen
	Write     func(io.Writer, *Page, report.Style) error
}

// Formats are all formats, in the order of the help.
var Formats = []Format{
	{Name: "text", Extension: "txt", Write: func(w io.Writer, p *Page, s report.Style) error { return p.Doc.WriteText(w, s) }},
	{Name: "markdown", Extension: "md", Rest: report.Fold, Write: func(w io.Writer, p *Page, _ report.Style) error { return p.Doc.WriteMarkdown(w) }},
	{Name: "json", Extension: "json", Write: func(w io.Writer, p *Page, _ report.Style) error { return report.WriteJSON(w, p.Data) }},
	{Name: "csv", Extension: "csv", Rest: report.Keep, Write: func(w io.Writer, p *Page, _ report.Style) error { return p.Doc.WriteCSV(w) }},
	{Name: "tsv", Extension: "tsv", Rest: report.Keep, Write: func(w io.Writer, p *Page, _ report.Style) error { return p.Doc.WriteTSV(w) }},
	{Name: "html", Extension: "html", Pictures: true, Rest: report.Fold, Write: func(w io.Writer, p *Page, _ report.Style) error { return p.Write(w) }},
	{Name: "svg", Extension: "svg", Pictures: true, Write: func(w io.Writer, p *Page, _ report.Style) error { return p.WriteSVG(w) }},
}

// Rows is how many rows of a list a page has, whose reader opens the rest of a table with a
// click, where nobody said how many are wanted.
const Rows = 100

// FormatNames are the names of the formats; without pictures only those that need none.
func FormatNames(pictures bool) []string {
	var out []string
	for _, f := range Formats {
		if pictures || f.Name != "svg" {
			out = append(out, f.Name)
		}
	}
	return out
}

// FormatOf is the format of a name; nil if there is none.
func FormatOf(name string) *Format {
	if n := slices.IndexFunc(Formats, func(f Format) bool { return f.Name == name }); n >= 0 {
		return &Formats[n]
	}
	return nil
}

// Charts are the names of all pictures that reports have.
var Charts = chart.Names

// Chart is the name of a chart as it is now.
func Chart(name string) string { return chart.Name(name) }

// WriteSVG writes the page's pictures, or the one that was asked for, as a drawing. It
// returns a *chart.Error where there is none.
func (p *Page) WriteSVG(w io.Writer) error {
	list, err := chart.Select(p.Pictures(), p.Report, p.Chart)
	if err != nil {
		return err
	}
	return chart.WriteSVG(w, list)
}
