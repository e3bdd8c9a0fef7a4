package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"tare/internal/compare"
	"tare/internal/engine"
	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/weigh"
)

// targetHelp explains what commands take as a TARGET.
const targetHelp = `A TARGET is an image (pulled if it is not here), a Dockerfile or a directory with
one (it is built; write ./NAME for a directory that has an image's name), or
  registry://NAME      an image in its registry, never the local copy; nothing is stored
  oci-dir://DIR[:TAG]  an OCI image layout (also oci:DIR[:TAG])
  archive://FILE       a docker save or OCI archive (also docker-archive:, oci-archive:)
  daemon://NAME        an image of a Docker daemon (also docker-daemon:)
  -                    an archive on standard input`

// subject is a compare.Subject and where its blobs are.
type subject struct {
	compare.Subject
	provider content.Provider
}

// opened is one target: where its blobs are, and what they make.
type opened struct {
	name     string
	provider content.Provider
	target   ocispec.Descriptor
	packs    func(ocispec.Descriptor) bool
	madeUp   bool // the manifest is not a real one
	built    *engine.Built
}

// discount leaves a manifest out of the sums that the source does not have.
func (o *opened) discount(img *image.Image) {
	if o.madeUp {
		img.Push.Manifest.Size = 0
	}
}

// subjects finds, pulls, builds or opens the targets and works out their facts. The
// caller calls release when it is done with their blobs.
func (a *app) subjects(ctx context.Context, targets []string, platform string, all bool) (list []subject, release func(), err error) {
	loaded, from, release, err := a.loaded(ctx, targets, platform, all)
	if err != nil {
		return nil, nil, err
	}
	list, err = a.factsOf(ctx, loaded, from)
	if err != nil {
		release()
		return nil, nil, err
	}
	return list, release, nil
}

