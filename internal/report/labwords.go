package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"tare/internal/experiment"
	"tare/internal/units"
)

// measureNames are the names of all that was measured, in the order of a table.
func measureNames(r *experiment.Record) []string {
	var names []string
	for i := range r.Variants {
		for _, m := range r.Variants[i].Measures {
			if !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	return names
}

func maxEdits(r *experiment.Record) int {
	n := 0
	for _, v := range r.Variants {
		n = max(n, len(v.Edits))
	}
	return n
}

func editName(r *experiment.Record, n int) string {
	for _, v := range r.Variants {
		if n < len(v.Edits) {
			return Safe(v.Edits[n].Name)
		}
	}
	return ""
}

// order is that of the measures in a table.
var order = []string{experiment.BuildCold, experiment.BuildUnchanged, experiment.Rebuild, experiment.StartFirst, experiment.StartExit, experiment.StartReady, experiment.PeakMemory, "pull-cold-", "pull-shared-"}

func rank(name string) int {
	for n, o := range order {
		if strings.HasPrefix(name, o) {
			return n
		}
	}
	return len(order)
}

func title(name string) string {
	switch name {
	case experiment.BuildCold:
		return "build, no cache"
	case experiment.BuildUnchanged:
		return "build, unchanged"
	case experiment.StartFirst:
		return "start to first output"
	case experiment.StartExit:
		return "start to exit"
	case experiment.StartReady:
		return "start to answer"
	case experiment.PeakMemory:
		return "peak memory"
	}
	if e, ok := strings.CutPrefix(name, experiment.Rebuild); ok {
		return "rebuild after " + Safe(e)
	}
	if m, ok := strings.CutPrefix(name, "pull-cold-"); ok {
		return "pull at " + strings.TrimSuffix(m, "mbit") + " Mbit/s"
	}
	if m, ok := strings.CutPrefix(name, "pull-shared-"); ok {
		return "pull at " + strings.TrimSuffix(m, "mbit") + " Mbit/s with the other images present"
	}
	return Safe(name)
}

func helpOf(name string) string {
	if strings.HasPrefix(name, "pull-") {
		return "modelled"
	}
	return "median, interval"
}

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
		if few(r, &d) > 0 {
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
