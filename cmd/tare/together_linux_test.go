package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTogether runs several tares on one store at once.
func TestTogether(t *testing.T) {
	needEngine(t)
	s := mustWorld(t)
	h := newHome(t)
	h.tare(t, "load", "-i", s.archive)

	t.Run("builds, a pull and runs", func(t *testing.T) {
		var all []*process
		for n := range 3 {
			dir := h.write(t, fmt.Sprintf("b%d/Dockerfile", n), fmt.Sprintf("FROM probe\nRUN probe lines 5 && probe write /n %d\nCMD [\"probe\", \"cat\", \"/n\"]\n", n))
			all = append(all, h.start(t, "build", "-t", fmt.Sprintf("together:%d", n), dir))
		}
		all = append(all, h.start(t, "pull", host(s.registry)+"/probe"), h.start(t, "run", "probe", "probe", "lines", "5"), h.start(t, "run", "probe"))
		for _, p := range all {
			if code := p.wait(); code != 0 {
				t.Errorf("%v: exit code %d\n%s%s", p.cmd.Args, code, p.out.String(), p.err.String())
			}
		}
		for n := range 3 {
			if got := h.tare(t, "run", fmt.Sprintf("together:%d", n)); got != fmt.Sprintln(n) {
				t.Errorf("image %d prints %q", n, got)
			}
		}
	})
	t.Run("builds without a name take no names away", func(t *testing.T) {
		for n := range 5 {
			name := fmt.Sprintf("mine:%d", n)
			dir := h.write(t, fmt.Sprintf("mine%d/Dockerfile", n), fmt.Sprintf("FROM probe AS first\nRUN probe write /n %d\nFROM first\nRUN probe write /m %d\n", n, n))
			all := []*process{h.start(t, "compare", dir, "probe"), h.start(t, "build", "-t", name, dir), h.start(t, "profile", dir), h.start(t, "weigh", dir)}
			for _, p := range all {
				if code := p.wait(); code != 0 {
					t.Errorf("%v: exit code %d\n%s%s", p.cmd.Args, code, p.out.String(), p.err.String())
				}
			}
			if got := h.tare(t, "images", "-q", name); got == "" {
				t.Errorf("%s is gone", name)
			}
		}
		if got := h.tare(t, "images", "-q", "-f", "dangling=true"); got != "" {
			t.Errorf("nameless images stayed: %s", got)
		}
	})
	t.Run("a run left open keeps nobody waiting", func(t *testing.T) {
		open := h.start(t, "run", "-i", "probe", "probe", "lines", "600", "mark-open")
		open.expect("line 0")
		h.noteRuns()
		begin := time.Now()
		dir := h.write(t, "beside/Dockerfile", "FROM probe\nRUN probe write /n beside\n")
		h.tare(t, "build", "-t", "beside", dir)
		h.tare(t, "run", "beside", "probe", "cat", "/n")
		h.tare(t, "images")
		h.tare(t, "system", "df")
		h.tare(t, "tag", "beside", "other")
		h.tare(t, "rmi", "other", "beside")
		h.tare(t, "pull", host(s.registry)+"/probe")
		if d := time.Since(begin); d > 10*time.Second {
			t.Errorf("the others took %v", d)
		}
		// Its files are in the cache: that is not pruned from under it.
		p := h.start(t, "builder", "prune", "-af")
		if code := p.wait(); code != 1 || !strings.Contains(p.err.String(), "is using it") {
			t.Errorf("prune: exit code %d\n%s", code, p.err.String())
		}
		open.expect("line ")
		open.stop(syscall.SIGTERM, 2) // the Go runtime's code for it, as PID 1
		h.clean(t, "mark-open")
	})
	t.Run("the first of two builds ends first", func(t *testing.T) {
		short := h.write(t, "short/Dockerfile", "FROM probe\nRUN probe lines 10 short\n")
		long := h.write(t, "long/Dockerfile", "FROM probe\nRUN probe lines 40 long\n")
		owner := h.start(t, "build", "-t", "short", short)
		owner.expect("line 0")
		client := h.start(t, "build", "-t", "long", long)
		client.expect("line 0")
		if code := client.wait(); code != 0 {
			t.Errorf("the client: exit code %d\n%s", code, client.err.String())
		}
		if code := owner.wait(); code != 0 {
			t.Errorf("the owner: exit code %d\n%s", code, owner.err.String())
		}
		if !strings.Contains(owner.err.String(), "waiting for another tare") {
			t.Errorf("the owner does not say why it waits:\n%s", owner.err.String())
		}
	})
	t.Run("the first of two builds is killed", func(t *testing.T) {
		first := h.write(t, "first/Dockerfile", "FROM probe\nRUN probe lines 400 mark-first\n")
		second := h.write(t, "second/Dockerfile", "FROM probe\nRUN probe lines 400 mark-second\n")
		owner := h.start(t, "build", first)
		owner.expect("line 0")
		client := h.start(t, "build", second)
		client.expect("line 0")
		owner.kill()
		// The client cannot go on without its engine; it must say so and end.
		if code := client.wait(); code != 1 || !strings.Contains(client.err.String(), "tare:") {
			t.Errorf("the client: exit code %d\n%s", code, client.err.String())
		}
		h.tare(t, "run", "probe")
		h.clean(t, "mark-")
	})
	t.Run("an owner with a client can be interrupted", func(t *testing.T) {
		first := h.write(t, "first2/Dockerfile", "FROM probe\nRUN probe lines 400 mark-owner\n")
		second := h.write(t, "second2/Dockerfile", "FROM probe\nRUN probe lines 60 mark-client\n")
		owner := h.start(t, "build", first)
		owner.expect("line 0")
		client := h.start(t, "build", "-t", "client", second)
		client.expect("line 0")
		owner.signal(syscall.SIGINT)
		owner.expect("waiting for another tare")
		if code := client.wait(); code != 0 {
			t.Errorf("the client: exit code %d\n%s", code, client.err.String())
		}
		if code := owner.wait(); code != 130 {
			t.Errorf("the owner: exit code %d, want 130\n%s", code, owner.err.String())
		}
		h.clean(t, "mark-")
	})
	t.Run("a second interrupt leaves at once", func(t *testing.T) {
		first := h.write(t, "first3/Dockerfile", "FROM probe\nRUN probe lines 400 mark-owner\n")
		second := h.write(t, "second3/Dockerfile", "FROM probe\nRUN probe lines 401 mark-client\n")
		owner := h.start(t, "build", first)
		owner.expect("line 0")
		client := h.start(t, "build", "-t", "client", second)
		client.expect("line 0")
		owner.signal(syscall.SIGINT)
		owner.expect("waiting for another tare")
		time.Sleep(1200 * time.Millisecond)
		owner.stop(syscall.SIGINT, 130)
		client.wait()
		h.tare(t, "run", "probe")
		h.clean(t, "mark-")
	})
}

