package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gofrs/flock"
)

// TestLocksOfOthers: what waits for another process says for which, and Ctrl-C ends it.
func TestLocksOfOthers(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	s := mustWorld(t)
	h.tare(t, "load", "-q", "-i", s.archive)
	h.tare(t, "run", "probe")
	dir := h.write(t, "d/Dockerfile", "FROM probe\n")
	for _, c := range []struct{ lock, say, args string }{
		{"index.lock", "another tare holds the image store", "tag probe other:1"},
		{"index.lock", "another tare holds the image store", "rmi probe"},
		{"hold.lock", "another tare holds the image store", "pull " + host(s.registry) + "/probe"},
		{"hold.lock", "another tare holds the image store", "build " + dir},
		{"hold.lock", "another tare holds the image store", "load -i " + s.archive},
		{"hold.lock", "another tare", "fsck --repair"},
		{"engine/runs.lock", "another tare prunes the build cache", "run probe"},
	} {
		t.Run(c.args, func(t *testing.T) {
			l := flock.New(filepath.Join(h.store(), c.lock))
			if ok, err := l.TryLock(); err != nil || !ok {
				t.Fatal(ok, err)
			}
			defer func() { _ = l.Unlock() }()
			p := h.start(t, strings.Fields(c.args)...)
			p.expect(c.say)
			p.signal(syscall.SIGINT)
			if code := p.wait(); code == 0 {
				t.Errorf("it ended well although the lock is held: %s", p.err.String())
			}
		})
	}
	h.tare(t, "tag", "probe", "other:1")
	if got := h.tare(t, "run", "other:1"); got != "hello from probe\n" {
		t.Errorf("%q", got)
	}
}
