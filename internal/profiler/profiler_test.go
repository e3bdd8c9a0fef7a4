package profiler_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/bench"
	"tare/internal/engine"
	"tare/internal/profiler"
	"tare/internal/progress"
	"tare/internal/request"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
)

const file = "FROM base\nCOPY main.py /main.py\nRUN make && make install\n"

// setUp is a bench over a fake engine, and a directory with a Dockerfile. The engine
// makes one layer for each COPY and RUN of whatever Dockerfile it is given.
func setUp(t *testing.T) (*bench.Bench, *testkit.Engine, string) {
	t.Helper()
	st := testkit.Store(t)
	e := &testkit.Engine{T: t, Store: st}
	e.Make = func(r engine.Build) (*testkit.Built, []engine.Step, error) {
		if r.Call == "check" {
			_, _ = fmt.Fprintln(r.Stdout, "WARNING: FromAsCasing - something\nother text")
			return testkit.Image(t, testkit.Options{}), nil, nil
		}
		src, err := os.ReadFile(r.Dockerfile)
		if err != nil {
			return nil, nil, err
		}
		main, _ := os.ReadFile(filepath.Join(r.Context, "main.py"))
		return built(t, string(src), string(main))
	}
	b := &bench.Bench{Store: func() (*store.Store, error) { return st, nil }, Engine: e.Open, Note: func(s string) { t.Log(s) },
		Args: func([]string) (map[string]string, error) { return nil, nil }}
	b.Watched.Out, b.Watched.Err = io.Discard, io.Discard
	b.Finder = &target.Finder{Store: b.Store, Registry: func() (*source.Registry, error) { return &source.Registry{}, nil }, Build: b.Dockerfile, Note: b.Note,
		Pull:  func(context.Context, string, string, io.Writer) error { return errors.New("no network") },
		Watch: func() (progress.Func, func()) { return nil, func() {} }}
	t.Cleanup(b.Close)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "Dockerfile"), file)
	write(t, filepath.Join(dir, "main.py"), "print(1)\n")
	return b, e, dir
}

func write(t *testing.T, name, body string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
}

// built is what a builder would make of a Dockerfile.
func built(t *testing.T, src, main string) (*testkit.Built, []engine.Step, error) {
	layers := [][]byte{testkit.Numbered(t, 0, 1000)}
	history := []ocispec.History{{CreatedBy: "base"}}
	var steps []engine.Step
	var work []string
	for line := range strings.Lines(src) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "COPY") || strings.HasPrefix(line, "RUN") {
			work = append(work, line)
		}
	}
	for n, line := range work {
		name := fmt.Sprintf("[%d/%d] %s", n+2, len(work)+1, line)
		key := line
		if n == 0 {
			key += main
		}
		steps = append(steps, engine.Step{Digest: digest.FromString(key).String(), Name: name, Start: float64(n), End: float64(n + 1), Busy: 1})
		if strings.Contains(line, "false") {
			steps[n].Error = "exit code: 1"
			return nil, steps, &engine.BuildError{Err: errors.New("exit code: 1"), Sources: []byte("Dockerfile:3\n")}
		}
		layers = append(layers, testkit.Tar(t, testkit.File(fmt.Sprintf("f%d", n), key+strings.Repeat("x", 1000*(n+1)))))
		made := line
		if strings.HasPrefix(line, "RUN") {
			made = "RUN /bin/sh -c " + strings.TrimPrefix(line, "RUN ") + " # buildkit"
		} else {
			made += " # buildkit"
		}
		history = append(history, ocispec.History{CreatedBy: made, Comment: "buildkit.dockerfile.v0"})
	}
	return testkit.Image(t, testkit.Options{Layers: layers, History: history}), steps, nil
}

func TestRun(t *testing.T) {
	b, e, dir := setUp(t)
	r, err := profiler.Run(t.Context(), b, profiler.Request{Target: dir})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Lines) != 3 || r.Lines[1].Bytes.Tar == 0 || r.Lines[2].Seconds != 1 || r.Failed != "" || len(r.Checks) != 1 || r.Checks[0] != "FromAsCasing - something" {
		t.Errorf("%+v", r)
	}
	if !e.Builds[0].Unlisted {
		t.Error("an image that is only looked at is listed")
	}
	// With a name it is the user's image.
	e.Builds = nil
	if _, err := profiler.Run(t.Context(), b, profiler.Request{Target: dir, Build: engine.Build{Names: []string{"x"}}, NoChecks: true, Why: true}); err != nil {
		t.Fatal(err)
	}
	if len(e.Builds) != 1 || e.Builds[0].Unlisted {
		t.Errorf("%+v", e.Builds)
	}
}

