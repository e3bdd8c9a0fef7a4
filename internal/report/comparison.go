package report

import (
	"fmt"
	"time"

	"tare/internal/compare"
	"tare/internal/units"
)

// Comparison lays a comparison out as a table. Exact prints all bytes instead of
// three digits.
func Comparison(r *compare.Result, exact bool) (Table, int) {
	var t Table
	base := r.BaselineIndex()
	size := units.Bytes
	if exact {
		size = units.Exact
	}
	text := func(label string, value func(compare.Image) string) {
		row := Row{Label: label}
		for _, i := range r.Images {
			row.Cells = append(row.Cells, Cell{Value: value(i)})
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
	text("base", func(i compare.Image) string { return Safe(i.Base) })
	text("platform", func(i compare.Image) string { return Safe(i.Platform) })
	for _, m := range compare.Measures {
		row := Row{Label: m.Name, Help: m.Help}
		for n := range r.Images {
			i := &r.Images[n]
			if m.Name == "layers" {
				row.Cells = append(row.Cells, Cell{Value: layers(i)})
				row.Help = "empty steps in brackets"
				continue
			}
			c := Cell{Value: size(m.Value(i))}
			if n != base {
				c.Delta = units.Percent(m.Value(i), m.Value(&r.Images[base]))
				if exact {
					c.Delta = signed(m.Value(i) - m.Value(&r.Images[base]))
				}
			}
			row.Cells = append(row.Cells, c)
		}
		t.Rows = append(t.Rows, row)
	}
	if built {
		text("builds in", func(i compare.Image) string {
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
	return t, base
}

func layers(i *compare.Image) string {
	if i.EmptyLayers == 0 {
		return fmt.Sprint(i.Layers)
	}
	return fmt.Sprintf("%d (+%d)", i.Layers, i.EmptyLayers)
}

func signed(n int64) string {
	if n > 0 {
		return "+" + units.Exact(n)
	}
	return units.Exact(n)
}
