package report

import (
	"fmt"
	"math"
	"strings"

	"tare/internal/experiment"
	"tare/internal/units"
)

func helpOf(name string) string {
	if strings.HasPrefix(name, "pull-") {
		return "modelled"
	}
	return "median, interval"
}

// timedCell shows a measurement and how it compares to the baseline's. One that may be
// chance is marked: too few runs to test (n), or not significant (n.s.).
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
		c.Delta = units.Change(d.Ratio)
		switch n := r.TooFew(&d); {
		case n > 0:
			c.Delta, c.Trend = fmt.Sprintf("%s (n=%d)", c.Delta, n), Same
		case d.Significant:
			c.Trend = lessIsBetter(d.Ratio, 1)
		default:
			c.Delta, c.Trend = c.Delta+" (n.s.)", Same
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

// said are the sentences as blocks.
func said(list []experiment.Said) Document {
	var d Document
	for _, t := range list {
		d = append(d, Item{Text: Safe(t.Text)})
	}
	return d
}

// briefTimed is how many timed differences the first screen has.
const briefTimed = 4

// briefly is of each measure the largest difference that is real or could not be tested,
// and how many more there are.
func briefly(r *experiment.Record) (out []experiment.Said) {
	var rest []experiment.Said
	seen := map[string]bool{}
	for _, t := range r.Timing() {
		if len(out) == briefTimed || seen[t.Measure] || t.Finding == experiment.Unsure {
			rest = append(rest, t)
			continue
		}
		seen[t.Measure] = true
		out = append(out, t)
	}
	for _, text := range r.Aggregate(rest) {
		out = append(out, experiment.Said{Text: text})
	}
	return out
}
