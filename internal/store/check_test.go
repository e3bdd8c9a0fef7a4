package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/store"
	"tare/internal/testkit"
)

// check checks a store; nothing in it is too young to be a leftover.
func check(t testing.TB, s *store.Store, repair bool) *store.Check {
	t.Helper()
	c, err := s.Check(ctx, store.CheckOptions{Repair: repair, Young: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func texts(c *store.Check) string {
	var out []string
	for _, p := range c.Problems {
		out = append(out, fmt.Sprintf("%s %s [%s] repaired=%v", p.Kind, p.Text, p.Remedy, p.Repaired))
	}
	return strings.Join(out, "\n")
}

// whole tells whether every blob of an image is there with its bytes, and its name.
func whole(t testing.TB, s *store.Store, name string, b *testkit.Built) error {
	t.Helper()
	for d := range b.Blobs {
		got, err := os.ReadFile(s.BlobPath(d))
		if err != nil {
			return err
		}
		if digest.FromBytes(got) != d {
			return fmt.Errorf("%s has other bytes", d)
		}
	}
	r, err := s.Find(ctx, name)
	if err == nil && r.Target.Digest != b.Target.Digest {
		return errors.New("the name leads elsewhere")
	}
	return err
}

// layerOf is a layer that only the image n of img has.
func layerOf(t testing.TB, b, other *testkit.Built) digest.Digest {
	t.Helper()
	var best digest.Digest
	for d, body := range b.Blobs {
		if _, shared := other.Blobs[d]; !shared && body[0] == 0x1f { // gzip
			best = d
		}
	}
	if best == "" {
		t.Fatal("no layer of its own")
	}
	return best
}

func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestCheck damages a store in one way at a time. The image "good" shares a layer
// with the damaged one and must come through everything.
func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		origin store.Origin
		harm   func(t *testing.T, s *store.Store, b, good *testkit.Built)
		kinds  string   // of the problems, in order
		say    []string // what the texts must contain
		lost   bool     // the name "bad" is forgotten by the repair
	}{
		"nothing": {harm: func(*testing.T, *store.Store, *testkit.Built, *testkit.Built) {}},
		"a layer with a flipped bit": {
			harm:  func(t *testing.T, s *store.Store, b, good *testkit.Built) { damage(t, s.BlobPath(layerOf(t, b, good))) },
			kinds: "blob image", say: []string{"its bytes have sha256:", "image bad:1 is damaged: layer sha256:", "tare pull bad:1"}, lost: true,
		},
		"a layer is missing": {
			harm: func(t *testing.T, s *store.Store, b, good *testkit.Built) {
				_ = os.Remove(s.BlobPath(layerOf(t, b, good)))
			},
			kinds: "image", say: []string{"is missing"}, lost: true,
		},
		"a layer is cut": {
			harm: func(t *testing.T, s *store.Store, b, good *testkit.Built) {
				p := s.BlobPath(layerOf(t, b, good))
				_ = os.Chmod(p, 0o644)
				if err := os.Truncate(p, 10); err != nil {
					t.Fatal(err)
				}
			},
			kinds: "blob image", say: []string{"(10 bytes)"}, lost: true,
		},
		"the manifest is damaged": {
			origin: store.Built,
			harm:   func(t *testing.T, s *store.Store, b, _ *testkit.Built) { damage(t, s.BlobPath(b.Target.Digest)) },
			kinds:  "blob image", say: []string{"manifest sha256:", "tare build -t bad:1 DIR"}, lost: true,
		},
		"the manifest is missing": {
			origin: store.Loaded,
			harm:   func(_ *testing.T, s *store.Store, b, _ *testkit.Built) { _ = os.Remove(s.BlobPath(b.Target.Digest)) },
			kinds:  "image", say: []string{"tare load -i FILE"}, lost: true,
		},
		"index.json is damaged": {
			harm: func(t *testing.T, s *store.Store, _, _ *testkit.Built) {
				put(t, filepath.Join(s.Root(), "index.json"), `{"manif`)
			},
			kinds: "index", say: []string{"2 images that are whole"}, lost: true,
		},
		"a download that nobody goes on with": {
			harm: func(t *testing.T, s *store.Store, _, _ *testkit.Built) {
				ref := "write-sha256:00"
				dir := filepath.Join(s.Root(), "ingest", digest.FromString(ref).Encoded())
				put(t, filepath.Join(dir, "ref"), ref)
				put(t, filepath.Join(dir, "data"), "half")
			},
			kinds: "download",
		},
		"a torn download": {
			harm: func(t *testing.T, s *store.Store, _, _ *testkit.Built) {
				put(t, filepath.Join(s.Root(), "ingest", "x", "data"), "half")
			},
			kinds: "download",
		},
		"a stale lock": {
			harm: func(t *testing.T, s *store.Store, _, _ *testkit.Built) {
				put(t, filepath.Join(s.Root(), "locks", strings.Repeat("0", 64)), "")
			},
			kinds: "lock",
		},
		"temporary files": {
			harm: func(t *testing.T, s *store.Store, _, _ *testkit.Built) {
				put(t, filepath.Join(s.Root(), ".tmp-index.json-1"), "{")
				put(t, filepath.Join(s.Root(), "cache", "k", ".tmp-1"), "{")
				put(t, filepath.Join(s.Root(), ".fsverity-check-1", "supported"), "")
			},
			kinds: "temporary temporary temporary",
		},
		"a stray file among the blobs": {
			harm: func(t *testing.T, s *store.Store, _, _ *testkit.Built) {
				put(t, filepath.Join(s.Root(), "blobs", "sha256", ".nfs0001"), "")
			},
			kinds: "temporary", say: []string{"is not a blob"},
		},
		"a damaged derived value": {
			harm: func(t *testing.T, s *store.Store, _, _ *testkit.Built) {
				key := digest.FromString("layer")
				s.Keep("kind-v1", key, 1)
				damage(t, filepath.Join(s.Root(), "cache", "kind-v1", key.Encoded()))
			},
			kinds: "derived",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Store(t)
			bad, good := img(t, 1), img(t, 2)
			if c.origin == "" {
				c.origin = store.Pulled
			}
			testkit.Put(t, s, "bad:1", c.origin, bad)
			testkit.Put(t, s, "good:1", store.Pulled, good)
			s.Keep("kind-v1", digest.FromString("other"), "a good value")
			c.harm(t, s, bad, good)

			before := tree(t, s.Root())
			look := check(t, s, false)
			if got := kinds(look); got != c.kinds || look.Clean != (c.kinds == "") {
				t.Errorf("found %q, want %q (clean: %v)\n%s", got, c.kinds, look.Clean, texts(look))
			}
			for _, w := range c.say {
				if !strings.Contains(texts(look), w) {
					t.Errorf("nothing says %q:\n%s", w, texts(look))
				}
			}
			if after := tree(t, s.Root()); after != before {
				t.Errorf("a look changed the store:\n%s\nwas\n%s", after, before)
			}
			fix := check(t, s, true)
			if got := kinds(fix); got != c.kinds || !fix.Clean {
				t.Errorf("repaired %q, want %q\n%s", got, c.kinds, texts(fix))
			}
			if last := check(t, s, false); !last.Clean {
				t.Errorf("after the repair:\n%s", texts(last))
			}
			if name == "index.json is damaged" {
				if recs, err := s.Records(); err != nil || len(recs) != 2 {
					t.Errorf("%v, %v", recs, err)
				}
				return // the names are lost, the images are not
			}
			if err := whole(t, s, "good:1", good); err != nil {
				t.Errorf("the good image: %v", err)
			}
			if _, err := s.Find(ctx, "bad:1"); (err != nil) != c.lost {
				t.Errorf("the damaged image: %v", err)
			}
			if !s.Get("kind-v1", digest.FromString("other"), new(string)) {
				t.Error("the good derived value is gone")
			}
			testkit.Put(t, s, "bad:1", c.origin, bad) // as the remedy says
			if err := whole(t, s, "bad:1", bad); err != nil {
				t.Errorf("got back: %v", err)
			}
		})
	}
}

