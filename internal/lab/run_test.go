package lab_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/compare"
	"tare/internal/experiment"
	"tare/internal/image"
	"tare/internal/lab"
	"tare/internal/units"
)

// fakeBench builds and runs nothing; it notes what it was asked for.
type fakeBench struct {
	mu                          sync.Mutex
	log                         []string
	building, atOnce, timedWith int
	begun, ended                int
	stop                        func() // called at the nth run
	after                       int
	runs                        int
	output                      string
	exit                        int
	hang                        bool
	took                        func(v string, cold bool) time.Duration
}

func (b *fakeBench) note(format string, a ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.log = append(b.log, fmt.Sprintf(format, a...))
}

func (b *fakeBench) Obtain(ctx context.Context, v experiment.Variant, log io.Writer) (*lab.Obtained, error) {
	b.mu.Lock()
	b.building++
	b.atOnce = max(b.atOnce, b.building)
	b.mu.Unlock()
	time.Sleep(5 * time.Millisecond)
	defer func() { b.mu.Lock(); b.building--; b.mu.Unlock() }()
	if strings.Contains(v.Name, "broken") {
		_, _ = io.WriteString(log, "step 3\nno such package\n")
		return nil, errors.New("it does not build")
	}
	return &lab.Obtained{Variant: v, Manifest: digest.FromString(v.Name)}, nil
}

func (b *fakeBench) Build(ctx context.Context, v experiment.Variant, how lab.How) (*lab.Obtained, error) {
	b.mu.Lock()
	b.building++
	b.timedWith = max(b.timedWith, b.building)
	b.mu.Unlock()
	defer func() { b.mu.Lock(); b.building--; b.mu.Unlock() }()
	body := ""
	if how.Context != "" {
		c, err := os.ReadFile(filepath.Join(how.Context, "app.py"))
		if err != nil {
			return nil, err
		}
		body = string(c)
	}
	if b.begun != b.ended+1 && how != (lab.How{}) {
		b.note("build %s outside of Begin", v.Name)
	}
	b.note("build %s cold=%v edited=%v", v.Name, how.NoCache, how.Context != "")
	took := 10 * time.Millisecond
	if b.took != nil {
		took = b.took(v.Name, how.NoCache)
	}
	return &lab.Obtained{Variant: v, Manifest: digest.FromString(v.Name + body), Took: took, Executed: 1}, ctx.Err()
}

// Begin counts the builds that are begun and not ended.
func (b *fakeBench) Begin(context.Context) func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begun++
	return func() { b.mu.Lock(); defer b.mu.Unlock(); b.ended++ }
}

func (b *fakeBench) Run(ctx context.Context, o *lab.Obtained, c *experiment.Check, stdout, _ io.Writer) (lab.Ran, error) {
	b.note("run %s", o.Variant.Name)
	b.mu.Lock()
	b.runs++
	if b.stop != nil && b.runs == b.after {
		b.stop()
	}
	b.mu.Unlock()
	if b.hang {
		<-ctx.Done()
		return lab.Ran{Exit: 137}, ctx.Err()
	}
	_, _ = io.WriteString(stdout, b.output)
	return lab.Ran{Exit: b.exit, First: time.Millisecond, Took: 2 * time.Millisecond, Peak: 1 << 20}, ctx.Err()
}

func (b *fakeBench) Compare(_ context.Context, list []*lab.Obtained, base int) (*compare.Result, []*lab.Obtained, error) {
	r := &compare.Result{Schema: compare.Schema, Baseline: list[base].Variant.Name}
	for n, o := range list {
		r.Images = append(r.Images, compare.Image{Name: o.Variant.Name, Layers: n + 2, Sizes: image.Sizes{Transfer: units.Known(1000 * int64(n+1)), Docker: 64_100_000 * int64(n+1), Live: 5_000_000}})
		r.Sharing.Blob.Images = append(r.Sharing.Blob.Images, compare.Share{Name: o.Variant.Name, Unique: units.Known(500)})
	}
	return r, list, nil
}

func (b *fakeBench) Repull(_ context.Context, from, to *lab.Obtained) (int, int64, error) {
	if from.Manifest == to.Manifest {
		return 0, 0, nil
	}
	return 1, 4321, nil
}

