package image_test

import (
	"context"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/testkit"
)

// nobody is a registry that must not be asked.
type nobody struct{ t *testing.T }

func (n nobody) ReaderAt(_ context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	n.t.Errorf("%s was fetched", d.Digest)
	return nil, context.Canceled
}

// The index that a registry gets is that of the blob that the registry has, whatever is known here: the same layer uncompressed, that and
// what a push made of it, or nothing; and nothing is fetched that is here.
func TestExact(t *testing.T) {
	built := testkit.Image(t, testkit.Options{Compression: "none", Layers: [][]byte{testkit.Numbered(t, 1, 60_000), testkit.Numbered(t, 2, 30_000)}})
	there := testkit.Store(t) // as the registry has it
	home := testkit.Store(t)
	rec := testkit.Put(t, home, "app:1", store.Built, built)
	pushed := testkit.Measured(t, home, rec)
	var want []*layer.Index
	var layers []image.Layer
	for n, d := range pushed.Push.Layers {
		r, err := home.Content().ReaderAt(t.Context(), pushed.Layers[n].Descriptor)
		if err != nil {
			t.Fatal(err)
		}
		w, err := content.OpenWriter(t.Context(), there.Content(), content.WithRef(d.Digest.String()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := layer.Pack(w, content.NewReader(r)); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(t.Context(), d.Size, d.Digest); err != nil {
			t.Fatal(err)
		}
		l := image.Layer{Descriptor: d, DiffID: pushed.Layers[n].DiffID}
		x, err := (image.Measurer{Provider: there.Content()}).Exact(t.Context(), l, nil)
		if err != nil {
			t.Fatal(err)
		}
		if x.Blob != d.Digest || x.Compression != layer.Gzip {
			t.Fatalf("%s, %s", x.Blob, x.Compression)
		}
		want, layers = append(want, x), append(layers, l)
	}
	fresh := func() *store.Store { s := testkit.Store(t); testkit.Put(t, s, "app:1", store.Built, built); return s }
	packed := fresh() // pushed, and never weighed
	img, err := image.Load(t.Context(), packed.Content(), rec.Target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := (image.Measurer{Provider: packed.Content(), Cache: packed}).Pack(t.Context(), img, source.Packs(rec)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		st  *store.Store
		far content.Provider
	}{
		"weighed and pushed":   {home, nobody{t}},
		"pushed":               {packed, nobody{t}},
		"never pushed":         {fresh(), there.Content()},
		"nothing":              {testkit.Store(t), there.Content()},
		"the blob itself":      {there, nobody{t}},
		"all of it, once more": {home, nobody{t}},
	} {
		t.Run(name, func(t *testing.T) {
			m := image.Measurer{Provider: c.st.Content(), Cache: c.st}
			for n, l := range layers {
				for _, far := range []content.Provider{c.far, nobody{t}} { // and not again
					x, err := m.Exact(t.Context(), l, far)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(want[n], x); diff != "" {
						t.Error(diff)
					}
				}
			}
		})
	}
}
