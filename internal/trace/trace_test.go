package trace_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tare/internal/bench"
	"tare/internal/engine"
	"tare/internal/experiment"
	"tare/internal/progress"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
	"tare/internal/trace"
)

// newBench is a bench whose containers use /app and end with what code says.
func newBench(t *testing.T, code func(r engine.Run) int) (*bench.Bench, *testkit.Engine) {
	st := testkit.Store(t)
	e := &testkit.Engine{T: t, Store: st, Code: code, Make: func(engine.Build) (*testkit.Built, []engine.Step, error) {
		return nil, nil, errors.New("nothing is built here")
	}}
	b := &bench.Bench{Store: func() (*store.Store, error) { return st, nil }, Engine: e.Open, Note: func(string) {}}
	b.Watched.Out, b.Watched.Err = io.Discard, io.Discard
	b.Finder = &target.Finder{Store: b.Store, Registry: func() (*source.Registry, error) { return &source.Registry{}, nil }, Note: b.Note,
		Pull:  func(context.Context, string, string, io.Writer) error { return errors.New("no such image") },
		Watch: func() (progress.Func, func()) { return nil, func() {} }}
	t.Cleanup(b.Close)
	for name, body := range map[string]string{"app": "one", "other": "two"} {
		testkit.Put(t, st, name, store.Built, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, testkit.File("app", body), testkit.File("spare", "x"))}}))
	}
	return b, e
}

// uses makes a container note that it opened a file, if it is watched.
func uses(r engine.Run, path string) {
	if r.Watch != nil {
		r.Watch.Seen = engine.Seen{Used: map[string]engine.Use{path: engine.Opened}}
	}
}

func TestCommand(t *testing.T) {
	b, e := newBench(t, func(r engine.Run) int { uses(r, "app"); return 0 })
	r, err := trace.Run(t.Context(), b, trace.Request{Word: "app", Command: []string{"/app", "x"}})
	if err != nil {
		t.Fatal(err)
	}
	tr := r.Traces[0]
	if !r.Complete() || !r.Passed() || !tr.Touched("app") || tr.Touched("spare") || len(e.Runs) != 1 || !slices.Equal(e.Runs[0].Args, []string{"/app", "x"}) {
		t.Errorf("%+v, %d runs", tr, len(e.Runs))
	}
	if n := len(e.Runs[0].Watch.Names); n != 2 {
		t.Errorf("the watch has %d names", n)
	}
}

// What fails under the watch is run without; only where it passes then nothing is concluded.
func TestFails(t *testing.T) {
	for name, c := range map[string]struct {
		code     func(r engine.Run) int
		complete bool
	}{
		"anyway": {func(r engine.Run) int { uses(r, "app"); return 3 }, true},
		"traced only": {func(r engine.Run) int {
			uses(r, "app")
			if r.Watch != nil {
				return 4 // EINTR
			}
			return 0
		}, false},
	} {
		b, e := newBench(t, c.code)
		r, err := trace.Run(t.Context(), b, trace.Request{Word: "app", Command: []string{"/app"}})
		if err != nil {
			t.Fatal(err)
		}
		u := r.Traces[0].Checks[0].Untraced
		if r.Complete() != c.complete || r.Passed() || len(e.Runs) != 2 || u == nil || u.Passed == c.complete {
			t.Errorf("%s: complete %t, passed %t, %d runs, untraced %+v", name, r.Complete(), r.Passed(), len(e.Runs), u)
		}
	}
}

