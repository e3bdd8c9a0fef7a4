package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"tare/internal/image"
	"tare/internal/progress"
	"tare/internal/store"
	"tare/internal/units"
)

type resolver struct {
	remotes.Resolver
	tracker docker.StatusTracker
}

// parallel is how many blobs of an image are fetched at once, as Docker does.
const parallel = 3

// Pulled is the outcome of Pull.
type Pulled struct {
	Name   reference.Named
	Target ocispec.Descriptor // what the tag pointed to: an index or a manifest
	Image  *image.Image
	New    bool // false if the name already pointed there and nothing was missing
}

// Pull fetches an image for a platform (nil: this machine's) into the store,
// together with the index that its tag points to, and records its name. The tag
// is resolved once: if it moves during the pull, the image that it pointed to at
// the start is what is stored. Attestations are left out.
func (r *Registry) Pull(ctx context.Context, st *store.Store, ref string, want platforms.MatchComparer, p progress.Func) (*Pulled, error) {
	named, err := store.Normalize(ref)
	if err != nil {
		return nil, err
	}
	release, err := st.Hold(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	out, err := r.pull(ctx, st, named, want, p)
	if err != nil {
		return nil, fmt.Errorf("pull %s: %w", reference.FamiliarString(named), r.explain(named, err))
	}
	return out, nil
}

func (r *Registry) pull(ctx context.Context, st *store.Store, named reference.Named, want platforms.MatchComparer, p progress.Func) (*Pulled, error) {
	res := r.resolver(ctx)
	_, target, err := res.Resolve(ctx, named.String())
	if err != nil {
		return nil, err
	}
	if err := image.CheckType(target); err != nil {
		return nil, err
	}
	fetcher, err := res.Fetcher(ctx, named.String())
	if err != nil {
		return nil, err
	}
	img, err := fetchImage(ctx, st, fetcher, target, want, p)
	if err != nil {
		return nil, err
	}
	rec := store.Record{Target: target, Origin: store.Pulled, Repo: named.Name()}
	if _, digested := named.(reference.Canonical); !digested {
		rec.Name = named.String()
	}
	old, err := st.Find(ctx, named.String())
	fresh := err != nil || old.Target.Digest != target.Digest
	if err := st.Put(rec); err != nil {
		return nil, err
	}
	return &Pulled{Name: named, Target: target, Image: img, New: fresh}, nil
}

// fetchImage brings everything that the image for a platform needs into the store.
func fetchImage(ctx context.Context, st *store.Store, f remotes.Fetcher, target ocispec.Descriptor, want platforms.MatchComparer, p progress.Func) (*image.Image, error) {
	chosen := want != nil
	if !chosen {
		want = platforms.Default()
	}
	// Indexes, then the chosen manifest, then its config: each names the next.
	get := func(d ocispec.Descriptor) error {
		if d.Size > docker.MaxManifestSize {
			return fmt.Errorf("%s: %d bytes are too many for a manifest or config", d.Digest, d.Size)
		}
		return st.Fetch(ctx, f, d, nil)
	}
	manifest := target
	if images.IsIndexType(target.MediaType) {
		if err := fetchIndexes(ctx, st, get, target); err != nil {
			return nil, err
		}
		var err error
		if manifest, err = image.Choose(ctx, st.Content(), target, want); err != nil {
			return nil, err
		}
	}
	if err := get(manifest); err != nil {
		return nil, err
	}
	var m ocispec.Manifest
	if _, err := image.ReadJSON(ctx, st.Content(), manifest, &m); err != nil {
		return nil, fmt.Errorf("manifest %s: %w", manifest.Digest, err)
	}
	if err := image.CheckManifest(ctx, st.Content(), manifest); err != nil {
		return nil, err
	}
	if err := get(m.Config); err != nil {
		return nil, err
	}
	img, err := image.LoadManifest(ctx, st.Content(), target, manifest)
	if err != nil {
		return nil, err
	}
	if p := img.Platform(); chosen && p.OS != "" && !want.Match(p) {
		return nil, fmt.Errorf("%w: the image is for %s only", image.ErrNoPlatform, platforms.Format(p))
	}
	if err := fetchLayers(ctx, st, f, img, p); err != nil {
		return nil, err
	}
	return img, nil
}

// fetchIndexes brings an index and all that are within it into the store.
func fetchIndexes(ctx context.Context, st *store.Store, get func(ocispec.Descriptor) error, index ocispec.Descriptor) error {
	return image.WalkIndexes(index, func(d ocispec.Descriptor) (x ocispec.Index, err error) {
		if err = get(d); err == nil {
			_, err = image.ReadJSON(ctx, st.Content(), d, &x)
		}
		return x, err
	}, func(ocispec.Descriptor) error { return nil })
}

func fetchLayers(ctx context.Context, st *store.Store, f remotes.Fetcher, img *image.Image, p progress.Func) error {
	for _, l := range img.Layers {
		if err := image.CheckLayerSize(l.Descriptor); err != nil {
			return fmt.Errorf("layer %s: %w", l.Digest, err)
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	seen := map[digest.Digest]bool{}
	for _, l := range img.Layers {
		short := units.ShortID(l.Digest.String())
		if seen[l.Digest] {
			continue
		}
		seen[l.Digest] = true
		if st.Has(ctx, l.Digest) {
			p.Report(progress.Event{ID: short, Action: "Already exists", Final: true})
			continue
		}
		p.Report(progress.Event{ID: short, Action: "Pulling fs layer", Total: l.Size})
		g.Go(func() error {
			if err := fetchLayer(ctx, st, &counting{Fetcher: f, p: p, id: short}, l.Descriptor); err != nil {
				return fmt.Errorf("layer %s: %w", l.Digest, err)
			}
			p.Report(progress.Event{ID: short, Action: "Download complete"})
			p.Report(progress.Event{ID: short, Action: "Pull complete", Final: true})
			return nil
		})
	}
	return g.Wait()
}

// fetchLayer fetches a layer and, when the connection breaks, goes on where it stopped.
func fetchLayer(ctx context.Context, st *store.Store, c *counting, d ocispec.Descriptor) error {
	short := units.ShortID(d.Digest.String())
	var r resume
	for {
		err := st.Fetch(ctx, c, d, func() {
			c.p.Report(progress.Event{ID: short, Action: "Waiting for another tare", Total: d.Size})
		})
		if err == nil {
			return nil
		}
		if err = r.after(ctx, err, c.got.Swap(0)); err != nil {
			return err
		}
		if r.restart {
			st.Abandon(ctx, d)
			r.restart = false
		}
		c.p.Report(progress.Event{ID: short, Action: "Retrying", Total: d.Size})
	}
}

// counting reports how far a fetch is.
type counting struct {
	remotes.Fetcher
	p   progress.Func
	id  string
	got atomic.Int64 // bytes
}

func (c *counting) Fetch(ctx context.Context, d ocispec.Descriptor) (io.ReadCloser, error) {
	rc, err := c.Fetcher.Fetch(ctx, d)
	if err != nil {
		return rc, err
	}
	return &countingReader{ReadCloser: rc, c: c, e: progress.Event{ID: c.id, Action: "Downloading", Total: d.Size}}, nil
}

type countingReader struct {
	io.ReadCloser
	c    *counting
	e    progress.Event
	told int64
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	c.e.Done += int64(n)
	c.c.got.Add(int64(n))
	if c.e.Done-c.told >= 512<<10 || err == io.EOF {
		c.told = c.e.Done
		c.c.p.Report(c.e)
	}
	return n, err
}

// Seek lets an interrupted download go on where it stopped.
func (c *countingReader) Seek(offset int64, whence int) (int64, error) {
	s, ok := c.ReadCloser.(io.Seeker)
	if !ok {
		return 0, errors.New("this registry's answer cannot be resumed")
	}
	n, err := s.Seek(offset, whence)
	if err == nil {
		c.e.Done, c.told = n, n
	}
	return n, err
}
