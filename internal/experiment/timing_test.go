package experiment

import (
	"strings"
	"testing"
)

func TestFaster(t *testing.T) {
	for _, c := range []struct {
		measure string
		ratio   float64
		want    string
	}{
		{StartExit, 0.9, "takes 10% less time than"}, {StartExit, 1.47, "takes 47% more time than"}, {StartExit, 5.71, "is 5.7× slower than"}, {StartExit, 1 / 5.71, "is 5.7× faster than"}, {BuildCold, 42.4, "is 42× slower than"},
		{PeakMemory, 0.9, "needs 10% less memory than"}, {PeakMemory, 1.2, "needs 20% more memory than"}, {PeakMemory, 3, "needs 3× the memory of"}, {PeakMemory, 0.25, "needs 75% less memory than"},
	} {
		if got := faster(&TimedDifference{Measure: c.measure, Ratio: c.ratio}); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.measure, c.ratio, got, c.want)
		}
	}
}

// timedRecord is an experiment of two variants with n runs each.
func timedRecord(n int, timed ...TimedDifference) *Record {
	r := &Record{Name: "x", Baseline: "a", Timed: timed, Method: Method{Alpha: 0.01}}
	for _, name := range []string{"a", "b"} {
		v := Result{Name: name}
		for _, m := range []string{StartExit, StartFirst, PeakMemory} {
			v.Measures = append(v.Measures, Measurement{Name: m, Unit: "seconds", Kind: Measured, Value: 1, Samples: make([]float64, n)})
		}
		r.Variants = append(r.Variants, v)
	}
	return r
}

func texts(list []Said) string {
	var out []string
	for _, t := range list {
		out = append(out, t.Text)
	}
	return strings.Join(out, "|")
}

// What could not be tested is not said to show no difference.
func TestTiming(t *testing.T) {
	start, first, memory := TimedDifference{From: "a", To: "b", Measure: StartExit, Ratio: 1.5, P: .002, Significant: true}, TimedDifference{From: "a", To: "b", Measure: StartFirst, Ratio: 9, P: .3}, TimedDifference{From: "a", To: "b", Measure: PeakMemory, Ratio: .2, P: .004, Significant: true}
	if got, want := texts(timedRecord(6, start, first, memory).Timing()), "peak memory: b needs 80% less memory than a (p = 0.004)|start to exit: b takes 50% more time than a (p = 0.002)|1 timed comparison: no significant difference (level 0.01)"; got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
	if got, want := texts(timedRecord(2, first, first).Timing()), "2 timed comparisons: too few runs (n=2) to test"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := texts(timedRecord(6).Timing()); got != "" {
		t.Error(got)
	}
}
