package builds_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/builds"
	"tare/internal/engine"
	"tare/internal/testkit"
)

const source = "FROM alpine AS build\nRUN make\nFROM alpine\nCOPY --from=build /x /x\n"

func write(t *testing.T, name, body string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
}

// made is a build in a directory of its own, and what came out.
func made(t *testing.T) (engine.Build, *engine.Built) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "Dockerfile"), source)
	write(t, filepath.Join(dir, "main.c"), "int main;")
	d := func(s string) string { return digest.FromString(s).String() }
	return engine.Build{Context: dir, Args: map[string]string{"A": "1"}}, &engine.Built{
		Target: ocispec.Descriptor{Digest: digest.FromString("image")},
		Steps: []engine.Step{
			{Digest: d("ran"), Name: "[build 2/2] RUN make", Busy: 2.5},
			{Digest: d("hit"), Name: "[stage-1 2/2] COPY", Busy: 1, Cached: true},
			{Digest: d("bad"), Name: "[build 3/3] RUN false", Busy: 1, Error: "exit code: 1"},
			{Digest: d("from"), Name: "[build 1/2] FROM docker.io/library/alpine:latest@" + d("alpine")},
		},
		// What the frontend made of it: a COPY of the context among others.
		Ops: []engine.Op{
			{Digest: d("context"), Key: d("key of the context"), Kind: "local", Source: "context"},
			{Digest: d("ran"), Key: d("key of ran"), Kind: "exec"}, {Digest: d("hit"), Key: d("key of hit"), Kind: "exec"}, {Digest: d("bad"), Key: d("key of bad"), Kind: "exec"},
			{Digest: d("copy"), Key: d("key of copy"), Kind: "file", Takes: []engine.Take{{Input: d("context"), Source: "/main.c", Wildcard: true}}},
		},
		Sent: map[string]map[string]bool{"context": {"main.c": true}},
	}
}

func TestBook(t *testing.T) {
	st := testkit.Store(t)
	b := builds.Open(st)
	r, out := made(t)
	if b.Any() || b.Last(r.Context, filepath.Join(r.Context, "Dockerfile"), "") != nil {
		t.Error("it remembers what never was")
	}
	b.Note(r, out)
	last := b.Last(r.Context, filepath.Join(r.Context, "Dockerfile"), "")
	if last == nil || last.Source != source || last.Args["A"] != "1" || last.Files["context"]["main.c"].Size != 9 || len(last.Files["context"]) != 1 || len(last.Ops) != 5 {
		t.Fatalf("%+v", last)
	}
	if b.Last(r.Context, filepath.Join(r.Context, "Dockerfile"), "build") != nil {
		t.Error("another target is another build")
	}
	// Later all steps come from the cache: the seconds are those of when they ran.
	for i := range out.Steps {
		out.Steps[i].Cached = true
	}
	cold := b.Cold(out)
	if len(cold) != 1 || cold[digest.FromString("key of ran").String()] != 2.5 {
		t.Errorf("cold seconds: %v", cold)
	}
}

// Of the builds that are remembered the nearest is the one that has most operations in
// common, the last of several; so many are remembered, and no more.
func TestNearest(t *testing.T) {
	b := builds.Open(testkit.Store(t))
	r, out := made(t)
	file := filepath.Join(r.Context, "Dockerfile")
	ops := func(keys string) (list []engine.Op) {
		for _, k := range keys {
			list = append(list, engine.Op{Digest: "d" + string(k), Key: string(k), Kind: "exec"})
		}
		return list
	}
	for n, keys := range []string{"abc", "abd", "abe", "xyz"} {
		r.Args = map[string]string{"N": fmt.Sprint(n)}
		out.Ops = ops(keys)
		b.Note(r, out)
	}
	list := b.Recent(r.Context, file, "")
	for _, c := range []struct {
		now, want string // the build's number
		older     bool
	}{
		{"abc", "0", true}, {"abd", "1", true}, {"abf", "2", true}, {"xyq", "3", false}, {"none", "2", true}, {"NOT", "3", false}, {"", "3", false},
	} {
		near, older := b.Nearest(list, ops(c.now))
		if near == nil || near.Args["N"] != c.want || older != c.older {
			t.Errorf("%q: %+v, older %v; want build %s, older %v", c.now, near, older, c.want, c.older)
		}
	}
	// The same definition again is the last build, and stands once.
	out.Ops, r.Args = ops("abc"), map[string]string{"N": "4"}
	b.Note(r, out)
	if list = b.Recent(r.Context, file, ""); len(list) != 4 {
		t.Errorf("%d builds are remembered", len(list))
	}
	if near, older := b.Nearest(list, ops("abc")); near == nil || near.Args["N"] != "4" || older {
		t.Errorf("%+v, %v", near, older)
	}
	for n := range 9 {
		out.Ops = ops(fmt.Sprint("a", n))
		b.Note(r, out)
	}
	if list = b.Recent(r.Context, file, ""); len(list) != 6 || list[0].Keys[0] != "8" {
		t.Errorf("%+v", list)
	}
	if near, older := b.Nearest(nil, ops("abc")); near != nil || older {
		t.Errorf("%+v, %v", near, older)
	}
	if near, _ := b.Nearest([]builds.Past{{At: digest.FromString("gone"), Keys: []string{"a"}}}, ops("abc")); near != nil {
		t.Errorf("%+v", near)
	}
}

