package gatereport

import (
	"fmt"
	"io"

	"tare/internal/gate"
	"tare/internal/report"
	"tare/internal/units"
)

// Rows that a report has unless all are asked for.
const (
	firstCauses     = 3
	firstViolations = 5
	firstImages     = 10
)

func writeText(w io.Writer, r *gate.Result, o Options) error {
	return Document(r, o).WriteText(w, o.Style)
}

// Document lays a check out: the verdict, what broke it, the largest causes, then the parts
// of each image's change.
func Document(r *gate.Result, o Options) report.Document {
	at := report.Place{Part: "verdict"}
	d := report.Document{report.Para{Place: at, Heading: true, Text: "tare check " + o.verdict(r)}}
	for n := range r.Violations {
		if n == firstViolations && !o.Details {
			d = append(d, report.Item{Place: at, Text: fmt.Sprintf("and %d more: --full", len(r.Violations)-n)})
			break
		}
		v := &r.Violations[n]
		d = append(d, report.Item{Place: at, Mark: report.No, Text: o.broken(r, v)})
	}
	if len(r.Images) == 1 && r.Unbuilt == nil {
		d = append(d, report.Para{Place: at, Text: o.change(r.Images[0].Delta)})
	}
	for _, n := range r.Notes {
		d = append(d, report.Item{Place: at, Severity: report.Note, Text: safe(n)})
	}
	if r.Unbuilt != nil {
		return append(d, o.unchecked(r)...)
	}
	if t := o.causes(r); len(t.Rows) > 0 {
		d = append(d, t)
	}
	return append(d, o.images(r))
}

// broken is a violation in one line: which image, which budget, what it says, and where.
func (o Options) broken(r *gate.Result, v *gate.Violation) string {
	s := safe(v.Rule) + ": " + o.sentence(v)
	if len(r.Images) > 1 || r.Unbuilt != nil && len(r.Unbuilt.Images) > 1 {
		s = safe(violator(r, v)) + ": " + s
	}
	if p := place(v.File, v.Line); p != "" {
		s += " (" + p + ")"
	}
	return s
}

func (o Options) cell(a units.Amount, print func(int64) string) report.Cell {
	n, ok := a.Int()
	return report.Cell{Text: a.Text(print), Number: report.Number{Known: ok, Int: n, Unit: "bytes"}}
}

func number(title string) report.Column { return report.Column{Title: title, Right: true} }

// causes are the causes of the change, each with its line.
func (o Options) causes(r *gate.Result) report.Table {
	all := causesOf(r)
	t := report.Table{Place: report.Place{Part: "causes"}, Title: "LARGEST CAUSES",
		Columns: []report.Column{number("TRANSFER"), number("LIVE"), number("TAR"), {Title: "PART", Key: true, Spare: 1}, {Title: "WHERE", Key: true, Cut: report.Path}, {Title: "WHAT", Label: true, Cut: report.End}}}
	t.Columns[2].Spare = 2
	shown, rest := largest(all)
	if left := len(all) - len(shown); o.Details {
		shown = all
	} else if left > 0 {
		t.Note = fmt.Sprintf("%d more, %s: --full", left, o.amounts(rest))
	}
	for _, c := range shown {
		what := safe(c.Text)
		if len(c.images) > 1 {
			what += fmt.Sprintf("  (in %d images)", len(c.images))
		} else if len(r.Images) > 1 {
			what += "  (" + safe(c.images[0]) + ")"
		}
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{o.cell(c.Transfer, o.delta), o.cell(units.Known(c.Live), o.delta), o.cell(units.Known(c.Tar), o.delta),
			{Text: partTitle(c.Part)}, {Text: place(c.File, c.Line)}, {Text: what}}})
	}
	return t
}

// images has a row for each image and measure: before, after, and the parts of the change.
func (o Options) images(r *gate.Result) report.Table {
	t := report.Table{Place: report.Place{Part: "images"}, Title: "IMAGES",
		Columns: []report.Column{{Title: "IMAGE", Label: true, Subject: true}, {Title: "MEASURE", Key: true}, number("BEFORE"), number("AFTER"), number("CHANGE"), number("YOURS"), number("BASE"), number("PACKAGES"), number("NOISE")}}
	unknown, based := false, false
	for n := range r.Images {
		based = based || r.Images[n].Before != nil
		unknown = unknown || r.Images[n].Delta != nil && !none(r.Images[n].Delta.Unknown)
	}
	if unknown {
		t.Columns = append(t.Columns, number("UNKNOWN"))
	}
	if !based { // nothing was compared
		t.Columns = append(t.Columns[:2:2], number("SIZE"))
	}
	for n := range r.Images {
		if n == firstImages && !o.Details {
			t.Note = fmt.Sprintf("%d more images: --full", len(r.Images)-n)
			break
		}
		img := &r.Images[n]
		for k, m := range measures {
			if k > 0 && len(r.Images) > 3 && !o.Details {
				break
			}
			cells := o.row(r, img, m, unknown)
			if !based {
				cells = append(cells[:2:2], cells[3])
			}
			t.Rows = append(t.Rows, report.Row{Cells: cells})
		}
	}
	return t
}

func (o Options) row(r *gate.Result, img *gate.Image, m measure, unknown bool) []report.Cell {
	dash := report.Cell{Text: "–", Number: report.Number{Unit: "bytes"}}
	cells := []report.Cell{{Text: safe(imageName(r, img))}, {Text: m.name}, dash, o.cell(m.size(&img.After), o.size), dash, dash, dash, dash, dash, dash}
	if img.Before != nil {
		cells[2] = o.cell(m.size(img.Before), o.size)
	}
	if d := img.Delta; d != nil {
		total := o.cell(m.change(d.Total), o.delta)
		if n := total.Number; n.Known && n.Int != 0 {
			total.Trend = map[bool]report.Trend{true: report.Worse, false: report.Better}[n.Int > 0]
		}
		cells[4] = total
		for k, p := range parts(d) {
			cells[5+k] = o.cell(m.change(p.Amounts), o.delta)
		}
	}
	if !unknown {
		cells = cells[:9]
	}
	return cells
}
