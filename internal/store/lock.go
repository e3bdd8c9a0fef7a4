package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// waits is how this process waits for others.
type waits struct {
	ctx context.Context
	say func(text string)
}

// Waits says how the store waits for the locks of other processes: until ctx ends, also
// where a method takes no context of its own, and with a word to say if it takes longer
// than a moment. Without it, or where say is nil, it waits in silence.
func (s *Store) Waits(ctx context.Context, say func(text string)) { s.wait = waits{ctx, say} }

// waiting is the context of methods that take none.
func (s *Store) waiting() context.Context {
	if s.wait.ctx == nil {
		return context.Background()
	}
	return s.wait.ctx
}

// patience is how long a wait needs no words.
const patience = time.Second

// grace is how long the end of its context leaves a wait.
const grace = 200 * time.Millisecond

// lockNames are the locks of the store. Their files are made with it: on a disk without
// a free inode there would be none for a lock.
var lockNames = []string{"hold.lock", "index.lock"}

func (s *Store) makeLocks() {
	for _, name := range lockNames {
		if path := filepath.Join(s.root, name); !present(path) {
			if f, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o600); err == nil {
				_ = f.Close()
			}
		}
	}
}

// lock takes the named lock of the store, exclusive or shared, and returns how to
// give it back.
func (s *Store) lock(ctx context.Context, name string, exclusive bool) (func(), error) {
	if s.looking != nil && exclusive {
		return nil, s.Advise("lock "+filepath.Join(s.root, name), s.looking)
	}
	l := flock.New(filepath.Join(s.root, name))
	err := Acquire(ctx, l, exclusive, func() {
		if s.wait.say != nil {
			s.wait.say(fmt.Sprintf("another tare holds the image store (%s): waiting for it; Ctrl-C ends the wait", l.Path()))
		}
	})
	if err != nil {
		return nil, s.Advise("lock "+l.Path(), err)
	}
	return func() { _ = l.Unlock() }, nil
}

// Acquire takes l, or gives up when ctx ends; told is called if that takes longer than a
// moment. It waits in the kernel's queue: to try again and again would leave the lock to
// whoever asks more often.
func Acquire(ctx context.Context, l *flock.Flock, exclusive bool, told func()) error {
	try, block := l.TryRLock, l.RLock
	if exclusive {
		try, block = l.TryLock, l.Lock
	}
	if ok, err := try(); ok || err != nil {
		return err
	}
	got := make(chan error)
	gone := make(chan struct{})
	go func() {
		err := block()
		select {
		case got <- err:
		case <-gone:
			if err == nil {
				_ = l.Unlock()
			}
		}
	}()
	speak := time.NewTimer(patience)
	defer speak.Stop()
	ended, last := ctx.Done(), (<-chan time.Time)(nil)
	for {
		select {
		case err := <-got:
			return err
		case <-speak.C:
			if told != nil {
				told()
			}
		case <-ended:
			// Whoever cleans up after a Ctrl-C needs the lock, too, and mostly gets it at once.
			ended, last = nil, time.After(grace)
		case <-last:
			close(gone)
			return fmt.Errorf("wait for another tare: %w", context.Cause(ctx))
		}
	}
}

// tryLock takes l if that is possible at once.
func tryLock(l *flock.Flock) bool {
	ok, err := l.TryLock()
	return ok && err == nil
}
