package scan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/fleet"
	"tare/internal/progress"
	"tare/internal/scan"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/testkit"
)

// world is a registry with images, and who scans it.
type world struct {
	t     *testing.T
	reg   *testkit.Registry
	st    *store.Store // nil for none
	stdin string
	env   map[string]string

	mu     sync.Mutex
	notes  []string
	events []progress.Event
}

func newWorld(t *testing.T) *world {
	return &world{t: t, reg: testkit.NewRegistry(t), env: map[string]string{}}
}

func (w *world) session() scan.Session {
	s := scan.Session{
		Registry: func() (*source.Registry, error) {
			return &source.Registry{HostsDirs: []string{w.t.TempDir()}, Stall: 2 * time.Second}, nil
		},
		Env:   func(name string) string { return w.env[name] },
		Stdin: strings.NewReader(w.stdin),
		Note: func(text string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.notes = append(w.notes, text)
		},
		Watch: func() (progress.Func, func()) {
			return func(e progress.Event) {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.events = append(w.events, e)
			}, func() {}
		},
	}
	if w.st != nil {
		s.Store = func() (*store.Store, error) { return w.st, nil }
	}
	return s
}

// fill pushes n images team/appI:1 of a shared base, a layer of a group, and one of their own.
func (w *world) fill(n int) {
	w.t.Helper()
	base := testkit.Numbered(w.t, 1, 20_000)
	for i := range n {
		w.push(fmt.Sprintf("team/app%d", i), "1", base, testkit.Numbered(w.t, 10+i%3, 5_000), testkit.Numbered(w.t, 100+i, 1_000+i))
	}
}

func (w *world) push(repo, tag string, layers ...[]byte) *testkit.Built {
	w.t.Helper()
	b := testkit.Image(w.t, testkit.Options{Layers: layers})
	w.reg.Push(w.t, repo, tag, b)
	return b
}

func (w *world) plan(q scan.Request) (*fleet.Plan, error) {
	p, _, err := scan.Gather(w.t.Context(), w.session(), q)
	return p, err
}

// mustPlan is the plan of sources at the world's registry.
func (w *world) mustPlan(sources ...string) *fleet.Plan {
	w.t.Helper()
	p, err := w.plan(scan.Request{Sources: sources})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) run(q scan.Request) (*scan.Outcome, error) {
	return scan.Run(w.t.Context(), w.session(), q)
}

func (w *world) mustRun(q scan.Request) *scan.Outcome {
	w.t.Helper()
	o, err := w.run(q)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

// names are those of all images of a plan, without the registry.
func (w *world) names(p *fleet.Plan) string {
	var out []string
	for _, i := range p.Images {
		for _, n := range i.Names {
			out = append(out, strings.TrimPrefix(n, w.reg.Host+"/"))
		}
	}
	return strings.Join(sorted(out), " ")
}

// unreadable are the names and reasons of what a plan could not read.
func unreadable(p *fleet.Plan) string {
	var out []string
	for _, u := range p.Unreadable {
		out = append(out, u.Name+": "+u.Why)
	}
	return strings.Join(out, "\n")
}

// results are the files of a directory that are the result of a scan, with their bytes.
func results(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		b, err := os.ReadFile(p)
		if rel != "shards.json" && !strings.HasPrefix(rel, "shards/") {
			out[rel] = string(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// same compares the results of two scans.
func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name, b := range want {
		if got[name] != b {
			t.Errorf("%s: %s is not there, or has other bytes", what, name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d files, want %d", what, len(got), len(want))
	}
}

// merge copies the files of several directories into one, as artifacts of several jobs are unpacked.
func merge(t *testing.T, dirs ...string) string {
	t.Helper()
	out := t.TempDir()
	for _, d := range dirs {
		if err := copyAll(out, d); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func copyAll(to, from string) error {
	return filepath.WalkDir(from, func(p string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(from, p)
		b, err := os.ReadFile(p)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(to, rel)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, rel), b, 0o644)
		}
		return err
	})
}

// event shortens signatures.
type event = progress.Event

// lying is an image of one layer whose size or DiffID it states wrong.
func lying(t *testing.T, what string, tar []byte) *testkit.Built {
	t.Helper()
	good := testkit.Image(t, testkit.Options{Layers: [][]byte{tar}})
	var m ocispec.Manifest
	var c ocispec.Image
	if err := json.Unmarshal(good.Blobs[good.Target.Digest], &m); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(good.Blobs[m.Config.Digest], &c); err != nil {
		t.Fatal(err)
	}
	if what == "size" {
		m.Layers[0].Size++
	} else {
		c.RootFS.DiffIDs[0] = digest.FromString("a lie")
	}
	out := &testkit.Built{Blobs: map[digest.Digest][]byte{m.Layers[0].Digest: good.Blobs[m.Layers[0].Digest]}, Manifests: map[digest.Digest]string{}}
	put := func(v any) (digest.Digest, int64) {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Blobs[digest.FromBytes(b)] = b
		return digest.FromBytes(b), int64(len(b))
	}
	m.Config.Digest, m.Config.Size = put(c)
	out.Target = good.Target
	out.Target.Digest, out.Target.Size = put(m)
	out.Manifests[out.Target.Digest] = out.Target.MediaType
	return out
}

// scanRules shortens signatures.
type scanRules = fleet.Rules

// retyped is an image whose configuration is of another type.
func retyped(t *testing.T, b *testkit.Built, media string) *testkit.Built {
	t.Helper()
	var m ocispec.Manifest
	if err := json.Unmarshal(b.Blobs[b.Target.Digest], &m); err != nil {
		t.Fatal(err)
	}
	m.Config.MediaType = media
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	delete(b.Blobs, b.Target.Digest)
	delete(b.Manifests, b.Target.Digest)
	b.Target.Digest, b.Target.Size = digest.FromBytes(raw), int64(len(raw))
	b.Blobs[b.Target.Digest], b.Manifests[b.Target.Digest] = raw, b.Target.MediaType
	return b
}
