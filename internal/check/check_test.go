package check_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/bench"
	"tare/internal/check"
	"tare/internal/engine"
	"tare/internal/gate"
	"tare/internal/progress"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
)

// world is a store, an engine that makes what a Dockerfile says, and a registry.
type world struct {
	t     *testing.T
	bench *bench.Bench
	eng   *testkit.Engine
	reg   *testkit.Registry
	blobs atomic.Int32 // requests for blobs
	dir   string
}

// newWorld makes them. The engine makes a layer of each COPY and RUN: "RUN 100" has a file of
// so many bytes, "COPY x" the file x of the context.
func newWorld(t *testing.T) *world {
	st := testkit.Store(t)
	w := &world{t: t, reg: testkit.NewRegistry(t), dir: t.TempDir()}
	w.reg.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/blobs/") {
			w.blobs.Add(1)
		}
		return false
	})
	w.eng = &testkit.Engine{T: t, Store: st, Make: func(r engine.Build) (*testkit.Built, []engine.Step, error) {
		src, err := os.ReadFile(r.Dockerfile)
		if err != nil {
			return nil, nil, err
		}
		return image(t, r.Context, string(src)), nil, nil
	}}
	w.bench = &bench.Bench{Store: func() (*store.Store, error) { return st, nil }, Engine: w.eng.Open, Note: func(s string) { t.Log(s) },
		Args: func([]string) (map[string]string, error) { return nil, nil }}
	w.bench.Watched.Out, w.bench.Watched.Err = io.Discard, io.Discard
	w.bench.Finder = &target.Finder{Store: w.bench.Store, Registry: func() (*source.Registry, error) { return &source.Registry{}, nil }, Build: w.bench.Dockerfile, Passing: w.bench.Passing, Note: w.bench.Note,
		Pull:  func(context.Context, string, string, io.Writer) error { return errors.New("no network") },
		Watch: func() (progress.Func, func()) { return nil, func() {} }}
	t.Cleanup(w.bench.Close)
	t.Chdir(w.dir)
	return w
}

func image(t *testing.T, dir, src string) *testkit.Built {
	o := testkit.Options{Layers: [][]byte{testkit.Tar(t, testkit.File("base", "base"))}, History: []ocispec.History{{CreatedBy: "the base"}}}
	for line := range strings.Lines(src) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		var n int
		switch word {
		case "RUN":
			_, _ = fmt.Sscan(rest, &n)
			o.Layers = append(o.Layers, testkit.Tar(t, testkit.File("made", strings.Repeat("x", n))))
			o.History = append(o.History, ocispec.History{CreatedBy: "RUN /bin/sh -c " + rest + " # buildkit"})
		case "COPY":
			name, _, _ := strings.Cut(rest, " ")
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			o.Layers = append(o.Layers, testkit.Tar(t, testkit.File("srv/"+name, string(b))))
			o.History = append(o.History, ocispec.History{CreatedBy: "COPY " + rest + " # buildkit"})
		}
	}
	return testkit.Image(t, o)
}

func (w *world) write(name, body string) {
	w.t.Helper()
	name = filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(body), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) run(r check.Request) *gate.Result {
	w.t.Helper()
	out, err := check.Run(w.t.Context(), w.bench, r)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) fails(r check.Request, want string) {
	w.t.Helper()
	_, err := check.Run(w.t.Context(), w.bench, r)
	if err == nil || !strings.Contains(err.Error(), want) {
		w.t.Errorf("%+v: %v, want %s", r, err, want)
	}
}

func rules(r *gate.Result) (out []string) {
	for _, v := range r.Violations {
		at := v.File
		if v.Line != nil {
			at += fmt.Sprintf(":%d", *v.Line)
		}
		out = append(out, v.Rule+" "+at)
	}
	return out
}

