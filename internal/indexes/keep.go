package indexes

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"tare/internal/artifact"
	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/progress"
	"tare/internal/request"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/suggest"
	"tare/internal/target"
)

// Request names images of registries.
type Request struct {
	Words        []string // REGISTRY/NAME:TAG, with or without registry://
	Platform     string   // of multi-platform images; "" for this machine's
	AllPlatforms bool
}

// held is an image of a registry that is open.
type held struct {
	Image
	img  *image.Image
	repo *artifact.Repository
	far  content.Provider
}

// each opens the images of a request, and calls do for each.
func (q Request) each(ctx context.Context, f *target.Finder, do func(*held) error) error {
	want, err := target.Platform(q.Platform)
	if err != nil {
		return err
	}
	if q.Platform != "" && q.AllPlatforms {
		return request.Errorf("--platform and --all-platforms: one of both")
	}
	for _, word := range q.Words {
		if _, err := repository(word); err != nil {
			return err
		}
	}
	reg, err := f.Registry()
	if err != nil {
		return err
	}
	for _, word := range q.Words {
		named, _ := repository(word)
		list, err := q.open(ctx, f, reg, named, want)
		for _, h := range list {
			if err == nil {
				h.Name = word
				err = do(h)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", word, err)
		}
	}
	return nil
}

// open reads the manifests and configurations of an image in its registry.
func (q Request) open(ctx context.Context, f *target.Finder, reg *source.Registry, named reference.Named, want platforms.MatchComparer) (out []*held, err error) {
	at, err := source.InRegistry(named.String()).Open(ctx, source.OpenOptions{Registry: reg, Platform: want})
	if err != nil {
		return nil, local(ctx, f, named, err)
	}
	repo, err := artifact.Open(ctx, reg, named)
	if err != nil {
		return nil, err
	}
	add := func(img *image.Image) {
		h := &held{Image: Image{Platform: platforms.Format(img.Platform()), Manifest: img.Manifest.Digest, Layers: len(img.Layers), Indexes: []Index{}}, img: img, repo: repo, far: at.Provider}
		seen := map[digest.Digest]bool{}
		for _, l := range img.Layers {
			if !seen[l.Digest] {
				seen[l.Digest] = true
				h.Bytes += l.Size
			}
		}
		out = append(out, h)
	}
	if !q.AllPlatforms || !images.IsIndexType(at.Target.MediaType) {
		img, err := image.Load(ctx, at.Provider, at.Target, want)
		if err == nil && want != nil && !want.Match(img.Platform()) {
			err = fmt.Errorf("it is for %s: %w", platforms.Format(img.Platform()), image.ErrNoPlatform)
		}
		if err != nil {
			return nil, err
		}
		add(img)
		return out, nil
	}
	list, err := image.Manifests(ctx, at.Provider, at.Target)
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		img, err := image.LoadManifest(ctx, at.Provider, at.Target, m)
		if err != nil {
			return nil, err
		}
		add(img)
	}
	return out, nil
}

// local says of an image that a registry does not have that the store has it.
func local(ctx context.Context, f *target.Finder, named reference.Named, failed error) error {
	st, err := f.Store()
	if err != nil || ctx.Err() != nil {
		return failed
	}
	rec, err := st.Find(ctx, named.String())
	if err != nil || rec.Origin == store.Pulled && !errdefs.IsNotFound(failed) {
		return failed
	}
	return fmt.Errorf("%w\n  the store has an image of that name: %s sends it with its index", failed, suggest.Command("push", "--index", reference.FamiliarString(named)))
}

