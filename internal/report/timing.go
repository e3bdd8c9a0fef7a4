package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"tare/internal/experiment"
	"tare/internal/units"
)

// timed is what timing says of one measure; of several if it is empty.
type timed struct{ measure, text string }

// timing says which timed differences are real, the largest first, and how many were
// not found to be.
func timing(r *experiment.Record) []timed {
	var sure []*experiment.TimedDifference
	unsure, untested, least := 0, 0, experiment.Enough
	for i := range r.Timed {
		t := &r.Timed[i]
		switch n := experiment.Few(r, t); {
		case t.Significant:
			sure = append(sure, t)
		case n > 0:
			untested++
			least = min(least, n)
		default:
			unsure++
		}
	}
	size := func(t *experiment.TimedDifference) float64 { return math.Abs(math.Log(math.Max(t.Ratio, 1e-9))) }
	slices.SortStableFunc(sure, func(a, b *experiment.TimedDifference) int { return cmp.Compare(size(b), size(a)) })
	var out []timed
	for _, t := range sure {
		out = append(out, timed{t.Measure, fmt.Sprintf("%s: %s %s %s (p = %.3f)", title(t.Measure), Safe(t.To), faster(t), Safe(t.From), t.P)})
	}
	if untested > 0 {
		out = append(out, timed{text: fmt.Sprintf("%s: too few runs (n=%d) to test", units.Plural(untested, "timed comparison"), least)})
	}
	if unsure > 0 {
		out = append(out, timed{text: fmt.Sprintf("%s: no significant difference (level %g)", units.Plural(unsure, "timed comparison"), r.Method.Alpha)})
	}
	return out
}

// said are the sentences as blocks.
func said(list []timed) Document {
	var d Document
	for _, t := range list {
		d = append(d, Item{Text: t.text})
	}
	return d
}

// briefTimed is how many timed differences the first screen has.
const briefTimed = 4

// briefly is of each measure the largest difference, and how many more there are.
func briefly(all []timed) []timed {
	var out []timed
	seen := map[string]bool{}
	for _, t := range all {
		if len(out) < briefTimed && !seen[t.measure] || t.measure == "" {
			seen[t.measure] = true
			out = append(out, t)
		}
	}
	if more := len(all) - len(out); more > 0 {
		out = append(out, timed{text: fmt.Sprintf("%d more differ significantly: --show significant", more)})
	}
	return out
}

// faster says how To compares to From: "takes 10% less time than", "is 5.7× slower than".
func faster(t *experiment.TimedDifference) string {
	memory, ratio := strings.HasPrefix(t.Measure, experiment.PeakMemory), t.Ratio
	more, verb, thing, times := "more", "takes", "time", "slower than"
	if ratio < 1 {
		more, times = "less", "faster than"
	}
	if memory {
		verb, thing = "needs", "memory"
	}
	factor := ratio
	if ratio > 0 && ratio < 1 {
		factor = 1 / ratio
	}
	switch {
	case factor < 2:
		return fmt.Sprintf("%s %s %s %s than", verb, strings.TrimLeft(units.Change(ratio), "+"+units.Minus), more, thing)
	case memory && ratio > 1:
		return fmt.Sprintf("needs %.2g× the memory of", factor)
	case memory:
		return fmt.Sprintf("needs %s less memory than", strings.TrimLeft(units.Change(ratio), units.Minus))
	case factor < 10:
		return fmt.Sprintf("is %.1f× %s", factor, times)
	}
	return fmt.Sprintf("is %.0f× %s", factor, times)
}
