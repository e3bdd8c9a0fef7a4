package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// torture is how often each kind of crash is tried: TARE_TORTURE=N for more.
func torture(t testing.TB) int {
	t.Helper()
	v := os.Getenv("TARE_TORTURE")
	if v == "" {
		return 3
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		t.Fatalf("TARE_TORTURE=%s: %v", v, err)
	}
	return n
}

// TestKill ends commands with SIGKILL at random moments. The next command must work
// and sweep away what the killed one could not: containers, mounts, control groups.
func TestKill(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	again := h.write(t, "again/Dockerfile", "FROM probe\nRUN probe write /done yes\nCMD [\"probe\", \"cat\", \"/done\"]\n")
	for n := range torture(t) {
		seed := time.Now().UnixNano()
		rnd := rand.New(rand.NewPCG(uint64(seed), uint64(n)))
		moment := func(limit time.Duration) time.Duration { return time.Duration(rnd.Int64N(int64(limit))) }
		t.Run(fmt.Sprint("build ", n), func(t *testing.T) {
			mark := fmt.Sprintf("mark-kill-build-%d", n)
			dir := h.write(t, mark+"/Dockerfile", "FROM probe\nRUN probe fill /x 3000000\nRUN probe lines 400 "+mark+"\n")
			p := h.start(t, "build", dir)
			if n == 0 { // once for certain with a program that runs
				p.expect("line 0")
			}
			d := moment(600 * time.Millisecond)
			time.Sleep(d)
			p.kill()
			t.Logf("killed after %v (seed %d)", d, seed)
			h.tare(t, "build", "-t", "again", "--no-cache", again)
			if got := h.tare(t, "run", "again"); got != "yes\n" {
				t.Errorf("run: %q", got)
			}
			h.clean(t, mark)
		})
		t.Run(fmt.Sprint("run ", n), func(t *testing.T) {
			mark := fmt.Sprintf("mark-kill-run-%d", n)
			p := h.start(t, "run", "probe", "probe", "lines", "400", mark)
			if n == 0 {
				p.expect("line 0")
			}
			d := moment(300 * time.Millisecond)
			time.Sleep(d)
			h.noteRuns()
			p.kill()
			t.Logf("killed after %v (seed %d)", d, seed)
			if got := h.tare(t, "run", "probe"); got != "hello from probe\n" {
				t.Errorf("run: %q", got)
			}
			h.clean(t, mark)
		})
		t.Run(fmt.Sprint("pull ", n), func(t *testing.T) {
			name, free := slowRegistry(t)
			p := h.start(t, "pull", name)
			d := moment(300 * time.Millisecond)
			time.Sleep(d)
			p.kill()
			t.Logf("killed after %v (seed %d)", d, seed)
			free()
			h.tare(t, "pull", name)
			h.tare(t, "history", name)
			h.tare(t, "rmi", name)
		})
		t.Run(fmt.Sprint("changes of the index ", n), func(t *testing.T) {
			for i := range 5 {
				p := h.start(t, "tag", "probe", fmt.Sprintf("tag-%d-%d", n, i))
				time.Sleep(moment(20 * time.Millisecond))
				p.kill()
				h.tare(t, "tag", "probe", "after")
				h.tare(t, "images")
			}
		})
	}
	h.tare(t, "system", "prune", "-af")
	if got := h.tare(t, "run", "again"); got != "yes\n" {
		t.Errorf("run: %q", got)
	}
}
