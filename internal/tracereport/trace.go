// Package tracereport lays out what a trace tells, for people.
package tracereport

import (
	"fmt"
	"math"
	"strings"

	"tare/internal/report"
	"tare/internal/touch"
	"tare/internal/units"
)

// Parts are the parts of a Document.
var Parts = []string{"summary", "checks", "packages", "layers", "lines", "wrote", "files"}

// Options say how a trace is laid out.
type Options struct {
	Exact bool // print exact bytes
	Top   int  // rows of each list; 0 for all
}

// firstRows is how many rows of a list the first screen has.
const firstRows = 8

// Document lays a trace out: what was touched, how much the checks are worth, and what
// nothing touched, by package, layer and line. From a trace that is not complete it
// concludes nothing.
func Document(t *touch.Trace, o Options) report.Document {
	if o.Top == 0 {
		o.Top = math.MaxInt
	}
	p := page{t: t, Options: o}
	d := p.summary()
	d = append(d, p.checks()...)
	if t.Complete {
		d = append(d, p.parts("packages", "BY PACKAGE", "PACKAGE", t.Packages, packageName)...)
		d = append(d, p.parts("layers", "BY LAYER", "INSTRUCTION", t.Layers, func(q touch.Part) string { return q.Name })...)
		if t.Dockerfile != "" {
			d = append(d, p.parts("lines", "BY LINE OF "+t.Dockerfile, "INSTRUCTION", t.Lines, lineName)...)
		}
	}
	d = append(d, p.wrote(), p.files())
	return append(d, report.Para{Place: report.Place{Weight: report.Brief}, Dim: true,
		Text: "All parts: --full    One: --show files    What was touched beside what is there: tare weigh --trace FILE"})
}

type page struct {
	t *touch.Trace
	Options
}

func (p *page) size(n int64) string {
	if p.Exact {
		return units.Exact(n)
	}
	return units.Bytes(n)
}

func (p *page) bytes(n int64) report.Cell {
	return report.Cell{Text: p.size(n), Number: report.Number{Known: true, Int: n, Unit: "bytes"}}
}

func count(n int64) report.Cell {
	return report.Cell{Text: fmt.Sprint(n), Number: report.Number{Known: true, Int: n}}
}

func words(s string) report.Cell { return report.Cell{Text: report.Safe(s)} }

func number(title string) report.Column { return report.Column{Title: title, Right: true} }

// summary says in a few lines what the trace came to.
func (p *page) summary() report.Document {
	t := p.t
	at := report.Place{Part: "summary"}
	head := report.Safe(t.Name) + " · " + report.Safe(t.Platform)
	if !t.Complete {
		d := report.Document{
			report.Para{Place: at, Heading: true, Text: head + ": incomplete"},
			report.Item{Place: at, Severity: report.Error, Text: "This trace is incomplete. Nothing can be concluded from it: files that it does not name may have been touched."},
		}
		for _, r := range t.Reasons {
			d = append(d, report.Item{Place: at, Text: report.Safe(r)})
		}
		return d
	}
	b := t.Bytes
	d := report.Document{
		report.Para{Place: at, Heading: true, Text: fmt.Sprintf("%s: %s of %s read, %s only looked at, %s untouched", head, p.size(b.Read), p.size(b.Live), p.size(b.Looked), p.size(b.Untouched))},
		report.Para{Place: at, Text: fmt.Sprintf("%d of %s touched, by %s; the run wrote %s of its own (%s).", b.Touched, units.Plural(b.Files, "file"), units.Plural(len(t.Checks), "check"), units.Plural(len(t.Wrote), "file"), p.size(p.written()))},
	}
	if n := p.failed(); n > 0 {
		d = append(d, report.Item{Place: at, Severity: report.Warning, Text: fmt.Sprintf("%s did not pass, traced or not: what it would have touched after that is not known.", units.Plural(n, "check"))})
	}
	if len(t.Checks) > 1 {
		d = append(d, report.Para{Place: at, Text: p.saturation()})
	}
	if !t.Witness {
		d = append(d, report.Para{Place: at, Dim: true, Text: "Without root the kernel's own list of opened files (fanotify) is not there to hold this against."})
	}
	return d
}

func (p *page) written() (n int64) {
	for _, w := range p.t.Wrote {
		n += w.Bytes
	}
	return n
}

func (p *page) failed() (n int) {
	for _, c := range p.t.Checks {
		if !c.Passed {
			n++
		}
	}
	return n
}

// saturation says what the last check was still good for.
func (p *page) saturation() string {
	last := p.t.Checks[len(p.t.Checks)-1]
	if last.NewFiles == 0 {
		return fmt.Sprintf("The last check (%s) brought no new file.", report.Safe(last.Name))
	}
	return fmt.Sprintf("The last check (%s) still brought %s (%s): more checks may bring more.", report.Safe(last.Name), units.Plural(last.NewFiles, "new file"), p.size(last.NewBytes))
}

