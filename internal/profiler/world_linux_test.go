package profiler_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"golang.org/x/sys/unix"

	"tare/internal/bench"
	"tare/internal/buildkit"
	"tare/internal/container"
	"tare/internal/engine"
	"tare/internal/image"
	"tare/internal/profile"
	"tare/internal/profiler"
	"tare/internal/progress"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
)

// world is a store with a real engine. BuildKit does not survive being closed and
// opened again in one process, so all tests share one; each keeps to names, directories
// and file contents of its own.
type world struct {
	dir   string
	probe []byte // the only program of the bases
	st    *store.Store
	eng   *buildkit.Embedded
}

var theWorld = sync.OnceValues(openWorld)

var closeWorld = func() {}

func TestMain(m *testing.M) {
	container.InitMain() // the program may have been started as a container's init
	code := m.Run()
	closeWorld()
	os.Exit(code)
}

// needWorld skips a test where containers cannot run, or opens the engine.
func needWorld(t *testing.T) *world {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("the engine inside a test process needs root")
	}
	if _, err := exec.LookPath("runc"); err != nil {
		t.Skip("no runc on PATH (apt-get install runc)")
	}
	w, err := theWorld()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func openWorld() (*world, error) {
	var fs unix.Statfs_t
	at := "/dev/shm" // half of the time is spent on waiting for a disk
	if err := unix.Statfs(at, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < 2<<30 {
		at = ""
	}
	dir, err := os.MkdirTemp(at, "tare-profiler-")
	if err != nil {
		return nil, err
	}
	w := &world{dir: dir}
	closeWorld = func() {
		if w.eng != nil {
			_ = w.eng.Close()
		}
		_ = os.RemoveAll(dir)
	}
	file := filepath.Join(dir, "probe")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, "../../cmd/tare/testdata/probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the probe: %w\n%s", err, out)
	}
	if w.probe, err = os.ReadFile(file); err != nil {
		return nil, err
	}
	if w.st, err = store.Open(filepath.Join(dir, "home")); err != nil {
		return nil, err
	}
	ctx := context.Background()
	reg := &source.Registry{}
	w.eng, err = buildkit.OpenEmbedded(ctx, buildkit.Options{Store: w.st, Hosts: reg.Hosts(ctx)})
	return w, err
}

// base puts an image with the probe, which is its shell as well, into the store. Two
// with different marks differ in one file.
func (w *world) base(t *testing.T, name, mark string) store.Record {
	t.Helper()
	program, shell := testkit.File("bin/probe", string(w.probe)), testkit.Link("bin/sh", "bin/probe")
	program.Mode, shell.Mode = 0o755, 0o755
	return testkit.Put(t, w.st, name, store.Built, testkit.Image(t, testkit.Options{
		Layers: [][]byte{testkit.Tar(t,
			testkit.Dir("bin/"), program, shell,
			testkit.Dir("etc/"), testkit.File("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n"),
			testkit.File("etc/group", "root:x:0:\nada:x:1000:\n"), testkit.Dir("tmp/"), testkit.File("mark", mark))},
		Compression: "none",
		Platform:    ocispec.Platform{OS: "linux", Architecture: runtime.GOARCH},
		History:     []ocispec.History{{CreatedBy: "COPY probe /bin/ # test", Comment: "made by a test"}},
		Config:      ocispec.ImageConfig{Env: []string{"PATH=/usr/bin:/bin"}},
	}))
}

// derive builds an image that others go on from.
func (w *world) derive(t *testing.T, name, text string) {
	t.Helper()
	d := t.TempDir()
	write(t, filepath.Join(d, "Dockerfile"), text)
	w.build(t, engine.Build{Context: d, Names: []string{normal(t, name)}})
}

func normal(t *testing.T, name string) string {
	t.Helper()
	n, err := store.Normalize(name)
	if err != nil {
		t.Fatal(err)
	}
	return n.String()
}

// build builds without a word; what cannot be built is the test's fault.
func (w *world) build(t *testing.T, r engine.Build) *engine.Built {
	t.Helper()
	r.Progress, r.Stdout, r.Stderr = "quiet", io.Discard, io.Discard
	out, err := w.eng.Build(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// recorder is the engine with a record of what builds told.
type recorder struct {
	engine.Engine
	built []*engine.Built // of builds, without looks at checks and the like
	asked []engine.Build
}

// Build implements engine.Engine.
func (r *recorder) Build(ctx context.Context, b engine.Build) (*engine.Built, error) {
	out, err := r.Engine.Build(ctx, b)
	if b.Call == "" && out != nil {
		r.built, r.asked = append(r.built, out), append(r.asked, b)
	}
	return out, err
}

// Close implements engine.Engine: the world's engine stays.
func (r *recorder) Close() error { return nil }

// bench is a bench over the world's engine, which records.
func (w *world) bench(t *testing.T) (*bench.Bench, *recorder) {
	t.Helper()
	rec := &recorder{Engine: w.eng}
	b := &bench.Bench{Store: func() (*store.Store, error) { return w.st, nil },
		Engine: func(context.Context) (engine.Engine, error) { return rec, nil }, Note: func(s string) { t.Log(s) },
		Args: func([]string) (map[string]string, error) { return nil, nil }}
	b.Watched.Out, b.Watched.Err = io.Discard, io.Discard
	b.Finder = &target.Finder{Store: b.Store, Registry: func() (*source.Registry, error) { return &source.Registry{}, nil }, Build: b.Dockerfile, Note: b.Note,
		Pull:  func(context.Context, string, string, io.Writer) error { return errors.New("no network") },
		Watch: func() (progress.Func, func()) { return nil, func() {} }}
	t.Cleanup(b.Close)
	return b, rec
}

// profiled is a profile and the builds that it took: the first is the one that is
// profiled, others are of stages that stay behind.
type profiled struct {
	*profile.Result
	*recorder
}

// profile profiles through the product. The first build is nil if there was none.
func (w *world) profile(t *testing.T, r profiler.Request) (p profiled, first *engine.Built, err error) {
	t.Helper()
	b, rec := w.bench(t)
	r.Build.Progress, r.Build.Stdout, r.Build.Stderr = "quiet", io.Discard, io.Discard
	res, err := profiler.Run(t.Context(), b, r)
	if len(rec.built) > 0 {
		first = rec.built[0]
	}
	return profiled{res, rec}, first, err
}

// entries are the paths in the layers of an image of the store, bottom first.
func (w *world) entries(t *testing.T, d ocispec.Descriptor) [][]string {
	t.Helper()
	img, err := image.Load(t.Context(), w.st.Content(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := image.Measurer{Provider: w.st.Content(), Cache: w.st}
	if err := m.Index(t.Context(), img); err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for _, l := range img.Layers {
		var names []string
		for _, e := range l.Index.List {
			names = append(names, e.Path)
		}
		out = append(out, names)
	}
	return out
}
