package image

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"tare/internal/layer"
	"tare/internal/logs"
	"tare/internal/packages"
	"tare/internal/progress"
	"tare/internal/rpmdb"
	"tare/internal/units"
)

// Cache keeps what was derived from a layer, so that it is computed once ever.
// A miss, and anything unreadable, is false.
type Cache interface {
	Get(kind string, key digest.Digest, v any) bool
	Keep(kind string, key digest.Digest, v any)
	GetBytes(kind string, key digest.Digest) ([]byte, bool)
	KeepBytes(kind string, key digest.Digest, value []byte)
}

// The kinds of cached values and their versions; a change of what is computed must
// raise the version. Sums and indexes are keyed by DiffID, shares by blob. What an index
// keeps depends on the package managers that are known.
var (
	sumsKind  = fmt.Sprintf("sums-v%d", layer.EncodingVersion)
	indexKind = fmt.Sprintf("index-v%d-%s", layer.EncodingVersion, packages.Edition())
	shareKind = fmt.Sprintf("shares-v%d", layer.EncodingVersion)
	pushKind  = "push-v1"
)

// Measurer measures images.
type Measurer struct {
	Provider content.Provider
	Cache    Cache         // nil: nothing is kept
	Progress progress.Func // nil: silent
	// Unsent is how to learn what a push sends of layers that the source keeps
	// uncompressed for itself; nil where blobs are sent as they are stored.
	Unsent *Unsent
	// Others is asked for the indexes of layers that the cache does not know, before these are read; it sets the Index of those that it
	// has. They are used and not kept: who made them is trusted for this once. nil asks nobody.
	Others func(ctx context.Context, missing []*Layer)
}

// Measure fills in the Sums of every layer of all the images, reading each
// distinct blob once and, with a Cache, once ever. The error names the layer.
func (m Measurer) Measure(ctx context.Context, imgs ...*Image) error {
	return m.fill(ctx, imgs, func(l *Layer) bool { return l.Sums != nil || m.cachedSums(l) })
}

// Index fills in the Index and the Sums of every layer, as Measure does.
func (m Measurer) Index(ctx context.Context, imgs ...*Image) error {
	return m.fill(ctx, imgs, func(l *Layer) bool { return l.Index != nil || m.cachedIndex(l) })
}

func (m Measurer) fill(ctx context.Context, imgs []*Image, known func(*Layer) bool) error {
	byDiff := map[digest.Digest][]*Layer{}
	var distinct []*Layer
	for _, img := range imgs {
		for i := range img.Layers {
			l := &img.Layers[i]
			if len(byDiff[l.DiffID]) == 0 {
				distinct = append(distinct, l)
			}
			byDiff[l.DiffID] = append(byDiff[l.DiffID], l)
		}
	}
	workers := runtime.GOMAXPROCS(0)
	share := func(l *Layer) {
		for _, same := range byDiff[l.DiffID] {
			same.Sums, same.Index = l.Sums, l.Index
		}
	}
	var todo []*Layer
	missing := make([]bool, len(distinct))
	looked := make(chan error, 1)
	go func() {
		lookup := new(errgroup.Group)
		lookup.SetLimit(workers)
		for n, l := range distinct {
			lookup.Go(func() error {
				if ctx.Err() == nil {
					missing[n] = !known(l)
				}
				return ctx.Err()
			})
		}
		looked <- lookup.Wait()
	}()
	select { // to decode an index of a million entries takes a second
	case err := <-looked:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	for n, l := range distinct {
		if missing[n] {
			todo = append(todo, l)
		} else {
			share(l)
		}
	}
	if m.Others != nil && len(todo) > 0 {
		m.Others(ctx, todo)
		todo = slices.DeleteFunc(todo, func(l *Layer) bool {
			if l.Index != nil {
				l.Sums = &l.Index.Sums
				share(l)
			}
			return l.Index != nil
		})
	}
	// The largest first, so that all cores end together.
	slices.SortStableFunc(todo, func(a, b *Layer) int { return int(min(1, max(-1, b.Size-a.Size))) })
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, l := range todo {
		g.Go(func() error {
			x, err := m.read(ctx, l, len(todo) < workers)
			if err != nil {
				return fmt.Errorf("layer %s: %w", shown(l.Digest), err)
			}
			l.Index, l.Sums = x, &x.Sums
			share(l)
			m.keep(l)
			return nil
		})
	}
	return g.Wait()
}

// Indexed fills in the Index of the layers that the cache knows, and tells whether those are all.
func (m Measurer) Indexed(img *Image) bool {
	for i := range img.Layers {
		if l := &img.Layers[i]; l.Index == nil && !m.cachedIndex(l) {
			return false
		}
	}
	return true
}

// Recall fills in the Sums of the layers that the cache knows, and reads none.
func (m Measurer) Recall(img *Image) {
	for i := range img.Layers {
		if l := &img.Layers[i]; l.Sums == nil {
			m.cachedSums(l)
		}
	}
}

func (m Measurer) cachedSums(l *Layer) bool {
	if m.Cache == nil {
		return false
	}
	s := new(layer.Sums)
	if !m.Cache.Get(sumsKind, l.DiffID, s) || s.DiffID != l.DiffID {
		return false
	}
	l.Sums = s
	return true
}

func (m Measurer) cachedIndex(l *Layer) bool {
	if m.Cache == nil {
		return false
	}
	b, ok := m.Cache.GetBytes(indexKind, l.DiffID)
	if !ok {
		return false
	}
	x, err := layer.Decode(b)
	if err != nil || x.DiffID != l.DiffID {
		return false
	}
	l.Index, l.Sums = x, &x.Sums
	return true
}

func (m Measurer) keep(l *Layer) {
	if m.Cache == nil {
		return
	}
	m.Cache.Keep(sumsKind, l.DiffID, l.Sums)
	if l.Index.Blob == l.Digest {
		m.verified(l)
	}
	if b, err := layer.Encode(l.Index); err == nil {
		m.Cache.KeepBytes(indexKind, l.DiffID, b)
	}
}

// CheckLayerSize refuses a blob that says it is larger than a layer may become: it would
// fill the disk before anything else could be said of it.
func CheckLayerSize(d ocispec.Descriptor) error {
	o, err := Limits()
	if err != nil {
		return err
	}
	if most := cmp.Or(o.MaxBytes, layer.DefaultMaxBytes); d.Size > most || d.Size < 0 {
		return &layer.LimitError{What: "bytes in a layer", Limit: most}
	}
	return nil
}

func (m Measurer) read(ctx context.Context, l *Layer, ahead bool) (*layer.Index, error) {
	o, err := Limits()
	if err != nil {
		return nil, err
	}
	r, done, err := open(ctx, m.Provider, l.Descriptor)
	if err != nil {
		return nil, err
	}
	defer done()
	id := units.ShortID(l.Digest.String())
	told := logs.Took("read layer", "digest", l.Digest.String(), "bytes", l.Size)
	o.Blob, o.DiffID, o.Ahead = l.Digest, l.DiffID, ahead
	x, err := layer.Read(m.Progress.Reader(r, id, "Weighing", l.Size), o)
	if err == nil {
		Records(x)
	}
	m.Progress.Report(progress.Event{ID: id, Action: "Weighed", Final: true})
	told(err)
	return x, err
}

// Records replaces the binary databases that the index of a verified layer keeps by what
// stands in them: what reads an index later computes only.
func Records(x *layer.Index) {
	for name, b := range x.Kept {
		if packages.Wanted(name, 0, int64(len(b))).Records {
			x.Kept[name] = rpmdb.Records(b)
		}
	}
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