func (b *fakeBench) Machine() experiment.Machine { return experiment.Machine{OS: "test", CPUs: 2} }

const theFile = `version: 1
name: x
variants:
  - {name: a, image: a}
  - {name: b, dockerfile: Dockerfile}
  - {name: broken, dockerfile: Dockerfile}
  - {name: c, dockerfile: Dockerfile}
check: {stdout: hi}
measure: {repeat: 3, warmup: 1}
edit:
  - {name: src, touch: app.py}
  - {name: other, touch: absent.py}
  - {name: once, replace: {file: app.py, old: print, new: show}}
`

func runner(t *testing.T, b lab.Bench, file string) (*lab.Runner, *experiment.Record) {
	t.Helper()
	dir := t.TempDir()
	for name, body := range map[string]string{"app.py": "print(1)\n", "Dockerfile": "FROM a\nCOPY app.py /\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := experiment.Parse("tare.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	rec := &experiment.Record{Schema: experiment.Schema, ID: lab.NewID(time.Now()), Name: "x", FileDigest: digest.FromString(file)}
	return &lab.Runner{Bench: b, File: f, Dir: dir, Record: rec, Parallel: 3}, rec
}

func TestRun(t *testing.T) {
	b := &fakeBench{output: "hi\n"}
	r, rec := runner(t, b, theFile)
	if err := r.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if rec.Finished == nil || rec.Comparison == nil || rec.Baseline != "a" {
		t.Errorf("%+v", rec)
	}
	if v := rec.Variant("broken"); v.Error != "it does not build" || !strings.Contains(v.Log, "no such package") {
		t.Errorf("broken: %+v", v)
	}
	if v := rec.Variant("a"); v.Measure(experiment.BuildCold) != nil || len(v.Measure(experiment.StartExit).Samples) != 3 || v.Edits[0].Skipped != "it is not built here" {
		t.Errorf("a: %+v", v)
	}
	v := rec.Variant("b")
	for _, m := range []string{experiment.BuildCold, experiment.BuildUnchanged, experiment.Rebuild + "src", experiment.StartFirst, experiment.StartExit, experiment.PeakMemory} {
		if got := v.Measure(m); got == nil || len(got.Samples) != 3 {
			t.Errorf("b: %s: %+v", m, got)
		}
	}
	if got := v.Measure(experiment.Rebuild + "once"); got == nil || len(got.Samples) != 1 {
		t.Errorf("an edit that cannot vary was measured %+v", got)
	}
	if v.Edits[0].Repull != 4321 || v.Edits[1].Skipped == "" || v.Edits[2].Repull != 4321 {
		t.Errorf("b: edits %+v", v.Edits)
	}
	if m := v.Measure("pull-cold-10mbit"); m == nil || m.Kind != experiment.Modelled || m.Value != 2000*8/10e6 {
		t.Errorf("pull: %+v", m)
	}
	if b.begun == 0 || b.begun != b.ended || slices.ContainsFunc(b.log, func(l string) bool { return strings.Contains(l, "outside") }) {
		t.Errorf("%d times begun, %d ended: %v", b.begun, b.ended, b.log)
	}
	if b.atOnce < 2 || b.timedWith != 1 {
		t.Errorf("%d builds at once before timing, %d while timing", b.atOnce, b.timedWith)
	}
	// Interleaved: no variant's cold builds follow one another.
	last := ""
	for _, l := range b.log {
		if strings.Contains(l, "cold=true") {
			if l == last {
				t.Errorf("not interleaved: %v", b.log)
			}
			last = l
		}
	}
}

func TestInterruptedAndResumed(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	b := &fakeBench{output: "hi", stop: cancel, after: 8}
	r, rec := runner(t, b, theFile)
	if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if rec.Finished != nil || rec.Variant("b").Measure(experiment.BuildCold) == nil {
		t.Fatal("what was measured is lost")
	}
	had := len(rec.Variant("b").Measure(experiment.BuildCold).Samples)
	first := rec.Variant("b").Measure(experiment.BuildCold).Samples[0]
	b2 := &fakeBench{output: "hi", took: func(string, bool) time.Duration { return time.Second }}
	r.Bench = b2
	if err := r.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	got := rec.Variant("b").Measure(experiment.BuildCold).Samples
	if len(got) != 3 || got[0] != first || got[2] != 1 || had == 0 {
		t.Errorf("%v after %d", got, had)
	}
}

func TestChecks(t *testing.T) {
	const one = "version: 1\nvariants: [{name: a, image: a}]\nmeasure: {repeat: 1, warmup: 0}\ncheck: "
	for _, c := range []struct {
		check  string
		bench  *fakeBench
		passed bool
		reason string
	}{
		{"{}", &fakeBench{}, true, ""},
		{"{stdout: hi}", &fakeBench{output: "  hi \n"}, true, ""},
		{"{stdout: hi}", &fakeBench{output: "ho"}, false, `printed "ho"`},
		{"{match: '^h.$'}", &fakeBench{output: "hi\n"}, true, ""},
		{"{match: x}", &fakeBench{output: "hi"}, false, "does not match"},
		{"{exit: 3}", &fakeBench{exit: 3}, true, ""},
		{"{}", &fakeBench{exit: 1}, false, "exit code 1, not 0"},
		{"{timeout: 20ms}", &fakeBench{hang: true}, false, "killed after 20ms: it did not end"},
		{"{stdout: x}", &fakeBench{output: strings.Repeat("flood\n", 1<<20)}, false, "it printed"},
		{"{http: {url: 'http://127.0.0.1:1/'}, timeout: 30ms}", &fakeBench{hang: true}, false, "connection refused"},
	} {
		r, rec := runner(t, c.bench, one+c.check)
		if err := r.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		got := rec.Variant("a").Check
		if got.Passed != c.passed || !strings.Contains(got.Reason, c.reason) {
			t.Errorf("%s: %+v", c.check, got)
		}
		if len(got.Output) > 70_000 {
			t.Errorf("%s: %d bytes of output are kept", c.check, len(got.Output))
		}
		if timed := rec.Variant("a").Measure(experiment.StartExit) != nil; timed != c.passed {
			t.Errorf("%s: timed %v", c.check, timed)
		}
	}
}

// A difference is called one only where there is one.
func TestSignificance(t *testing.T) {
	n := 0
	b := &fakeBench{output: "hi", took: func(v string, cold bool) time.Duration {
		n++
		noise := time.Duration(n%7) * time.Millisecond
		if v == "c" && cold {
			return 200*time.Millisecond + noise
		}
		return 100*time.Millisecond + noise
	}}
	r, rec := runner(t, b, strings.Replace(theFile, "repeat: 3", "repeat: 8", 1)+"baseline: b\n")
	if err := r.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, d := range rec.Timed {
		want := d.Measure == experiment.BuildCold && d.To == "c" && d.From == "b"
		if d.Significant != want {
			t.Errorf("%+v", d)
		}
	}
	m := rec.Variant("c").Measure(experiment.BuildCold)
	if m.Low == nil || *m.Low > m.Value || *m.High < m.Value || m.Value < 0.2 {
		t.Errorf("%+v", m)
	}
	d := experiment.Compare(rec, rec)
	if !d.Same || len(d.Timed) == 0 {
		t.Errorf("a run differs from itself: %+v", d)
	}
	raw, _ := json.Marshal(rec)
	other, err := experiment.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	other.Comparison.Images[0].Sizes.Live++
	other.Calibration = rec.Calibration
	s := other.Variant("b").Measure(experiment.BuildCold)
	for i := range s.Samples {
		s.Samples[i] *= 3
	}
	s.Value *= 3
	d = experiment.Compare(rec, other)
	if d.Same || len(d.Exact) != 1 || d.Exact[0].Measure != "live" || d.Exact[0].To-d.Exact[0].From != 1 {
		t.Errorf("%+v", d.Exact)
	}
	for _, c := range d.Timed {
		if c.Significant != (c.Variant == "b" && c.Measure == experiment.BuildCold) {
			t.Errorf("%+v", c)
		}
	}
}
