// Package diffids knows which blobs have which layers: compressed, the same layer has
// another digest wherever it was compressed.
package diffids

import (
	"context"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/store"
)

// Blobs are the compressed blobs that images of the store have of layers, by DiffID. Those
// of pulled images are a registry's, and come before all others.
func Blobs(ctx context.Context, st *store.Store) map[digest.Digest]image.Blob {
	out := map[digest.Digest]image.Blob{}
	recs, err := st.Records()
	if err != nil {
		return out // what is not known here is unknown
	}
	for _, pulled := range []bool{true, false} {
		seen := map[digest.Digest]bool{}
		for _, r := range recs {
			if seen[r.Target.Digest] || (r.Origin == store.Pulled) != pulled {
				continue
			}
			seen[r.Target.Digest] = true
			for _, img := range platformsOf(ctx, st, r.Target) {
				for _, l := range img.Layers {
					if _, have := out[l.DiffID]; have || l.Digest == l.DiffID || !st.Has(ctx, l.Digest) {
						continue
					}
					from := image.SentStore
					if pulled {
						from = image.SentRegistry
					}
					d := ocispec.Descriptor{MediaType: l.MediaType, Digest: l.Digest, Size: l.Size}
					out[l.DiffID] = image.Blob{Descriptor: d, From: from, Provider: st.Content()}
				}
			}
		}
	}
	return out
}

// platformsOf are the images of a target that can be read.
func platformsOf(ctx context.Context, st *store.Store, target ocispec.Descriptor) (out []*image.Image) {
	list := []ocispec.Descriptor{target}
	if images.IsIndexType(target.MediaType) {
		var err error
		if list, err = image.Manifests(ctx, st.Content(), target); err != nil {
			return nil
		}
	}
	for _, m := range list {
		if !st.Has(ctx, m.Digest) {
			continue
		}
		if img, err := image.LoadManifest(ctx, st.Content(), target, m); err == nil {
			out = append(out, img)
		}
	}
	return out
}
