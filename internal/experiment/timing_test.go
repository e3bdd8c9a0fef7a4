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

// timedRecord is an experiment of two variants with n runs each: a takes 40.5 s and b
// 10.5 s to start, a needs 40 MB and b 8 MB.
func timedRecord(n int, timed ...TimedDifference) *Record {
	r := &Record{Name: "x", Baseline: "a", Timed: timed, Method: Method{Alpha: 0.01}}
	for k, name := range []string{"a", "b"} {
		v := Result{Name: name}
		for _, m := range []Measurement{{Name: StartExit, Unit: "seconds", Value: []float64{40.5, 10.5}[k]}, {Name: StartFirst, Unit: "seconds", Value: []float64{1, 9}[k]}, {Name: PeakMemory, Unit: "bytes", Value: []float64{40e6, 8e6}[k]}} {
			m.Kind, m.Samples = Measured, make([]float64, n)
			v.Measures = append(v.Measures, m)
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

// Every difference is said with its sign and ratio. What could not be tested is not said to
// show no difference.
func TestTiming(t *testing.T) {
	start, first, memory := TimedDifference{From: "a", To: "b", Measure: StartExit, Ratio: 10.5 / 40.5, P: .002, Significant: true}, TimedDifference{From: "a", To: "b", Measure: StartFirst, Ratio: 9, P: .3}, TimedDifference{From: "a", To: "b", Measure: PeakMemory, Ratio: .2, P: .004, Significant: true}
	if got, want := texts(timedRecord(6, start, first, memory).Timing()), "peak memory: b needs 80% less memory than a (−32MB, p = 0.004)|start to exit: b is 3.9× faster than a (−30.0 s, p = 0.002)|start to first output: b against a: +8.0 s, 9×; not significant (p = 0.300)"; got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
	few := timedRecord(2, start, first)
	if got, want := texts(few.Timing()), "start to first output: b against a: +8.0 s, 9×; n=2: too few to test|start to exit: b against a: −30.0 s, 0.259×; n=2: too few to test"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := strings.Join(few.Aggregate(few.Timing()), "|"), "2 more timed comparisons: n=2: too few to test"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	all := timedRecord(6, start, first, memory)
	if got, want := strings.Join(all.Aggregate(all.Timing()), "|"), "2 more timed comparisons: significant differences|1 timed comparison: no significant difference (level 0.01)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := texts(timedRecord(6).Timing()); got != "" || len(all.Aggregate(nil)) > 0 {
		t.Error(got)
	}
	gone := timedRecord(6, start) // of a record whose variant is not there
	gone.Variants = gone.Variants[:1]
	if got := texts(gone.Timing()); got != "start to exit: b is 3.9× faster than a (p = 0.002)" {
		t.Error(got)
	}
}

// With fewer than five runs nothing is significant, whatever the numbers are.
func TestTooFewAreNotSignificant(t *testing.T) {
	for n, want := range map[int]bool{2: false, 4: false, 5: true} {
		r := &Record{Baseline: "a", Method: Method{Alpha: 0.5, Confidence: .95}}
		for k, name := range []string{"a", "b"} {
			v := Result{Name: name}
			for i := range n {
				v.Sample(StartExit, "seconds", float64(10*k)+float64(i)/100+1)
			}
			r.Variants = append(r.Variants, v)
		}
		r.Summarize()
		if d := r.Timed[0]; d.Significant != want || d.Runs != n || d.Delta < 9.9 || d.Delta > 10.1 || d.Unit != "seconds" {
			t.Errorf("%d runs: %+v", n, d)
		}
		if few := r.TooFew(&r.Timed[0]); (few == 0) != want {
			t.Errorf("%d runs: too few: %d", n, few)
		}
		d := Compare(r, r)
		if len(d.Timed) != 2 || d.Timed[0].TooFew() == want {
			t.Errorf("%d runs: %+v", n, d.Timed)
		}
	}
}
