package bench_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"tare/internal/bench"
	"tare/internal/engine"
	"tare/internal/experiment"
	"tare/internal/lab"
	"tare/internal/progress"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
)

// newBench is a bench whose engine makes an image of the numbers that a request asks
// for as build arguments: every layer is one number.
func newBench(t *testing.T) (*bench.Bench, *testkit.Engine, *store.Store) {
	st := testkit.Store(t)
	e := &testkit.Engine{T: t, Store: st, Make: func(r engine.Build) (*testkit.Built, []engine.Step, error) {
		layers := [][]byte{testkit.Numbered(t, 1, 1000)}
		switch {
		case r.Target == "broken":
			return nil, nil, errors.New("it does not build")
		case r.Target == "build-stage":
			layers = append(layers, testkit.Numbered(t, 7, 50_000))
		}
		body := r.Dockerfile
		if main, err := os.ReadFile(filepath.Join(r.Context, "main.py")); err == nil {
			body = string(main)
		}
		layers = append(layers, testkit.Tar(t, testkit.File("app", body)))
		return testkit.Image(t, testkit.Options{Layers: layers}), []engine.Step{{Digest: digest.FromString(body).String(), Name: "[1/1] RUN x", Busy: 1}}, nil
	}}
	b := &bench.Bench{Store: func() (*store.Store, error) { return st, nil }, Engine: e.Open, Builder: "fake", Note: func(string) {},
		Args: func(given []string) (map[string]string, error) {
			out := map[string]string{"HTTP_PROXY": "http://proxy"}
			for _, kv := range given {
				k, v, _ := strings.Cut(kv, "=")
				out[k] = v
			}
			return out, nil
		}}
	b.Watched.Out, b.Watched.Err = io.Discard, io.Discard
	b.Finder = &target.Finder{Store: b.Store, Registry: func() (*source.Registry, error) { return &source.Registry{}, nil }, Build: b.Dockerfile, Note: b.Note,
		Pull: func(_ context.Context, name, _ string, _ io.Writer) error {
			if !strings.HasPrefix(name, "pulled") {
				return errors.New("no such image")
			}
			testkit.Put(t, st, name, store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 5, 1000)}}))
			return nil
		},
		Watch: func() (progress.Func, func()) { return nil, func() {} }}
	t.Cleanup(b.Close)
	return b, e, st
}

