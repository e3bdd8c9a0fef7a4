package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// received waits until the engine has all of some files of a build's context.
func received(t *testing.T, h *home, p *process, dir string, names ...string) {
	t.Helper()
	whole := func(name string) bool {
		want, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		found, _ := filepath.Glob(filepath.Join(h.store(), "engine", "worker-*", "snapshots", "snapshots", "*", "fs", name))
		for _, f := range found {
			if fi, err := os.Stat(f); err == nil && fi.Size() == want.Size() && fi.ModTime().Equal(want.ModTime()) {
				return true
			}
		}
		return false
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		all := true
		for _, name := range names {
			all = all && whole(name)
		}
		if all {
			return
		}
		select {
		case <-p.ended:
			t.Fatalf("the build ended before %s were sent: %d\n%s", names, p.code, p.err.String())
		default:
		}
	}
	t.Fatalf("%s were never sent", names)
}

// TestKilledWhileSending ends builds in the middle of sending a context of which the
// engine has an older version. The next build must see the context as it is: BuildKit
// keeps the sums of a context apart from its files, and after a kill they are of the
// older version.
func TestKilledWhileSending(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	dir := h.write(t, "ctx/Dockerfile", "")
	fill := func(generation int) (fresh string) {
		t.Helper()
		fresh = fmt.Sprintf("fresh-%d", generation)
		put(t, filepath.Join(dir, "Dockerfile"), fmt.Sprintf("FROM scratch\nCOPY changed %s /one/\nCOPY changed /two/\nCOPY . /\n", fresh))
		put(t, filepath.Join(dir, "changed"), fmt.Sprintf("changed in %d\n", generation))
		put(t, filepath.Join(dir, fresh), fmt.Sprintf("made in %d\n", generation))
		// Large, so that there is time; holes, so that it costs little.
		big := filepath.Join(dir, "z-big")
		put(t, big, fmt.Sprint(generation))
		if err := os.Truncate(big, 300<<20); err != nil {
			t.Fatal(err)
		}
		return fresh
	}
	fill(0)
	h.tare(t, "build", "-q", dir)
	for generation, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT} {
		generation++
		fresh := fill(generation)
		p := h.start(t, "build", "-q", dir)
		received(t, h, p, dir, "changed", fresh)
		p.signal(s)
		if code := p.wait(); code == 0 {
			t.Errorf("%v: the build was over already: nothing is tested", s)
		}
		if err := os.Truncate(filepath.Join(dir, "z-big"), 1<<10); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(h.dir, fmt.Sprintf("out-%d", generation))
		again := h.start(t, "build", "--progress", "plain", "-o", out, dir)
		if code := again.wait(); code != 0 {
			t.Errorf("after %v: exit code %d\n%s", s, code, again.err.String())
			h.tare(t, "builder", "prune", "-af")
			continue
		}
		for _, name := range []string{"changed", fresh, "one/changed", "one/" + fresh, "two/changed"} {
			want, err := os.ReadFile(filepath.Join(dir, filepath.Base(name)))
			got, err2 := os.ReadFile(filepath.Join(out, name))
			if err != nil || err2 != nil || !bytes.Equal(want, got) {
				t.Errorf("after %v: %s is %q, want %q: %v %v", s, name, got, want, err, err2)
			}
		}
	}
}
