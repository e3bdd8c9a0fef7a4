package experiment

import (
	"bytes"
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/image"
)

// kept is an experiment of two variants whose second is larger and slower.
func kept() *Record {
	r := &Record{Schema: Schema, ID: "1", Name: "x", Baseline: "a", Method: Method{Confidence: Confidence, Alpha: Alpha}, Calibration: []float64{1, 3, 2}, Comparison: &compare.Result{}}
	for n, name := range []string{"a", "b c"} {
		v := Result{Name: name, Edits: []Edited{{Name: "src", Layers: 1, Repull: 5}, {Name: "base", Skipped: "no base"}}}
		for i := range 6 {
			v.Sample(StartExit, "seconds", float64(1+2*n)+float64(i)/100)
			v.Sample(PeakMemory, "bytes", float64(50e6*(1+n)+i))
		}
		v.Set("pull-cold-10mbit", "seconds", Modelled, PullSeconds(1_250_000, 10))
		r.Variants = append(r.Variants, v)
		r.Comparison.Images = append(r.Comparison.Images, compare.Image{Name: name, Layers: 1 + n, Packages: map[string]int{"apk": n}, Sizes: image.Sizes{Live: int64(100 * (n + 1))}})
	}
	r.Summarize()
	return r
}

func TestSummarize(t *testing.T) {
	r := kept()
	m := r.Variants[0].Measure(StartExit)
	if m.Value < 1.02 || m.Value > 1.03 || m.Low == nil || *m.Low > m.Value || *m.High < m.Value || r.Variants[0].Count(StartExit) != 6 || r.Variants[0].Count("none") != 0 {
		t.Errorf("%+v", m)
	}
	if m := r.Variants[0].Measure("pull-cold-10mbit"); m.Value != 1 || m.Low != nil {
		t.Errorf("%+v", m)
	}
	r.Variants[0].Set("pull-cold-10mbit", "seconds", Modelled, 9)
	if m := r.Variants[0].Measure("pull-cold-10mbit"); m.Value != 9 {
		t.Errorf("%+v", m)
	}
	if len(r.Timed) != 2 || !r.Timed[0].Significant || r.Timed[0].Ratio < 2.9 || r.Timed[0].Delta < 1.9 {
		t.Errorf("%+v", r.Timed)
	}
	if r.Variant("nobody") != nil || r.Image("nobody") != nil || (&Record{}).Image("a") != nil || r.Variants[0].Measure("none") != nil {
		t.Error("found what is not there")
	}
	// Samples that are all the same show no difference.
	if p := pValue([]float64{1, 1, 1, 1, 1}, []float64{1, 1, 1, 1, 1}); p != 1 {
		t.Error(p)
	}
	if got := strings.Join(r.Measured(), " "); got != "start-exit peak-memory pull-cold-10mbit" {
		t.Error(got)
	}
}

// Counted numbers are compared exactly, timed ones by a test and a least effect.
func TestCompare(t *testing.T) {
	same := Compare(kept(), kept())
	if !same.Same || len(same.Exact) != 0 || len(same.Timed) != 4 || same.Speed != 1 {
		t.Errorf("%+v", same)
	}
	if got := same.String(); got != "all counted numbers are the same; none of 4 timed measures changed significantly" {
		t.Error(got)
	}
	b := kept()
	b.Comparison.Images[0].Sizes.Live, b.Comparison.Images[0].Layers, b.Comparison.Images[1].Packages["apk"] = 7, 9, 8
	b.Comparison.Images[0].Packages["pypi"] = 1 // a kind that the first did not have
	b.Variants[0].Edits[0].Repull, b.Variants[0].Edits[0].Layers = 6, 2
	for i := range b.Variants[0].Measures[0].Samples {
		b.Variants[0].Measures[0].Samples[i] *= 2
		b.Variants[0].Measures[1].Samples[i] += 10 << 20 // 20 %, but less than 16 MiB
	}
	b.Summarize()
	d := Compare(kept(), b)
	var exact []string
	for _, e := range d.Exact {
		exact = append(exact, e.Variant+" "+e.Measure)
	}
	if got := strings.Join(exact, "|"); got != "a live|a layers|a packages pypi|a repull:src|a repull:src layers|b c packages apk" {
		t.Error(got)
	}
	if d.Same || !d.Timed[0].Significant || d.Timed[1].Significant {
		t.Errorf("%+v", d.Timed)
	}
	if got := d.String(); got != "6 counted numbers changed; of 4 timed measures, 1 changed significantly" {
		t.Error(got)
	}
	// Records of strangers may lack what ours have.
	none := kept()
	none.Comparison.Images[1].Packages = nil
	if d := Compare(none, kept()); len(d.Exact) != 1 || d.Exact[0].Measure != "packages apk" {
		t.Errorf("%+v", d.Exact)
	}
	// Half as fast a machine explains it.
	b.Calibration = []float64{4}
	if d := Compare(kept(), b); d.Timed[0].Significant || d.Speed != 2 {
		t.Errorf("%+v", d.Timed)
	}
}

