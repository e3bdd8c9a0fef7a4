package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/containerd/platforms"
	"github.com/docker/cli/cli/config/configfile"
	"golang.org/x/term"

	"tare/internal/bench"
	"tare/internal/buildinfo"
	"tare/internal/display"
	"tare/internal/engine"
	"tare/internal/infile"
	"tare/internal/progress"
	"tare/internal/screen"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
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
	noPager   bool

	once    sync.Mutex
	st      *store.Store
	looking *store.Store // st, or what can be read of a store that cannot be written
	cfg     *configfile.ConfigFile
	eng     engine.Engine
	work    *bench.Bench

	makeRoom bool // the engine is opened to prune
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

// look is store for commands that only look at images: where it cannot be written, they
// go on without keeping anything, and say so once.
func (a *app) look() (*store.Store, error) {
	if a.looking != nil {
		return a.looking, nil
	}
	var st *store.Store
	root, err := store.DefaultRoot()
	if err != nil {
		st = store.Nowhere(err)
	} else if st, err = store.Look(root); err != nil {
		return nil, err
	}
	st.Waits(a.ctx, a.note)
	if why := st.Looking(); why != nil {
		a.note(fmt.Sprintf("nothing is cached for the next time: %v", why))
	} else if a.st == nil {
		a.st = st
	} else {
		st = a.st
	}
	a.looking = st
	return st, nil
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

// stdin is standard input to read as long as the command lasts: Ctrl-C ends a wait for
// somebody who writes nothing.
func (a *app) stdin() io.Reader { return infile.Reader(a.ctx, a.In) }

// closeEngine closes the engine if it was opened, and gives the store back.
func (a *app) closeEngine() error {
	if a.work != nil {
		defer a.work.Close()
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

// platformName is a --platform flag, or DOCKER_DEFAULT_PLATFORM if it is empty. With
// neither it is "": this machine's, and what there is.
func (a *app) platformName(flag string) string {
	if flag == "" {
		return a.env("DOCKER_DEFAULT_PLATFORM")
	}
	return flag
}

// platform is platformName, read.
func (a *app) platform(flag string) (platforms.MatchComparer, error) {
	return target.Platform(a.platformName(flag))
}

// finder finds the images that words of the command line mean.
func (a *app) finder() *target.Finder { return a.bench().Finder }

// bench builds and runs what is only looked at, and finds images.
func (a *app) bench() *bench.Bench {
	if a.work != nil {
		return a.work
	}
	b := &bench.Bench{Store: a.store, Args: a.buildArgs, Platform: a.env("DOCKER_DEFAULT_PLATFORM"), Note: a.note,
		Builder: "BuildKit " + a.engines.Version + ", embedded",
		Engine:  func(ctx context.Context) (engine.Engine, error) { return a.engine(ctx, 0) }}
	if addr := a.address(); addr != "" {
		b.Builder = "BuildKit at " + addr
	}
	b.Watched.Out, b.Watched.Err, b.Watched.Progress = a.Out, a.Err, a.env("BUILDKIT_PROGRESS")
	b.Finder = &target.Finder{Store: a.look, Registry: a.registry, Stdin: a.In, Note: a.note, Lean: a.env("GOGC") == "",
		Pull: func(ctx context.Context, name, platform string, log io.Writer) error {
			if log == nil {
				log = a.Err
			}
			_, err := a.pull(ctx, name, platform, log, false)
			return err
		},
		Build: b.Dockerfile, Watch: a.watch}
	a.work = b
	return b
}

// watch shows slow work on stderr until done is called.
func (a *app) watch() (events progress.Func, done func()) {
	d := display.New(screenOf(a.Err), true)
	return d.Event, d.Clear
}

// screenOf tells a display where it writes.
func screenOf(w io.Writer) display.Terminal {
	tty, width := terminal(w)
	return display.Terminal{W: w, TTY: tty, Width: width}
}

// terminal tells whether w is one, and its width in columns.
func terminal(w io.Writer) (bool, int) {
	if p, ok := w.(*page); ok {
		w = p.on
	}
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