func TestFailedBuilds(t *testing.T) {
	b, e, dir := setUp(t)
	write(t, filepath.Join(dir, "Dockerfile"), "FROM base\nCOPY main.py /\nRUN false\n")
	r, err := profiler.Run(t.Context(), b, profiler.Request{Target: dir})
	if err != nil || r.Failed == "" || r.FailedLine != 3 {
		t.Errorf("a build that failed on its way is a result: %v %+v", err, r)
	}
	e.Make = func(engine.Build) (*testkit.Built, []engine.Step, error) { return nil, nil, errors.New("no such base") }
	if _, err := profiler.Run(t.Context(), b, profiler.Request{Target: dir}); err == nil || !strings.Contains(err.Error(), "no such base") {
		t.Errorf("a build that did not begin is an error: %v", err)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	b, _, dir := setUp(t)
	empty := t.TempDir()
	write(t, filepath.Join(empty, "Broken"), "FRUM x\n")
	for _, c := range []struct {
		r    profiler.Request
		want string
	}{
		{profiler.Request{Target: empty}, "no Dockerfile in " + empty},
		{profiler.Request{Target: empty + "/nowhere"}, "no such directory or Dockerfile"},
		{profiler.Request{Target: dir, File: "Dockerfile.absent"}, "no Dockerfile.absent in"},
		{profiler.Request{Target: filepath.Join(empty, "Broken")}, "unknown instruction"},
		{profiler.Request{Target: dir, Swaps: []string{"2:3"}}, "--after-edit"},
		{profiler.Request{Target: dir, Edits: []string{"main.py"}, Swaps: []string{"3"}}, "want two lines"},
		{profiler.Request{Target: dir, Edits: []string{"main.py"}, Swaps: []string{"1:3"}}, "behind its FROM"},
	} {
		if _, err := profiler.Run(t.Context(), b, c.r); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v does not say %q", c.r, err, c.want)
		}
	}
	var bad request.Error
	if _, err := profiler.Run(t.Context(), b, profiler.Request{Target: dir, Swaps: []string{"2:3"}}); !errors.As(err, &bad) {
		t.Errorf("%v is not the request's fault", err)
	}
}

func TestAfterEdit(t *testing.T) {
	b, _, dir := setUp(t)
	write(t, filepath.Join(dir, "other.py"), "")
	r, err := profiler.Run(t.Context(), b, profiler.Request{Target: dir, NoChecks: true, Edits: []string{"main.py", "./other.py"}, Swaps: []string{"2:3"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Edits) != 4 {
		t.Fatalf("%+v", r.Edits)
	}
	plain, swapped := r.Edits[0], r.Edits[1]
	// The fake builder's first step depends on main.py, and the second does not.
	if plain.Name != "main.py" || plain.Layers != 1 || plain.Repull == 0 || plain.Repull != plain.Pushed || swapped.Name != "main.py, lines 2:3 swapped" {
		t.Errorf("%+v\n%+v", plain, swapped)
	}
	if r.Edits[2].Layers != 0 || r.Edits[2].Skipped != "" {
		t.Errorf("no step takes other.py: %+v", r.Edits[2])
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "main.py")); string(got) != "print(1)\n" {
		t.Errorf("the user's file was changed: %q", got)
	}
}

func TestImage(t *testing.T) {
	b, e, dir := setUp(t)
	img, _, err := built(t, file, "print(1)\n")
	if err != nil {
		t.Fatal(err)
	}
	testkit.Put(t, e.Store, "theirs:1", store.Pulled, img)
	r, err := profiler.Image(t.Context(), b.Finder, profiler.ImageRequest{Word: "theirs:1", Dockerfile: filepath.Join(dir, "Dockerfile")})
	if err != nil || r.Name != "theirs:1" || r.Lines[2].Bytes.Tar == 0 || r.Seconds != 0 || len(e.Builds) > 0 {
		t.Errorf("%v %+v", err, r)
	}
	if _, err := profiler.Image(t.Context(), b.Finder, profiler.ImageRequest{Word: "theirs:1", Dockerfile: "absent"}); err == nil {
		t.Error("a Dockerfile that is not there")
	}
	if _, err := profiler.Image(t.Context(), b.Finder, profiler.ImageRequest{Word: "nowhere:1", Dockerfile: filepath.Join(dir, "Dockerfile")}); err == nil {
		t.Error("an image that is not there")
	}
}
