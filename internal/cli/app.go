package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/docker/cli/cli/config/configfile"
	"golang.org/x/term"

	"tare/internal/buildinfo"
	"tare/internal/engine"
	"tare/internal/image"
	"tare/internal/infile"
	"tare/internal/progress"
	"tare/internal/screen"
	"tare/internal/source"
	"tare/internal/store"
)

// app is what commands share. Everything in it is made when first needed, so that
// --help needs neither a store nor a configuration.
type app struct {
	Streams
	engines Engines
	release func()
	env     func(string) string
	ctx     context.Context // the program's: it ends with Ctrl-C

	builder   string
	hostsDirs []string

	once sync.Mutex
	st   *store.Store
	cfg  *configfile.ConfigFile
	eng  engine.Engine

	unhold   func()        // of a hold on the store for images without a name
	makeRoom bool          // the engine is opened to prune
	failed   *engine.Built // as much as there is of a build that did not succeed
}

func (a *app) store() (*store.Store, error) {
	if a.st != nil {
		return a.st, nil
	}
	root, err := store.DefaultRoot()
	if err != nil {
		return nil, err
	}
	if a.st, err = store.Open(root); err == nil {
		a.st.Waits(a.ctx, a.note)
	}
	return a.st, err
}

func (a *app) config() (*configfile.ConfigFile, error) {
	if a.cfg != nil {
		return a.cfg, nil
	}
	var err error
	a.cfg, err = source.LoadDockerConfig("")
	return a.cfg, err
}

func (a *app) registry() (*source.Registry, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	return &source.Registry{HostsDirs: a.hostsDirs, DockerConfig: cfg, UserAgent: "tare/" + buildinfo.Version, Wait: a.note}, nil
}

// note says something on stderr that a person may want to know while waiting.
func (a *app) note(text string) {
	a.once.Lock()
	defer a.once.Unlock()
	_, _ = fmt.Fprintf(a.Err, "tare: %s\n", screen.Indented(text))
}

// address is the builder's, "" for the embedded one.
func (a *app) address() string {
	for _, v := range []string{a.builder, a.env("TARE_BUILDER"), a.env("BUILDKIT_HOST")} {
		if v != "" {
			return v
		}
	}
	return ""
}

// enter must be called first by commands that may open the embedded engine.
func (a *app) enter() error {
	if a.address() != "" || a.engines.Enter == nil {
		return nil
	}
	return a.engines.Enter()
}

// engine opens the engine that builds and runs, once for a command line: BuildKit
// keeps package variables that do not survive being closed and opened again.
// closeEngine gives it back.
func (a *app) engine(ctx context.Context, keep int64) (engine.Engine, error) {
	if a.eng != nil {
		return a.eng, nil
	}
	e, err := a.openEngine(ctx, keep)
	if err != nil {
		return nil, err // not kept: an engine's nil pointer is no nil interface
	}
	a.eng = e
	return e, nil
}

// unlisted makes a request one for an image that only this command looks at: it gets
// no entry in the store, and until the command ends nobody collects its blobs.
func (a *app) unlisted(ctx context.Context, r *engine.Build) error {
	r.Unlisted = true
	if a.unhold != nil {
		return nil
	}
	st, err := a.store()
	if err != nil {
		return err
	}
	a.unhold, err = st.Hold(ctx)
	return err
}

// stdin is standard input to read as long as the command lasts: Ctrl-C ends a wait for
// somebody who writes nothing.
func (a *app) stdin() io.Reader { return infile.Reader(a.ctx, a.In) }

// closeEngine closes the engine if it was opened, and gives the store back.
func (a *app) closeEngine() error {
	if a.unhold != nil {
		defer a.unhold()
	}
	if a.eng == nil {
		return nil
	}
	if err := a.eng.Close(); err != nil {
		return fmt.Errorf("close the engine: %w", err)
	}
	return nil
}

