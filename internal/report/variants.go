package report

import (
	"strings"

	"tare/internal/experiment"
)

// variants is one row for each variant, with what was asked for and differs: sizes, and
// of what was timed the build, the start, and all that differs significantly.
func variants(r *experiment.Record, z sizes) Table {
	c := r.Comparison
	per := func(cell func(v *experiment.Result) Cell) []Cell {
		var out []Cell
		for n := range c.Images {
			cl := none()
			if v := r.Variant(c.Images[n].Name); v != nil {
				cl = cell(v)
			}
			if cl.Text == "" {
				cl = none()
			}
			out = append(out, cl)
		}
		return out
	}
	const timed = 2 // spare of the first timed column
	var sides, sizes []side
	for n, s := range imageSides(c, z) {
		if n < timed {
			sides = append(sides, s)
			continue
		}
		if s.Spare += 20; s.Title != "BUILD" { // the experiment has measured better ones
			sizes = append(sizes, s)
		}
	}
	start := experiment.StartExit
	names := r.Measured()
	for _, n := range names {
		if n == experiment.StartReady {
			start = n
		}
	}
	spare := timed
	for _, name := range names {
		head, always := briefTitle(name), name == start || name == experiment.BuildCold
		if head == "" || !always && !differs(r, name) && len(c.Images) > 1 {
			continue
		}
		at := spare
		if always {
			at = 1
		}
		spare++
		sides = append(sides, side{Column: number(head).as(experiment.Title(name)).spare(at), always: always, cells: per(func(v *experiment.Result) Cell { return briefCell(r, v, name, z) })})
	}
	for n := range r.Edits() {
		name := Safe(r.EditName(n))
		sides = append(sides, side{Column: number("RE-PULL " + name).as("re-pull after " + name).spare(10 + n), cells: per(func(v *experiment.Result) Cell {
			if n >= len(v.Edits) || v.Edits[n].Skipped != "" {
				return none()
			}
			return z.of(v.Edits[n].Repull)
		})})
	}
	check := per(checkCell)
	sides = append(sides, side{Column: text("CHECK").spare(1), cells: check, once: func(c Cell) string {
		if c.Number.Known {
			return "check " + c.Text
		}
		return ""
	}})
	return overview("VARIANT", imageNames(c), append(sides, sizes...))
}

// differs tells whether any two variants differ significantly in a measure.
func differs(r *experiment.Record, name string) bool {
	for _, t := range r.Timed {
		if t.Measure == name && t.Significant {
			return true
		}
	}
	return false
}

// briefTitle is a measure's column title on the first screen; empty for what has none.
func briefTitle(name string) string {
	switch name {
	case experiment.BuildCold:
		return "BUILD"
	case experiment.BuildUnchanged:
		return "UNCHANGED"
	case experiment.StartFirst:
		return "FIRST OUTPUT"
	case experiment.StartExit, experiment.StartReady:
		return "START"
	case experiment.PeakMemory:
		return "MEMORY"
	}
	if e, ok := strings.CutPrefix(name, experiment.Rebuild); ok {
		return "REBUILD " + Safe(e)
	}
	return "" // pulls are modelled from the transfer
}

// briefCell is a measurement, with the difference from the baseline's unless a test found
// that it may be chance.
func briefCell(r *experiment.Record, v *experiment.Result, name string, z sizes) Cell {
	c := timedCell(r, v, name, z.exact)
	if c.Trend == Same && strings.HasSuffix(c.Delta, "(n.s.)") {
		c.Delta, c.Trend = "", NoTrend
	}
	return c
}

// checkCell is what became of a variant's check. Its number counts what passed.
func checkCell(v *experiment.Result) Cell {
	switch {
	case v.Check == nil:
		return words("none")
	case v.Check.Passed:
		return Cell{Text: "passed", Number: Number{Known: true, Int: 1}}
	}
	return Cell{Text: "FAILED", Trend: Worse, Number: Number{Known: true}}
}
