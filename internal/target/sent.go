package target

import (
	"context"
	"fmt"
	"sync"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/diffids"
	"tare/internal/image"
	"tare/internal/progress"
	"tare/internal/source"
	"tare/internal/store"
)

// CompressHelp explains --compress.
const CompressHelp = "compress layers that a Docker daemon or docker save has uncompressed, to see what a push transfers"

// sent says how it is learned what a push sends of an image's layers.
type sent struct {
	plain    bool // the source may keep layers uncompressed that a push compresses
	saved    bool // it does so with all of them
	compress bool // what is not known otherwise is worked out
	registry bool // its blobs are a registry's
}

// sentFrom is what a place says of the image in it.
func sentFrom(p source.Place, at *source.Opened, o Options) sent {
	registry := p.Scheme() == source.InRegistry("").Scheme()
	return sent{plain: !registry, saved: at.Saved, compress: o.Compress, registry: registry}
}

// measurer measures an image. Its cache is the store's.
func (f *Finder) measurer(st *store.Store, i *Image, events progress.Func) image.Measurer {
	m := image.Measurer{Provider: i.provider, Cache: st, Progress: events}
	if i.sent.plain {
		m.Unsent = &image.Unsent{All: i.sent.saved, Compress: i.sent.compress, Known: f.known.in(st, i.Remote)}
	}
	return m
}

// Sent works out what a push sends of each image, as far as it is known without reading
// layers.
func (s *Set) Sent(ctx context.Context) error {
	st, err := s.finder.Store()
	if err != nil {
		return err
	}
	for _, i := range s.Images {
		s.finder.known.see(i)
	}
	for _, i := range s.Images {
		m := s.finder.measurer(st, i, nil)
		if m.Packed(ctx, i.Image, i.packs) {
			continue
		}
		m.Unsent = &image.Unsent{All: true, Known: s.finder.known.in(st, i.Remote)}
		if err := m.Pack(ctx, i.Image, nil); err != nil {
			return fmt.Errorf("%s: %w", i.Name, err)
		}
	}
	return nil
}

// blobKind is the kind under which the store keeps what registries have of layers, by
// their DiffIDs.
const blobKind = "blob-v1"

// remember keeps which blobs a registry has of the layers of an image that was measured.
func (i *Image) remember(st *store.Store) {
	if !i.sent.registry || i.foreign {
		return
	}
	for _, l := range i.Layers {
		var have ocispec.Descriptor
		if l.Digest != l.DiffID && !st.Get(blobKind, l.DiffID, &have) {
			st.Keep(blobKind, l.DiffID, ocispec.Descriptor{MediaType: l.MediaType, Digest: l.Digest, Size: l.Size})
		}
	}
}

// known are the blobs that images of the store have for layers.
type known struct {
	once   sync.Once
	stored map[digest.Digest]image.Blob
	seen   map[digest.Digest]image.Blob // in registries, by this command
}

// see takes note of the blobs that a registry has of an image.
func (k *known) see(i *Image) {
	if k.seen == nil {
		k.seen = map[digest.Digest]image.Blob{}
	}
	for _, l := range i.Layers {
		if i.sent.registry && l.Digest != l.DiffID {
			k.seen[l.DiffID] = image.Blob{Descriptor: ocispec.Descriptor{MediaType: l.MediaType, Digest: l.Digest, Size: l.Size}, From: image.SentRegistry}
		}
	}
}

// in finds the blob that an image of the store has of a layer, as a push of tare's does,
// or one that a registry has, if away: the first one in the order of the store's records.
func (k *known) in(st *store.Store, away bool) func(context.Context, digest.Digest) (image.Blob, bool) {
	return func(ctx context.Context, diff digest.Digest) (image.Blob, bool) {
		k.once.Do(func() { k.stored = diffids.Blobs(ctx, st) })
		if b, ok := k.stored[diff]; ok {
			return b, true
		}
		if b, ok := k.seen[diff]; ok && away {
			return b, true
		}
		var d ocispec.Descriptor
		if away && st.Get(blobKind, diff, &d) && d.Digest.Validate() == nil && images.IsLayerType(d.MediaType) {
			return image.Blob{Descriptor: d, From: image.SentRegistry}, true
		}
		return image.Blob{}, false
	}
}
