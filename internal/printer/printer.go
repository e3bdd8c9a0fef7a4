package printer

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"tare/internal/browser"
	"tare/internal/outfile"
	"tare/internal/page"
	"tare/internal/report"
)

// Printer writes the reports of one command line.
type Printer struct {
	Context context.Context // the program's: it ends with Ctrl-C
	// Out is standard output, cleaned of control characters.
	Out io.Writer
	// Env looks up an environment variable.
	Env func(name string) string
	// NoPager keeps long output from going through the user's pager.
	NoPager bool
	// Note says something on standard error.
	Note func(text string)
	// Close gives back what the command held, before somebody reads for long.
	Close func() error
}

// Write writes data as JSON, or the document that is made of it.
func (p *Printer) Write(o Options, data any, doc func() report.Document) error {
	return p.WritePage(o, data, doc, page.Page{})
}

// WritePage is Write for reports with pictures; pg has all but the document.
func (p *Printer) WritePage(o Options, data any, doc func() report.Document, pg page.Page) error {
	f := page.FormatOf(o.Format)
	pg.Data, pg.Report, pg.Chart = data, o.command, page.Chart(o.Chart)
	return p.ToFile(o, func(w io.Writer) error {
		if f.Name != "json" && f.Name != "svg" {
			pg.Doc = doc().View(o.View, f.Rest)
		}
		return f.Write(w, &pg, p.Style(w))
	})
}

// Style is how text looks on w: as wide as the terminal, or as COLUMNS says; what goes
// elsewhere is not cut.
func (p *Printer) Style(w io.Writer) report.Style {
	tty, width := Terminal(w)
	if !tty {
		width = 0
	}
	if n, err := strconv.Atoi(p.Env("COLUMNS")); err == nil && n > 0 {
		width = max(40, n)
	}
	return report.Style{Width: width, Color: p.colored(w), Bars: tty}
}

// ToFile calls write with standard output, or with the file that was asked for. A page to
// open that has no file gets one among the temporary files.
func (p *Printer) ToFile(o Options, write func(io.Writer) error) error {
	if o.Open && o.File == "" {
		dir, err := os.MkdirTemp("", "tare-")
		if err != nil {
			return err
		}
		o.File = filepath.Join(dir, "report.html")
	}
	if o.File == "" {
		return p.Show(write)
	}
	if err := outfile.Write(p.Context, o.File, write); err != nil || !o.Open {
		return err
	}
	p.Note("wrote " + o.File)
	// The engine's umask of 0 would be the browser's for all that it saves.
	if err := p.Close(); err != nil {
		return err
	}
	return browser.Open(o.File)
}
