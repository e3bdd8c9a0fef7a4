package report

import (
	"fmt"

	"tare/internal/lab"
	"tare/internal/units"
)

// LabDiffParts are the parts of a LabDiff.
var LabDiffParts = []string{"counted", "timed", "sentences"}

// LabDiff lays out what changed between two experiments.
func LabDiff(d *lab.Diff, exact bool) Document {
	z := sizes{exact}
	out := Document{Para{Text: "From run " + Safe(d.From) + " to " + Safe(d.To), Heading: true}}
	if len(d.Exact) > 0 {
		t := Table{Place: Place{Part: "counted"}, Title: "COUNTED", Columns: []Column{number("FROM"), number("TO"), text("MEASURE").key(), text("VARIANT").subject().label()}}
		for _, c := range d.Exact {
			t.add(z.of(c.From), z.against(c.To, c.From), words(Safe(c.Measure)), words(Safe(c.Variant)))
		}
		out = append(out, t)
	}
	sure, rest := 0, 0
	t := Table{Place: Place{Part: "timed"}, Title: "TIMED", Columns: []Column{number("FROM"), number("TO"), number("P"), text("MEASURE").key(), text("VARIANT").subject().label()}}
	for _, c := range d.Timed {
		if !c.Significant {
			rest++
			continue
		}
		sure++
		to := quantity(c.Unit, c.To, exact)
		to.Delta, to.Trend = change(c.To/c.From), lessIsBetter(c.To, c.From)
		t.add(quantity(c.Unit, c.From, exact), to, Cell{Text: fmt.Sprintf("%.3f", c.P), Number: Number{Known: true, Real: c.P}}, words(title(c.Measure)), words(Safe(c.Variant)))
	}
	if sure > 0 {
		out = append(out, t)
	}
	var said Document
	for _, o := range d.Other {
		said = append(said, Item{Text: Safe(o)})
	}
	if len(d.Exact) == 0 {
		said = append(said, Item{Text: "All counted numbers are the same."})
	}
	if d.Speed < 0.95 || d.Speed > 1.05 {
		said = append(said, Item{Text: fmt.Sprintf("The machine itself took %.2f times as long for a fixed piece of work; that is taken off.", d.Speed)})
	}
	if rest > 0 {
		said = append(said, Item{Text: fmt.Sprintf("Of %s, %d changed significantly.", units.Plural(rest+sure, "timed measure"), sure)})
	}
	return append(out, in("sentences", Always, said...)...)
}