// checks has a row for each check: what it touched, and what no check before it had.
func (p *page) checks() report.Document {
	t := report.Table{Place: report.Place{Part: "checks"}, Title: "CHECKS", Subject: report.Safe(p.t.Name),
		Columns: []report.Column{{Title: "CHECK", Label: true, Key: true}, number("FILES"), number("NEW"), number("NEW BYTES"), number("SECONDS"), {Title: "RESULT"}}}
	for _, c := range p.t.Checks {
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{words(c.Name), count(int64(c.Files)), count(int64(c.NewFiles)), p.bytes(c.NewBytes),
			{Text: fmt.Sprintf("%.2f", c.Seconds), Number: report.Number{Known: true, Real: c.Seconds, Unit: "seconds"}}, words(result(c))}})
	}
	return p.first(t, firstRows)
}

// result says what a check came to, with and without the watch.
func result(c touch.Check) string {
	switch {
	case c.Passed:
		return "passed"
	case c.Untraced != nil && c.Untraced.Passed:
		return "fails traced, passes untraced: " + c.Reason
	case c.Untraced != nil:
		return "fails, also untraced: " + c.Reason
	}
	return "fails: " + c.Reason
}

func packageName(q touch.Part) string {
	if q.Name == "" {
		return "– no package"
	}
	return q.Name
}

func lineName(q touch.Part) string {
	if q.Number == 0 {
		return "– base image and layers of no line"
	}
	return q.Name
}

// parts has a row for each part of the image.
func (p *page) parts(part, title, label string, list []touch.Part, name func(touch.Part) string) report.Document {
	t := report.Table{Place: report.Place{Part: part}, Title: title, Subject: report.Safe(p.t.Name)}
	numbered := part != "packages"
	if numbered {
		t.Columns = append(t.Columns, report.Column{Title: strings.ToUpper(strings.TrimSuffix(part, "s")), Right: true, Key: true})
	}
	t.Columns = append(t.Columns, number("LIVE"), number("READ"), number("LOOKED AT"), number("UNTOUCHED"), number("FILES"), number("TOUCHED"), report.Column{Title: label, Label: true, Cut: report.End})
	for _, q := range list {
		if q.Live == 0 && q.Files == 0 {
			continue
		}
		var cells []report.Cell
		if numbered {
			n := count(int64(q.Number))
			if q.Number == 0 {
				n = words("–")
			}
			cells = append(cells, n)
		}
		cells = append(cells, p.bytes(q.Live), p.bytes(q.Read), p.bytes(q.Looked), p.bytes(q.Untouched), count(q.Files), count(q.Touched), words(strings.Join(strings.Fields(name(q)), " ")))
		bar := 0.0
		if p.t.Bytes.Live > 0 {
			bar = float64(q.Read+q.Looked) / float64(p.t.Bytes.Live)
		}
		t.Rows = append(t.Rows, report.Row{Cells: cells, Bar: bar})
	}
	return p.first(t, firstRows)
}

// wrote are the files that the run itself made.
func (p *page) wrote() report.Block {
	t := report.Table{Place: report.Place{Part: "wrote", Weight: report.Full}, Title: "WRITTEN BY THE RUN", Subject: report.Safe(p.t.Name),
		Columns: []report.Column{number("BYTES"), {Title: "PATH", Cut: report.Path}}, Note: "In the container's writable layer when it ended; no file of the image."}
	for n, w := range p.t.Wrote {
		if n == p.Top {
			t.Left = len(p.t.Wrote) - n
			break
		}
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{p.bytes(w.Bytes), words("/" + w.Path)}})
	}
	return t
}

// files are the files that were touched.
func (p *page) files() report.Block {
	t := report.Table{Place: report.Place{Part: "files", Weight: report.Full}, Title: "FILES", Subject: report.Safe(p.t.Name),
		Columns: []report.Column{number("BYTES"), number("LAYER"), {Title: "PACKAGE", Spare: 1}, {Title: "HOW"}, {Title: "PATH", Cut: report.Path}}}
	for n, f := range p.t.Files {
		if n == p.Top {
			t.Left = len(p.t.Files) - n
			break
		}
		var how []string
		for _, h := range f.How {
			how = append(how, string(h))
		}
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{p.bytes(f.Bytes), count(int64(f.Layer)), words(f.Package), words(strings.Join(how, ",")), words("/" + f.Path)}})
	}
	return t
}

// first is a table with its first rows for the first screen, and with the rest in full.
func (p *page) first(t report.Table, n int) report.Document {
	if len(t.Rows) > p.Top {
		t.Left, t.Rows = len(t.Rows)-p.Top, t.Rows[:p.Top]
	}
	if len(t.Rows) <= n {
		return report.Document{t}
	}
	whole, brief := t, t
	whole.Weight, brief.Weight = report.Full, report.Brief
	brief.Rows = t.Rows[:n:n]
	brief.Page = fmt.Sprintf("and %d more", len(t.Rows)+t.Left-n)
	brief.Note = brief.Page + ": --show " + t.Part
	return report.Document{brief, whole}
}
