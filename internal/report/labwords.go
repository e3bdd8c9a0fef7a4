package report

import (
	"fmt"
	"math"

	"tare/internal/experiment"
	"tare/internal/units"
)

// timedCell shows a measurement and how it compares to the baseline's. A difference
// that may be chance is none.
func timedCell(r *experiment.Record, v *experiment.Result, name string, exact bool) Cell {
	m := v.Measure(name)
	if m == nil {
		return Cell{}
	}
	c := quantity(m.Unit, m.Value, exact)
	if m.Low != nil && m.Value > 0 {
		c.Text += fmt.Sprintf(" ±%.0f%%", 100*math.Max(*m.High/m.Value-1, 1-*m.Low/m.Value))
	}
	if m.Kind == experiment.Modelled {
		if base := r.Variant(r.Baseline); base != nil && v.Name != r.Baseline {
			if b := base.Measure(name); b != nil && b.Value > 0 {
				c.Delta, c.Trend = units.Change(m.Value/b.Value), lessIsBetter(m.Value, b.Value)
			}
		}
		return c
	}
	for _, d := range r.Timed {
		if d.From != r.Baseline || d.To != v.Name || d.Measure != name {
			continue
		}
		c.Delta, c.Trend = "not significant", Same
		if experiment.Few(r, &d) > 0 {
			c.Delta = "too few runs"
		}
		if d.Significant {
			c.Delta, c.Trend = units.Change(d.Ratio), lessIsBetter(d.Ratio, 1)
		}
	}
	return c
}

// quantity is a cell of a measurement.
func quantity(unit string, v float64, exact bool) Cell {
	if unit == "bytes" {
		return sizes{exact}.of(int64(v))
	}
	return span(v)
}

// title says what a measure is.
func title(name string) string { return Safe(experiment.Title(name)) }
