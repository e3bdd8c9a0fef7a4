package trimmer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tare/internal/engine"
	"tare/internal/experiment"
	"tare/internal/trim"
)

// wasteful deletes in two places what lines before them write.
const wasteful = "FROM base\nRUN put opt/a 5000\nRUN rm /opt/a\nUSER 0\nRUN put opt/b 7000\nRUN rm /opt/b\nRUN put opt/c 10\n"

func kept(r *trim.Result) (out []string) {
	for _, c := range r.Kept() {
		out = append(out, c.Rule)
	}
	return out
}

func TestRun(t *testing.T) {
	f := newFake(t, wasteful, nil)
	r := conduct(t, f, f.order(t))
	if got := strings.Join(kept(r), " "); got != "deleted-later deleted-later" {
		t.Fatalf("kept %q: %+v", got, r.Candidates)
	}
	for _, c := range r.Candidates {
		if c.Kept && c.Predicted.Tar != c.Measured.Tar {
			t.Errorf("%s: predicted %d, measured %d", c.Rule, c.Predicted.Tar, c.Measured.Tar)
		}
	}
	if s := r.Seconds; s.Total <= 0 || s.Builds <= 0 || s.Checks != 0 || s.Own < 0 || s.Own > s.Total {
		t.Errorf("%+v", s)
	}
	if len(r.Notes) > 0 {
		t.Errorf("%q", r.Notes)
	}
}

// --jobs is how many edits are built at once.
func TestJobs(t *testing.T) {
	for jobs, want := range map[int]int{1: 1, 2: 2} {
		f := newFake(t, wasteful, nil)
		o := f.order(t)
		o.Jobs = jobs
		gate := make(chan struct{})
		o.Progress = func(p Progress) {
			if p.What == "building" && p.Total > 0 && f.slow == nil { // the original is built: the edits wait for one another
				f.slow = gate
				time.AfterFunc(300*time.Millisecond, func() { close(gate) })
			}
		}
		conduct(t, f, o)
		if f.most != want {
			t.Errorf("--jobs %d: %d builds at once", jobs, f.most)
		}
	}
}

// --keep-going judges the other edits where one cannot be judged; without it that is the end.
func TestKeepGoing(t *testing.T) {
	for _, going := range []bool{false, true} {
		tmp := t.TempDir()
		t.Setenv("TMPDIR", tmp)
		f := newFake(t, wasteful, nil)
		o := f.order(t)
		o.Jobs, o.KeepGoing = 1, going
		place, away := "", filepath.Join(tmp, "away")
		o.Progress = func(p Progress) {
			switch {
			case p.What == "building" && p.Total > 0 && p.Done == 0: // the place for copies is not there for the first edit
				list, err := filepath.Glob(filepath.Join(tmp, "tare-trim-*"))
				if err != nil || len(list) != 1 {
					t.Fatal(list, err)
				}
				place = list[0]
				if err := errors.Join(os.Rename(place, away), os.WriteFile(place, nil, 0o600)); err != nil {
					t.Error(err)
				}
			case p.What == "judged" && p.Done == 1:
				if err := errors.Join(os.Remove(place), os.Rename(away, place)); err != nil {
					t.Error(err)
				}
			}
		}
		r, err := Conduct(t.Context(), f.bench, o)
		if !going {
			if err == nil || !strings.Contains(err.Error(), "not a directory") {
				t.Errorf("it went on: %v", err)
			}
			continue
		}
		if err != nil || len(r.Kept()) != 1 || !strings.Contains(r.Candidates[0].Why, "not a directory") {
			t.Errorf("%v %+v", err, r)
		}
	}
}

// --resume takes verdicts of an interrupted run; without it all is built again.
func TestResume(t *testing.T) {
	for _, resume := range []bool{false, true} {
		f := newFake(t, wasteful, nil)
		o := f.order(t)
		o.Jobs = 1
		ctx, cancel := context.WithCancel(t.Context())
		judged := 0
		o.Progress = func(p Progress) {
			if p.What == "judged" {
				if judged++; judged == 1 {
					cancel()
				}
			}
		}
		said := ""
		o.Note = func(s string) { said += s }
		if _, err := Conduct(ctx, f.bench, o); !errors.Is(err, context.Canceled) || !strings.Contains(said, "--resume continues") {
			t.Fatalf("%v %q", err, said)
		}
		before := len(f.started)
		o.Progress, o.Resume = nil, resume
		r := conduct(t, f, o)
		if len(r.Kept()) != 2 {
			t.Fatalf("%+v", r.Candidates)
		}
		// Two of the original, two edits (or the one that is left), and all together.
		want := 5
		if resume {
			want = 4
		}
		if got := len(f.started) - before; got != want {
			t.Errorf("resume %v: %d builds, want %d", resume, got, want)
		}
	}
}

