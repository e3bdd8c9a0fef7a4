package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"tare/internal/chart"
	"tare/internal/screen"
)

// Format is a way to write a report. A new one is one more of Formats.
type Format struct {
	Name      string // as --format takes it
	Extension string // of a file's name
	Pictures  bool   // it draws: what only pictures need is worked out
	Rest      Rest   // what it does with what is not on the first screen
	Write     func(io.Writer, *Page, Style) error
}

// Formats are all formats, in the order of the help.
var Formats = []Format{
	{Name: "text", Extension: "txt", Write: func(w io.Writer, p *Page, s Style) error { return p.Doc.WriteText(w, s) }},
	{Name: "markdown", Extension: "md", Rest: Fold, Write: func(w io.Writer, p *Page, _ Style) error { return p.Doc.WriteMarkdown(w) }},
	{Name: "json", Extension: "json", Write: func(w io.Writer, p *Page, _ Style) error { return WriteJSON(w, p.Data) }},
	{Name: "csv", Extension: "csv", Rest: Keep, Write: func(w io.Writer, p *Page, _ Style) error { return p.Doc.WriteCSV(w) }},
	{Name: "tsv", Extension: "tsv", Rest: Keep, Write: func(w io.Writer, p *Page, _ Style) error { return p.Doc.WriteTSV(w) }},
	{Name: "html", Extension: "html", Pictures: true, Rest: Fold, Write: func(w io.Writer, p *Page, _ Style) error { return p.Write(w) }},
	{Name: "svg", Extension: "svg", Pictures: true, Write: func(w io.Writer, p *Page, _ Style) error { return p.WriteSVG(w) }},
}

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

// WriteJSON writes a JSON document for people and programs alike.
func WriteJSON(w io.Writer, data any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(data); err != nil {
		return err
	}
	_, err := w.Write(screen.JSON(b.Bytes()))
	return err
}

// Charts are the names of all pictures that reports have.
var Charts = chart.Names

// Chart is the name of a chart as it is now; "strata" is the earlier name of layers.
func Chart(name string) string {
	if name == "strata" {
		return "layers"
	}
	return name
}

// ChartError says that a report has no chart of a name.
type ChartError struct {
	Chart string   // empty if any chart would have done
	Have  []string // those that it has
}

// Error names the charts that there are.
func (e *ChartError) Error() string {
	switch {
	case len(e.Have) == 0:
		return "there is no chart of this: one needs several images, files or measured times"
	case e.Chart == "":
		return "the charts are: " + strings.Join(e.Have, ", ")
	}
	return fmt.Sprintf("--chart %s: there is only: %s", e.Chart, strings.Join(e.Have, ", "))
}

// WriteSVG writes the page's pictures, or the one that was asked for, as a drawing. It
// returns a *ChartError where there is none.
func (p *Page) WriteSVG(w io.Writer) error {
	list := p.Pictures()
	var have []string
	for _, pic := range list {
		if !slices.Contains(have, pic.ID) {
			have = append(have, pic.ID)
		}
	}
	if p.Chart != "" {
		list = slices.DeleteFunc(list, func(pic Picture) bool { return pic.ID != p.Chart })
	}
	if len(list) == 0 {
		return &ChartError{p.Chart, have}
	}
	return chart.WriteSVG(w, list)
}
