package bill

import (
	"context"
	"fmt"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/platforms"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/source"
)

// Needed is all that an image needs, from its documents alone.
type Needed struct {
	*image.Image
	// Blobs are indexes, the manifest, the configuration, then the layers from the bottom. A layer that the manifest names twice is there
	// twice.
	Blobs []Need
}

// Need is a blob that an image needs.
type Need struct {
	Kind       string
	Descriptor ocispec.Descriptor
}

// Platform is what the image is for, as its configuration says; "" if it does not.
func (n *Needed) Platform() string {
	if p := n.Image.Platform(); p.OS != "" {
		return platforms.Format(p)
	}
	return ""
}

// Read reads the documents of an image for a platform (nil for this machine's). It returns the errors of a pull that come before the first
// layer: image.ErrNoPlatform (wrapped) for an image of other platforms only, image.ErrSchema1 for a manifest of Docker's first schema.
func Read(ctx context.Context, o *source.Opened, want platforms.MatchComparer) (*Needed, error) {
	chosen := want != nil
	if !chosen {
		want = platforms.Default() // as a pull: another platform is not taken instead
	}
	n, manifest := new(Needed), o.Target
	add := func(kind string, d ocispec.Descriptor) { n.Blobs = append(n.Blobs, Need{kind, d}) }
	if images.IsIndexType(o.Target.MediaType) {
		err := image.WalkIndexes(o.Target, func(d ocispec.Descriptor) (x ocispec.Index, err error) {
			add(Index, d)
			_, err = image.ReadJSON(ctx, o.Provider, d, &x)
			return x, err
		}, func(ocispec.Descriptor) error { return nil })
		if err != nil {
			return nil, err
		}
		if manifest, err = image.Choose(ctx, o.Provider, o.Target, want); err != nil {
			return nil, err
		}
	}
	img, err := image.LoadManifest(ctx, o.Provider, o.Target, manifest)
	if err != nil {
		return nil, err
	}
	if p := img.Platform(); chosen && p.OS != "" && !want.Match(p) {
		return nil, fmt.Errorf("%w: the image is for %s only", image.ErrNoPlatform, platforms.Format(p))
	}
	n.Image = img
	add(Manifest, manifest)
	add(Config, img.ConfigID)
	for _, l := range img.Layers {
		if err := image.CheckLayerSize(l.Descriptor); err != nil {
			return nil, fmt.Errorf("layer %s: %w", l.Digest, err)
		}
		add(Layer, l.Descriptor)
	}
	return n, nil
}