// Where all layers are equal manifests alone decide: no blob is fetched, and it is quick.
func TestUnchangedInARegistry(t *testing.T) {
	w := newWorld(t)
	b := image(t, "", "RUN 5000\n")
	w.reg.Push(t, "app", "main", b)
	w.reg.Push(t, "app", "pr", b)
	other := image(t, "", "RUN 9000\n")
	w.reg.Push(t, "app", "bigger", other)
	name := func(tag string) string { return "registry://" + w.reg.Host + "/app:" + tag }
	begin := time.Now()
	r := w.run(check.Request{Target: name("pr"), Baseline: name("main"), Budgets: []string{"growth.live=0", "transfer=1MB", "layers=2"}})
	took := time.Since(begin)
	if r.Verdict != gate.Pass || w.blobs.Load() != 0 {
		t.Errorf("%s, %d blobs were fetched: %+v", r.Verdict, w.blobs.Load(), r)
	}
	if took > 150*time.Millisecond {
		t.Logf("it took %v", took) // scripts/bench measures it on a quiet machine
	}
	i := r.Images[0]
	if !i.After.Unread || i.Before == nil || i.After.Sizes.Transfer != i.Before.Sizes.Transfer || *i.Delta != (gate.Delta{}) {
		t.Errorf("%+v", i)
	}
	if r = w.run(check.Request{Target: name("pr"), Baseline: name("main"), Budgets: []string{"layers=1"}}); !slices.Equal(rules(r), []string{"layers "}) {
		t.Errorf("%v", rules(r))
	}
	// Other layers, or a budget that asks for what is in them: they are read.
	if r = w.run(check.Request{Target: name("bigger"), Baseline: name("main"), Budgets: []string{"growth.live=1"}}); w.blobs.Load() == 0 || r.Images[0].After.Unread || r.Images[0].Delta.Total.Live != 4000 {
		t.Errorf("%+v", r.Images[0])
	}
	if r = w.run(check.Request{Target: name("pr"), Baseline: name("main"), Budgets: []string{"live=1kB"}}); r.Images[0].After.Unread || r.Verdict != gate.Violated {
		t.Errorf("%+v", r.Images[0])
	}
}

// An image of the store against what a registry has of it: no blob is fetched either.
func TestStoredAgainstARegistry(t *testing.T) {
	w := newWorld(t)
	b := image(t, "", "RUN 5000\n")
	w.reg.Push(t, "app", "main", b)
	testkit.Put(t, w.eng.Store, "app", store.Pulled, b)
	r := w.run(check.Request{Target: "store://app", Baseline: "registry://" + w.reg.Host + "/app:main", Budgets: []string{"growth.live=0", "live=1MB"}})
	if r.Verdict != gate.Pass || w.blobs.Load() != 0 || r.Images[0].After.Sizes.Live != 5004 || r.Images[0].Delta.Total != (gate.Amounts{}) {
		t.Errorf("%d blobs, %+v", w.blobs.Load(), r.Images[0])
	}
}

// A tag that moves while it is looked at means what it meant first.
func TestMovingTag(t *testing.T) {
	w := newWorld(t)
	old, now := image(t, "", "RUN 5000\n"), image(t, "", "RUN 6000\n")
	w.reg.Push(t, "app", "main", old)
	testkit.Put(t, w.eng.Store, "app", store.Pulled, now)
	moved := false
	w.reg.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/manifests/sha256:") && !moved {
			moved = true
			go w.reg.Push(t, "app", "main", image(t, "", "RUN 1\n"))
			time.Sleep(20 * time.Millisecond)
		}
		return false
	})
	r := w.run(check.Request{Target: "store://app", Baseline: "registry://" + w.reg.Host + "/app:main", Budgets: []string{"growth.live=10kB"}})
	if !moved || r.Images[0].Before.Sizes.Live != 5004 {
		t.Errorf("moved %v, before %+v", moved, r.Images[0].Before)
	}
}

func TestBaselinesThatAreNot(t *testing.T) {
	w := newWorld(t)
	w.write("app/Dockerfile", "FROM base\nRUN 10\n")
	w.write("plain.json", "{}")
	w.write("newer.json", `{"schema":"tare.baseline/v9"}`)
	w.write("spoilt.json", `{"schema":"tare.baseline/v1","images":[{"name":"app","platform":"linux/amd64","sizes":{"tar":7}}]}`)
	arm := testkit.Image(t, testkit.Options{Platform: ocispec.Platform{OS: "linux", Architecture: "arm64"}, Layers: [][]byte{testkit.Tar(t, testkit.File("a", "b"))}})
	w.reg.Push(t, "app", "arm", arm)
	in := "registry://" + w.reg.Host
	for baseline, want := range map[string]string{
		in + "/app:gone":     "baseline registry://",
		in + "/app:arm":      "linux/arm64",
		"gone.json":          "no such file: tare check --save gone.json writes it",
		"plain.json":         "is no file of tare check --save",
		"newer.json":         "this tare reads tare.baseline/v1: save it again",
		"spoilt.json":        "it is damaged, or somebody wrote in it",
		"git:HEAD":           "not in a git repository",
		"git:--exec=x":       "not in a git repository",
		"nosuchimage:latest": "baseline nosuchimage:latest",
	} {
		w.fails(check.Request{Target: "app", Baseline: baseline}, want)
	}
	w.fails(check.Request{Target: "app", Budgets: []string{"live=big"}}, `"big" is not a size`)
	w.fails(check.Request{Target: "app", Budgets: []string{"findings.secret-fil=0"}}, `--budget findings.secret-fil=0: no rule "secret-fil"; did you mean secret-file? The rules are`)
	w.fails(check.Request{Target: "app", Variants: []string{"x"}}, "has no tare.yaml with variants")
	if r := w.run(check.Request{Target: "app", Baseline: check.Last}); !slices.ContainsFunc(r.Notes, func(n string) bool { return strings.Contains(n, "no check of it has passed yet") }) || r.Images[0].Before != nil {
		t.Errorf("%+v", r)
	}
	if r := w.run(check.Request{Target: "app", Baseline: check.Last}); len(r.Notes) > 0 || r.Images[0].Before == nil {
		t.Errorf("%+v", r)
	}
}