// A check that hangs has a limit, and the message says so.
func TestHangingCheck(t *testing.T) {
	f := newFake(t, wasteful, nil)
	o := f.order(t)
	o.Checks = []experiment.Check{{Command: []string{"sleep", "inf"}, Timeout: experiment.Duration(50 * time.Millisecond)}}
	f.run = func(ctx context.Context, _ engine.Run) error { <-ctx.Done(); return ctx.Err() }
	_, err := Conduct(t.Context(), f.bench, o)
	var unfit *Unfit
	if !errors.As(err, &unfit) || !strings.Contains(unfit.Text, `fails its check "sleep inf": killed after 50ms: it did not end`) {
		t.Errorf("%v", err)
	}
	// One that hangs only in what an edit builds is that edit's.
	f = newFake(t, wasteful, nil)
	o = f.order(t)
	o.Checks, o.Jobs = []experiment.Check{{Command: []string{"sleep", "inf"}, Timeout: experiment.Duration(50 * time.Millisecond)}}, 1
	n := 0
	f.run = func(ctx context.Context, _ engine.Run) error {
		if n++; n == 3 {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	r := conduct(t, f, o)
	if len(r.Kept()) != 1 || !strings.Contains(r.Candidates[0].Why+r.Candidates[1].Why, "killed after 50ms: it did not end") {
		t.Errorf("%+v", r.Candidates)
	}
}

// What a check is worth is said: one that touches nothing that the Dockerfile wrote proves
// little.
func TestWorthOfChecks(t *testing.T) {
	const little = "the checks touch 1 file; a patch proven by them proves little"
	for name, c := range map[string]struct {
		layer int
		drop  bool
		want  bool
	}{"a check that always passes": {1, false, true}, "and with --drop": {1, true, true}, "a real one": {2, false, false}, "a real one with --drop": {2, true, false}} {
		f := newFake(t, wasteful, nil)
		o := f.order(t, "true")
		o.Drop, o.Trace = c.drop, touched(c.layer, "bin/sh")
		r := conduct(t, f, o)
		if got := strings.Contains(strings.Join(r.Notes, "\n"), little); got != c.want {
			t.Errorf("%s: %q", name, r.Notes)
		}
		if got := strings.Contains(strings.Join(r.Notes, "\n"), "what they do not touch they do not prove"); got != (c.drop && !c.want) {
			t.Errorf("%s: %q", name, r.Notes)
		}
		if r.Touched == nil || r.Touched.Files != 1 {
			t.Errorf("%s: %+v", name, r.Touched)
		}
	}
	// Without a trace nothing is said of it.
	f := newFake(t, wasteful, nil)
	o := f.order(t, "true")
	o.Trace = nil
	o2 := o.Request
	if r, err := Run(t.Context(), f.bench, o2); err != nil || len(r.Notes) > 0 {
		t.Errorf("%v %v", err, r)
	}
}

// What cannot be built at all is said before anything is tried.
func TestBadInput(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		refuse error
		want   string
	}{
		"a line that fails":               {"FROM base\nRUN fail x\n", nil, "Dockerfile does not build as it is: it does not build: [1/1] RUN fail x: exit code: 3"},
		"a base that cannot be pulled":    {"FROM nosuch:1\nRUN put a 1\n", errors.New("failed to resolve nosuch:1: not found"), "Dockerfile does not build as it is: it does not build: failed to resolve nosuch:1: not found"},
		"a line that is none":             {"FROM base\nNONSENSE\n", nil, "unknown instruction"},
		"a Dockerfile of another builder": {"# syntax=other/frontend\nFROM base\n", nil, "another frontend"},
	} {
		f := newFake(t, c.text, nil)
		f.refuse = func(engine.Build) error { return c.refuse }
		if _, err := Conduct(t.Context(), f.bench, f.order(t)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if os.Geteuid() == 0 {
		t.Log("a directory that cannot be written to is tried by others than root")
	} else {
		f := newFake(t, wasteful, nil)
		if err := os.Chmod(f.dir, 0o555); err != nil {
			t.Fatal(err)
		}
		o := Order{Request: Request{Target: f.dir}, Size: "0", Write: true}
		if err := o.Check(); err == nil || !strings.Contains(err.Error(), "cannot be written to") {
			t.Errorf("%v", err)
		}
	}
	if err := Writable(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "cannot be written to") {
		t.Errorf("%v", err)
	}
}

// Line ends and a byte order mark are the author's: the patch has them, and applies.
func TestLineEnds(t *testing.T) {
	for name, text := range map[string]string{"carriage returns": strings.ReplaceAll(wasteful, "\n", "\r\n"), "byte order mark": "\xef\xbb\xbf" + wasteful} {
		f := newFake(t, text, nil)
		o := f.order(t)
		o.Write, o.Force = true, true
		r := conduct(t, f, o)
		if len(r.Kept()) != 2 {
			t.Fatalf("%s: %+v", name, r.Candidates)
		}
		if err := o.Apply(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(f.dir, "Dockerfile"))
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Replace(strings.Replace(text, "5000", "5000 \\", 1), "7000", "7000 \\", 1)
		want = strings.ReplaceAll(want, "RUN rm", "    && rm")
		if string(got) != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
