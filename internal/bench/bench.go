// Package bench builds and runs images for measurement, behind engine: for the lab, for
// a profile, and for the stages that a comparison looks behind. It is no command: it has
// no flags and prints nothing but what a build prints.
package bench

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/builds"
	"tare/internal/engine"
	"tare/internal/image"
	"tare/internal/profile"
	"tare/internal/store"
	"tare/internal/target"
)

// Bench builds and runs. It opens nothing before it is needed.
type Bench struct {
	Store  func() (*store.Store, error)
	Engine func(context.Context) (engine.Engine, error)
	Finder *target.Finder
	// Args completes build arguments (NAME or NAME=VALUE) with what every build gets from
	// its surroundings: proxies, SOURCE_DATE_EPOCH.
	Args func(given []string) (map[string]string, error)
	// Platform is built for where none is asked for; "" for this machine's.
	Platform string
	// Builder says what builds, in words: the lab keeps it with its results.
	Builder string
	// Watched are where builds show how far they are, and how ("auto", "quiet").
	Watched struct {
		Out, Err io.Writer
		Progress string
	}
	// Note tells the user something while the work goes on.
	Note func(text string)

	mu      sync.Mutex
	unhold  func()
	passing map[digest.Digest]*Passed // of images whose build context goes away
}

// Close gives the store back: images that were built to be looked at may go.
func (b *Bench) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.unhold != nil {
		b.unhold()
		b.unhold = nil
	}
}

// Book is what the store remembers of builds. Without a store it is empty.
func (b *Bench) Book() builds.Book {
	st, err := b.Store()
	if err != nil {
		return builds.Book{}
	}
	return builds.Open(st)
}

// Unlisted makes a request one for an image that is only looked at: it gets no entry in
// the store, and until Close nobody collects its blobs.
func (b *Bench) Unlisted(ctx context.Context, r *engine.Build) error {
	r.Unlisted = true
	return b.Hold(ctx)
}

// Hold keeps images without a name from being collected, until Close.
func (b *Bench) Hold(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.unhold != nil {
		return nil
	}
	st, err := b.Store()
	if err != nil {
		return err
	}
	b.unhold, err = st.Hold(ctx)
	return err
}

// Built is an image that was built to be looked at.
type Built struct {
	*engine.Built
	Image *target.Image
}

// Build builds an image that is only looked at. What the build says goes to log; with
// io.Discard it says nothing. A build that fails may return the steps that it took.
func (b *Bench) Build(ctx context.Context, name string, r engine.Build, log io.Writer) (Built, error) {
	e, err := b.Engine(ctx)
	if err == nil {
		err = b.Unlisted(ctx, &r)
	}
	if err != nil {
		return Built{}, err
	}
	r.Names, r.Stdin, r.Stdout, r.Stderr, r.Progress = nil, nil, io.Discard, log, "plain"
	if log == io.Discard {
		r.Progress = "quiet"
	}
	out, err := e.Build(ctx, r)
	if err != nil {
		return Built{Built: out}, err
	}
	img, err := b.Load(ctx, name, out, r)
	return Built{out, img}, err
}

// InCopy is a request for a copy of its build context. The Dockerfile moves along if it
// is in there.
func InCopy(r engine.Build, dir string) engine.Build {
	if rel, err := filepath.Rel(r.Context, r.Dockerfile); err == nil && filepath.IsLocal(rel) {
		r.Dockerfile = filepath.Join(dir, rel)
	}
	r.Context = dir
	return r
}

// Load loads the image that a request built, for the first of its platforms.
func (b *Bench) Load(ctx context.Context, name string, out *engine.Built, r engine.Build) (*target.Image, error) {
	st, err := b.Store()
	if err != nil {
		return nil, err
	}
	platform := ""
	if len(r.Platforms) > 0 {
		platform = r.Platforms[0]
	}
	want, err := target.Platform(platform)
	if err != nil {
		return nil, err
	}
	img, err := image.Load(ctx, st.Content(), out.Target, want)
	if err != nil {
		return nil, err
	}
	i := target.Stored(name, st, store.Record{Target: out.Target, Origin: store.Built}, img)
	i.Built = out
	return i, nil
}

// Dockerfile builds a Dockerfile in its own directory for a look, in the user's sight,
// and remembers the build. It is what a target.Finder builds with.
func (b *Bench) Dockerfile(ctx context.Context, file, platform string) (*engine.Built, error) {
	r, out, err := b.look(ctx, file, platform)
	if err != nil {
		return nil, err
	}
	b.Book().Note(r, out)
	return out, nil
}

// Passing is Dockerfile for a directory that goes away: how the image was built is known
// as long as the Bench is, and no longer.
func (b *Bench) Passing(ctx context.Context, file, platform string) (*engine.Built, error) {
	r, out, err := b.look(ctx, file, platform)
	if err != nil {
		return nil, err
	}
	b.Book().NoteSteps(out)
	if re, ok := builds.RecipeOf(r, out); ok {
		made := b.Book().Made(r, out)
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.passing == nil {
			b.passing = map[digest.Digest]*Passed{}
		}
		b.passing[out.Target.Digest] = &Passed{re, made}
	}
	return out, nil
}

// Passed is how an image was built whose build context goes away.
type Passed struct {
	*builds.Recipe
	Made *profile.Build
}

// Passed is how Passing built an image, by the digest of its manifest; ok is false if it
// did not.
func (b *Bench) Passed(built digest.Digest) (p *Passed, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p = b.passing[built]
	return p, p != nil
}

// recipe is how an image was built, by the digest of its manifest or index.
func (b *Bench) recipe(built digest.Digest) (*builds.Recipe, bool) {
	if p, ok := b.Passed(built); ok {
		return p.Recipe, true
	}
	return b.Book().Recipe(built)
}

// look builds a Dockerfile in the user's sight, and returns the request, too.
func (b *Bench) look(ctx context.Context, file, platform string) (r engine.Build, out *engine.Built, err error) {
	r = engine.Build{Context: filepath.Dir(file), Dockerfile: file, Stdout: b.Watched.Out, Stderr: b.Watched.Err, Progress: b.Watched.Progress}
	if platform == "" {
		platform = b.Platform
	}
	if platform != "" {
		r.Platforms = []string{platform}
	}
	if r.Args, err = b.Args(nil); err != nil {
		return r, nil, err
	}
	if err := b.Unlisted(ctx, &r); err != nil {
		return r, nil, err
	}
	e, err := b.Engine(ctx)
	if err != nil {
		return r, nil, err
	}
	out, err = e.Build(ctx, r)
	return r, out, err
}

// Repull tells how many layers, and bytes in all, a host that has one image fetches to
// have another.
func (b *Bench) Repull(ctx context.Context, have, need *target.Image) (layers int, bytes int64, err error) {
	if err := b.Finder.Index(ctx, []*target.Image{have, need}); err != nil {
		return 0, 0, fmt.Errorf("what a push sends: %w", err)
	}
	known := have.Push.Layers
	for n, l := range need.Push.Layers {
		same := func(o ocispec.Descriptor) bool { return o.Digest == l.Digest }
		if !slices.ContainsFunc(known, same) && !slices.ContainsFunc(need.Push.Layers[:n], same) {
			layers++
			bytes += l.Size
		}
	}
	if have.ConfigID.Digest != need.ConfigID.Digest {
		bytes += need.ConfigID.Size
	}
	if have.Push.Manifest.Digest != need.Push.Manifest.Digest {
		bytes += need.Push.Manifest.Size
	}
	return layers, bytes, nil
}
