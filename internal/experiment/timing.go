package experiment

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"tare/internal/units"
)

// enough is how many runs of either variant a test needs: with fewer no difference is
// significant at 0.01, however large.
const enough = 5

// TooFew is how many runs there are of the variant with fewer, where that is too few to
// test; 0 if there are enough.
func (r *Record) TooFew(t *TimedDifference) int {
	n := enough
	for _, name := range []string{t.From, t.To} {
		if v := r.Variant(name); v != nil {
			if m := v.Measure(t.Measure); m != nil {
				n = min(n, len(m.Samples))
			}
		}
	}
	if n == enough {
		return 0
	}
	return max(1, n)
}

// Said is a sentence about what was timed: of one measure, or of several.
type Said struct{ Measure, Text string }

// Timing says which timed differences are real, the largest first, and how many were
// not found to be.
func (r *Record) Timing() []Said {
	var sure []*TimedDifference
	unsure, untested, least := 0, 0, enough
	for i := range r.Timed {
		t := &r.Timed[i]
		switch n := r.TooFew(t); {
		case t.Significant:
			sure = append(sure, t)
		case n > 0:
			untested++
			least = min(least, n)
		default:
			unsure++
		}
	}
	size := func(t *TimedDifference) float64 { return math.Abs(math.Log(math.Max(t.Ratio, 1e-9))) }
	slices.SortStableFunc(sure, func(a, b *TimedDifference) int { return cmp.Compare(size(b), size(a)) })
	var out []Said
	for _, t := range sure {
		out = append(out, Said{t.Measure, fmt.Sprintf("%s: %s %s %s (p = %.3f)", Title(t.Measure), t.To, faster(t), t.From, t.P)})
	}
	if untested > 0 {
		out = append(out, Said{Text: fmt.Sprintf("%s: too few runs (n=%d) to test", units.Plural(untested, "timed comparison"), least)})
	}
	if unsure > 0 {
		out = append(out, Said{Text: fmt.Sprintf("%s: no significant difference (level %g)", units.Plural(unsure, "timed comparison"), r.Method.Alpha)})
	}
	return out
}

// faster says how To compares to From: "takes 10% less time than", "is 5.7× slower than".
func faster(t *TimedDifference) string {
	memory, ratio := strings.HasPrefix(t.Measure, PeakMemory), t.Ratio
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
