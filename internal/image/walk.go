package image

import (
	"context"
	"fmt"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Bounds of an index: what it leads to is read from wherever it came from.
const (
	// MaxDepth bounds indexes within indexes: deeper ones, and cycles, are an error.
	MaxDepth = 4
	// MaxIndexes is how many indexes may be within one.
	MaxIndexes = 100
	// MaxManifests is how many different manifests an index may lead to.
	MaxManifests = 10_000
	// maxLooks is how many configurations are read to learn platforms that an index
	// does not tell.
	maxLooks = 100
)

// Manifests lists the image manifests of an index, nested indexes included,
// attestations left out. Manifests without a platform take it from their
// configuration where p has it. Every document is read once, however often it is named.
func Manifests(ctx context.Context, p content.Provider, index ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	w := &walk{p: p, platforms: map[digest.Digest]*ocispec.Platform{}, listed: map[string]bool{}}
	err := WalkIndexes(index, func(d ocispec.Descriptor) (ocispec.Index, error) {
		var x ocispec.Index
		_, err := ReadJSON(ctx, p, d, &x)
		if d.Digest != index.Digest && errdefs.IsNotFound(err) {
			return ocispec.Index{}, nil // not fetched
		}
		return x, err
	}, func(m ocispec.Descriptor) error { return w.add(ctx, m) })
	if err != nil {
		return nil, err
	}
	return w.out, nil
}

// WithPlatforms are manifests with the platforms that their configurations name, where
// their descriptors name none and p has them. Equal ones are there once.
func WithPlatforms(ctx context.Context, p content.Provider, list []ocispec.Descriptor) []ocispec.Descriptor {
	w := &walk{p: p, platforms: map[digest.Digest]*ocispec.Platform{}, listed: map[string]bool{}}
	for _, m := range list {
		if w.add(ctx, m) != nil {
			break
		}
	}
	return w.out
}

// WalkIndexes reads an index and all that are within it with read, each once, and
// calls each for every entry that is neither an index nor an attestation, in order.
func WalkIndexes(index ocispec.Descriptor, read func(ocispec.Descriptor) (ocispec.Index, error), each func(ocispec.Descriptor) error) error {
	seen := map[digest.Digest]bool{}
	var visit func(d ocispec.Descriptor, depth int) error
	visit = func(d ocispec.Descriptor, depth int) error {
		if depth >= MaxDepth {
			return fmt.Errorf("index %s: indexes nested more than %d deep", shown(d.Digest), MaxDepth)
		}
		if seen[d.Digest] {
			return nil
		}
		seen[d.Digest] = true
		if len(seen) > MaxIndexes {
			return fmt.Errorf("index %s: more than %d indexes within one", shown(index.Digest), MaxIndexes)
		}
		x, err := read(d)
		if err != nil {
			return fmt.Errorf("index %s: %w", shown(d.Digest), err)
		}
		for _, m := range x.Manifests {
			switch {
			case IsAttestation(m):
			case images.IsIndexType(m.MediaType):
				err = visit(m, depth+1)
			default:
				err = each(m)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return visit(index, 0)
}

// walk gathers manifests.
type walk struct {
	p         content.Provider
	out       []ocispec.Descriptor
	platforms map[digest.Digest]*ocispec.Platform // of manifests whose configuration was read
	listed    map[string]bool                     // digest and platform
}

func (w *walk) add(ctx context.Context, m ocispec.Descriptor) error {
	if m.Platform == nil {
		pl, looked := w.platforms[m.Digest]
		if !looked && len(w.platforms) < maxLooks {
			pl = configPlatform(ctx, w.p, m)
			w.platforms[m.Digest] = pl
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		m.Platform = pl
	}
	key := m.Digest.String()
	if m.Platform != nil {
		key += " " + platforms.FormatAll(*m.Platform)
	}
	if w.listed[key] {
		return nil
	}
	w.listed[key] = true
	if len(w.out) == MaxManifests {
		return fmt.Errorf("more than %d manifests in one index", MaxManifests)
	}
	w.out = append(w.out, m)
	return nil
}

func configPlatform(ctx context.Context, p content.Provider, m ocispec.Descriptor) *ocispec.Platform {
	var man ocispec.Manifest
	if _, err := ReadJSON(ctx, p, m, &man); err != nil {
		return nil
	}
	var cfg ocispec.Image
	if _, err := ReadJSON(ctx, p, man.Config, &cfg); err != nil || cfg.OS == "" {
		return nil
	}
	return &cfg.Platform
}

// IsAttestation tells whether an entry of an index is BuildKit's attestation (or
// any other entry for the platform unknown/unknown), which is never an image.
func IsAttestation(m ocispec.Descriptor) bool {
	return m.Annotations["vnd.docker.reference.type"] != "" ||
		m.Platform != nil && m.Platform.OS == "unknown" && m.Platform.Architecture == "unknown"
}
