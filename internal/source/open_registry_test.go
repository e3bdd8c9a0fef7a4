package source_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/testkit"
)

// layersOf are the layers of a single image.
func layersOf(t testing.TB, b *testkit.Built) []ocispec.Descriptor {
	t.Helper()
	var m ocispec.Manifest
	if err := json.Unmarshal(b.Blobs[b.Target.Digest], &m); err != nil {
		t.Fatal(err)
	}
	return m.Layers
}

// A layer is read on where its connection broke, by a reset or by a clean end.
func TestOpenRegistryGoesOn(t *testing.T) {
	b := small(t, testkit.Options{Compression: "none"})
	l := layersOf(t, b)[0]
	body := b.Blobs[l.Digest]
	for name, c := range map[string]struct {
		times int
		fault http.HandlerFunc
		ok    bool
	}{
		"a reset":      {1, testkit.Cut(body), true},
		"three resets": {3, testkit.Cut(body), true},
		"503 once": {1, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, true},
		"429 twice": {2, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		}, true},
		"always": {1000, testkit.Cut(body), false},
	} {
		t.Run(name, func(t *testing.T) {
			reg := testkit.NewRegistry(t)
			reg.Push(t, "app", "1", b)
			o := opened(t, "registry://"+reg.Host+"/app:1", source.OpenOptions{Registry: registry(t, "")})
			reg.Fault(testkit.Times(c.times, l.Digest.String(), c.fault))
			if c.ok {
				whole(t, o, nil)
				return
			}
			ra, err := o.Provider.ReaderAt(ctx, l)
			if err == nil {
				_, err = io.Copy(io.Discard, content.NewReader(ra))
			}
			if err == nil {
				t.Error("read a layer that no registry sent")
			}
		})
	}
}

// Another place than the next one may be read, too.
func TestOpenRegistryReadAt(t *testing.T) {
	reg, b := testkit.NewRegistry(t), small(t, testkit.Options{Compression: "none"})
	reg.Push(t, "app", "1", b)
	o := opened(t, "registry://"+reg.Host+"/app:1", source.OpenOptions{Registry: registry(t, "")})
	l := layersOf(t, b)[0]
	ra, err := o.Provider.ReaderAt(ctx, l)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ra.Close() }()
	if ra.Size() != l.Size {
		t.Errorf("size %d", ra.Size())
	}
	for _, at := range []int64{1000, 0, 20_000, 20_100, 5, l.Size - 100, l.Size - 50, l.Size, l.Size + 1} {
		p := make([]byte, 100)
		n, err := ra.ReadAt(p, at)
		from := min(at, l.Size)
		want := b.Blobs[l.Digest][from:min(from+100, l.Size)]
		if !bytes.Equal(p[:n], want) || (n < 100) != errors.Is(err, io.EOF) || err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("at %d: %d bytes, %v", at, n, err)
		}
	}
}

// The tag is looked up once: what it is moved to meanwhile is another image.
func TestOpenRegistryHoldsTheTag(t *testing.T) {
	reg := testkit.NewRegistry(t)
	first, second := small(t, testkit.Options{}), small(t, testkit.Options{Compression: "zstd"})
	reg.Push(t, "app", "1", first)
	o := opened(t, "registry://"+reg.Host+"/app:1", source.OpenOptions{Registry: registry(t, "")})
	reg.Push(t, "app", "1", second)
	if img := whole(t, o, nil); img.Manifest.Digest != first.Target.Digest {
		t.Errorf("%s, want %s", img.Manifest.Digest, first.Target.Digest)
	}
}

func TestOpenRegistryErrors(t *testing.T) {
	reg := testkit.NewRegistry(t)
	reg.Push(t, "app", "1", small(t, testkit.Options{}))
	o := source.OpenOptions{Registry: registry(t, "")}
	refused(t, "registry://"+reg.Host+"/app:none", o, "not found")
	refused(t, "registry://127.0.0.1:1/app:1", o, "cannot reach 127.0.0.1:1")
	refused(t, "registry://Not A Name", o, "Not A Name")
	if _, err := source.Open(ctx, "registry://"+reg.Host+"/app:none", o); !errors.Is(err, errdefs.ErrNotFound) {
		t.Errorf("%v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := source.Open(gone, "registry://"+reg.Host+"/app:1", o); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// A layer whose bytes were changed on the way is found out by who reads it.
func TestOpenRegistryOtherBytes(t *testing.T) {
	reg, b := testkit.NewRegistry(t), small(t, testkit.Options{Compression: "none"})
	reg.Push(t, "app", "1", b)
	l := layersOf(t, b)[0]
	reg.Fault(testkit.Times(1000, l.Digest.String(), func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("x", int(l.Size))))
	}))
	o := opened(t, "registry://"+reg.Host+"/app:1", source.OpenOptions{Registry: registry(t, "")})
	img, err := image.Load(ctx, o.Provider, o.Target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := (image.Measurer{Provider: o.Provider}).Measure(ctx, img); err == nil {
		t.Error("measured a layer that is another one")
	}
}
