package image

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"tare/internal/layer"
	"tare/internal/progress"
)

// Cache keeps what was derived from a layer, so that it is computed once ever.
// A miss, and anything unreadable, is (false, nil) or an error that is ignored.
type Cache interface {
	Get(kind string, key digest.Digest, v any) bool
	Keep(kind string, key digest.Digest, v any)
}

// The kinds of cached values and their versions; a change of what is computed
// must raise the version.
const (
	indexKind = "layer-v1"
	pushKind  = "push-v1"
)

// Measurer measures images.
type Measurer struct {
	Provider content.Provider
	Cache    Cache         // nil: nothing is kept
	Progress progress.Func // nil: silent
}

// Measure fills in the Index of every layer of all the images, reading each
// distinct blob once and, with a Cache, once ever. The error names the layer.
func (m Measurer) Measure(ctx context.Context, imgs ...*Image) error {
	byDiff := map[digest.Digest][]*Layer{}
	var todo []*Layer
	for _, img := range imgs {
		for i := range img.Layers {
			l := &img.Layers[i]
			if l.Index != nil {
				continue
			}
			if m.cached(l) {
				continue
			}
			if len(byDiff[l.DiffID]) == 0 {
				todo = append(todo, l)
			}
			byDiff[l.DiffID] = append(byDiff[l.DiffID], l)
		}
	}
	// The largest first, so that two cores end together.
	slices.SortStableFunc(todo, func(a, b *Layer) int { return int(min(1, max(-1, b.Size-a.Size))) })
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, l := range todo {
		g.Go(func() error {
			x, err := m.read(ctx, l)
			if err != nil {
				return fmt.Errorf("layer %s: %w", l.Digest, err)
			}
			for _, same := range byDiff[l.DiffID] {
				same.Index = x
			}
			if m.Cache != nil {
				m.Cache.Keep(indexKind, l.DiffID, x)
			}
			return nil
		})
	}
	return g.Wait()
}

func (m Measurer) cached(l *Layer) bool {
	if m.Cache == nil {
		return false
	}
	x := new(layer.Index)
	if !m.Cache.Get(indexKind, l.DiffID, x) || x.DiffID != l.DiffID {
		return false
	}
	l.Index = x
	return true
}

func (m Measurer) read(ctx context.Context, l *Layer) (*layer.Index, error) {
	r, done, err := open(ctx, m.Provider, l.Descriptor)
	if err != nil {
		return nil, err
	}
	defer done()
	short := l.Digest.Encoded()[:12]
	x, err := layer.Read(m.Progress.Reader(r, short, "Weighing", l.Size), layer.Want{Blob: l.Digest, DiffID: l.DiffID})
	m.Progress.Report(progress.Event{ID: short, Action: "Weighed", Final: true})
	return x, err
}

func open(ctx context.Context, p content.Provider, d ocispec.Descriptor) (io.Reader, func(), error) {
	ra, err := p.ReaderAt(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	return &ctxReader{ctx, content.NewReader(ra)}, func() { _ = ra.Close() }, nil
}

// ctxReader makes a long read end when ctx does.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Pack works out the form in which img is pushed: layers for which pack is true
// are compressed (layer.Pack), all others go as stored, and the manifest names
// the results. A nil pack compresses nothing. It sets img.Push.
func (m Measurer) Pack(ctx context.Context, img *Image, pack func(ocispec.Descriptor) bool) error {
	out := Pushed{Manifest: img.Manifest, Raw: img.RawManifest}
	changed := false
	for _, l := range img.Layers {
		d := l.Descriptor
		if pack != nil && pack(d) {
			var err error
			if d, err = m.packed(ctx, l); err != nil {
				return fmt.Errorf("layer %s: %w", l.Digest, err)
			}
			changed = true
		}
		out.Layers = append(out.Layers, d)
	}
	if changed {
		var man ocispec.Manifest
		if err := json.Unmarshal(img.RawManifest, &man); err != nil {
			return err
		}
		man.Layers = out.Layers
		raw, err := json.Marshal(man)
		if err != nil {
			return err
		}
		out.Raw = raw
		out.Manifest.Digest, out.Manifest.Size = digest.FromBytes(raw), int64(len(raw))
	}
	img.Push = &out
	return nil
}

func (m Measurer) packed(ctx context.Context, l Layer) (ocispec.Descriptor, error) {
	var d ocispec.Descriptor
	if m.Cache != nil && m.Cache.Get(pushKind, l.DiffID, &d) {
		return d, nil
	}
	r, done, err := open(ctx, m.Provider, l.Descriptor)
	if err != nil {
		return d, err
	}
	defer done()
	short := l.Digest.Encoded()[:12]
	d, err = layer.Pack(io.Discard, m.Progress.Reader(r, short, "Compressing", l.Size))
	m.Progress.Report(progress.Event{ID: short, Action: "Compressed", Final: true})
	if err == nil && m.Cache != nil {
		m.Cache.Keep(pushKind, l.DiffID, d)
	}
	return d, err
}

// Sizes are the bytes of an image under the names of tare's design, for the
// measures that need no knowledge across layers.
type Sizes struct {
	Transfer int64 `json:"transfer"` // layer blobs as a push sends them, plus manifest and config
	Tar      int64 `json:"tar"`      // uncompressed layer tars
	Files    int64 `json:"files"`    // regular files in all layers
	Overhead int64 `json:"overhead"` // Tar - Files
	Docker   int64 `json:"docker"`   // what `docker images` prints with a graph driver
}

// Sizes sums up the layers of a measured image. A blob that stands twice in the
// manifest counts once in Transfer. It panics if the image was not measured and packed.
func (i *Image) Sizes() Sizes {
	s := Sizes{Transfer: i.Push.Manifest.Size + i.ConfigID.Size}
	seen := map[digest.Digest]bool{}
	for n, l := range i.Layers {
		if p := i.Push.Layers[n]; !seen[p.Digest] {
			seen[p.Digest] = true
			s.Transfer += p.Size
		}
		s.Tar += l.Index.Tar
		s.Files += l.Index.Files
		s.Docker += l.Index.Docker
	}
	s.Overhead = s.Tar - s.Files
	return s
}