// factsOf reads the layers of images that nothing is known of yet, all together, so
// that layers that several share are read once.
func (a *app) factsOf(ctx context.Context, loaded []*image.Image, from []opened) (list []subject, err error) {
	if a.env("GOGC") == "" {
		// Half of what is in memory stays to the end: collecting garbage more often
		// costs little and keeps the peak low.
		defer debug.SetGCPercent(debug.SetGCPercent(30))
	}
	if err := a.index(ctx, loaded, from); err != nil {
		return nil, err
	}
	facts := make([]*weigh.Facts, len(loaded))
	first := map[digest.Digest]int{} // one image may be named twice
	g := new(errgroup.Group)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for n, img := range loaded {
		if _, again := first[weigh.Key(img)]; again {
			continue
		}
		first[weigh.Key(img)] = n
		g.Go(func() (err error) {
			if facts[n], err = weigh.New(img); err != nil {
				return fmt.Errorf("%s: %w", from[n].name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for n, img := range loaded {
		s := subject{compare.Subject{Name: from[n].name, Facts: facts[first[weigh.Key(img)]]}, from[n].provider}
		if b := from[n].built; b != nil {
			s.Build, s.Cached = b.Took, b.Executed == 0
		}
		list = append(list, s)
	}
	unique(list)
	return list, nil
}

// loaded finds, pulls, builds or opens the targets and loads their manifests and
// configurations.
func (a *app) loaded(ctx context.Context, targets []string, platform string, all bool) (loaded []*image.Image, from []opened, release func(), err error) {
	want, err := a.platform(platform)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, t := range targets {
		if dockerfileOf(t) != "" && source.Recognise(t) == "" {
			if err := a.enter(); err != nil {
				return nil, nil, nil, err
			}
			break
		}
	}
	st, err := a.store()
	if err != nil {
		return nil, nil, nil, err
	}
	// What is built for the comparison has no name: keep it from being collected.
	free, err := st.Hold(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	var closers []func() error
	cleanup := func() {
		for _, c := range closers {
			_ = c()
		}
		free()
	}
	defer func() {
		if err != nil {
			cleanup()
		}
	}()
	for _, t := range targets {
		o, closer, err := a.open(ctx, t, platform, want)
		if closer != nil {
			closers = append(closers, closer)
		}
		if err != nil {
			return nil, nil, nil, fmt.Errorf("%s: %w", t, err)
		}
		imgs, err := a.platformImages(ctx, t, o, want, all)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("%s: %w", t, err)
		}
		for _, img := range imgs {
			one := o
			if all && len(imgs) > 1 {
				one.name += " " + platforms.Format(img.Platform())
			}
			loaded, from = append(loaded, img), append(from, one)
		}
	}
	return loaded, from, cleanup, nil
}

// platformImages loads the image for a platform, or those for all.
func (a *app) platformImages(ctx context.Context, t string, o opened, want platforms.MatchComparer, all bool) ([]*image.Image, error) {
	if !all || !images.IsIndexType(o.target.MediaType) {
		img, err := image.Load(ctx, o.provider, o.target, want)
		if err != nil {
			return nil, err
		}
		return []*image.Image{img}, fits(t, img, want)
	}
	list, err := image.Manifests(ctx, o.provider, o.target)
	if err != nil {
		return nil, err
	}
	var out []*image.Image
	for _, m := range list {
		img, err := image.LoadManifest(ctx, o.provider, o.target, m)
		if errdefs.IsNotFound(err) {
			a.note(fmt.Sprintf("%s for %s is not here: registry://%s reads all platforms", t, platformOf(m), t))
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, img)
	}
	if len(out) == 0 {
		return nil, image.ErrNoPlatform
	}
	return out, nil
}

func platformOf(d ocispec.Descriptor) string {
	if d.Platform == nil {
		return "an unknown platform"
	}
	return platforms.Format(*d.Platform)
}

// index reads the layers of all images that nothing is known of yet.
func (a *app) index(ctx context.Context, loaded []*image.Image, from []opened) error {
	d := newDisplay(a.Err, true)
	defer d.clear()
	done := map[content.Provider]bool{}
	for n := range from {
		p := from[n].provider
		if done[p] {
			continue
		}
		done[p] = true
		var together []*image.Image
		for m := range from {
			if from[m].provider == p {
				together = append(together, loaded[m])
			}
		}
		m := image.Measurer{Provider: p, Cache: a.st, Progress: d.event}
		if err := m.Index(ctx, together...); err != nil {
			return fmt.Errorf("%s: %w", from[n].name, err)
		}
	}
	for n, img := range loaded {
		m := image.Measurer{Provider: from[n].provider, Cache: a.st, Progress: d.event}
		if err := m.Pack(ctx, img, from[n].packs); err != nil {
			return fmt.Errorf("%s: %w", from[n].name, err)
		}
		from[n].discount(img)
	}
	return nil
}

// open finds what a target means.
func (a *app) open(ctx context.Context, t, platform string, want platforms.MatchComparer) (opened, func() error, error) {
	name := t
	scheme, _, err := source.Scheme(t)
	if err != nil {
		return opened{}, nil, usageError{err}
	}
	if kind := source.Recognise(t); scheme == "" && kind != "" && (kind != "oci-dir" || dockerfileOf(t) == "") {
		scheme, t = kind, kind+"://"+t
	}
	if scheme != "" {
		reg, err := a.registry()
		if err != nil {
			return opened{}, nil, err
		}
		d := newDisplay(a.Err, true)
		defer d.clear()
		o, err := source.Open(ctx, t, source.OpenOptions{Registry: reg, Stdin: a.In, TempDir: os.TempDir(), Platform: want, Progress: d.event})
		if err != nil {
			return opened{}, nil, err
		}
		return opened{name: name, provider: o.Provider, target: o.Target, madeUp: o.MadeUp}, o.Close, nil
	}
	rec, built, err := a.obtain(ctx, t, platform, want)
	if err != nil {
		return opened{}, nil, err
	}
	return opened{name: t, provider: a.st.Content(), target: rec.Target, packs: source.Packs(rec), built: built}, nil, nil
}

// obtain returns the image of a target, and the build if it was built.
func (a *app) obtain(ctx context.Context, target, platform string, want platforms.MatchComparer) (store.Record, *engine.Built, error) {
	if file := dockerfileOf(target); file != "" {
		return a.buildTarget(ctx, file, platform)
	}
	rec, err := a.st.Find(ctx, target)
	if err == nil {
		var img *image.Image
		if img, err = image.Load(ctx, a.st.Content(), rec.Target, want); err == nil {
			err = fits(target, img, want)
		}
	}
	missing := errdefs.IsNotFound(err) || errors.Is(err, image.ErrNoPlatform)
	if err == nil || !missing {
		return rec, nil, err
	}
	if strings.HasPrefix(target, ".") || strings.HasPrefix(target, "/") {
		return rec, nil, fmt.Errorf("there is no Dockerfile at %s", target)
	}
	if _, err := a.pull(ctx, target, platform, a.Err, false); err != nil {
		return rec, nil, err
	}
	rec, err = a.st.Find(ctx, target)
	return rec, nil, err
}

// buildTarget builds a Dockerfile for the comparison only: the image gets no name.
func (a *app) buildTarget(ctx context.Context, file, platform string) (store.Record, *engine.Built, error) {
	o := buildOptions{}
	o.Dockerfile = file
	if platform != "" {
		o.Platforms = []string{platform}
	}
	if err := a.unlisted(ctx, &o.Build); err != nil {
		return store.Record{}, nil, err
	}
	out, err := a.build(ctx, filepath.Dir(file), o)
	if err != nil {
		return store.Record{}, nil, err
	}
	return store.Record{Target: out.Target, Origin: store.Built}, out, nil
}

// unique makes subjects distinguishable that were given twice.
func unique(list []subject) {
	seen := map[string]int{}
	for n := range list {
		name := list[n].Name
		seen[name]++
		if seen[name] > 1 {
			list[n].Name = fmt.Sprintf("%s#%d", name, seen[name])
		}
	}
}

// dockerfileOf is the Dockerfile that a target means, "" if it means an image: a
// file, or a directory with a Dockerfile in it. A bare name is an image unless
// such a file or directory is there.
func dockerfileOf(target string) string {
	fi, err := os.Stat(target)
	switch {
	case err != nil:
		return ""
	case !fi.IsDir():
		return target
	}
	if f := filepath.Join(target, "Dockerfile"); exists(f) {
		return f
	}
	return ""
}

// completeTargets offers images and files.
func (a *app) completeTargets(c *cobra.Command, args []string, s string) ([]string, cobra.ShellCompDirective) {
	names, _ := a.completeImages(c, args, s)
	return names, cobra.ShellCompDirectiveDefault
}

// maps are maps of the files of images, for pictures.
func (a *app) maps(ctx context.Context, loaded []*image.Image, from []opened) ([]weigh.Node, error) {
	list, err := a.factsOf(ctx, loaded, from)
	if err != nil {
		return nil, err
	}
	var out []weigh.Node
	for _, s := range list {
		out = append(out, s.Facts.Map(s.Name, mapParts))
	}
	return out, nil
}
