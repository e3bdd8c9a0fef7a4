package target

import (
	"context"
	"fmt"
	"strings"

	"github.com/distribution/reference"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/source"
)

// Manifest is an image's manifest in a registry, and a word that means this very image
// whatever its tag means later.
type Manifest struct {
	ocispec.Manifest
	Descriptor ocispec.Descriptor
	Pinned     string
}

// Manifest reads the manifest of an image in a registry, for a platform or this machine's
// (""), and nothing else of it: no blob is fetched. It is nil for a word that means something
// else.
func (f *Finder) Manifest(ctx context.Context, word, platform string) (*Manifest, error) {
	w, err := parse(word, Anything)
	if err != nil {
		return nil, err
	}
	scheme := source.InRegistry("").Scheme()
	if w.place.Scheme() != scheme {
		return nil, nil
	}
	want, err := Platform(platform)
	if err != nil {
		return nil, err
	}
	at, err := f.opened(ctx, want, func(o source.OpenOptions) (*source.Opened, error) { return w.place.Open(ctx, o) })
	if err != nil {
		return nil, err
	}
	defer func() { _ = at.Close() }()
	m := new(Manifest)
	if m.Descriptor, err = image.Choose(ctx, at.Provider, at.Target, want); err != nil {
		return nil, err
	}
	if err := image.CheckType(m.Descriptor); err != nil && m.Descriptor.MediaType != "" {
		return nil, err
	}
	if _, err := image.ReadJSON(ctx, at.Provider, m.Descriptor, &m.Manifest); err != nil {
		return nil, fmt.Errorf("manifest %s: %w", m.Descriptor.Digest, err)
	}
	name, err := reference.ParseNormalizedNamed(strings.TrimPrefix(word, scheme+"://"))
	if err != nil {
		return nil, err
	}
	m.Pinned = scheme + "://" + reference.TrimNamed(name).String() + "@" + at.Target.Digest.String()
	return m, nil
}
