package fleet

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"

	"tare/internal/layer"
	"tare/internal/testkit"
)

// scanned is a directory with the plan of an image of two layers, and the index of the first.
func scanned(t *testing.T) (Dir, *Plan, *layer.Index) {
	t.Helper()
	tar := testkit.Gzip(t, testkit.Tar(t, testkit.File("etc/os-release", "ID=x\n"), testkit.File("a", strings.Repeat("a", 5000))))
	x, err := layer.Read(bytes.NewReader(tar), layer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	other := digest.FromString("not read")
	p := &Plan{Images: []Image{{Digest: digest.FromString("m"), Config: digest.FromString("c"), Names: []string{"registry.example/a:1"}, Platform: "linux/amd64",
		Layers: []Layer{{Digest: x.Blob, DiffID: x.DiffID, Bytes: x.Transfer}, {Digest: other, DiffID: other, Bytes: 5}}}}}
	d := Dir(t.TempDir())
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if made, err := d.Create(t.Context(), PlanName, b); !made || err != nil {
		t.Fatal(made, err)
	}
	if err := writeLayer(t.Context(), d, x); err != nil {
		t.Fatal(err)
	}
	return d, p, x
}

func TestResultsAreReadAsWritten(t *testing.T) {
	d, p, x := scanned(t)
	r, err := OpenResults(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Layer(t.Context(), x.Blob)
	if err != nil || got.DiffID != x.DiffID || len(got.List) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	missing, err := r.Missing(t.Context())
	if err != nil || len(missing) != 1 || missing[0] != p.Images[0].Layers[1].Digest {
		t.Errorf("missing %v, %v", missing, err)
	}
	if _, err := r.Layer(t.Context(), missing[0]); !errors.Is(err, ErrMissing) {
		t.Errorf("%v", err)
	}
	b, _ := p.Encode()
	if r.Digest() != digest.FromBytes(b) || len(r.Plan().Images) != 1 {
		t.Errorf("%s", r.Digest())
	}
}

// A layer's file is checked when it is read: damaged, cut short, of another layer or of another version it counts as not there.
func TestDamagedLayersAreMissing(t *testing.T) {
	d, p, x := scanned(t)
	path := d.path(layerName(x.Blob))
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	for name, b := range map[string][]byte{"cut": good[:len(good)-1], "flipped": flipped, "empty": {}, "short": good[:20], "longer": append(bytes.Clone(good), 0)} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readLayer(t.Context(), d, x.Blob); !errors.Is(err, ErrMissing) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Under the name of another layer.
	other := p.Images[0].Layers[1].Digest
	if err := d.Write(t.Context(), layerName(other), good); err != nil {
		t.Fatal(err)
	}
	if _, err := readLayer(t.Context(), d, other); !errors.Is(err, ErrMissing) {
		t.Errorf("misplaced: %v", err)
	}
	// A directory or a pipe in its place is an error, and no wait.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := readLayer(t.Context(), d, x.Blob); err == nil || errors.Is(err, ErrMissing) {
		t.Errorf("a directory: %v", err)
	}
}

// Of shards that come at once, one writes the plan, and no reader sees half of it.
func TestOnePlanIsWritten(t *testing.T) {
	d := Dir(filepath.Join(t.TempDir(), "new"))
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for n := range 8 {
		wg.Go(func() {
			ok, err := d.Create(t.Context(), PlanName, bytes.Repeat([]byte{byte('a' + n)}, 100_000))
			if err != nil {
				t.Error(err)
			}
			b, err := os.ReadFile(d.path(PlanName))
			if err != nil || len(b) != 100_000 || !bytes.Equal(b, bytes.Repeat(b[:1], len(b))) {
				t.Errorf("%d bytes, %v", len(b), err)
			}
			mu.Lock()
			defer mu.Unlock()
			if ok {
				made++
			}
		})
	}
	wg.Wait()
	if list, _ := os.ReadDir(string(d)); made != 1 || len(list) != 1 {
		t.Errorf("%d wrote it; %v", made, list)
	}
}

func TestResultsOfTwoScansAreNotMixed(t *testing.T) {
	d, _, _ := scanned(t)
	m := &mark{Plan: digest.FromString("another"), Shard: 1, Shards: 2}
	b, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Write(t.Context(), shardsName+"/1-of-2.json", b); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenResults(t.Context(), d); err == nil || !strings.Contains(err.Error(), "two scans are mixed") {
		t.Errorf("%v", err)
	}
	if _, err := OpenResults(context.Background(), Dir(t.TempDir())); err == nil || !strings.Contains(err.Error(), "not the result of tare fleet scan") {
		t.Errorf("%v", err)
	}
}
