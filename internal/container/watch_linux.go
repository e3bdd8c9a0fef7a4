package container

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tare/internal/engine"
	"tare/internal/socket"
	"tare/internal/watch"
)

// socketName is where in the bundle the runtime hands over the notifications.
const socketName = "watch"

// listener is the path of the watcher's socket for the runtime. A long one goes through
// this process's descriptor of the directory, until done is called.
func (b *bundle) listener() (path string, done func(), err error) {
	if path = b.path(socketName); len(path) <= socket.Longest {
		return path, func() {}, nil
	}
	d, err := os.Open(b.dir)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/%d/fd/%d/%s", os.Getpid(), d.Fd(), socketName), func() { _ = d.Close() }, nil
}

// watch runs the container under a watch. The container dies with its watcher: without
// answers its programs could open nothing.
func (b *bundle) watch(ctx context.Context, r engine.Run, begin time.Time) (int, error) {
	c := watch.Config{Socket: b.path(socketName), Names: r.Watch.Names, Covered: b.covered, Rootfs: b.path("rootfs"), Upper: b.path("upper"), Witness: !Rootless() && !b.copied}
	if b.copied {
		c.Upper = ""
	}
	if err := b.watched.Begin(c); err != nil {
		return 0, &engine.StartError{Code: 125, Err: fmt.Errorf("watch the container: %w", err)}
	}
	guarded, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		select {
		case <-b.watched.Gone:
			cancel()
		case <-ended:
		}
	}()
	code, err := b.run(guarded, r, begin)
	close(ended)
	seen, werr := b.watched.End()
	r.Watch.Seen = seen
	if werr != nil {
		r.Watch.Seen.Lost++
		r.Watch.Seen.Why = append(r.Watch.Seen.Why, werr.Error())
		if errors.Is(err, context.Canceled) && ctx.Err() == nil {
			err = fmt.Errorf("the container was killed: %w", werr)
		}
		return code, err
	}
	b.wrote(&r.Watch.Seen)
	return code, err
}

// wrote fills in what lies in the container's writable layer, but for what the runtime
// made there to mount something on.
func (b *bundle) wrote(s *engine.Seen) {
	s.Wrote = map[string]int64{}
	if b.copied {
		s.Lost++
		s.Why = append(s.Why, "this machine has no overlayfs: what the run wrote cannot be told from the image")
		return
	}
	upper := b.path("upper")
	err := filepath.WalkDir(upper, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(upper, p)
		if err != nil || d.IsDir() || slices.Contains(b.covered, "/"+rel) {
			return err
		}
		switch d.Type() {
		case 0:
			fi, err := d.Info()
			if err != nil {
				return err
			}
			s.Wrote[rel] = fi.Size()
		case fs.ModeSymlink:
			s.Wrote[rel] = 0
		}
		return nil
	})
	if err != nil {
		s.Lost++
		s.Why = append(s.Why, "what the run wrote could not be read: "+strings.TrimPrefix(err.Error(), upper))
	}
}