func TestCompareInWords(t *testing.T) {
	a, b := kept(), kept()
	b.FileDigest, b.Machine.Kernel = "other", "7"
	b.Variants[0].Error, b.Variants[1].Name = "no", "d"
	a.Variants[0].Check, b.Variants[0].Check = &Checked{Passed: true}, &Checked{Reason: "it failed"}
	got := strings.Join(Compare(a, b).Other, "|")
	for _, want := range []string{"file is another one", "do not compare times", "a: it failed in one of them: no", "a: its check passed in only one of them: it failed", "b c is only in the first", "d is only in the second"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	if got := Compare(a, a).Other; len(got) != 0 {
		t.Errorf("%v", got)
	}
	// What has no timed measures says nothing of them; what has too few says so.
	for i := range a.Variants {
		a.Variants[i].Measures = nil
	}
	if got := Compare(a, a).String(); got != "all counted numbers are the same" {
		t.Error(got)
	}
	few := Diff{Timed: []TimedChange{{Runs: 6}, {Runs: 3}, {Runs: 2}}}
	if got := few.String(); got != "all counted numbers are the same; none of 1 timed measure changed significantly; 2 timed measures: n=2: too few to test" {
		t.Error(got)
	}
}

func TestTitles(t *testing.T) {
	for name, want := range map[string]string{BuildCold: "build, no cache", BuildUnchanged: "build, unchanged", StartFirst: "start to first output", StartExit: "start to exit", StartReady: "start to answer", PeakMemory: "peak memory",
		Rebuild + "src": "rebuild after src", "pull-cold-10mbit": "pull at 10 Mbit/s", "pull-shared-10mbit": "pull at 10 Mbit/s with the other images present", "other": "other"} {
		if got := Title(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if Number(0.123456) != "0.123" {
		t.Error(Number(0.123456))
	}
}

func TestDecodeRecords(t *testing.T) {
	if r, err := Decode([]byte(`{"schema":"tare.lab/v1","name":"x","id":"1"}`)); err != nil || r.Name != "x" {
		t.Errorf("%+v, %v", r, err)
	}
	for in, want := range map[string]string{"{": "no results", `{"schema":"x"}`: `its schema is "x"`, `{"schema":"tare.lab/v9"}`: "a newer tare", `{"schema":"tare.lab/v1","name":3}`: "results of an experiment", `{"schema":"tare.lab/v1","name":"a/b","id":"1"}`: "proper name"} {
		if _, err := Decode([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// What cannot stand in a name of the benchmark format is replaced, what is not known said.
func TestWriteBenchmarks(t *testing.T) {
	var b bytes.Buffer
	if err := kept().WriteBenchmarks(&b); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{"experiment: x\n", "cpu: unknown\n", "BenchmarkImage/b_c 1 ", "200 live-bytes", "BenchmarkStartExit/a 1 1 sec/op", "BenchmarkRepullSrc/a 1 5 B/op", "BenchmarkPullCold10mbit/a 1 1 sec/op"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "RepullBase") || strings.Count(got, "BenchmarkPeakMemory/b_c ") != 6 {
		t.Errorf("%s", got)
	}
}
