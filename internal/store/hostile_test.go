package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/store"
	"tare/internal/testkit"
)

// document puts a JSON document into the store.
func document(t testing.TB, s *store.Store, media string, v any) ocispec.Descriptor {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	d := ocispec.Descriptor{MediaType: media, Digest: digest.FromBytes(b), Size: int64(len(b))}
	if err := s.Write(ctx, bytes.NewReader(b), d); err != nil {
		t.Fatal(err)
	}
	return d
}

// A stranger's image may call the blobs of other images whatever it likes: what
// those reach is kept all the same, and garbage is still collected.
func TestStrangersCannotMakeCollectDelete(t *testing.T) {
	for name, hostile := range map[string]func(victim ocispec.Descriptor) (string, any){
		"calls a manifest an index": func(v ocispec.Descriptor) (string, any) {
			v.MediaType = ocispec.MediaTypeImageIndex
			return ocispec.MediaTypeImageIndex, ocispec.Index{Manifests: []ocispec.Descriptor{v}}
		},
		"calls a manifest a layer": func(v ocispec.Descriptor) (string, any) {
			v.MediaType = ocispec.MediaTypeImageLayer
			return ocispec.MediaTypeImageManifest, ocispec.Manifest{Config: v, Layers: []ocispec.Descriptor{v}}
		},
		"gives a manifest no type": func(v ocispec.Descriptor) (string, any) {
			v.MediaType = ""
			return ocispec.MediaTypeImageIndex, ocispec.Index{Manifests: []ocispec.Descriptor{v}}
		},
		"lies about a size": func(v ocispec.Descriptor) (string, any) {
			v.Size -= 7
			return ocispec.MediaTypeImageIndex, ocispec.Index{Manifests: []ocispec.Descriptor{v}}
		},
		"names what cannot be a digest": func(v ocispec.Descriptor) (string, any) {
			v.Digest = "sha256:../../../etc/passwd"
			return ocispec.MediaTypeImageIndex, ocispec.Index{Manifests: []ocispec.Descriptor{v}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Store(t)
			victim := img(t, 1)
			media, v := hostile(victim.Target)
			// The stranger's record comes first, and so is walked first.
			if err := s.Put(store.Record{Name: "docker.io/library/hostile:1", Target: document(t, s, media, v), Origin: store.Pulled}); err != nil {
				t.Fatal(err)
			}
			testkit.Put(t, s, "victim", store.Pulled, victim)
			dead := document(t, s, "", "nobody reaches this")
			if _, err := s.Collect(ctx); err != nil {
				t.Fatal(err)
			}
			for d := range victim.Blobs {
				if !s.Has(ctx, d) {
					t.Errorf("%s of the other image was deleted", d)
				}
			}
			if s.Has(ctx, dead.Digest) {
				t.Error("garbage was not collected")
			}
		})
	}
}

// What an entry of an index leads to is kept, whatever its media type: an image
// that can be loaded must survive.
func TestCollectKeepsImagesWithoutMediaType(t *testing.T) {
	s := testkit.Store(t)
	a := img(t, 1)
	for d, b := range a.Blobs {
		if err := s.Write(ctx, bytes.NewReader(b), ocispec.Descriptor{Digest: d, Size: int64(len(b))}); err != nil {
			t.Fatal(err)
		}
	}
	child := a.Target
	child.MediaType = ""
	if err := s.Put(store.Record{Name: "docker.io/library/x:1", Target: document(t, s, ocispec.MediaTypeImageIndex, ocispec.Index{Manifests: []ocispec.Descriptor{child}})}); err != nil {
		t.Fatal(err)
	}
	if f, err := s.Collect(ctx); err != nil || len(f.Blobs) != 0 {
		t.Errorf("collected %v, %v", f.Blobs, err)
	}
}

// A damaged document must not lead to deletions: nobody knows what it reached.
func TestCollectStopsAtDamage(t *testing.T) {
	s := testkit.Store(t)
	a := img(t, 1)
	testkit.Put(t, s, "a", store.Built, a)
	damage(t, s.BlobPath(a.Target.Digest))
	if f, err := s.Collect(ctx); err == nil || len(f.Blobs) != 0 || !strings.Contains(err.Error(), a.Target.Digest.String()) {
		t.Errorf("collected %v, %v", f.Blobs, err)
	}
}

// alone serves bytes, and notices when two download at once.
type alone struct {
	body             []byte
	fail             int32 // so many calls fail
	calls, now, most atomic.Int32
}

func (f *alone) Fetch(context.Context, ocispec.Descriptor) (io.ReadCloser, error) {
	n := f.now.Add(1)
	for m := f.most.Load(); n > m && !f.most.CompareAndSwap(m, n); m = f.most.Load() {
	}
	done := func() error { f.now.Add(-1); return nil }
	r := io.Reader(bytes.NewReader(f.body))
	if f.calls.Add(1) <= f.fail {
		r = errReader{}
	}
	return struct {
		io.Reader
		io.Closer
	}{r, closer(done)}, nil
}

type closer func() error

func (c closer) Close() error { return c() }

// Downloads that fail and are tried again never run beside another one of the
// same blob: two would write into one file.
func TestFailingFetchesNeverRunTogether(t *testing.T) {
	root := t.TempDir()
	f := &alone{body: bytes.Repeat([]byte("x"), 1000), fail: 300}
	d := ocispec.Descriptor{Digest: digest.FromBytes(f.body), Size: int64(len(f.body))}
	stores := make([]*store.Store, 8) // each with locks of its own, as in processes of their own
	for n := range stores {
		stores[n] = open(t, root)
	}
	var wg sync.WaitGroup
	for _, s := range stores {
		wg.Go(func() {
			for {
				c, cancel := context.WithTimeout(ctx, time.Minute)
				err := s.Fetch(c, f, d, nil)
				cancel()
				if err == nil || errors.Is(err, context.DeadlineExceeded) {
					if err != nil {
						t.Error(err)
					}
					return
				}
				if !strings.Contains(err.Error(), "line cut") {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if f.most.Load() != 1 {
		t.Errorf("%d downloads of one blob at once", f.most.Load())
	}
}

// A server that sends more than it said, or less, is refused, and the right bytes
// are taken the next time.
func TestWrongLength(t *testing.T) {
	good := bytes.Repeat([]byte("right"), 1000)
	d := ocispec.Descriptor{Digest: digest.FromBytes(good), Size: int64(len(good))}
	for name, bad := range map[string][]byte{"longer": append(bytes.Clone(good), "and more"...), "shorter": good[:100], "nothing": nil} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Store(t)
			for range 2 {
				if err := s.Fetch(ctx, &fetcher{body: bad}, d, nil); err == nil || s.Has(ctx, d.Digest) {
					t.Fatalf("accepted: %v", err)
				}
			}
			if err := s.Fetch(ctx, &fetcher{body: good}, d, nil); err != nil {
				t.Errorf("the right bytes afterwards: %v", err)
			}
		})
	}
}
