package tracereport

import (
	"fmt"
	"strings"

	"tare/internal/compare"
	"tare/internal/profile"
	"tare/internal/report"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Touched is the name of the part that a trace adds to other reports.
const Touched = "touched"

// beside lays out what was touched beside what is there.
type beside struct {
	page
	table report.Table
}

// newBeside begins a table whose rows have the columns of key first and a label last.
func newBeside(title, subject, label string, exact bool, key ...report.Column) *beside {
	b := &beside{page: page{Options: Options{Exact: exact}}}
	b.table = report.Table{Place: report.Place{Part: Touched}, Title: title, Subject: report.Safe(subject), Columns: append(key, number("LIVE"), number("READ"), number("LOOKED AT"), number("UNTOUCHED"), report.Column{Title: label, Label: true, Cut: report.End})}
	b.Top = maxRows
	return b
}

const maxRows = 1 << 30

func (b *beside) row(live int64, t *weigh.Touched, label string, key ...report.Cell) {
	if t == nil {
		return
	}
	cells := append(key, b.bytes(live), b.bytes(t.Read), b.bytes(t.Looked), b.bytes(t.Untouched), words(strings.Join(strings.Fields(label), " ")))
	b.table.Rows = append(b.table.Rows, report.Row{Cells: cells})
}

// incomplete says of a trace that nothing follows from it; nil if it is complete.
func incomplete(name string, t *weigh.Traced) report.Document {
	if t.Complete {
		return nil
	}
	return report.Document{report.Item{Place: report.Place{Part: Touched}, Severity: report.Error,
		Text: fmt.Sprintf("The trace of %s is incomplete (%s): nothing can be concluded from it.", report.Safe(name), report.Safe(strings.Join(t.Reasons, "; ")))}}
}

// failed warns of checks that did not pass; nil if all did.
func failed(t *weigh.Traced) report.Document {
	if t.Passed == t.Checks {
		return nil
	}
	return report.Document{report.Item{Place: report.Place{Part: Touched}, Severity: report.Warning,
		Text: fmt.Sprintf("%d of %s of the trace did not pass: what they would have touched is not known.", t.Checks-t.Passed, units.Plural(t.Checks, "check"))}}
}

// Weighed is what a trace adds to the report of an image; nothing without one.
func Weighed(r *weigh.Result, exact bool) report.Document {
	if r.Traced == nil {
		return nil
	}
	if d := incomplete(r.Name, r.Traced); d != nil {
		return d
	}
	layers := newBeside("TOUCHED, BY LAYER", r.Name, "INSTRUCTION", exact, report.Column{Title: "LAYER", Right: true, Key: true})
	for _, l := range r.Layers {
		layers.row(l.Live, l.Touched, l.Instruction, count(int64(l.Index)))
	}
	packages := newBeside("TOUCHED, BY PACKAGE", r.Name, "PACKAGE", exact)
	for _, p := range r.Packages {
		if p.PartOf == "" {
			packages.row(p.Live, p.Touched, string(p.Type)+" "+p.Name)
		}
	}
	d := append(failed(r.Traced), layers.first(layers.table, firstRows)...)
	return append(d, packages.first(packages.table, firstRows)...)
}

// Compared is what traces add to a comparison; nothing without one.
func Compared(r *compare.Result, exact bool) report.Document {
	var d report.Document
	t := newBeside("TOUCHED", "", "IMAGE", exact)
	for i := range r.Images {
		img := &r.Images[i]
		if img.Traced == nil {
			continue
		}
		d = append(d, incomplete(img.Name, img.Traced)...)
		if img.Traced.Complete {
			d = append(d, failed(img.Traced)...)
		}
		t.row(img.Sizes.Live, img.Traced.Touched, img.Name)
	}
	if len(t.table.Rows) == 0 {
		return d
	}
	return append(d, t.table)
}

// Profiled is what a trace adds to the profile of a Dockerfile; nothing without one.
func Profiled(r *profile.Result, exact bool) report.Document {
	if r.Traced == nil {
		return nil
	}
	if d := incomplete(r.Name, r.Traced); d != nil {
		return d
	}
	t := newBeside("TOUCHED, BY LINE", r.Name, "INSTRUCTION", exact, report.Column{Title: "LINE", Right: true, Key: true})
	for _, l := range r.Lines {
		t.row(l.Bytes.Live, l.Touched, l.Text, count(int64(l.Lines[0])))
	}
	return append(failed(r.Traced), t.table)
}
