package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"tare/internal/diffids"
	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/progress"
	"tare/internal/store"
	"tare/internal/units"
)

// Pushed is the outcome of Push.
type Pushed struct {
	Name   reference.Named
	Target ocispec.Descriptor // what the tag points to now
	Note   string             // what was not pushed, and why; usually empty
}

// Packs tells which layers of a record are compressed on the way out: the
// uncompressed ones that tare built. All others are sent as they came, but for those that
// Docker keeps uncompressed: image.Unsent.
func Packs(r store.Record) func(ocispec.Descriptor) bool {
	if r.Origin != store.Built {
		return nil
	}
	return func(d ocispec.Descriptor) bool {
		return d.MediaType == ocispec.MediaTypeImageLayer || d.MediaType == images.MediaTypeDockerSchema2Layer
	}
}

// Push sends the image named ref in the store to the registry of its name: the
// whole index where all its platforms are in the store, else the manifest for
// want (nil: any that is there).
func (r *Registry) Push(ctx context.Context, st *store.Store, ref string, want platforms.MatchComparer, p progress.Func) (*Pushed, error) {
	named, err := store.Normalize(ref)
	if err != nil {
		return nil, err
	}
	rec, err := st.Find(ctx, named.String())
	if err != nil {
		return nil, fmt.Errorf("push %s: %w; tag it first: tare tag IMAGE %s", ref, err, ref)
	}
	release, err := st.Hold(ctx) // nobody collects the blobs meanwhile
	if err != nil {
		return nil, fmt.Errorf("push %s: %w", ref, err)
	}
	defer release()
	out := &Pushed{Name: named, Target: rec.Target}
	pusher, err := r.resolver(ctx).Pusher(ctx, named.String())
	if err != nil {
		return nil, fmt.Errorf("push %s: %w", ref, err)
	}
	u := &upload{st: st, pusher: pusher, p: p, rec: rec, host: reference.Domain(named), sent: map[digest.Digest]bool{}}
	err = u.push(ctx, out, want)
	if err != nil {
		return nil, fmt.Errorf("push %s: %w", ref, r.explain(named, err))
	}
	return out, nil
}

type upload struct {
	st     *store.Store
	pusher remotes.Pusher
	p      progress.Func
	rec    store.Record
	host   string
	sent   map[digest.Digest]bool       // by all images of an index
	known  map[digest.Digest]image.Blob // of layers that were saved uncompressed; nil until needed
}

func (u *upload) push(ctx context.Context, out *Pushed, want platforms.MatchComparer) error {
	cs := u.st.Content()
	if images.IsIndexType(u.rec.Target.MediaType) && want == nil {
		list, err := image.Manifests(ctx, cs, u.rec.Target)
		if err != nil {
			return err
		}
		missing := 0
		for _, m := range list {
			if !u.st.Has(ctx, m.Digest) {
				missing++
			}
		}
		if missing == 0 && u.whole(ctx) {
			return u.index(ctx, out)
		}
		out.Note = "only one platform of the index is in the store: its manifest was pushed, not the index"
	}
	img, err := image.Load(ctx, cs, u.rec.Target, want)
	if err != nil {
		return err
	}
	if err := u.image(ctx, img); err != nil {
		return err
	}
	out.Target = img.Push.Manifest
	return nil
}

// index pushes every platform, and then the index, which names the manifests as
// they were pushed: with compressed layers where tare built them.
func (u *upload) index(ctx context.Context, out *Pushed) error {
	var x ocispec.Index
	raw, err := image.ReadJSON(ctx, u.st.Content(), u.rec.Target, &x)
	if err != nil {
		return err
	}
	changed := false
	for n, m := range x.Manifests {
		img, err := image.LoadManifest(ctx, u.st.Content(), u.rec.Target, m)
		if err != nil {
			return err
		}
		if err := u.image(ctx, img); err != nil {
			return err
		}
		if p := img.Push.Manifest; p.Digest != m.Digest {
			x.Manifests[n].Digest, x.Manifests[n].Size = p.Digest, p.Size
			changed = true
		}
	}
	if changed {
		if raw, err = json.Marshal(x); err != nil {
			return err
		}
		out.Target.Digest, out.Target.Size = digest.FromBytes(raw), int64(len(raw))
	}
	return u.blob(ctx, out.Target, out.Target, raw)
}

// whole tells whether the store has everything that the index names, attestations too.
func (u *upload) whole(ctx context.Context) bool {
	var x ocispec.Index
	if _, err := image.ReadJSON(ctx, u.st.Content(), u.rec.Target, &x); err != nil {
		return false
	}
	for _, m := range x.Manifests {
		if !u.st.Has(ctx, m.Digest) || images.IsIndexType(m.MediaType) || image.IsAttestation(m) {
			return false
		}
	}
	return true
}

