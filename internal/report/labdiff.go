package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tare/internal/experiment"
	"tare/internal/units"
)

// LabDiffParts are the parts of a LabDiff.
var LabDiffParts = []string{"verdict", "sentences", "counted", "timed", "unsure"}

// briefRows is how many rows of a list the first screen has.
const briefRows = 10

// LabDiff lays out what changed between two experiments: a sentence, what else is to be
// known, then the changes, the largest first.
func LabDiff(d *experiment.Diff, exact bool) Document {
	z := sizes{exact}
	counted := Table{Place: Place{Part: "counted"}, Title: "COUNTED", Columns: []Column{text("VARIANT").subject().label(), text("MEASURE").key(), number("FROM"), number("TO")}}
	exactly := slices.Clone(d.Exact)
	slices.SortStableFunc(exactly, func(a, b experiment.ExactChange) int {
		return cmp.Compare(max(b.To-b.From, b.From-b.To), max(a.To-a.From, a.From-a.To))
	})
	for _, c := range exactly {
		counted.add(words(Safe(c.Variant)), words(Safe(c.Measure)), countedCell(z, c.Measure, c.From), againstCell(z, c))
	}
	timed, unsure := timedTable("timed", "TIMED: CHANGED SIGNIFICANTLY"), timedTable("unsure", "TIMED: NO SIGNIFICANT CHANGE, OR TOO FEW RUNS TO TEST (n)")
	for _, c := range d.Timed {
		t := &unsure
		if c.Significant {
			t = &timed
		}
		to := quantity(c.Unit, c.To, exact)
		if c.From > 0 {
			to.Delta, to.Trend = units.Change(c.To/c.From), lessIsBetter(c.To, c.From)
		}
		p := Cell{Text: fmt.Sprintf("%.3f", c.P), Number: Number{Known: true, Real: c.P}}
		if c.TooFew() {
			p, to.Trend = words(fmt.Sprintf("n=%d", c.Runs)), Same
		}
		t.add(words(Safe(c.Variant)), words(Safe(experiment.Title(c.Measure))), quantity(c.Unit, c.From, exact), to, p)
	}
	out := in("verdict", Always, Para{Text: "From run " + Safe(d.From) + " to " + Safe(d.To) + ": " + d.String(), Heading: true})
	var said Document
	for _, o := range d.Other {
		said = append(said, Item{Text: Safe(o)})
	}
	if d.Speed > 0 && (d.Speed < 0.95 || d.Speed > 1.05) {
		said = append(said, Item{Text: fmt.Sprintf("The machine itself took %.2f× as long for a fixed piece of work; that is taken off.", d.Speed)})
	}
	out = append(out, in("sentences", Always, said...)...)
	if len(counted.Rows) > 0 {
		out = append(out, counted.first(briefRows)...)
	}
	if len(timed.Rows) > 0 {
		out = append(out, timed.first(briefRows)...)
	}
	if len(unsure.Rows) > 0 {
		unsure.Weight = Full
		out = append(out, unsure, more([]string{"counted", "timed", "unsure"}))
	}
	return out
}

func timedTable(part, title string) Table {
	return Table{Place: Place{Part: part}, Title: title, Columns: []Column{text("VARIANT").subject().label(), text("MEASURE").key(), number("FROM"), number("TO"), number("P").spare(1)}}
}

// countedCell is a counted number: bytes, or layers or packages.
func countedCell(z sizes, measure string, n int64) Cell {
	if strings.HasSuffix(measure, "layers") || strings.HasPrefix(measure, "packages ") {
		return count(n)
	}
	return z.of(n)
}

// againstCell is a counted number beside what it was.
func againstCell(z sizes, c experiment.ExactChange) Cell {
	cell := countedCell(z, c.Measure, c.To)
	cell.Delta, cell.Trend = units.Percent(c.To, c.From), lessIsBetter(float64(c.To), float64(c.From))
	return cell
}
