package serve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"tare/internal/engine"
	"tare/internal/units"
)

// Run serves until ctx ends, which a first signal does.
func Run(ctx context.Context, r Request) (err error) {
	path, err := place(r.Socket, false)
	if r.Socket == "" {
		path, err = place(Default(os.Getenv("XDG_RUNTIME_DIR"), r.Root), true)
	}
	if err != nil {
		return err
	}
	s, err := Listen(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Release()) }()
	if err := os.MkdirAll(r.Root, 0o700); err != nil {
		return err
	}
	own, err := take(filepath.Join(r.Root, "serve.lock"), path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.release()) }()
	e, err := r.Engine(ctx)
	if err != nil {
		return err
	}
	server, ok := e.(engine.Server)
	if !ok {
		return errors.New("this engine cannot be served: leave --builder out")
	}
	now, stop := second(ctx)
	defer stop()
	r.Note("serving on " + path + " for this user alone; Ctrl-C ends it")
	if _, err := fmt.Fprintln(r.Out, command(path)); err != nil {
		return err
	}
	go func() { <-ctx.Done(); s.Unlink() }()
	err = server.Serve(ctx, now, s.Listener, func(builds int) {
		r.Note("waiting for " + units.Plural(builds, "build") + " to end; a second signal cancels")
	})
	if err == nil && now.Err() != nil {
		return ErrCancelled
	}
	return err
}

// second is a context that ends with a signal after the one that ended ctx. Not within a
// second of it: timeout(1) and the like send the first one twice.
func second(ctx context.Context) (context.Context, func()) {
	now, cancel := context.WithCancel(context.WithoutCancel(ctx))
	list := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		list = append(list, syscall.SIGHUP)
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, list...)
	go func() {
		<-ctx.Done()
		first := time.Now()
		for range signals {
			if time.Since(first) > time.Second {
				cancel()
			}
		}
	}()
	return now, func() { signal.Stop(signals); cancel() }
}
