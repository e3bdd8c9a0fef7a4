package report

import (
	"bytes"
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/experiment"
)

// timedRecord is an experiment of two variants with n runs each.
func timedRecord(n int, timed ...experiment.TimedDifference) *experiment.Record {
	r := &experiment.Record{Name: "x", Baseline: "a", Timed: timed, Method: experiment.Method{Alpha: 0.01}}
	for _, name := range []string{"a", "b"} {
		v := experiment.Result{Name: name}
		for _, m := range []string{experiment.StartExit, experiment.StartFirst, experiment.PeakMemory} {
			v.Measures = append(v.Measures, experiment.Measurement{Name: m, Unit: "seconds", Kind: experiment.Measured, Value: 1, Samples: make([]float64, n)})
		}
		r.Variants = append(r.Variants, v)
	}
	return r
}

// The first screen has of each measure the largest difference, and what is not one.
func TestBriefly(t *testing.T) {
	start, memory := experiment.TimedDifference{From: "a", To: "b", Measure: experiment.StartExit, Ratio: 1.5, P: .002, Significant: true}, experiment.TimedDifference{From: "a", To: "b", Measure: experiment.PeakMemory, Ratio: .2, P: .004, Significant: true}
	first := experiment.TimedDifference{From: "a", To: "b", Measure: experiment.StartFirst, Ratio: 9, P: .3}
	r := timedRecord(6, start, start, start, start, start, start, memory, first)
	var got []string
	for _, s := range briefly(r) {
		got = append(got, s.Text)
	}
	want := "peak memory: b needs 80% less memory than a (+0.00 s, p = 0.004)|start to exit: b takes 50% more time than a (+0.00 s, p = 0.002)|5 more timed comparisons: significant differences|1 timed comparison: no significant difference (level 0.01)"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("%s, want\n%s", s, want)
	}
}

// A row a variant, with what differs; what is the same is said once, what was not asked
// for is not there.
func TestVariants(t *testing.T) {
	r := timedRecord(6, experiment.TimedDifference{From: "a", To: "b", Measure: experiment.PeakMemory, Ratio: .5, P: .001, Significant: true})
	r.Comparison = &compare.Result{Baseline: "a", Images: []compare.Image{{Name: "a", Layers: 3}, {Name: "b", Layers: 3}}}
	for n := range r.Variants {
		r.Variants[n].Check = &experiment.Checked{Passed: true}
	}
	show := func() string {
		var b bytes.Buffer
		if err := (Document{variants(r, sizes{})}).WriteText(&b, Style{}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	got := show()
	for _, want := range []string{"VARIANT", "START", "MEMORY", "−50%", "check passed", "3 layers"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for _, not := range []string{"FIRST OUTPUT", "BUILD", "CHECK", "LAYERS", "RE-PULL"} {
		if strings.Contains(got, not) {
			t.Errorf("%q in\n%s", not, got)
		}
	}
	r.Variants[1].Check.Passed = false
	r.Variants[1].Edits = []experiment.Edited{{Name: "source", Repull: 5}}
	if got := show(); !strings.Contains(got, "CHECK") || !strings.Contains(got, "FAILED") || !strings.Contains(got, "RE-PULL source") {
		t.Errorf("%s", got)
	}
}

func TestLabDiffSays(t *testing.T) {
	d := &experiment.Diff{From: "1", To: "2", Speed: 1, Exact: []experiment.ExactChange{{Variant: "a", Measure: "layers", From: 2, To: 3}, {Variant: "a", Measure: "live", From: 1000, To: 2000}, {Variant: "b", Measure: "packages apk", From: 10, To: 9}},
		Timed: []experiment.TimedChange{{Variant: "a", Measure: experiment.StartExit, Unit: "seconds", From: 1, To: 2, Runs: 6, P: .001, Significant: true}, {Variant: "b", Measure: experiment.StartExit, Unit: "seconds", From: 1, To: 1.01, Runs: 6, P: .5}}}
	text := func(v View) string {
		var b bytes.Buffer
		if err := LabDiff(d, false).View(v, Drop).WriteText(&b, Style{}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	got := text(View{})
	for _, want := range []string{"From run 1 to 2: 3 counted numbers changed; of 2 timed measures, 1 changed significantly", "a        live           1kB  2kB +100%", "a        layers           2    3  +50%", "b        packages apk    10    9  −10%", "start to exit  1.0 s  2.0 s +100%  0.001"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "NO SIGNIFICANT") || strings.Contains(got, "machine") || !strings.Contains(text(View{Full: true}), "NO SIGNIFICANT") {
		t.Errorf("%s", got)
	}
	d.Timed[0].Runs, d.Timed[0].Significant = 2, false
	if got := text(View{Full: true}); !strings.Contains(got, "; none of 1 timed measure changed significantly; 1 timed measure: n=2: too few to test") || !strings.Contains(got, "2.0 s +100%    n=2") {
		t.Errorf("%s", got)
	}
	d.Exact, d.Timed, d.Speed = nil, d.Timed[1:], 1.2
	if got := text(View{}); !strings.Contains(got, "all counted numbers are the same; none of 1 timed measure changed significantly") || !strings.Contains(got, "The machine itself took 1.20×") {
		t.Errorf("%s", got)
	}
}
