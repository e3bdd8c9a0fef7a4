package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/outfile"
	"tare/internal/report"
	"tare/internal/screen"
)

// output says how a report is written.
type output struct {
	format, file, picture string
	bytes                 bool
	known                 []string // formats
}

// The formats of reports without and with pictures.
var (
	plainFormats = []string{"text", "markdown", "json", "csv", "html"}
	pageFormats  = append(slices.Clone(plainFormats), "svg")
)

func (o *output) flags(c *cobra.Command) { o.formats(c, plainFormats) }

func (o *output) formats(c *cobra.Command, known []string) {
	o.known = known
	f := c.Flags()
	f.StringVar(&o.format, "format", "text", enumerate(known))
	f.StringVarP(&o.file, "output", "o", "", "file to write instead of standard output")
	f.BoolVar(&o.bytes, "bytes", false, "print exact bytes")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(known, cobra.ShellCompDirectiveNoFileComp))
	if slices.Contains(known, "svg") {
		f.StringVar(&o.picture, "picture", "", "with --format svg: only "+enumerate(pictures))
		_ = c.RegisterFlagCompletionFunc("picture", cobra.FixedCompletions(pictures, cobra.ShellCompDirectiveNoFileComp))
	}
}

var pictures = []string{"strata", "waterfall", "pareto", "treemap", "gantt"}

func enumerate(list []string) string {
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

func (o *output) check() error {
	if !slices.Contains(o.known, o.format) {
		return usagef("--format %q: want %s", o.format, enumerate(o.known))
	}
	if o.picture != "" && !slices.Contains(pictures, o.picture) {
		return usagef("--picture %q: want %s", o.picture, enumerate(pictures))
	}
	return nil
}

// pictured tells whether the format shows pictures.
func (o *output) pictured() bool { return o.format == "html" || o.format == "svg" }

// write writes data as JSON, or the document that is made of it.
func (a *app) write(o output, data any, doc func() report.Document) error {
	return a.writePage(o, data, doc, report.Page{Title: "tare"})
}

// writePage is write for reports with pictures; page has all but the document.
func (a *app) writePage(o output, data any, doc func() report.Document, page report.Page) error {
	return a.toFile(o, func(w io.Writer) error {
		switch o.format {
		case "json":
			return writeDocument(w, data)
		case "markdown":
			return doc().WriteMarkdown(w)
		case "csv":
			return doc().WriteCSV(w)
		case "html":
			page.Doc = doc()
			return page.Write(w)
		case "svg":
			list := page.Pictures()
			if o.picture != "" {
				list = slices.DeleteFunc(list, func(p report.Picture) bool { return p.ID != o.picture })
			}
			if len(list) == 0 {
				return fmt.Errorf("there is no such picture of this: one needs several images, or measured times")
			}
			return report.WriteSVG(w, list)
		}
		_, width := terminal(w)
		return doc().WriteText(w, report.Style{Width: width, Color: a.colored(w)})
	})
}

// toFile calls write with standard output, or with the file that was asked for.
func (a *app) toFile(o output, write func(io.Writer) error) error {
	if o.file == "" {
		// Documents are clean, and have colours of tare's own.
		return write(screen.Raw(a.Out))
	}
	return outfile.Write(a.ctx, o.file, write)
}

// writeDocument writes a JSON document for people and programs alike.
func writeDocument(w io.Writer, data any) error {
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

// openBrowser shows a file in the user's browser ($BROWSER, else the system's). The
// engine is closed first: its umask of 0 would be the browser's for all that it saves.
func (a *app) openBrowser(file string) error {
	if err := a.closeEngine(); err != nil {
		return err
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	name, args := "xdg-open", []string{abs}
	switch {
	case os.Getenv("BROWSER") != "":
		name = os.Getenv("BROWSER")
	case runtime.GOOS == "darwin":
		name = "open"
	case runtime.GOOS == "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", abs}
	}
	if err := exec.Command(name, args...).Start(); err != nil {
		return fmt.Errorf("no browser could be started (%w): open %s yourself, or set BROWSER", err, abs)
	}
	return nil
}