// exact are the indexes of all layers of an image, as its own blobs give them.
func (h *held) exact(ctx context.Context, f *target.Finder, p progress.Func) ([]*layer.Index, error) {
	st, err := f.Store()
	if err != nil {
		return nil, err
	}
	for _, l := range h.img.Layers {
		if err := image.CheckLayerSize(l.Descriptor); err != nil {
			return nil, fmt.Errorf("layer %s: %w", l.Digest, err)
		}
	}
	m := image.Measurer{Provider: st.Content(), Cache: st, Progress: p}
	out := make([]*layer.Index, len(h.img.Layers))
	same := map[[2]digest.Digest]int{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for n, l := range h.img.Layers {
		if _, again := same[[2]digest.Digest{l.Digest, l.DiffID}]; again {
			continue
		}
		same[[2]digest.Digest{l.Digest, l.DiffID}] = n
		g.Go(func() (err error) {
			out[n], err = m.Exact(gctx, l, h.far)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for n, l := range h.img.Layers {
		out[n] = out[same[[2]digest.Digest{l.Digest, l.DiffID}]]
	}
	return out, nil
}

// artifact is what the registry should have beside the image.
func (h *held) artifact(ctx context.Context, f *target.Finder) (*artifact.Artifact, error) {
	events, done := f.Watch()
	defer done()
	list, err := h.exact(ctx, f, events)
	if err != nil {
		return nil, err
	}
	return Artifact(h.img, list)
}

// size is what an artifact takes in a registry: its manifest and its blobs, each once.
func size(manifest ocispec.Descriptor, blobs []ocispec.Descriptor) int64 {
	sum, seen := manifest.Size, map[digest.Digest]bool{}
	for _, d := range blobs {
		if !seen[d.Digest] {
			seen[d.Digest] = true
			sum += d.Size
		}
	}
	return sum
}

// Push puts indexes beside the images of a request, in their registries. What the store knows of the layers, and the layers that it has,
// come first; others are read from the registry. What was done before an error is in the result.
func Push(ctx context.Context, f *target.Finder, q Request) (*Result, error) {
	r, err := push(ctx, f, q)
	return r, said("push", err)
}

// said is an error of a command.
func said(command string, err error) error {
	if err != nil {
		err = fmt.Errorf("index %s %w", command, err)
	}
	return err
}

func push(ctx context.Context, f *target.Finder, q Request) (*Result, error) {
	out := &Result{Schema: Schema, Images: []Image{}}
	err := q.each(ctx, f, func(h *held) error {
		a, err := h.artifact(ctx, f)
		if err != nil {
			return err
		}
		done, err := h.repo.Attach(ctx, a)
		if err != nil {
			return err
		}
		x := Index{Digest: done.Descriptor.Digest, Edition: image.Edition(), Via: done.Via, State: Present}
		if done.New {
			x.State = Pushed
		}
		var blobs []ocispec.Descriptor
		for i := range a.Blobs {
			blobs = append(blobs, a.Blobs[i].Descriptor())
		}
		x.Bytes = size(done.Descriptor, blobs)
		h.Indexes = append(h.Indexes, x)
		out.Images = append(out.Images, h.Image)
		return nil
	})
	return out, err
}

// List says which indexes there are beside the images of a request, and whether this tare can use them. No blob is read.
func List(ctx context.Context, f *target.Finder, q Request) (*Result, error) {
	r, err := inspect(ctx, f, q, func(context.Context, *held, *attachment) (State, error) { return Usable, nil })
	return r, said("ls", err)
}

// Verify reads the layers of the images of a request, unless they have been read before, and says of each index beside them whether it is
// what that gives. An error says of how many that is not so, or that an image has none.
func Verify(ctx context.Context, f *target.Finder, q Request) (*Result, error) {
	r, err := inspect(ctx, f, q, func(ctx context.Context, h *held, a *attachment) (State, error) {
		own, err := h.artifact(ctx, f)
		if err != nil {
			return "", err
		}
		if _, d, err := own.Manifest(); err != nil || d.Digest == a.Descriptor.Digest {
			return Verified, err
		}
		for n, d := range a.manifest.Layers {
			if n < len(own.Blobs) && own.Blobs[n].Descriptor().Digest != d.Digest {
				return Wrong, fmt.Errorf("layer %d holds something else", n+1)
			}
		}
		return Wrong, errors.New("its manifest is not the one that tare makes")
	})
	if err == nil {
		err = r.wrong()
	}
	return r, said("verify", err)
}

// inspect lists what is attached to the images of a request. of those that can be used judge says the state, and the error why.
func inspect(ctx context.Context, f *target.Finder, q Request, judge func(context.Context, *held, *attachment) (State, error)) (*Result, error) {
	out := &Result{Schema: Schema, Images: []Image{}}
	err := q.each(ctx, f, func(h *held) error {
		list, err := attached(ctx, h.repo, h.img)
		if err != nil {
			return err
		}
		for i := range list {
			a := &list[i]
			x := Index{Digest: a.Descriptor.Digest, Bytes: a.Descriptor.Size, Via: a.Via, State: Unused}
			if a.manifest != nil {
				x.Bytes, x.Edition = size(a.Descriptor, a.manifest.Layers), a.manifest.Annotations[EditionAnnotation]
			}
			why := a.err
			if why == nil {
				if x.State, why = judge(ctx, h, a); x.State == "" {
					return why
				}
			}
			if why != nil {
				x.Why = why.Error()
			}
			h.Indexes = append(h.Indexes, x)
		}
		out.Images = append(out.Images, h.Image)
		return nil
	})
	return out, err
}
