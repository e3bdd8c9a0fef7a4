package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"tare/internal/store"
	"tare/internal/testkit"
)

// What waits for another process says so, and ends with its context.
func TestLocksAreWaitedForWithTheContext(t *testing.T) {
	s := testkit.Store(t)
	rec := testkit.Put(t, s, "app", store.Built, img(t, 1))
	for _, c := range []struct {
		name, lock string
		do         func(ctx context.Context, s *store.Store) error
	}{
		{"hold", "hold.lock", func(ctx context.Context, s *store.Store) error {
			release, err := s.Hold(ctx)
			if err == nil {
				release()
			}
			return err
		}},
		{"put", "index.lock", func(_ context.Context, s *store.Store) error { return s.Put(rec) }},
		{"put all", "index.lock", func(ctx context.Context, s *store.Store) error { return s.PutAll(ctx, rec) }},
		{"remove", "index.lock", func(ctx context.Context, s *store.Store) error {
			_, err := s.Remove(ctx, []string{"nowhere"}, false)
			return err
		}},
		{"untag", "index.lock", func(_ context.Context, s *store.Store) error { return s.Untag(rec.Name) }},
		{"forget", "index.lock", func(_ context.Context, s *store.Store) error { return s.Forget("sha256:none") }},
		{"repair", "hold.lock", func(ctx context.Context, s *store.Store) error {
			_, err := s.Check(ctx, store.CheckOptions{Repair: true})
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			held := flock.New(filepath.Join(s.Root(), c.lock))
			if err := held.Lock(); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			said := make(chan string, 10)
			other := open(t, s.Root())
			other.Waits(ctx, func(text string) { said <- text })
			done := make(chan error, 1)
			go func() { done <- c.do(ctx, other) }()
			if c.name != "repair" { // which has a word of its own: CheckOptions.Waiting
				select {
				case text := <-said:
					if !strings.Contains(text, "another tare holds the image store") || !strings.Contains(text, c.lock) {
						t.Error(text)
					}
				case err := <-done:
					t.Fatalf("it did not wait: %v", err)
				case <-time.After(30 * time.Second):
					t.Fatal("it says nothing")
				}
			}
			cancel()
			select {
			case err := <-done:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%v", err)
				}
			case <-time.After(30 * time.Second):
				t.Fatal("it waits on after its context ended")
			}
			if err := held.Unlock(); err != nil {
				t.Fatal(err)
			}
			// What gave up does not take the lock later.
			if ok, err := held.TryLockContext(context.Background(), 10*time.Millisecond); err != nil || !ok {
				t.Errorf("%v %v", ok, err)
			}
			_ = held.Unlock()
		})
	}
}

// Who asks for a lock gets it, however many others ask as well.
func TestNobodyStarves(t *testing.T) {
	root := t.TempDir()
	s := open(t, root)
	rec := testkit.Put(t, s, "app", store.Built, img(t, 1))
	end := make(chan struct{})
	var busy sync.WaitGroup
	for range 8 {
		s := open(t, root)
		busy.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
					if err := s.Put(rec); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for range 20 {
		if err := s.PutAll(ctx, rec); err != nil {
			t.Error(err)
			break
		}
	}
	close(end)
	busy.Wait()
}
