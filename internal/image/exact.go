package image

import (
	"context"
	"errors"
	"fmt"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/units"
)

// Edition names what an index holds: what another edition of tare made is not what this one would. It is the same for the same kinds of
// packages and the same encoding.
func Edition() string { return fmt.Sprintf("v%d-%s", layer.EncodingVersion, packages.Edition()) }

// Exact is the index of a layer as reading its own blob gives it: the cached one may be of another blob of the same layer, and then the
// shares of the entries are others. What the cache and the measurer's provider have comes first; only what neither can tell is read from
// far, a registry. The error names the layer.
func (m Measurer) Exact(ctx context.Context, l Layer, far content.Provider) (*layer.Index, error) {
	l.Index, l.Sums, l.Shares = m.Known(l.DiffID), nil, nil
	if l.Index != nil && l.Index.Blob == l.Digest {
		return l.Index, nil
	}
	if l.Index != nil && m.cachedShares(&l, l.Digest, l.Size) && l.Shares.Compression != "" {
		return l.Index.As(l.Shares), nil
	}
	x, err := m.near(ctx, &l)
	if err != nil && ctx.Err() == nil {
		m.Provider = far
		x, err = m.read(ctx, &l, true)
	}
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", shown(l.Digest), err)
	}
	if l.Index == nil {
		l.Index, l.Sums = x, &x.Sums
		m.keep(&l)
	} else {
		l.Shares = x.Shares()
		m.keepShares(&l)
	}
	return x, nil
}

var errNotNear = errors.New("the layer is not here")

// near is Exact from what the measurer's provider has: the blob itself, or the uncompressed layer that a push of tare's compressed to it.
func (m Measurer) near(ctx context.Context, l *Layer) (*layer.Index, error) {
	if has(ctx, m.Provider, l.Descriptor) {
		return m.read(ctx, l, true)
	}
	var pushed ocispec.Descriptor
	plain := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayer, Digest: l.DiffID}
	if m.Cache == nil || !m.Cache.Get(pushKind, l.DiffID, &pushed) || pushed.Digest != l.Digest || !has(ctx, m.Provider, plain) {
		return nil, errNotNear
	}
	r, done, err := open(ctx, m.Provider, plain)
	if err != nil {
		return nil, err
	}
	defer done()
	o, err := Limits()
	if err != nil {
		return nil, err
	}
	d, x, err := packAndRead(layer.Bounded(m.Progress.Reader(r, short(l.Digest), "Compressing", l.Size), o.MaxBytes), l.DiffID)
	if err != nil {
		return nil, err
	}
	if d.Digest != l.Digest {
		return nil, errNotNear // another version of tare compressed it
	}
	Records(x)
	return x, nil
}

// has tells whether a provider has a blob. One that cannot say so is asked for it later.
func has(ctx context.Context, p content.Provider, d ocispec.Descriptor) bool {
	if p == nil {
		return false
	}
	ra, err := p.ReaderAt(ctx, d)
	if err != nil {
		return !errdefs.IsNotFound(err) && ctx.Err() == nil
	}
	_ = ra.Close()
	return true
}

// short is a digest as progress shows it.
func short(d digest.Digest) string { return units.ShortID(d.String()) }
