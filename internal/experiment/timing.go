package experiment

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

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

// TooFewToTest says so, where so many runs are.
func TooFewToTest(n int) string { return fmt.Sprintf("n=%d: too few to test", n) }

// Said is a sentence about what was timed: of one measure, or of several.
type Said struct {
	Measure, Text string
	Finding       Finding
}

// Finding is what a test found.
type Finding int

// Findings.
const (
	Sure     Finding = iota // a significant difference
	Untested                // there are too few runs
	Unsure                  // no significant difference
)

// Timing says of every timed difference how large it is and whether it is real: first
// those that are, then those that could not be tested, then the others, the largest first.
func (r *Record) Timing() []Said {
	var lists [Unsure + 1][]*TimedDifference
	for i := range r.Timed {
		t := &r.Timed[i]
		f := Unsure
		if r.TooFew(t) > 0 {
			f = Untested
		} else if t.Significant {
			f = Sure
		}
		lists[f] = append(lists[f], t)
	}
	size := func(t *TimedDifference) float64 { return math.Abs(math.Log(math.Max(t.Ratio, 1e-9))) }
	var out []Said
	for f, list := range lists {
		slices.SortStableFunc(list, func(a, b *TimedDifference) int { return cmp.Compare(size(b), size(a)) })
		for _, t := range list {
			out = append(out, Said{t.Measure, r.said(t, Finding(f)), Finding(f)})
		}
	}
	return out
}

func (r *Record) said(t *TimedDifference, f Finding) string {
	if f == Sure {
		return fmt.Sprintf("%s: %s %s %s (%sp = %.3f)", Title(t.Measure), t.To, faster(t), t.From, prefixed(r.delta(t)), t.P)
	}
	how := fmt.Sprintf("not significant (p = %.3f)", t.P)
	if f == Untested {
		how = TooFewToTest(r.TooFew(t))
	}
	return fmt.Sprintf("%s: %s against %s: %s%s×; %s", Title(t.Measure), t.To, t.From, prefixed(r.delta(t)), times(t.Ratio), how)
}

func prefixed(delta string) string {
	if delta != "" {
		delta += ", "
	}
	return delta
}

// delta is the difference of two medians with its sign; "" where they are not known.
func (r *Record) delta(t *TimedDifference) string {
	a, b := r.Variant(t.From), r.Variant(t.To)
	if a == nil || b == nil {
		return ""
	}
	from, to := a.Measure(t.Measure), b.Measure(t.Measure)
	if from == nil || to == nil {
		return ""
	}
	d := to.Value - from.Value
	if to.Unit == "bytes" {
		return units.Delta(int64(d))
	}
	text := units.Seconds(time.Duration(math.Abs(d) * float64(time.Second)))
	if d < 0 {
		return units.Minus + text
	}
	return "+" + text
}

// times is a ratio with three digits.
func times(ratio float64) string { return strconv.FormatFloat(ratio, 'g', 3, 64) }

// Aggregate says of several findings of one kind how many there are; least is the fewest
// runs among them.
func (r *Record) Aggregate(list []Said) []string {
	var n [Unsure + 1]int
	for _, s := range list {
		n[s.Finding]++
	}
	var out []string
	if n[Sure] > 0 {
		out = append(out, fmt.Sprintf("%s: significant differences", units.Plural(n[Sure], "more timed comparison")))
	}
	if n[Untested] > 0 {
		least := enough
		for i := range r.Timed {
			if few := r.TooFew(&r.Timed[i]); few > 0 {
				least = min(least, few)
			}
		}
		out = append(out, fmt.Sprintf("%s: %s", units.Plural(n[Untested], "more timed comparison"), TooFewToTest(least)))
	}
	if n[Unsure] > 0 {
		out = append(out, fmt.Sprintf("%s: no significant difference (level %g)", units.Plural(n[Unsure], "timed comparison"), r.Method.Alpha))
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
