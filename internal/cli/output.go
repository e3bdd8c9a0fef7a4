package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/browser"
	"tare/internal/outfile"
	"tare/internal/page"
	"tare/internal/report"
	"tare/internal/suggest"
)

// output says how a report is written.
type output struct {
	format, file, chart string
	bytes, open         bool
	view                report.View
	command             string   // whose report it is
	known               []string // formats
	parts               []string // of the document
}

// The formats of reports without and with pictures.
var (
	plainFormats = page.FormatNames(false)
	pageFormats  = page.FormatNames(true)
)

// flags are the flags of a report without pictures that has these parts.
func (o *output) flags(c *cobra.Command, parts []string) { o.formats(c, plainFormats, parts) }

func (o *output) formats(c *cobra.Command, known, parts []string) {
	o.command, o.known, o.parts = c.Name(), known, parts
	f := c.Flags()
	f.StringVar(&o.format, "format", "text", strings.Join(known, ", "))
	f.StringVarP(&o.file, "output", "o", "", "file to write instead of standard output")
	f.BoolVar(&o.bytes, "bytes", false, "print exact bytes")
	f.BoolVar(&o.view.Full, "full", false, "print everything, not only the first screen")
	f.StringSliceVar(&o.view.Show, "show", nil, "print only these parts: "+strings.Join(parts, ", "))
	f.BoolVar(&o.open, "open", false, "write an HTML page and open it in the browser")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(known, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("show", cobra.FixedCompletions(parts, cobra.ShellCompDirectiveNoFileComp))
	if slices.Contains(known, "svg") {
		f.StringVar(&o.chart, "chart", "", "with --format svg: only this chart: "+strings.Join(page.Charts, ", "))
		f.StringVar(&o.chart, "picture", "", "")
		_ = f.MarkHidden("picture") // its earlier name
		_ = c.RegisterFlagCompletionFunc("chart", cobra.FixedCompletions(page.Charts, cobra.ShellCompDirectiveNoFileComp))
	}
}

func (o *output) check() error {
	if o.open {
		if o.format != "text" && o.format != "html" {
			return usagef("--open shows a page of HTML, not %s", o.format)
		}
		o.format = "html"
	}
	if err := suggest.OneOf("--format", o.format, o.known); err != nil {
		return err
	}
	var part *report.PartError
	if err := o.view.Check(o.parts); errors.As(err, &part) {
		return usagef("%w%s", err, suggest.Meant(part.Part, part.Have))
	}
	if o.chart == "" {
		return nil
	}
	return suggest.OneOf("--chart", page.Chart(o.chart), page.Charts)
}

// rows is how many rows of a list are made where nobody said how many.
func (o *output) rows(c *cobra.Command, usual int) int {
	if (o.open || o.format == "html") && !c.Flags().Changed("top") {
		return page.Rows
	}
	return usual
}

// pictured tells whether the format shows pictures.
func (o *output) pictured() bool {
	f := page.FormatOf(o.format)
	return f != nil && f.Pictures
}

// firstScreen tells whether only the first screen is shown, and nothing of the rest.
func (o *output) firstScreen() bool {
	f := page.FormatOf(o.format)
	return f != nil && f.Rest == report.Drop && !o.view.Full && len(o.view.Show) == 0
}

// write writes data as JSON, or the document that is made of it.
func (a *app) write(o output, data any, doc func() report.Document) error {
	return a.writePage(o, data, doc, page.Page{})
}

// writePage is write for reports with pictures; p has all but the document.
func (a *app) writePage(o output, data any, doc func() report.Document, p page.Page) error {
	f := page.FormatOf(o.format)
	p.Data, p.Report, p.Chart = data, o.command, page.Chart(o.chart)
	return a.toFile(o, func(w io.Writer) error {
		if f.Name != "json" && f.Name != "svg" {
			p.Doc = doc().View(o.view, f.Rest)
		}
		return f.Write(w, &p, a.style(w))
	})
}

// style is how text looks on w: as wide as the terminal, or as COLUMNS says; what goes
// elsewhere is not cut.
func (a *app) style(w io.Writer) report.Style {
	tty, width := terminal(w)
	if !tty {
		width = 0
	}
	if n, err := strconv.Atoi(a.Env("COLUMNS")); err == nil && n > 0 {
		width = max(40, n)
	}
	return report.Style{Width: width, Color: a.colored(w), Bars: tty}
}

// toFile calls write with standard output, or with the file that was asked for. A page to
// open that has no file gets one among the temporary files.
func (a *app) toFile(o output, write func(io.Writer) error) error {
	if o.open && o.file == "" {
		dir, err := os.MkdirTemp("", "tare-")
		if err != nil {
			return err
		}
		o.file = filepath.Join(dir, "report.html")
	}
	if o.file == "" {
		return a.show(write)
	}
	if err := outfile.Write(a.ctx, o.file, write); err != nil || !o.open {
		return err
	}
	a.note("wrote " + o.file)
	// The engine's umask of 0 would be the browser's for all that it saves.
	if err := a.Close(); err != nil {
		return err
	}
	return browser.Open(o.file)
}
