package insidereport

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"tare/internal/compare"
	"tare/internal/report"
	"tare/internal/units"
	"tare/internal/weigh"
)

// material tells whether debug information, symbols and GPU code are a part of an image that
// is worth a table.
func material(in *weigh.Inside, live int64) bool {
	return in != nil && units.Threshold.Of(in.Debug+in.Symbols+in.GPU, live)
}

// Weighed is what the larger programs and libraries add to the report of an image: what they
// have that is not code and data. Nothing where that is not worth it.
func Weighed(r *weigh.Result, exact bool) report.Document {
	in := r.Inside
	if !material(in, r.Sizes.Live) {
		return nil
	}
	p := page{Options: Options{Exact: exact}}
	at := report.Place{Part: partInside}
	t := report.Table{Place: at, Title: "INSIDE PROGRAMS AND LIBRARIES", Subject: report.Safe(r.Name),
		Columns: []report.Column{number("SIZE"), number("DEBUG"), number("SYMBOLS"), number("GPU"), {Title: "PATH", Cut: report.Path}}}
	row := func(size, debug, symbols, gpu int64, name string) *report.Row {
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{p.bytes(size), p.bytes(debug), p.bytes(symbols), p.bytes(gpu), words(name)}})
		return &t.Rows[len(t.Rows)-1]
	}
	row(in.Bytes, in.Debug, in.Symbols, in.GPU, fmt.Sprintf("all of 256 KiB and more (%s)", units.Plural(in.Files, "file"))).Total = true
	for _, f := range in.Largest[:min(firstFiles, len(in.Largest))] {
		row(f.Size, f.Debug, f.Symbols, f.GPU, "/"+f.Path)
	}
	t.Note = "More of a file: tare weigh --inside PATH"
	return report.Document{t}
}

// Into puts blocks into a report before its last one, which says how to get the rest.
func Into(d, blocks report.Document) report.Document {
	if len(d) == 0 || len(blocks) == 0 {
		return append(d, blocks...)
	}
	return slices.Insert(d, len(d)-1, blocks...)
}

// firstFiles is how many files stand below a sum.
const firstFiles = 3

// Compared is what the sections of changed programs and libraries add to a comparison: where
// they grew or shrank.
func Compared(r *compare.Result, exact bool) (d report.Document) {
	for i := range r.Differences {
		if x := &r.Differences[i]; x.Inside != nil && x.Measure == "live" {
			d = append(d, changed(r, x, exact)...)
		}
	}
	return d
}

// changed is a row for each file of a difference that changed by what is material of the
// image, and nothing without any.
func changed(r *compare.Result, x *compare.Difference, exact bool) report.Document {
	live := max(r.Image(x.From).Sizes.Live, r.Image(x.To).Sizes.Live)
	t := report.Table{Place: report.Place{Part: partInside}, Title: "CHANGED PROGRAMS AND LIBRARIES, BY SECTION", Subject: report.Safe(x.From + " → " + x.To),
		Columns: []report.Column{number("CHANGE"), {Title: "OF IT"}, {Title: "PATH", Label: true, Cut: report.Middle}}}
	for _, f := range x.Inside.Files {
		if !units.Threshold.Of(max(f.Delta.Total, -f.Delta.Total), live) {
			continue
		}
		name := "/" + f.Path
		if f.Was != "" {
			name += " (was " + path.Base(f.Was) + ")"
		}
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{delta(f.Delta.Total, exact), words(sections(f.Delta, exact)), words(name)}})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	t.Rows = t.Rows[:min(firstFiles, len(t.Rows))]
	return report.Document{t}
}

func delta(n int64, exact bool) report.Cell {
	return report.Cell{Text: signed(n, exact), Number: report.Number{Known: true, Int: n, Unit: "bytes"}}
}

func signed(n int64, exact bool) string {
	switch {
	case !exact:
		return units.Delta(n)
	case n > 0:
		return "+" + units.Exact(n)
	}
	return units.Exact(n)
}

// sections says which kinds of sections a change is of, the largest first; what is less than
// a hundredth of it is left out.
func sections(s compare.SectionSums, exact bool) string {
	type part struct {
		name string
		n    int64
	}
	list := []part{{"code", s.Code}, {"data", s.Data}, {"debug information", s.Debug}, {"symbol tables", s.Symbols}, {"GPU code", s.GPU}, {"headers and padding", s.Rest}}
	size := func(n int64) int64 { return max(n, -n) }
	var out []string
	for range list {
		best := 0
		for i := range list {
			if cmp.Compare(size(list[i].n), size(list[best].n)) > 0 {
				best = i
			}
		}
		if n := list[best].n; n != 0 && size(n)*100 >= size(s.Total) {
			out = append(out, list[best].name+" "+signed(n, exact))
		}
		list[best].n = 0
	}
	return strings.Join(out, ", ")
}
