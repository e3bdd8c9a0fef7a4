package buildkit

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"tare/internal/container"
	"tare/internal/engine"
	"tare/internal/store"
)

// Run implements engine.Engine. The engine is needed only to unpack the image: it
// is given back before the program starts, so that a shell left open keeps no
// other tare waiting.
func (e *Embedded) Run(ctx context.Context, r engine.Run) (int, error) {
	begin := time.Now()
	rt, err := container.FindRuntime(e.opt.Runtime)
	if err != nil {
		return 0, &engine.StartError{Code: 125, Err: err}
	}
	if err := container.Refuse(r); err != nil {
		return 0, &engine.StartError{Code: 125, Err: err}
	}
	// Shared with other runs, exclusive for Prune: keeps the snapshots in place.
	runs := flock.New(filepath.Join(e.root, "runs.lock"))
	if err := e.awaitPrune(ctx, runs, r.Signal); err != nil {
		return 0, err
	}
	defer func() { _ = runs.Unlock() }()
	lower, err := e.prep(ctx, layersOf(r.Image))
	if err != nil {
		return 0, &engine.StartError{Code: 125, Err: err}
	}
	if !r.KeepOpen {
		if err := e.Close(); err != nil {
			return 0, &engine.StartError{Code: 125, Err: err}
		}
	}
	return container.Run(ctx, e.root, rt, lower, r, begin)
}

// awaitPrune takes the lock of runs, shared. Signals are for the program that is to run:
// as long as there is none, they end the wait.
func (e *Embedded) awaitPrune(ctx context.Context, runs *flock.Flock, signals <-chan os.Signal) error {
	if ok, err := runs.TryRLock(); ok || err != nil {
		if err != nil {
			return &engine.StartError{Code: 125, Err: err}
		}
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	code := make(chan int, 1)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-signals:
				if n, ok := s.(syscall.Signal); ok && !isResize(s) {
					code <- 128 + int(n)
					cancel()
					return
				}
			}
		}
	}()
	err := store.Acquire(ctx, runs, false, func() {
		if e.opt.Waiting != nil {
			e.opt.Waiting("another tare prunes the build cache: waiting for it; Ctrl-C ends the wait")
		}
	})
	if err == nil {
		return nil
	}
	select {
	case c := <-code:
		return &engine.StartError{Code: c, Err: err}
	default:
		return &engine.StartError{Code: 125, Err: err}
	}
}