// TestFutureTimes gives everything in a store a time to come, as if the clock had
// been set back since.
func TestFutureTimes(t *testing.T) {
	needEngine(t)
	s := mustWorld(t)
	h := newHome(t)
	h.tare(t, "load", "-i", s.archive)
	dir := h.write(t, "app/Dockerfile", "FROM probe\nRUN probe write /n 1\n")
	h.set("SOURCE_DATE_EPOCH", "4102444800") // 2100
	h.tare(t, "build", "-t", "future", dir)
	h.tare(t, "pull", host(s.registry)+"/probe")
	later := time.Now().Add(1000 * time.Hour)
	err := filepath.WalkDir(h.store(), func(p string, _ os.DirEntry, err error) error {
		if err == nil {
			_ = os.Chtimes(p, later, later) // what cannot be changed has no time to go by
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := h.tare(t, "images", "future"); strings.Contains(got, "-") || !strings.Contains(got, "ago") {
		t.Errorf("images of the future:\n%s", got)
	}
	h.tare(t, "history", "future")
	h.tare(t, "build", "-t", "future", dir)
	h.tare(t, "run", "future")
	h.tare(t, "pull", host(s.registry)+"/probe")
	h.tare(t, "system", "df")
	h.tare(t, "system", "prune", "-af")
	h.tare(t, "run", "future")
}
