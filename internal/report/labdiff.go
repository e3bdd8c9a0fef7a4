package report

import (
	"fmt"

	"tare/internal/lab"
	"tare/internal/units"
)

// LabDiff lays out what changed between two experiments.
func LabDiff(d *lab.Diff, exact bool) Document {
	out := Document{Para{Text: "From run " + Safe(d.From) + " to " + Safe(d.To), Heading: true}}
	size := sizer(exact)
	if len(d.Exact) > 0 {
		g := Grid{Title: "COUNTED", Head: []string{"FROM", "TO", "CHANGE", "MEASURE", "VARIANT"}, Right: []bool{true, true, true}}
		for _, c := range d.Exact {
			g.Rows = append(g.Rows, []string{size(c.From), size(c.To), units.Percent(c.To, c.From), Safe(c.Measure), Safe(c.Variant)})
		}
		out = append(out, g)
	}
	sure, rest := 0, 0
	g := Grid{Title: "TIMED", Head: []string{"FROM", "TO", "CHANGE", "P", "MEASURE", "VARIANT"}, Right: []bool{true, true, true, true}}
	for _, t := range d.Timed {
		if !t.Significant {
			rest++
			continue
		}
		sure++
		m := &lab.Measurement{Unit: t.Unit}
		g.Rows = append(g.Rows, []string{quantity(m, t.From, exact), quantity(m, t.To, exact), change(t.To / t.From), fmt.Sprintf("%.3f", t.P), title(t.Measure), Safe(t.Variant)})
	}
	if sure > 0 {
		out = append(out, g)
	}
	for _, o := range d.Other {
		out = append(out, Item{Text: "· " + Safe(o)})
	}
	if len(d.Exact) == 0 {
		out = append(out, Item{Text: "· All counted numbers are the same."})
	}
	if d.Speed < 0.95 || d.Speed > 1.05 {
		out = append(out, Item{Text: fmt.Sprintf("· The machine itself took %.2f times as long for a fixed piece of work; that is taken off.", d.Speed)})
	}
	if rest > 0 {
		out = append(out, Item{Text: fmt.Sprintf("· Of %s, %d changed significantly.", units.Plural(rest+sure, "timed measure"), sure)})
	}
	return out
}
