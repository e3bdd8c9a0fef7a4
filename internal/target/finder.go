// Package target turns words of a command line into images: names in the store, in a
// registry or a daemon, archives, layouts, and Dockerfiles, which are built.
package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/engine"
	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/progress"
	"tare/internal/request"
	"tare/internal/source"
	"tare/internal/store"
)

// Finder finds images. Store and Registry are opened when they are first needed.
type Finder struct {
	Store    func() (*store.Store, error)
	Registry func() (*source.Registry, error)
	// Pull puts an image of a registry into the store, for a platform or for this
	// machine's (""). What it says goes to log; nil means wherever the user looks.
	Pull func(ctx context.Context, name, platform string, log io.Writer) error
	// Build builds a Dockerfile, for a platform or this machine's (""). The image gets
	// no name.
	Build func(ctx context.Context, file, platform string) (*engine.Built, error)
	// Passing is Build for a Dockerfile in a directory that goes away when the image has
	// been looked at.
	Passing func(ctx context.Context, file, platform string) (*engine.Built, error)
	Stdin   io.Reader
	// Indexes are those that registries keep of the layers of their images; nil asks for none.
	Indexes Indexes
	// Note tells the user something while the work goes on.
	Note func(text string)
	// Watch begins to show slow work, until done is called.
	Watch func() (events progress.Func, done func())
	known known // what is known of layers, from the store

	// Lean says that memory matters more than time while layers are taken apart.
	Lean bool
}

// Names says what a name without a scheme means.
type Names int

// What names mean.
const (
	Anything   Names = iota // a Dockerfile, an image of the store, or one that is pulled
	InStore                 // an image of the store
	InRegistry              // an image of a registry, whatever the store has
	Here                    // an image of the store or of a daemon; nothing is pulled or built
)

// Options choose how words become images.
type Options struct {
	Platform string // of multi-platform images; "" for this machine's, or what there is
	// AllPlatforms makes an image of each platform of a multi-platform image.
	AllPlatforms bool
	Names        Names
	// Compress works out what a push sends of layers that the source keeps uncompressed,
	// where nothing else tells. It takes as long as compressing them does.
	Compress bool
}

// Image is an image that a word stands for, with its manifest and configuration.
type Image struct {
	Word string // as the user wrote it
	// Name is what it is called: Word, or with an archive its own name there and the file,
	// made different from the names of the others of its Set.
	Name string
	*image.Image
	Target ocispec.Descriptor // the manifest or index that was opened
	Built  *engine.Built      // its build; nil if it was not built
	Remote bool               // it is not in the store
	Near   bool               // to measure it fetches nothing: it is in the store, or a daemon's that has been read

	provider content.Provider
	packs    func(ocispec.Descriptor) bool
	own      string                         // its name in the archive that it is from
	tags     []string                       // a daemon's names of it
	digests  []string                       // the same with digests
	madeUp   bool                           // the manifest is not a real one
	at       string                         // its name in the registry that it is read from; "" elsewhere
	foreign  bool                           // an index of a layer is somebody else's: nothing is kept of what follows from it
	indexes  map[digest.Digest]*layer.Index // of layers that went by when it was opened
	sent     sent
}

// Arguments are what makes a command look at the image again; nil if what was read cannot
// be read twice.
func (i *Image) Arguments() []string {
	switch {
	case !again(i.Word):
		return nil
	case strings.HasSuffix(i.Name, " "+platforms.Format(i.Platform())), !platforms.Default().Match(i.Platform()):
		return []string{"--platform", platforms.Format(i.Platform()), i.Word}
	}
	return []string{i.Word}
}

// again tells whether a word can be read a second time: standard input and pipes cannot.
func again(word string) bool {
	return word != "-" && !strings.HasPrefix(word, "-:") && !strings.HasPrefix(word, "/dev/") && !strings.HasPrefix(word, "/proc/")
}

// Stored is an image of the store.
func Stored(name string, st *store.Store, rec store.Record, img *image.Image) *Image {
	i := stored(st, rec)
	i.Word, i.Name, i.Image = name, name, img
	return i
}

// stored is what a record tells of an image.
func stored(st *store.Store, rec store.Record) *Image {
	i := &Image{Target: rec.Target, Near: true, provider: st.Content(), packs: source.Packs(rec)}
	i.sent.saved = rec.Origin == store.Saved
	i.sent.plain = i.sent.saved || rec.Origin == store.Loaded
	return i
}