func (a *app) openEngine(ctx context.Context, keep int64) (engine.Engine, error) {
	st, err := a.store()
	if err != nil {
		return nil, err
	}
	reg, err := a.registry()
	if err != nil {
		return nil, err
	}
	o := EngineOptions{Store: st, Registry: reg, Config: a.cfg, Keep: keep, MakeRoom: a.makeRoom, Waiting: a.note}
	if addr := a.address(); addr != "" {
		if a.engines.Remote == nil {
			return nil, errors.New("this tare was built without a client for builders")
		}
		return a.engines.Remote(ctx, addr, o)
	}
	if a.engines.Embedded == nil {
		return nil, errors.New("building and running inside tare needs Linux; give the address of a builder with --builder (unix://, tcp://, ssh://, docker-container://…)")
	}
	return a.engines.Embedded(ctx, o)
}

// measurer measures images of the store, with the store's cache.
func (a *app) measurer(p progress.Func) image.Measurer {
	return image.Measurer{Provider: a.st.Content(), Cache: a.st, Progress: p}
}

// platform reads a --platform flag, or DOCKER_DEFAULT_PLATFORM if it is empty.
// With neither it is nil: this machine's, and what there is.
func (a *app) platform(flag string) (platforms.MatchComparer, error) {
	if flag == "" {
		flag = a.env("DOCKER_DEFAULT_PLATFORM")
	}
	if flag == "" {
		return nil, nil
	}
	p, err := platforms.Parse(flag)
	if err != nil {
		return nil, usagef("--platform %q: want os/architecture, such as linux/arm64", flag)
	}
	return platforms.Only(p), nil
}

// load reads an image of the store that the user named.
func (a *app) load(ctx context.Context, ref string, want platforms.MatchComparer) (store.Record, *image.Image, error) {
	st, err := a.store()
	if err != nil {
		return store.Record{}, nil, err
	}
	rec, err := st.Find(ctx, ref)
	if err != nil {
		if errdefs.IsNotFound(err) {
			err = fmt.Errorf("%w\n  try: tare pull %s, or tare images to see what is here", trimNotFound(err), ref)
		}
		return rec, nil, err
	}
	img, err := image.Load(ctx, st.Content(), rec.Target, want)
	if err != nil {
		return rec, nil, fmt.Errorf("image %s: %w", ref, err)
	}
	return rec, img, fits(ref, img, want)
}

// fits refuses an image of another platform than the one that was asked for: what
// has a single manifest and no index is found whatever its platform.
func fits(ref string, img *image.Image, want platforms.MatchComparer) error {
	if want == nil || want.Match(img.Platform()) {
		return nil
	}
	return fmt.Errorf("image %s is for %s: %w", ref, platforms.Format(img.Platform()), image.ErrNoPlatform)
}

// trimNotFound drops ": not found" after a text that says so already.
func trimNotFound(err error) error { return &notFoundError{err} }

type notFoundError struct{ error }

func (e *notFoundError) Error() string {
	s := e.error.Error()
	if n := len(s) - len(": not found"); n > 0 && s[n:] == ": not found" {
		return s[:n]
	}
	return s
}

func (e *notFoundError) Unwrap() error { return e.error }

// terminal tells whether w is one, and its width in columns.
func terminal(w io.Writer) (bool, int) {
	f, ok := screen.Raw(w).(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return false, 80
	}
	n, _, err := term.GetSize(int(f.Fd()))
	if err != nil || n < 40 {
		n = 80
	}
	return true, n
}

// data is standard output for what other programs read: on a terminal a person reads
// it, and it is cleaned like all else.
func (a *app) data() io.Writer {
	if tty, _ := terminal(a.Out); tty {
		return a.Out
	}
	return screen.Raw(a.Out)
}

// colored tells whether w gets colours: only terminals do, and not with NO_COLOR.
func (a *app) colored(w io.Writer) bool {
	tty, _ := terminal(w)
	return tty && a.env("NO_COLOR") == "" && a.env("TERM") != "dumb"
}
