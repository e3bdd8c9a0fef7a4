package session

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/docker/cli/cli/config/configfile"

	"tare/internal/doctor"
	"tare/internal/engine"
	"tare/internal/fsck"
	"tare/internal/logs"
	"tare/internal/source"
	"tare/internal/store"
)

// EngineOptions are what an engine needs.
type EngineOptions struct {
	Store    *store.Store
	Registry *source.Registry
	Config   *configfile.ConfigFile
	Keep     int64             // bytes of build cache to keep after a build
	MakeRoom bool              // it is opened to prune: on a full disk it may use what is kept for that
	Own      bool              // it must be this process's, not another's that is open
	Waiting  func(text string) // told why the command waits
}

// Engines opens engines. A nil function means that this program has none of the kind.
type Engines struct {
	// Embedded opens the engine inside this process.
	Embedded func(ctx context.Context, o EngineOptions) (engine.Engine, error)
	// Enter makes this process fit for the embedded engine (rootless: it runs itself
	// again in a user namespace). It must come before anything is read or printed.
	Enter func() error
	// Ready says what of this machine keeps the embedded engine from building and running,
	// before and after Enter.
	Ready func() error
	// Host is what tare doctor asks about the embedded engine.
	Host doctor.Host
	// Leftovers looks in the embedded engine's directory for what killed builds and runs
	// left.
	Leftovers fsck.Leftovers
	// Wipe removes the embedded engine's whole cache without opening it, for a full
	// disk, and returns the bytes that the disk got back.
	Wipe func(root string) (int64, error)
	// Remote connects to a builder at an address.
	Remote func(ctx context.Context, addr string, o EngineOptions) (engine.Engine, error)
	// Version is the version of the embedded builder.
	Version string
}

// Address is the builder's, "" for the embedded one.
func (s *Session) Address() string {
	for _, v := range []string{s.Builder, s.Env("TARE_BUILDER"), s.Env("BUILDKIT_HOST")} {
		if v != "" {
			return v
		}
	}
	return ""
}

// Enter must be called first by commands that build or run on the embedded engine. It
// fails where this machine forbids that, before anything is done.
func (s *Session) Enter() error {
	if s.Address() != "" || s.Engines.Enter == nil {
		return nil
	}
	if err := s.Engines.Ready(); err != nil {
		return err
	}
	return s.EnterToTry()
}

// EnterToTry enters without asking first whether this machine allows it.
func (s *Session) EnterToTry() error {
	if s.Address() != "" || s.Engines.Enter == nil {
		return nil
	}
	return s.Engines.Enter()
}

// EnterToLook is Enter for commands that only look after what the embedded engine keeps:
// they need nothing of the machine where there never was an engine.
func (s *Session) EnterToLook() error {
	root, err := store.DefaultRoot()
	if err != nil {
		return nil //nolint:nilerr // who opens the store says so
	}
	if _, err := os.Stat(store.EngineIn(root)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return s.EnterToTry()
}

// HasEngine tells whether there is an engine to ask: a builder at an address, or an
// embedded one that has been used on this store.
func (s *Session) HasEngine() bool {
	if s.Address() != "" {
		return true
	}
	st, err := s.Store()
	if err != nil || s.Engines.Embedded == nil {
		return false
	}
	_, err = os.Stat(st.EngineRoot())
	return err == nil
}

// Engine opens the engine that builds and runs, once: BuildKit keeps package variables
// that do not survive being closed and opened again. Close gives it back. Variants of a lab
// that are built at once ask for it at once: a second one would be a client of the first,
// and the first never closed, however many other processes are at work in it.
func (s *Session) Engine(ctx context.Context) (engine.Engine, error) {
	s.opening.Lock()
	defer s.opening.Unlock()
	if s.eng != nil {
		return s.eng, nil
	}
	done := logs.Took("open engine", "address", s.Address())
	e, err := s.open(ctx)
	done(err)
	if err != nil {
		return nil, err // not kept: an engine's nil pointer is no nil interface
	}
	s.eng = e
	return e, nil
}

func (s *Session) open(ctx context.Context) (engine.Engine, error) {
	st, err := s.Store()
	if err != nil {
		return nil, err
	}
	reg, err := s.Registry()
	if err != nil {
		return nil, err
	}
	o := EngineOptions{Store: st, Registry: reg, Config: s.cfg, Keep: s.Keep, MakeRoom: s.MakeRoom, Own: s.Own, Waiting: s.Note}
	if addr := s.Address(); addr != "" {
		if s.Engines.Remote == nil {
			return nil, errors.New("this tare was built without a client for builders")
		}
		return s.Engines.Remote(ctx, addr, o)
	}
	if s.Engines.Embedded == nil {
		return nil, errors.New("building and running inside tare needs Linux; give the address of a builder with --builder (unix://, tcp://, ssh://, docker-container://…)")
	}
	if !s.MakeRoom && s.Engines.Ready != nil {
		if err := s.Engines.Ready(); err != nil {
			return nil, err
		}
	}
	return s.Engines.Embedded(ctx, o)
}

// Close closes the engine if it was opened, and gives the store back.
func (s *Session) Close() error {
	if s.work != nil {
		defer s.work.Close()
	}
	if s.eng == nil {
		return nil
	}
	if err := s.eng.Close(); err != nil {
		return fmt.Errorf("close the engine: %w", err)
	}
	return nil
}
