// Package session is what the commands of one run of tare share: Docker's configuration,
// the store, registries, the engine, and what finds, builds and measures images with
// them. Everything is made when it is first needed, so that --help needs none of it.
package session

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/docker/cli/cli/config/configfile"

	"tare/internal/bench"
	"tare/internal/buildinfo"
	"tare/internal/builds"
	"tare/internal/engine"
	"tare/internal/indexes"
	"tare/internal/logs"
	"tare/internal/progress"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
)

// Session is one run. Its exported fields are set before it is used.
type Session struct {
	Context context.Context // ends with Ctrl-C
	Env     func(string) string
	Engines Engines

	Builder   string   // the address of a builder, "" for the embedded engine or what Env says
	HostsDirs []string // of hosts.toml files
	Keep      int64    // bytes of build cache to keep after a build; 0 for the engine's own limit
	MakeRoom  bool     // the engine is opened to prune
	Own       bool     // the engine must be this process's, not another's that is open

	Progress string // how builds show how far they are; "" for what Env says

	// Trust says whose indexes of layers are used that registries keep; the zero value says nobody's.
	Trust indexes.Trust

	In       *os.File
	Out, Err io.Writer // where a build shows how far it is
	// Note tells the user something while the work goes on, Watch begins to show slow work
	// until done is called, and Pull pulls an image in the user's sight (log nil) or into a
	// log.
	Note  func(text string)
	Watch func() (events progress.Func, done func())
	Pull  func(ctx context.Context, name, platform string, log io.Writer) error

	st      *store.Store
	looking *store.Store // st, or what can be read of a store that cannot be written
	cfg     *configfile.ConfigFile
	opening sync.Mutex // of eng
	eng     engine.Engine
	work    *bench.Bench
}

// Store opens the store.
func (s *Session) Store() (*store.Store, error) {
	if s.st != nil {
		return s.st, nil
	}
	root, err := store.DefaultRoot()
	if err != nil {
		return nil, err
	}
	done := logs.Took("open store", "root", root)
	s.st, err = store.Open(root)
	if done(err); err == nil {
		s.st.Waits(s.Context, s.Note)
	}
	return s.st, err
}

// StoreRoot opens the store and returns its directory.
func (s *Session) StoreRoot() (string, error) {
	st, err := s.Store()
	if err != nil {
		return "", err
	}
	return st.Root(), nil
}

// Opened is the store if it was opened, else nil.
func (s *Session) Opened() *store.Store { return s.st }

// Look is Store for commands that only look at images: where it cannot be written, they
// go on without keeping anything, and say so once.
func (s *Session) Look() (*store.Store, error) {
	if s.looking != nil {
		return s.looking, nil
	}
	var st *store.Store
	root, err := store.DefaultRoot()
	if err != nil {
		st = store.Nowhere(err)
	} else if st, err = store.Look(root); err != nil {
		return nil, err
	}
	logs.Info("look at store", "root", root)
	st.Waits(s.Context, s.Note)
	if why := st.Looking(); why != nil {
		s.Note(fmt.Sprintf("nothing is cached for the next time: %v", why))
	} else if s.st == nil {
		s.st = st
	} else {
		st = s.st
	}
	s.looking = st
	return st, nil
}

// Config is Docker's configuration.
func (s *Session) Config() (*configfile.ConfigFile, error) {
	if s.cfg != nil {
		return s.cfg, nil
	}
	var err error
	s.cfg, err = source.LoadDockerConfig("")
	return s.cfg, err
}

// Registry is the client of registries.
func (s *Session) Registry() (*source.Registry, error) {
	cfg, err := s.Config()
	if err != nil {
		return nil, err
	}
	return &source.Registry{HostsDirs: s.HostsDirs, DockerConfig: cfg, UserAgent: "tare/" + buildinfo.Version, Wait: s.Note}, nil
}

// Args completes build arguments: see builds.Args.
func (s *Session) Args(given []string) (map[string]string, error) {
	cfg, err := s.Config()
	if err != nil {
		return nil, err
	}
	return builds.Args(given, cfg, os.LookupEnv)
}

// Platform is a platform that was asked for, or the one that Docker's variable names.
// With neither it is "": this machine's, and what there is.
func (s *Session) Platform(asked string) string {
	if asked == "" {
		return s.Env("DOCKER_DEFAULT_PLATFORM")
	}
	return asked
}

// Finder finds the images that words mean.
func (s *Session) Finder() *target.Finder { return s.Bench().Finder }

// Bench builds and runs what is only looked at, and finds images.
func (s *Session) Bench() *bench.Bench {
	if s.work != nil {
		return s.work
	}
	b := &bench.Bench{Store: s.Store, Args: s.Args, Platform: s.Platform(""), Note: s.Note, Engine: s.Engine,
		Builder: "BuildKit " + s.Engines.Version + ", embedded"}
	if addr := s.Address(); addr != "" {
		b.Builder = "BuildKit at " + addr
	}
	b.Watched.Out, b.Watched.Err, b.Watched.Progress = s.Out, s.Err, cmp.Or(s.Progress, s.Env("BUILDKIT_PROGRESS"))
	b.Finder = &target.Finder{Store: s.Look, Registry: s.Registry, Stdin: s.In, Note: s.Note, Lean: s.Env("GOGC") == "",
		Pull: s.Pull, Build: b.Dockerfile, Passing: b.Passing, Watch: s.Watch}
	if s.Trust.Any() {
		r := &indexes.Reader{Trust: s.Trust, Registry: s.Registry, Note: s.Note}
		if st, err := s.Look(); err == nil {
			r.Cache = st
		}
		b.Finder.Indexes = r
	}
	s.work = b
	return b
}
