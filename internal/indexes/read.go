package indexes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"tare/internal/artifact"
	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/logs"
	"tare/internal/progress"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/units"
)

// Reader finds indexes of the layers of images in their registries, where they are trusted. It is target.Indexes.
type Reader struct {
	Trust    Trust
	Registry func() (*source.Registry, error)
	// Cache keeps the blobs of indexes by their digests; nil keeps none. They are never kept as what tare has found out itself.
	Cache image.Cache
	// Note tells the user why an index is not used.
	Note func(text string)

	mu    sync.Mutex
	found map[digest.Digest]map[digest.Digest]*layer.Index // by the image's manifest, then by DiffID; nil where there is none
}

// blobKind is the kind under which the cache keeps blobs of indexes.
const blobKind = "registry-index-v1"

// Trusts tells whether the indexes of an image of that name are used, if there are any.
func (r *Reader) Trusts(name string) bool { return r.Trust.Of(name) }

// Find returns the indexes of an image's layers that its registry keeps, by DiffID: those of all layers, or nil. Everything is verified
// against the image's manifest and configuration, which the caller has verified. Where there is none that can be used, the user is told
// why, once.
func (r *Reader) Find(ctx context.Context, name string, img *image.Image, p progress.Func) map[digest.Digest]*layer.Index {
	if !r.Trusts(name) {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if out, asked := r.found[img.Manifest.Digest]; asked {
		return out
	}
	done := logs.Took("read index", "image", name, "manifest", img.Manifest.Digest)
	out, err := r.find(ctx, name, img, p)
	done(err)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		r.Note(fmt.Sprintf("%s: the index in the registry is not used: %s", name, err))
	}
	if r.found == nil {
		r.found = map[digest.Digest]map[digest.Digest]*layer.Index{}
	}
	r.found[img.Manifest.Digest] = out
	return out
}

// errNone says that nobody has kept an index of an image.
var errNone = errors.New("there is none; tare index push makes one")

func (r *Reader) find(ctx context.Context, name string, img *image.Image, p progress.Func) (map[digest.Digest]*layer.Index, error) {
	named, err := store.Normalize(name)
	if err != nil {
		return nil, err
	}
	reg, err := r.Registry()
	if err != nil {
		return nil, err
	}
	repo, err := artifact.Open(ctx, reg, named)
	if err != nil {
		return nil, err
	}
	list, err := attached(ctx, repo, img)
	if err != nil {
		return nil, err
	}
	err = errNone
	for _, a := range list {
		if a.err == nil {
			var out map[digest.Digest]*layer.Index
			if out, a.err = r.layers(ctx, repo, a.manifest, img, p); a.err == nil {
				return out, nil
			}
		}
		if errors.Is(err, errNone) || ctx.Err() != nil {
			err = a.err // of several the first: the others are most likely wrong for the same reason
		}
	}
	return nil, err
}

// attachment is an artifact with indexes that a registry lists with an image.
type attachment struct {
	artifact.Attached
	manifest *ocispec.Manifest
	err      error // why it is of no use; the manifest is nil where that could not be read
}

// maxLooked is how many artifacts are looked at for one image.
const maxLooked = 16

// attached are the artifacts with indexes of an image, and why each is of no use, as far as manifests tell. An error is the registry's.
func attached(ctx context.Context, repo *artifact.Repository, img *image.Image) (out []attachment, err error) {
	list, via, err := repo.Referrers(ctx, img.Manifest.Digest, ArtifactType)
	if err != nil {
		return nil, err
	}
	// What the registry says is an index comes before what it says nothing of.
	sure := func(d ocispec.Descriptor) bool { return d.ArtifactType == ArtifactType }
	maybe := slices.DeleteFunc(slices.Clone(list), sure)
	list = append(slices.DeleteFunc(list, func(d ocispec.Descriptor) bool { return !sure(d) }), maybe...)
	looked := 0
	for _, d := range list {
		if looked == maxLooked {
			break
		}
		one := attachment{Attached: artifact.Attached{Descriptor: d, Via: via}}
		if d.Size > image.MaxDocument || d.MediaType != ocispec.MediaTypeImageManifest {
			one.err = unusable("it is no manifest")
		} else {
			looked++
			one.manifest, one.err = repo.Manifest(ctx, d)
		}
		if one.manifest != nil {
			if one.manifest.ArtifactType != ArtifactType && d.ArtifactType != ArtifactType {
				continue // somebody's signature, where the registry does not tell what it is
			}
			one.err = check(one.manifest, img)
		} else if d.ArtifactType != ArtifactType {
			continue
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		out = append(out, one)
	}
	return out, nil
}

// parallel is how many blobs are fetched at once.
const parallel = 3

// layers fetches and decodes the indexes that a checked manifest names.
func (r *Reader) layers(ctx context.Context, repo *artifact.Repository, m *ocispec.Manifest, img *image.Image, p progress.Func) (map[digest.Digest]*layer.Index, error) {
	out := map[digest.Digest]*layer.Index{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	seen := map[digest.Digest]bool{}
	for n := range img.Layers {
		l, d := &img.Layers[n], m.Layers[n]
		if seen[l.DiffID] {
			continue // where one layer stands there as two blobs, the other one is apportioned by reading it
		}
		seen[l.DiffID] = true
		g.Go(func() error {
			x, err := r.layer(ctx, repo, d, l, p)
			if err != nil {
				return fmt.Errorf("layer %d: %w", n+1, err)
			}
			mu.Lock()
			defer mu.Unlock()
			out[l.DiffID] = x
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}

func (r *Reader) layer(ctx context.Context, repo *artifact.Repository, d ocispec.Descriptor, l *image.Layer, p progress.Func) (*layer.Index, error) {
	if r.Cache != nil {
		if b, ok := r.Cache.GetBytes(blobKind, d.Digest); ok && digest.FromBytes(b) == d.Digest {
			return unpack(b, l)
		}
	}
	id := units.ShortID(l.Digest.String())
	p.Report(progress.Event{ID: id, Action: "Fetching index", Total: d.Size})
	defer p.Report(progress.Event{ID: id, Action: "Index fetched", Final: true})
	b, err := repo.Blob(ctx, d, maxBlob)
	if err != nil {
		return nil, err
	}
	x, err := unpack(b, l)
	if err == nil && r.Cache != nil {
		r.Cache.KeepBytes(blobKind, d.Digest, b)
	}
	return x, err
}