func kinds(c *store.Check) string {
	var out []string
	for _, p := range c.Problems {
		out = append(out, p.Kind)
	}
	return strings.Join(out, " ")
}

// tree lists the files of a store with their sizes; empty ones are locks.
func tree(t testing.TB, root string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if fi, ierr := d.Info(); err == nil && ierr == nil && !d.IsDir() && !strings.HasSuffix(p, ".lock") &&
			!strings.Contains(p, "/cache/diffid-") { // which layers were unpacked is kept by a look, too
			fmt.Fprintln(&out, p, fi.Size())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// What a pull in progress or an interrupted one writes is no problem.
func TestCheckBesideAPull(t *testing.T) {
	s := testkit.Store(t)
	body := []byte(strings.Repeat("a download ", 1000))
	d := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayerGzip, Digest: digest.FromBytes(body), Size: int64(len(body))}
	if err := s.Fetch(ctx, &fetcher{body: body, cut: 5000}, d, nil); err == nil {
		t.Fatal("the cut was not noticed")
	}
	ref := "write-sha256:00"
	dir := filepath.Join(s.Root(), "ingest", digest.FromString(ref).Encoded())
	put(t, filepath.Join(dir, "ref"), ref)
	put(t, filepath.Join(dir, "data"), "half")
	release, err := open(t, s.Root()).Hold(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if c := check(t, s, false); !c.Clean || !strings.Contains(strings.Join(c.Notes, "\n"), "another tare is adding images") {
		t.Errorf("%s\n%v", texts(c), c.Notes)
	}
	waited := make(chan struct{})
	done := make(chan *store.Check)
	go func() {
		c, err := s.Check(ctx, store.CheckOptions{Repair: true, Waiting: func() { close(waited) }})
		if err != nil {
			t.Error(err)
		}
		done <- c
	}()
	<-waited
	select {
	case <-done:
		t.Error("repaired while another process was adding images")
	case <-time.After(150 * time.Millisecond):
	}
	release()
	if c := <-done; kinds(c) != "download" || !strings.Contains(strings.Join(c.Notes, "\n"), "1 interrupted download") {
		t.Errorf("%s\n%v", texts(c), c.Notes)
	}
	if st, err := s.Content().Status(ctx, remotes.MakeRefKey(ctx, d)); err != nil || st.Offset != 5000 {
		t.Errorf("the interrupted download: %d bytes, %v", st.Offset, err)
	}
}

// Of an index one whole platform is enough; the others may be half pulled.
func TestCheckOfIndexes(t *testing.T) {
	one := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 500)}})
	two := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 2, 500)}, Platform: ocispec.Platform{OS: "linux", Architecture: "s390x"}})
	x := testkit.Index(t, one, two)
	for name, c := range map[string]struct {
		without []digest.Digest
		kinds   string
	}{
		"all there":                  {},
		"one platform not pulled":    {without: keys(two)},
		"one platform half pulled":   {without: []digest.Digest{layerOf(t, two, one)}},
		"both platforms half pulled": {without: []digest.Digest{layerOf(t, two, one), layerOf(t, one, two)}, kinds: "image"},
		"no platform":                {without: append(keys(one), keys(two)...), kinds: "image"},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Store(t)
			testkit.Put(t, s, "multi", store.Pulled, x)
			for _, d := range c.without {
				if err := os.Remove(s.BlobPath(d)); err != nil {
					t.Fatal(err)
				}
			}
			if got := check(t, s, false); kinds(got) != c.kinds {
				t.Errorf("%s", texts(got))
			}
		})
	}
}

func keys(b *testkit.Built) []digest.Digest {
	var out []digest.Digest
	for d := range b.Blobs {
		out = append(out, d)
	}
	return out
}