// image pushes layers, config and manifest of one platform.
func (u *upload) image(ctx context.Context, img *image.Image) error {
	m := image.Measurer{Provider: u.st.Content(), Cache: u.st, Progress: u.p}
	if u.rec.Origin == store.Saved || u.rec.Origin == store.Loaded {
		m.Unsent = &image.Unsent{All: u.rec.Origin == store.Saved, Compress: true, Known: func(_ context.Context, diff digest.Digest) (image.Blob, bool) {
			if u.known == nil {
				u.known = diffids.Blobs(ctx, u.st)
			}
			b, ok := u.known[diff]
			return b, ok
		}}
	}
	if err := m.Pack(ctx, img, Packs(u.rec)); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	// A digest is uploaded once, however often an image has it: the pusher tells its
	// uploads apart by digest, and two at once would count each other's bytes.
	send := func(from, as ocispec.Descriptor, what string) {
		if u.sent[as.Digest] {
			return
		}
		u.sent[as.Digest] = true
		g.Go(func() error {
			if err := u.blob(gctx, from, as, nil); err != nil {
				return fmt.Errorf("%s %s: %w", what, from.Digest, err)
			}
			return nil
		})
	}
	for i, l := range img.Layers {
		if images.IsNonDistributable(l.MediaType) {
			u.p.Report(progress.Event{ID: units.ShortID(l.Digest.String()), Action: "Skipped foreign layer", Final: true})
			continue
		}
		from := l.Descriptor
		if how := img.Push.How(i); how == image.SentStore || how == image.SentRegistry {
			from = img.Push.Layers[i] // another image of the store has it compressed
		}
		send(from, img.Push.Layers[i], "layer")
	}
	send(img.ConfigID, img.ConfigID, "config")
	if err := g.Wait(); err != nil {
		return err
	}
	d := img.Push.Manifest
	d.Platform = nil
	return u.blob(ctx, d, d, img.Push.Raw)
}

// blob sends one blob: raw if given, else the store's blob from, compressed on
// the way where as is another one.
func (u *upload) blob(ctx context.Context, from, as ocispec.Descriptor, raw []byte) error {
	event := func(action string, final bool) {
		if images.IsLayerType(as.MediaType) {
			u.p.Report(progress.Event{ID: units.ShortID(from.Digest.String()), Action: action, Total: as.Size, Final: final})
		}
	}
	event("Preparing", false)
	d := as
	d.URLs = nil
	d.Annotations = nil
	if u.rec.Repo != "" && from.Digest == as.Digest {
		if n, err := reference.ParseNormalizedNamed(u.rec.Repo); err == nil && reference.Domain(n) == u.host {
			// lets the registry take the layer from the repository where it is already
			d.Annotations = map[string]string{"containerd.io/distribution.source." + u.host: reference.Path(n)}
		}
	}
	w, err := u.pusher.Push(ctx, d)
	if errdefs.IsAlreadyExists(err) {
		event("Layer already exists", true)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = w.Close() }()
	var r io.ReadSeeker = strings.NewReader(string(raw))
	if raw == nil {
		ra, err := u.st.Content().ReaderAt(ctx, from)
		if err != nil {
			return err
		}
		defer func() { _ = ra.Close() }()
		r = io.NewSectionReader(ra, 0, from.Size)
		if from.Digest != as.Digest {
			tmp, err := u.compress(r, as)
			if err != nil {
				return err
			}
			defer func() { _ = tmp.Close(); _ = os.Remove(tmp.Name()) }()
			r = tmp
		}
	}
	err = content.Copy(ctx, w, &seekCounter{r, u.p.Reader(r, units.ShortID(from.Digest.String()), "Pushing", as.Size)}, as.Size, as.Digest)
	if err != nil && !errdefs.IsAlreadyExists(err) {
		return err
	}
	event("Pushed", true)
	return nil
}

// compress makes the packed form in a file, since a push may have to start again.
func (u *upload) compress(r io.Reader, want ocispec.Descriptor) (*os.File, error) {
	o, err := image.Limits()
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(u.st.Root(), ".tmp-push-")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name()) // where that is not allowed, fsck finds what a kill leaves
	d, err := layer.Pack(f, layer.Bounded(r, o.MaxBytes))
	if err == nil && d.Digest != want.Digest {
		err = errors.New("compressing it twice gave two results; please report this")
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = f.Close()
		_ = os.Remove(f.Name())
		return nil, err
	}
	return f, nil
}

type seekCounter struct {
	io.Seeker
	io.Reader
}