// Names are what an image that is not in the store is called where it is, and what
// registries call it.
func (i *Image) Names() (tags, digests []string) {
	if i.own != "" {
		return []string{i.own}, nil
	}
	return i.tags, i.digests
}

// Under is the image under another name. as says that it is pushed as it is stored.
func (i *Image) Under(name string, as bool) *Image {
	out := *i
	out.Word, out.Name = name, name
	if as {
		out.packs, out.sent = nil, sent{}
	}
	return &out
}

// Platform reads the name of a platform; "" is none: this machine's, or what there is.
func Platform(name string) (platforms.MatchComparer, error) {
	if name == "" {
		return nil, nil
	}
	p, err := platforms.Parse(name)
	if err != nil {
		return nil, request.Errorf("--platform %q: want os/architecture, such as linux/arm64", name)
	}
	return platforms.Only(p), nil
}

// Local reads an image of the store. The error of one that is not there says what to do.
func Local(ctx context.Context, st *store.Store, name string, want platforms.MatchComparer) (store.Record, *image.Image, error) {
	rec, err := st.Find(ctx, name)
	if err != nil {
		if errdefs.IsNotFound(err) {
			err = fmt.Errorf("%w\n  try: tare pull %s, or tare images to see what is here", Quiet(err), name)
		}
		return rec, nil, err
	}
	img, err := image.Load(ctx, st.Content(), rec.Target, want)
	if err != nil {
		return rec, nil, fmt.Errorf("image %s: %w", name, err)
	}
	return rec, img, fits(name, img, want)
}

// Local is the function Local in the finder's store.
func (f *Finder) Local(ctx context.Context, name string, want platforms.MatchComparer) (store.Record, *image.Image, error) {
	st, err := f.Store()
	if err != nil {
		return store.Record{}, nil, err
	}
	return Local(ctx, st, name, want)
}

// Missing tells whether an error means that the store lacks an image, or lacks it for
// the platform.
func Missing(err error) bool {
	return errdefs.IsNotFound(err) || errors.Is(err, image.ErrNoPlatform)
}

// fits refuses an image of another platform than the one that was asked for: what
// has a single manifest and no index is found whatever its platform.
func fits(name string, img *image.Image, want platforms.MatchComparer) error {
	if want == nil || want.Match(img.Platform()) {
		return nil
	}
	return fmt.Errorf("image %s is for %s: %w", name, platforms.Format(img.Platform()), image.ErrNoPlatform)
}

// open finds the image or index that a word means.
func (f *Finder) open(ctx context.Context, w word, o Options, want platforms.MatchComparer) (*Image, func() error, error) {
	if w.place.Scheme() != "" {
		at, err := f.opened(ctx, want, func(o source.OpenOptions) (*source.Opened, error) { return w.place.Open(ctx, o) })
		if err != nil {
			return nil, nil, err
		}
		i := remote(at, sentFrom(w.place, at, o))
		if i.sent.registry {
			i.at = w.place.Rest()
		}
		return i, at.Close, nil
	}
	if w.commit != nil {
		return f.commit(ctx, *w.commit, o)
	}
	if w.dockerfile == "" && (o.Names == Anything || o.Names == Here) && !w.stored {
		return f.named(ctx, w.text, o, want)
	}
	st, err := f.Store()
	if err != nil {
		return nil, nil, err
	}
	if w.dockerfile != "" {
		built, err := f.Build(ctx, w.dockerfile, o.Platform)
		if err != nil {
			return nil, nil, unbuilt(err, w.text)
		}
		return f.built(st, built), nil, nil
	}
	rec, _, err := f.Local(ctx, w.name(), want)
	if err != nil {
		return nil, nil, err
	}
	i := stored(st, rec)
	i.sent.compress = o.Compress
	return i, nil, nil
}

// built is an image that was built to be looked at.
func (f *Finder) built(st *store.Store, b *engine.Built) *Image {
	i := stored(st, store.Record{Target: b.Target, Origin: store.Built})
	i.Built = b
	return i
}