// What was saved is found by name and platform; of a directory the file that changed is
// blamed.
func TestSaved(t *testing.T) {
	w := newWorld(t)
	w.write("app/Dockerfile", "FROM base\nCOPY conf /srv/\nRUN 10\n")
	w.write("app/conf", "1")
	w.run(check.Request{Target: "app", Save: "base.json"})
	w.write("app/Dockerfile", "FROM base\nCOPY conf /srv/\nRUN 2000\n")
	r := w.run(check.Request{Target: "app", Baseline: "base.json", Budgets: []string{"growth.live=1kB"}})
	if !slices.Equal(rules(r), []string{"growth.live Dockerfile:3"}) {
		t.Errorf("%v %+v", rules(r), r.Images[0].Causes)
	}
	if r := w.run(check.Request{Target: "app", Baseline: "base.json", Budgets: []string{"growth.live=3kB", "growth.of=total"}}); r.Verdict != gate.Pass {
		t.Errorf("%v", rules(r))
	}
}

// Limits of a tare.yaml: of all, of one variant, and those of flags last.
func TestExperiment(t *testing.T) {
	w := newWorld(t)
	w.write("Dockerfile", "FROM base\nRUN 2000\n")
	w.write("tare.yaml", "version: 1\nbudget:\n  live: 1kB\n  seconds: {start: 1}\nvariants:\n  - {name: a, dockerfile: Dockerfile}\n  - {name: b, dockerfile: Dockerfile, budget: {live: 3kB}}\n")
	r := w.run(check.Request{})
	if !slices.Equal(rules(r), []string{"live tare.yaml:3"}) || len(r.Images) != 2 || r.Violations[0].Image != "a" {
		t.Errorf("%v %+v", rules(r), r.Images)
	}
	if !slices.ContainsFunc(r.Notes, func(n string) bool {
		return strings.Contains(n, "seconds.start is not judged: tare lab has not measured it")
	}) {
		t.Errorf("%v", r.Notes)
	}
	if r := w.run(check.Request{Budgets: []string{"live=5kB"}}); r.Verdict != gate.Pass {
		t.Errorf("%v", rules(r))
	}
	if r := w.run(check.Request{Variants: []string{"b"}}); len(r.Images) != 1 || r.Verdict != gate.Pass {
		t.Errorf("%+v", r)
	}
	w.fails(check.Request{Variants: []string{"c"}}, `no variant "c"`)
	w.write("tare.yaml", "version: 1\nbudget:\n  findings: {nosuch: 0}\n")
	w.fails(check.Request{}, `tare.yaml:3:22: no rule "nosuch"`)
	w.write("tare.yaml", "version: 1\nbudget:\n  live: 1kB\n") // of the Dockerfile beside it
	if r := w.run(check.Request{}); !slices.Equal(rules(r), []string{"live tare.yaml:3"}) {
		t.Errorf("%v", rules(r))
	}
	// One that is wrong is wrong for an image and for a Dockerfile, too.
	w.write("tare.yaml", "version: 1\nbudget:\n  liv: 1kB\n")
	b := image(t, "", "RUN 10\n")
	testkit.Put(t, w.eng.Store, "app", store.Pulled, b)
	for _, target := range []string{"", "Dockerfile", "store://app"} {
		w.fails(check.Request{Target: target}, `tare.yaml:3:3: unknown field "liv"`)
	}
}
