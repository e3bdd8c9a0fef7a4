package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tare/internal/compare"
	"tare/internal/units"
)

// ComparisonOptions choose what of a comparison is shown.
type ComparisonOptions struct {
	Exact   bool   // all bytes instead of three digits
	Measure string // whose differences are divided into causes
	Top     int    // causes that are shown for each
}

// Comparison lays a comparison out.
func Comparison(r *compare.Result, o ComparisonOptions) Document {
	d := Document{sides(r, o.Exact)}
	for i := range r.Differences {
		if diff := &r.Differences[i]; diff.Measure == o.Measure || o.Measure == "all" {
			d = append(d, waterfall(diff, o))
		}
	}
	if len(r.Images) > 1 {
		d = append(d, sharing(r, sizer(o.Exact)))
	}
	d = append(d, sentences(r.Sentences)...)
	for _, i := range r.Images {
		for _, p := range i.Problems {
			d = append(d, Para{Text: "problem: " + Safe(i.Name) + ": " + Safe(p)})
		}
		for _, w := range i.Warnings {
			d = append(d, Para{Text: "warning: " + Safe(i.Name) + ": " + Safe(w)})
		}
	}
	return d
}

var verdictMark = map[string]string{"supported": "✓", "refuted": "✗"}

func sides(r *compare.Result, exact bool) Sides {
	var t Table
	base := r.BaselineIndex()
	size := sizer(exact)
	text := func(label string, value func(*compare.Image) string) {
		row := Row{Label: label}
		for n := range r.Images {
			row.Cells = append(row.Cells, Cell{Value: value(&r.Images[n])})
		}
		t.Rows = append(t.Rows, row)
	}
	built := false
	for n, i := range r.Images {
		c := Column{Title: Safe(i.Name)}
		if n == base && len(r.Images) > 1 {
			c.Note = "baseline"
		}
		t.Columns = append(t.Columns, c)
		built = built || i.BuildSeconds != nil
	}
	text("base", func(i *compare.Image) string { return Safe(i.Base) })
	text("platform", func(i *compare.Image) string { return Safe(i.Platform) })
	for _, m := range compare.Measures {
		row := Row{Label: m.Name, Help: m.Help}
		was := m.Value(&r.Images[base].Sizes)
		for n := range r.Images {
			v := m.Value(&r.Images[n].Sizes)
			key := float64(v)
			c := Cell{Value: size(v), Key: &key}
			if n != base {
				c.Delta = units.Percent(v, was)
				if exact {
					c.Delta = signed(v - was)
				}
			}
			row.Cells = append(row.Cells, c)
		}
		t.Rows = append(t.Rows, row)
	}
	text("layers", layers)
	for n := range r.Images {
		key := float64(r.Images[n].Layers)
		t.Rows[len(t.Rows)-1].Cells[n].Key = &key
	}
	t.Rows[len(t.Rows)-1].NoWinner = true
	t.Rows[len(t.Rows)-1].Help = "empty steps in brackets"
	text("packages", packageCount)
	if built {
		text("builds in", func(i *compare.Image) string {
			if i.BuildSeconds == nil {
				return "not built"
			}
			took := units.Seconds(time.Duration(*i.BuildSeconds * float64(time.Second)))
			if i.BuildCached {
				took += " (cached)"
			}
			return took
		})
	}
	return Sides{t, base}
}

func packageCount(i *compare.Image) string {
	var out []string
	for _, kind := range slices.Sorted(maps.Keys(i.Packages)) {
		out = append(out, fmt.Sprintf("%d %s", i.Packages[kind], kind))
	}
	if len(out) == 0 {
		return "none known"
	}
	return strings.Join(out, " ")
}

func layers(i *compare.Image) string {
	if i.EmptyLayers == 0 {
		return strconv.Itoa(i.Layers)
	}
	return fmt.Sprintf("%d (+%d)", i.Layers, i.EmptyLayers)
}

func signed(n int64) string {
	if n > 0 {
		return "+" + units.Exact(n)
	}
	return units.Exact(n)
}

func sharing(r *compare.Result, size func(int64) string) Block {
	g := Grid{Title: "SHARED WITH OTHERS, UNIQUE", Head: []string{"BLOBS", "", "LAYERS", "", "CONTENTS", "", "IMAGE"}, Right: []bool{true, true, true, true, true, true}}
	s := r.Sharing
	for n, i := range r.Images {
		g.Rows = append(g.Rows, []string{size(s.Blob.Images[n].Shared), size(s.Blob.Images[n].Unique), size(s.DiffID.Images[n].Shared), size(s.DiffID.Images[n].Unique),
			size(s.Content.Images[n].Shared), size(s.Content.Images[n].Unique), Safe(i.Name)})
	}
	g.Rows = append(g.Rows, []string{"", size(s.Blob.Together), "", size(s.DiffID.Together), "", size(s.Content.Together), "all, each thing once"})
	return g
}
