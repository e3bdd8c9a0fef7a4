package trimmer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/bench"
	"tare/internal/draft"
	"tare/internal/engine"
	"tare/internal/experiment"
	"tare/internal/progress"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
	"tare/internal/touch"
	"tare/internal/trim"
)

// fake is an engine that carries out a language of its own in RUN lines: "put NAME BYTES" and
// "rm /NAME" write and remove, "fail" fails, "random NAME" writes what no two builds write,
// and COPY writes what stands in the context.
type fake struct {
	*testkit.Engine
	bench *bench.Bench
	dir   string

	forgetful bool // nothing is cached

	mu      sync.Mutex
	known   map[string]bool // steps that were carried out: they are cached
	serial  int
	now     int // builds that are going on, and the most at once
	most    int
	slow    chan struct{}                           // if given, builds wait until it is closed
	run     func(context.Context, engine.Run) error // if given, what a check does before it ends
	refuse  func(engine.Build) error                // if given, why a build does not begin
	started []string                                // Dockerfiles' texts, as they were built
}

func (f *fake) Build(ctx context.Context, r engine.Build) (*engine.Built, error) {
	text, err := os.ReadFile(r.Dockerfile)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.now++
	f.most = max(f.most, f.now)
	f.started = append(f.started, string(text))
	f.mu.Unlock()
	defer func() { f.mu.Lock(); f.now--; f.mu.Unlock() }()
	if f.slow != nil {
		select {
		case <-f.slow:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if f.refuse != nil {
		if err := f.refuse(r); err != nil {
			return nil, err
		}
	}
	return f.Engine.Build(ctx, r)
}

func (f *fake) Run(ctx context.Context, r engine.Run) (int, error) {
	if f.run != nil {
		if err := f.run(ctx, r); err != nil {
			return -1, err
		}
	}
	return f.Engine.Run(ctx, r)
}

// newFake is a fake engine and a directory with a Dockerfile and other files.
func newFake(t *testing.T, dockerfile string, files map[string]string) *fake {
	t.Helper()
	st := testkit.Store(t)
	f := &fake{dir: t.TempDir(), known: map[string]bool{}}
	f.Engine = &testkit.Engine{T: t, Store: st, Make: f.make}
	f.bench = &bench.Bench{Store: func() (*store.Store, error) { return st, nil }, Engine: func(context.Context) (engine.Engine, error) { return f, nil }, Note: func(string) {},
		Args: func([]string) (map[string]string, error) { return map[string]string{}, nil }}
	f.bench.Watched.Out, f.bench.Watched.Err = io.Discard, io.Discard
	f.bench.Finder = &target.Finder{Store: f.bench.Store, Registry: func() (*source.Registry, error) { return &source.Registry{}, nil }, Build: f.bench.Dockerfile, Note: f.bench.Note,
		Watch: func() (progress.Func, func()) { return nil, func() {} }}
	t.Cleanup(f.bench.Close)
	if files == nil {
		files = map[string]string{}
	}
	files["Dockerfile"] = dockerfile
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(f.dir, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// make carries a Dockerfile out.
func (f *fake) make(r engine.Build) (*testkit.Built, []engine.Step, error) {
	text, err := os.ReadFile(r.Dockerfile)
	if err != nil {
		return nil, nil, err
	}
	file, err := draft.Read(text)
	if err != nil {
		return nil, nil, err
	}
	o := testkit.Options{Layers: [][]byte{testkit.Tar(f.T, testkit.File("bin/sh", "sh"), testkit.Dir("tmp/"))}, History: []ocispec.History{{CreatedBy: "base"}}}
	lower := map[string]bool{"tmp": true}
	var steps []engine.Step
	key := ""
	for _, i := range file.Stages[0].List {
		layer := map[string]testkit.Entry{}
		switch i.Keyword {
		case "RUN":
			for _, c := range i.Script.Commands {
				var args []string
				for _, a := range c.Args() {
					if !strings.HasPrefix(a.Text, "-") {
						args = append(args, strings.TrimPrefix(a.Text, "/"))
					}
				}
				if err := f.command(c.Name(), args, layer, lower); err != nil {
					return nil, []engine.Step{{Digest: "x", Name: "[1/1] " + i.Text, Error: err.Error()}}, err
				}
			}
			key += i.Text
		case "COPY":
			words := file.Words(i)
			names, _ := filepath.Glob(filepath.Join(r.Context, words[0].Text))
			if words[0].Text == "." {
				names, _ = filepath.Glob(filepath.Join(r.Context, "*"))
			}
			for _, name := range names {
				body, _ := os.ReadFile(name)
				to := strings.TrimPrefix(words[len(words)-1].Text, "/")
				if strings.HasPrefix(to, ".") {
					to = "app/" + filepath.Base(name)
				}
				layer[to] = testkit.File(to, string(body))
				key += string(body)
			}
		default:
			continue
		}
		var list []testkit.Entry
		for name, e := range layer {
			list = append(list, e)
			lower[name] = true
		}
		o.Layers = append(o.Layers, testkit.Tar(f.T, list...))
		o.History = append(o.History, ocispec.History{CreatedBy: strings.Replace(i.Text, "RUN ", "RUN /bin/sh -c ", 1) + " # buildkit"})
		s := engine.Step{Digest: digest.FromString(key).String(), Name: fmt.Sprintf("[%d/9] %s", len(steps)+2, i.Text), Cached: f.known[key] && !r.NoCache && !f.forgetful, End: 1, Busy: 1}
		f.known[key] = true
		steps = append(steps, s)
	}
	return testkit.Image(f.T, o), steps, nil
}

func (f *fake) command(name string, args []string, layer map[string]testkit.Entry, lower map[string]bool) error {
	switch name {
	case "put":
		size, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		layer[args[0]] = testkit.File(args[0], strings.Repeat("x", size))
	case "random":
		f.serial++
		layer[args[0]] = testkit.File(args[0], fmt.Sprint("random ", f.serial))
	case "rm":
		for _, file := range args {
			delete(layer, file)
			if lower[file] {
				layer[file] = testkit.File(filepath.Dir(file)+"/.wh."+filepath.Base(file), "")
			}
		}
	case "pip":
		layer["opt/lib"] = testkit.File("opt/lib", strings.Repeat("l", 3000))
	default:
		return errors.New("exit code: 3")
	}
	return nil
}

// order is a request that tries everything, and its words.
func (f *fake) order(t *testing.T, checks ...string) Order {
	t.Helper()
	o := Order{Request: Request{Target: f.dir}, Commands: checks, Size: "0", Journals: filepath.Join(t.TempDir(), "trim"), Note: func(string) {}}
	o.Trace = touched(2, "app/main.py")
	if err := o.Check(); err != nil {
		t.Fatal(err)
	}
	return o
}

// touched makes traces of checks that touch one file of a layer.
func touched(layer int, path string) func(context.Context, *target.Image, []experiment.Check) (*touch.Trace, error) {
	return func(context.Context, *target.Image, []experiment.Check) (*touch.Trace, error) {
		return &touch.Trace{Complete: true, Files: []touch.File{{Path: path, Layer: layer, How: []touch.How{"open"}}}, Bytes: &touch.Bytes{Touched: 1, Files: 3}}, nil
	}
}

func conduct(t *testing.T, f *fake, o Order) *trim.Result {
	t.Helper()
	r, err := Conduct(t.Context(), f.bench, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