func contextOf(t *testing.T, dockerfile string) string {
	t.Helper()
	dir := t.TempDir()
	for name, body := range map[string]string{"Dockerfile": dockerfile, "main.py": "print(1)\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const twoStages = "FROM a AS build-stage\nRUN make\nFROM a\nCOPY --from=build-stage /x /x\n"

func TestDockerfileIsBuiltForALook(t *testing.T) {
	b, e, _ := newBench(t)
	b.Platform = "linux/amd64"
	dir := contextOf(t, twoStages)
	out, err := b.Dockerfile(t.Context(), filepath.Join(dir, "Dockerfile"), "")
	if err != nil {
		t.Fatal(err)
	}
	r := e.Builds[0]
	if !r.Unlisted || len(r.Names) > 0 || r.Context != dir || r.Args["HTTP_PROXY"] == "" || len(r.Platforms) != 1 {
		t.Errorf("%+v", r)
	}
	if _, ok := b.Book().Recipe(out.Target.Digest); !ok {
		t.Error("how it was built is not remembered")
	}
}

func TestStages(t *testing.T) {
	b, e, st := newBench(t)
	dir := contextOf(t, twoStages)
	out, err := b.Dockerfile(t.Context(), filepath.Join(dir, "Dockerfile"), "")
	if err != nil {
		t.Fatal(err)
	}
	testkit.Put(t, st, "plain:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 3, 100)}}))
	if err := st.Put(store.Record{Name: "docker.io/library/app:1", Target: out.Target, Origin: store.Built}); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for words, want := range map[string]bool{"app:1": true, "plain:1": false, "plain:1 app:1": true, "nowhere:1": false, "plain:1 archive://x": true} {
		if got := b.NeedsStages(t.Context(), strings.Fields(words)); got != want {
			t.Errorf("%s: %v", words, got)
		}
	}
	e.Builds = nil
	stages := b.Stages(t.Context(), out.Target.Digest)
	if len(stages) != 1 || stages[0].Name != "build-stage" || stages[0].Facts.Sizes.Files < 50_000 || e.Builds[0].Target != "build-stage" || e.Builds[0].Progress != "quiet" {
		t.Errorf("%v %+v", stages, e.Builds)
	}
	if got := b.Stages(t.Context(), digest.FromString("nobody's")); got != nil {
		t.Errorf("stages of an image of unknown origin: %v", got)
	}
	// A stage that cannot be built is a note, not an error.
	var notes []string
	b.Note = func(s string) { notes = append(notes, s) }
	e.Make = func(engine.Build) (*testkit.Built, []engine.Step, error) { return nil, nil, errors.New("gone") }
	if got := b.Stages(t.Context(), out.Target.Digest); got != nil || len(notes) != 1 || !strings.Contains(notes[0], "build-stage") {
		t.Errorf("%v %v", got, notes)
	}
}

// Every new layer counts once, and what both have not at all.
func TestRepull(t *testing.T) {
	b, _, st := newBench(t)
	img := func(name string, layers ...[]byte) *target.Image {
		testkit.Put(t, st, name, store.Pulled, testkit.Image(t, testkit.Options{Layers: layers}))
		i, err := b.Finder.Obtain(t.Context(), name, "", io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	one, two := testkit.Numbered(t, 1, 4000), testkit.Numbered(t, 2, 9000)
	have, need := img("a:1", one), img("b:1", one, two, two)
	layers, n, err := b.Repull(t.Context(), have, need)
	want := int64(len(testkit.Gzip(t, two))) + need.ConfigID.Size + need.Push.Manifest.Size
	if err != nil || layers != 1 || n != want {
		t.Errorf("%d layers, %d bytes, want 1 and %d: %v", layers, n, want, err)
	}
	if layers, n, err := b.Repull(t.Context(), need, need); layers != 0 || n != 0 || err != nil {
		t.Errorf("what is there is fetched again: %d layers, %d bytes, %v", layers, n, err)
	}
}

func TestInCopy(t *testing.T) {
	r := bench.InCopy(engine.Build{Context: "/src", Dockerfile: "/src/docker/Dockerfile"}, "/copy")
	if r.Context != "/copy" || r.Dockerfile != "/copy/docker/Dockerfile" {
		t.Errorf("%+v", r)
	}
	if r := bench.InCopy(engine.Build{Context: "/src", Dockerfile: "/elsewhere/Dockerfile"}, "/copy"); r.Dockerfile != "/elsewhere/Dockerfile" {
		t.Errorf("a Dockerfile outside moved: %+v", r)
	}
}

func TestLab(t *testing.T) {
	b, e, st := newBench(t)
	l := &bench.Lab{Bench: b, Images: map[string]string{"Own__x": "tare-lab/my-exp:own_x"}}
	dir := contextOf(t, "FROM base:1\nCOPY main.py /\n")
	v := experiment.Variant{Name: "Own__x", Context: dir, Dockerfile: filepath.Join(dir, "Dockerfile"), Args: map[string]string{"A": "1"}}
	own, err := l.Obtain(t.Context(), v, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if r := e.Builds[0]; !r.Unlisted || r.Args["A"] != "1" || r.Args["HTTP_PROXY"] == "" || own.Executed != 1 || len(own.Inputs) != 2 {
		t.Errorf("%+v %+v", r, own)
	}
	pulled, err := l.Obtain(t.Context(), experiment.Variant{Name: "theirs", Image: "pulled:1"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Obtain(t.Context(), experiment.Variant{Name: "none", Image: "nowhere:1"}, io.Discard); err == nil {
		t.Error("an image that is nowhere was obtained")
	}
	r, settled, err := l.Compare(t.Context(), []*lab.Obtained{pulled, own}, 0)
	if err != nil || len(r.Images) != 2 || r.Images[1].Name != "Own__x" || settled[0].Map == nil {
		t.Fatalf("%v", err)
	}
	// What was built keeps a name; what was pulled has one.
	if _, err := st.Find(t.Context(), "tare-lab/my-exp:own_x"); err != nil {
		t.Errorf("the variant's image has no name: %v", err)
	}
	e.Code = func(r engine.Run) int { return len(r.Args) }
	ran, err := l.Run(t.Context(), own, &experiment.Check{Command: []string{"a", "b", "c"}, Env: map[string]string{"K": "v"}}, io.Discard, io.Discard)
	if err != nil || ran.Exit != 3 || !e.Runs[0].KeepOpen || !strings.Contains(strings.Join(e.Runs[0].Env, " "), "K=v") {
		t.Errorf("%+v %v", ran, err)
	}
	if m := l.Machine(); m.Engine != "fake" || m.CPUs < 1 {
		t.Errorf("%+v", m)
	}
}

// A build that comes out with the same content as one before is taken for that one.
func TestTheSameContentIsTheSameImage(t *testing.T) {
	b, _, _ := newBench(t)
	l := &bench.Lab{Bench: b, Images: map[string]string{"own": "tare-lab/x:own"}}
	dir := contextOf(t, "FROM base:1\nCOPY main.py /\n")
	v := experiment.Variant{Name: "own", Context: dir, Dockerfile: filepath.Join(dir, "Dockerfile")}
	var first digest.Digest
	for n := range 2 {
		o, err := l.Obtain(t.Context(), v, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		_, settled, err := l.Compare(t.Context(), []*lab.Obtained{o}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			first = settled[0].Manifest
		} else if settled[0].Manifest != first {
			t.Errorf("%s, and first %s", settled[0].Manifest, first)
		}
	}
}

func TestNewerBase(t *testing.T) {
	b, e, st := newBench(t)
	l := &bench.Lab{Bench: b, Images: map[string]string{"own": "tare-lab/x:own"}}
	dir := contextOf(t, "FROM base:1\nCOPY main.py /\n")
	v := experiment.Variant{Name: "own", Context: dir, Dockerfile: filepath.Join(dir, "Dockerfile")}
	o, err := l.Build(t.Context(), v, lab.How{Base: "bump", Nonce: "7"})
	if err != nil {
		t.Fatal(err)
	}
	made, used := e.Builds[0], e.Builds[1]
	if len(made.Names) != 1 || used.Contexts["base:1"] != "docker-image://"+made.Names[0] || len(o.Inputs) != 3 {
		t.Errorf("%+v\n%+v", made, used)
	}
	if _, ok := b.Book().Recipe(o.Image.Target.Digest); ok {
		t.Error("a build with a made-up base is remembered as if it were the user's")
	}
	img := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 10)}})
	testkit.Put(t, st, made.Names[0], store.Built, img)
	testkit.Put(t, st, "tare-lab/bumped-base:another-1", store.Built, img)
	l.Tidy(t.Context())
	if _, err := st.Find(t.Context(), made.Names[0]); err == nil {
		t.Error("the made-up base stays")
	}
	if _, err := st.Find(t.Context(), "tare-lab/bumped-base:another-1"); err != nil {
		t.Error("that of another lab is gone")
	}
	// Two labs make the same edit of the same base: each has a base of its own.
	other := &bench.Lab{Bench: b, Images: map[string]string{"own": "tare-lab/x:own"}}
	for _, at := range []*bench.Lab{l, other} {
		if _, err := at.Build(t.Context(), v, lab.How{Base: "bump", Nonce: "7"}); err != nil {
			t.Fatal(err)
		}
	}
	mine, theirs := e.Builds[len(e.Builds)-4].Names[0], e.Builds[len(e.Builds)-2].Names[0]
	aged := regexp.MustCompile(`:\d+-`).ReplaceAllString(theirs, ":1000000000-")
	for _, name := range []string{mine, theirs, aged} {
		testkit.Put(t, st, name, store.Built, img)
	}
	l.Tidy(t.Context())
	for name, stays := range map[string]bool{mine: false, theirs: true, aged: false} {
		if _, err := st.Find(t.Context(), name); (err == nil) != stays {
			t.Errorf("%s: %v, want %v", name, err, stays)
		}
	}
	if _, err := l.Build(t.Context(), experiment.Variant{Name: "s", Context: contextOf(t, "FROM scratch\n"), Dockerfile: v.Dockerfile}, lab.How{}); err != nil {
		t.Errorf("%v", err)
	}
	scratch := contextOf(t, "FROM scratch\nCOPY main.py /\n")
	if _, err := l.Build(t.Context(), experiment.Variant{Name: "s", Context: scratch, Dockerfile: filepath.Join(scratch, "Dockerfile")}, lab.How{Base: "bump"}); err == nil {
		t.Error("a newer scratch")
	}
	if _, err := l.Build(t.Context(), experiment.Variant{Name: "s", Context: scratch + "/none", Dockerfile: v.Dockerfile}, lab.How{}); err == nil || !strings.Contains(err.Error(), "is not a directory") {
		t.Errorf("%v", err)
	}
}