// opened opens an image that is not in the store.
func (f *Finder) opened(ctx context.Context, want platforms.MatchComparer, open func(source.OpenOptions) (*source.Opened, error)) (*source.Opened, error) {
	reg, err := f.Registry()
	if err != nil {
		return nil, err
	}
	o := source.OpenOptions{Registry: reg, Stdin: f.Stdin, TempDir: os.TempDir(), Platform: want, Note: f.Note}
	if st, err := f.Store(); err == nil {
		o.Cache = st
	}
	events, done := f.Watch()
	defer done()
	o.Progress = events
	return open(o)
}

// remote is an image that is opened where it is.
func remote(at *source.Opened, how sent) *Image {
	return &Image{Target: at.Target, Remote: true, Near: at.Indexed, own: at.Name, tags: at.Tags, digests: at.Digests, provider: at.Provider, madeUp: at.MadeUp, indexes: at.Indexes, sent: how}
}

// Obtain finds an image in the store, and pulls it if it is not there. What a pull says
// goes to log.
func (f *Finder) Obtain(ctx context.Context, name, platform string, log io.Writer) (*Image, error) {
	want, err := Platform(platform)
	if err != nil {
		return nil, err
	}
	rec, img, err := f.Local(ctx, name, want)
	if err != nil {
		if _, err = f.pulled(ctx, name, platform, log); err != nil {
			return nil, f.mention(ctx, name, err)
		}
		if rec, img, err = f.Local(ctx, name, want); err != nil {
			return nil, err
		}
	}
	st, err := f.Store()
	if err != nil {
		return nil, err
	}
	return Stored(name, st, rec, img), nil
}

func (f *Finder) pulled(ctx context.Context, name, platform string, log io.Writer) (store.Record, error) {
	if err := f.Pull(ctx, name, platform, log); err != nil {
		return store.Record{}, err
	}
	st, err := f.Store()
	if err != nil {
		return store.Record{}, err
	}
	return st.Find(ctx, name)
}

// load loads the image of an open word, or those of all its platforms.
func (f *Finder) load(ctx context.Context, w word, at *Image, o Options, want platforms.MatchComparer) ([]*Image, error) {
	title := w.text
	switch {
	case at.own == "":
	case !again(w.text):
		title = at.own // "-" says nothing
	case w.place.Path() != "":
		title = at.own + " (" + filepath.Base(w.place.Path()) + ")"
	}
	make := func(img *image.Image, name string) *Image {
		one := *at
		one.Word, one.Name, one.Image = w.text, name, img
		img.MadeUp = at.madeUp
		img.Give(at.indexes)
		return &one
	}
	if !o.AllPlatforms || !images.IsIndexType(at.Target.MediaType) {
		img, err := image.Load(ctx, at.provider, at.Target, want)
		if err != nil {
			return nil, err
		}
		return []*Image{make(img, title)}, fits(w.text, img, want)
	}
	list, err := image.Manifests(ctx, at.provider, at.Target)
	if err != nil {
		return nil, err
	}
	var out []*Image
	for _, m := range list {
		img, err := image.LoadManifest(ctx, at.provider, at.Target, m)
		if errdefs.IsNotFound(err) {
			f.Note(fmt.Sprintf("%s for %s is not here: registry://%s reads all platforms", w.text, platformOf(m), w.text))
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, make(img, title+" "+platforms.Format(img.Platform())))
	}
	switch len(out) {
	case 0:
		return nil, image.ErrNoPlatform
	case 1:
		out[0].Name = title
	}
	return out, nil
}

func platformOf(d ocispec.Descriptor) string {
	if d.Platform == nil {
		return "an unknown platform"
	}
	return platforms.Format(*d.Platform)
}

// Quiet drops ": not found" after a text that says so already.
func Quiet(err error) error { return &said{err} }

type said struct{ error }

// Error implements error.
func (e *said) Error() string { return strings.TrimSuffix(e.error.Error(), ": not found") }

// Unwrap returns the reason.
func (e *said) Unwrap() error { return e.error }

// Check tells what is wrong with an image of the store: its documents cannot be read, or
// it is not for the platform.
func Check(ctx context.Context, st *store.Store, name string, rec store.Record, want platforms.MatchComparer) error {
	img, err := image.Load(ctx, st.Content(), rec.Target, want)
	if err != nil {
		return err
	}
	return fits(name, img, want)
}
