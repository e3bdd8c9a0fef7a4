// Package printer writes reports where the user wants them, and as: standard output, a pager, a file or the browser; text for the
// terminal that there is, or another format.
package printer

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/page"
	"tare/internal/report"
	"tare/internal/request"
	"tare/internal/suggest"
)

// Options say how a report is written.
type Options struct {
	// Format is text, json, … or a Go template; File where it goes, empty for standard output; Chart the only chart of svg.
	Format, File, Chart string
	// Bytes prints exact bytes, Open shows a page in the browser.
	Bytes, Open bool
	// View chooses parts of the document.
	View report.View

	command string   // whose report it is
	known   []string // formats
	parts   []string // of the document
}

// Plain and Pictured are the formats of reports without and with pictures.
var (
	Plain    = page.FormatNames(false)
	Pictured = page.FormatNames(true)
)

// Known is o for a report of these formats and parts.
func (o Options) Known(formats, parts []string) Options {
	o.known, o.parts = formats, parts
	return o
}

// Flags gives a command the flags of a report that has these formats and parts.
func (o *Options) Flags(c *cobra.Command, formats, parts []string) {
	o.command, o.known, o.parts = c.Name(), formats, parts
	f := c.Flags()
	f.StringVar(&o.Format, "format", "text", strings.Join(formats, ", "))
	f.StringVarP(&o.File, "output", "o", "", "file to write instead of standard output")
	f.BoolVar(&o.Bytes, "bytes", false, "print exact bytes")
	f.BoolVar(&o.View.Full, "full", false, "print everything, not only the first screen")
	f.StringSliceVar(&o.View.Show, "show", nil, "print only these parts: "+strings.Join(parts, ", "))
	f.BoolVar(&o.Open, "open", false, "write an HTML page and open it in the browser")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("show", cobra.FixedCompletions(parts, cobra.ShellCompDirectiveNoFileComp))
	if slices.Contains(formats, "svg") {
		f.StringVar(&o.Chart, "chart", "", "with --format svg: only this chart: "+strings.Join(page.Charts, ", "))
		f.StringVar(&o.Chart, "picture", "", "")
		_ = f.MarkHidden("picture") // its earlier name
		_ = c.RegisterFlagCompletionFunc("chart", cobra.FixedCompletions(page.Charts, cobra.ShellCompDirectiveNoFileComp))
	}
}

// Checked returns a usage error for a format, chart or part that the report does not have. A page to open is HTML.
func (o *Options) Checked() error {
	if o.Open {
		if o.Format != "text" && o.Format != "html" {
			return request.Errorf("--open shows a page of HTML, not %s", o.Format)
		}
		o.Format = "html"
	}
	if err := suggest.OneOf("--format", o.Format, o.known); err != nil {
		return err
	}
	var part *report.PartError
	if err := o.View.Check(o.parts); errors.As(err, &part) {
		return request.Errorf("%w%s", err, suggest.Meant(part.Part, part.Have))
	}
	if o.Chart == "" {
		return nil
	}
	return suggest.OneOf("--chart", page.Chart(o.Chart), page.Charts)
}

// Rows is how many rows of a list are made where nobody said how many.
func (o *Options) Rows(c *cobra.Command, usual int) int {
	if (o.Open || o.Format == "html") && !c.Flags().Changed("top") {
		return page.Rows
	}
	return usual
}

// Pictured tells whether the format shows pictures.
func (o *Options) Pictured() bool {
	f := page.FormatOf(o.Format)
	return f != nil && f.Pictures
}

// FirstScreen tells whether only the first screen is shown, and nothing of the rest.
func (o *Options) FirstScreen() bool {
	f := page.FormatOf(o.Format)
	return f != nil && f.Rest == report.Drop && !o.View.Full && len(o.View.Show) == 0
}