// Variants with one image share a trace; each image has its own.
func TestExperiment(t *testing.T) {
	b, e := newBench(t, func(r engine.Run) int { uses(r, strings.TrimPrefix(r.Args[0], "/")); return 0 })
	dir := t.TempDir()
	body := "version: 1\nvariants:\n  - {name: a, image: app, check: {command: [/app]}}\n  - {name: b, image: app, check: {command: [/spare]}}\n  - {name: c, image: other, check: {command: [/app]}}\n  - {name: none, image: app}\n  - {name: skipped, image: app, check: {command: [/x], skip: true}}\n"
	if err := os.WriteFile(filepath.Join(dir, "tare.yaml"), []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
	var did []string
	r, err := trace.Run(t.Context(), b, trace.Request{Word: dir, Progress: func(p trace.Progress) { did = append(did, p.What+" "+p.Check) }})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Traces) != 2 || len(e.Runs) != 3 || len(r.Traces[0].Checks) != 2 || r.Traces[0].Checks[1].NewFiles != 1 || len(r.Traces[1].Checks) != 1 {
		t.Errorf("%d traces, %d runs: %+v", len(r.Traces), len(e.Runs), r.Traces)
	}
	if !slices.Contains(did, "tracing b") || slices.Contains(did, "tracing none") {
		t.Errorf("%q", did)
	}
	if r, err = trace.Run(t.Context(), b, trace.Request{Word: dir, Variants: []string{"b"}}); err != nil || len(r.Traces) != 1 || len(r.Traces[0].Checks) != 1 {
		t.Errorf("one variant: %+v, %v", r, err)
	}
	if _, err = trace.Run(t.Context(), b, trace.Request{Word: dir, Variants: []string{"d"}}); err == nil || !strings.Contains(err.Error(), "no variant") {
		t.Errorf("a variant that is not there: %v", err)
	}
	if _, err = trace.Run(t.Context(), b, trace.Request{Word: dir, Variants: []string{"none"}}); err == nil || !strings.Contains(err.Error(), "check") {
		t.Errorf("without a check: %v", err)
	}
}

// A check of a variant that fails, and what a caller with an image at hand asks for.
func TestImage(t *testing.T) {
	b, _ := newBench(t, func(r engine.Run) int { uses(r, "app"); return len(r.Args) - 1 })
	set, err := b.Finder.Open(t.Context(), []string{"app"}, target.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	tr, err := trace.Image(t.Context(), b, set.Images[0], []trace.Named{{Name: "good", Check: experiment.Check{Command: []string{"/app"}}}, {Name: "bad", Check: experiment.Check{Command: []string{"/app", "x"}}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !tr.Checks[0].Passed || tr.Checks[1].Passed || tr.Checks[1].Untraced == nil || !tr.Complete || tr.Checks[1].NewFiles != 0 {
		t.Errorf("%+v", tr.Checks)
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		args    []string
		dash    int
		word    string
		command []string
		bad     bool
	}{
		{nil, -1, ".", nil, false},
		{[]string{"app"}, -1, "app", nil, false},
		{[]string{"app", "ls", "-l"}, 1, "app", []string{"ls", "-l"}, false},
		{[]string{"ls"}, 0, ".", []string{"ls"}, false},
		{[]string{"app", "ls"}, -1, "", nil, true},
		{[]string{"app"}, 1, "", nil, true},
		{[]string{"a", "b", "ls"}, 2, "", nil, true},
	} {
		word, command, err := trace.Words(c.args, c.dash)
		if (err != nil) != c.bad || err == nil && (word != c.word || !slices.Equal(command, c.command)) {
			t.Errorf("%q, %d: %q %q %v", c.args, c.dash, word, command, err)
		}
	}
	for _, q := range []trace.Request{{Prefetch: "x"}, {Top: -1}, {StopAfter: -1}} {
		if q.Check(false) == nil {
			t.Errorf("%+v is taken", q)
		}
	}
	if (&trace.Request{Prefetch: "soci"}).Check(true) == nil || (&trace.Request{Prefetch: "soci"}).Check(false) != nil {
		t.Error("--prefetch and --format")
	}
}

func TestReadFile(t *testing.T) {
	b, _ := newBench(t, func(r engine.Run) int { uses(r, "app"); return 0 })
	if _, err := trace.ReadFile(t.Context(), filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there")
	}
	r, err := trace.Run(t.Context(), b, trace.Request{Word: "app", Command: []string{"/app"}})
	if err != nil {
		t.Fatal(err)
	}
	var list bytes.Buffer
	if err := r.Traces[0].WritePaths(&list); err != nil || list.String() != "app\n" {
		t.Errorf("%q, %v", list.String(), err)
	}
	if _, err := trace.Run(t.Context(), b, trace.Request{Word: "archive://x.tar", Command: []string{"/app"}}); err == nil || !strings.Contains(err.Error(), "tare load") {
		t.Errorf("an archive: %v", err)
	}
}
