// Package gatereport writes what tare check found out: for people, for pull requests, and
// for the programs that continuous integration has for reports. A format decides nothing:
// the verdict is that of the gate.Result, in each of them.
package gatereport

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"tare/internal/gate"
	"tare/internal/report"
	"tare/internal/request"
)

// Options say how a check is reported. The zero value is a report as text.
type Options struct {
	Format string // a name of Formats; "" is text
	// Name tells several checks of one repository apart: in the marker of a comment
	// and in the category of SARIF. "" is "default".
	Name    string
	Details bool // all rows, not only the first of each list
	// Always writes Markdown where nothing of yours changed and no budget is broken, too:
	// else there is nothing to comment on, and nothing is written.
	Always  bool
	Exact   bool         // exact bytes
	Style   report.Style // of text
	Version string       // of tare, which SARIF names; "" is none
}

// Format is a way to report a check.
type Format struct {
	Name  string // as --format takes it
	About string // what reads it
	write func(io.Writer, *gate.Result, Options) error
}

// Formats are all formats, in the order of the help.
var Formats = []Format{
	{"text", "a terminal", writeText},
	{"markdown", "a comment on a pull request", writeMarkdown},
	{"summary", "a job's summary: Markdown, also where there is nothing to comment on", func(w io.Writer, r *gate.Result, o Options) error {
		o.Always = true
		return writeMarkdown(w, r, o)
	}},
	{"json", "programs", func(w io.Writer, r *gate.Result, _ Options) error { return writeJSON(w, r) }},
	{"sarif", "code scanning (SARIF 2.1.0)", writeSARIF},
	{"junit", "test reports (JUnit XML)", writeJUnit},
	{"gitlab-quality", "GitLab's code quality report", writeQuality},
	{"openmetrics", "GitLab's metrics report", writeMetrics},
	{"github", "annotations in the log of a GitHub workflow", writeCommands},
	{"benchmark", "github-action-benchmark (customSmallerIsBetter)", writeBenchmark},
}

// Names are the names of all formats.
func Names() []string {
	out := make([]string, len(Formats))
	for i, f := range Formats {
		out[i] = f.Name
	}
	return out
}

// Report is one more report of a check, in a file.
type Report struct{ Format, File string }

// Reports reads a list of FORMAT=FILE. It returns an error that names what is neither.
func Reports(list []string) ([]Report, error) {
	var out []Report
	for _, text := range list {
		format, file, _ := strings.Cut(text, "=")
		if !slices.Contains(Names(), format) || file == "" {
			return nil, request.Errorf("--report %q: want FORMAT=FILE, with one of: %s", text, strings.Join(Names(), ", "))
		}
		out = append(out, Report{format, file})
	}
	return out, nil
}

// Write writes the report of a check. It returns an error for a format that there is not,
// and what writing returns.
func Write(w io.Writer, r *gate.Result, o Options) error {
	if o.Format == "" {
		o.Format = "text"
	}
	if o.Name == "" {
		o.Name = "default"
	}
	for _, f := range Formats {
		if f.Name == o.Format {
			return f.write(w, r, o)
		}
	}
	return fmt.Errorf("no format %q", o.Format)
}

// writeJSON writes JSON in which no log finds a command: GitHub's runner takes "##[" for
// one wherever it stands.
func writeJSON(w io.Writer, data any) error {
	var b bytes.Buffer
	if err := report.WriteJSON(&b, data); err != nil {
		return err
	}
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte("##["), []byte(`#\u0023[`)))
	return err
}