// What is remembered is no cache: nothing can compute it again.
func TestTheCacheMayGo(t *testing.T) {
	st := testkit.Store(t)
	r, out := made(t)
	builds.Open(st).Note(r, out)
	if err := st.ClearCache(); err != nil {
		t.Fatal(err)
	}
	if !builds.Open(st).Any() {
		t.Error("the recipe went with the cache")
	}
	use, err := st.Space(t.Context())
	if err != nil || use.Builds.Files == 0 || use.Derived.Files != 0 {
		t.Errorf("%+v %v", use, err)
	}
}

// An earlier version kept it in the cache.
func TestMovedFromTheCache(t *testing.T) {
	st := testkit.Store(t)
	image := digest.FromString("image")
	st.Keep("build-v1", image, builds.Recipe{Context: "/somewhere", Target: "x"})
	if r, ok := builds.Open(st).Recipe(image); !ok || r.Target != "x" {
		t.Errorf("%+v %v", r, ok)
	}
	if err := st.ClearCache(); err != nil {
		t.Fatal(err)
	}
	if _, ok := builds.Open(st).Recipe(image); !ok {
		t.Error("it was copied, not moved")
	}
}

func TestRecipe(t *testing.T) {
	b := builds.Open(testkit.Store(t))
	r, out := made(t)
	b.Note(r, out)
	got, ok := b.Recipe(out.Target.Digest)
	if !ok || len(got.Behind()) != 1 || got.Behind()[0] != "build" {
		t.Fatalf("%+v %v", got, ok)
	}
	if s := got.Stage("build"); s.Target != "build" || s.Context != r.Context || s.Args["A"] != "1" {
		t.Errorf("%+v", s)
	}
	write(t, filepath.Join(r.Context, "Dockerfile"), source+"RUN true\n")
	if got.Behind() != nil {
		t.Error("the Dockerfile is another one: its stages say nothing of the image")
	}
}

func TestWhatCannotBeRepeatedHasNoRecipe(t *testing.T) {
	for what, change := range map[string]func(*engine.Build){
		"secrets":        func(r *engine.Build) { r.Secrets = []string{"id=a"} },
		"ssh":            func(r *engine.Build) { r.SSH = []string{"default"} },
		"standard input": func(r *engine.Build) { r.Dockerfile = "-" },
		"a URL":          func(r *engine.Build) { r.Context = "https://example.com/x.git" },
		"a check":        func(r *engine.Build) { r.Call = "check" },
	} {
		b := builds.Open(testkit.Store(t))
		r, out := made(t)
		change(&r)
		b.Note(r, out)
		if b.Any() {
			t.Errorf("%s: a recipe that cannot be followed", what)
		}
	}
}

func TestPrune(t *testing.T) {
	b := builds.Open(testkit.Store(t))
	r, out := made(t)
	b.Note(r, out)
	if n := b.Prune(time.Now()); n != 0 || !b.Any() {
		t.Errorf("a build of today was forgotten: %d bytes", n)
	}
	if n := b.Prune(time.Now().Add(builds.Shelf + time.Hour)); n == 0 || b.Any() {
		t.Errorf("a build of long ago was kept: %d bytes", n)
	}
}

// The zero Book stands where there is no store.
func TestNoStore(t *testing.T) {
	var b builds.Book
	r, out := made(t)
	b.Note(r, out)
	b.NoteFirst("sha256:x", out.Target)
	if _, ok := b.First("sha256:x"); ok || b.Any() || b.Prune(time.Now()) != 0 {
		t.Error("it remembers without a place")
	}
}
