// Package emulation remembers which platforms' programs this machine runs.
//
// BuildKit finds out by running a small program of each of ten architectures, 11 to 22 ms at each start: a tenth of a build in which nothing
// has changed. What they say is true until the machine starts again, or until its handlers of foreign programs (binfmt_misc) change.
package emulation

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/moby/buildkit/worker"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// unseen is how long an answer is believed where handlers cannot be seen: in a container, those of the machine count.
const unseen = time.Hour

// remembered is an answer, as it is kept.
type remembered struct {
	State     string             `json:"state"`
	At        time.Time          `json:"at"`
	Platforms []ocispec.Platform `json:"platforms"`
}

// Worker is a worker of BuildKit whose platforms are remembered. Several builds may ask at once.
type Worker struct {
	worker.Worker
	file  string
	state func() (state string, seen bool)

	mu    sync.Mutex
	known remembered // in this process
}

// Remember lets a worker's platforms be remembered in a directory. What cannot be read there or written is found out again.
func Remember(w worker.Worker, dir string) *Worker {
	return &Worker{Worker: w, file: filepath.Join(dir, "platforms.json"), state: func() (string, bool) { return state("/proc/sys") }}
}

// Platforms are those that the worker builds for, its own first; with noCache those that need emulation are looked for, too, and found
// out again when what they depend on has changed: an engine may stay open for days.
func (w *Worker) Platforms(noCache bool) []ocispec.Platform {
	w.mu.Lock()
	defer w.mu.Unlock()
	own := w.Worker.Platforms(false)
	if !noCache || len(own) == 0 {
		if len(w.known.Platforms) > 0 {
			return w.known.Platforms
		}
		return own
	}
	state, seen := w.state()
	if w.known.holds(state, seen, own[0]) {
		return w.known.Platforms
	}
	var r remembered
	if b, err := os.ReadFile(w.file); err == nil && json.Unmarshal(b, &r) == nil && r.holds(state, seen, own[0]) {
		w.known = r
		return r.Platforms
	}
	w.known = remembered{state, time.Now(), w.Worker.Platforms(true)}
	if b, err := json.Marshal(w.known); err == nil && state != "" {
		next := w.file + ".next"
		if os.WriteFile(next, b, 0o600) == nil { // half of it, after a crash, is no JSON
			_ = os.Rename(next, w.file)
		}
	}
	return w.known.Platforms
}

// holds tells whether an answer is still true of a worker whose own platform is the one given.
func (r *remembered) holds(state string, seen bool, own ocispec.Platform) bool {
	return state != "" && r.State == state && (seen || recent(r.At)) &&
		len(r.Platforms) > 0 && r.Platforms[0].OS == own.OS && r.Platforms[0].Architecture == own.Architecture
}

func recent(at time.Time) bool {
	age := time.Since(at)
	return age >= 0 && age < unseen
}

// state is what the answer depends on, "" if that is not known: this start of the machine, and its handlers with their programs,
// if these can be seen. proc is /proc/sys.
func state(proc string) (text string, seen bool) {
	boot, err := os.ReadFile(filepath.Join(proc, "kernel/random/boot_id"))
	if err != nil {
		return "", false
	}
	var b strings.Builder
	b.Write(boot)
	dir := filepath.Join(proc, "fs/binfmt_misc")
	list, _ := os.ReadDir(dir)
	for _, e := range list {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil && e.Name() != "register" { // which is only written to
			return "", false
		}
		seen = seen || e.Name() == "status"
		fmt.Fprintf(&b, "%s\n%s", e.Name(), text)
		for line := range strings.Lines(string(text)) {
			if name, ok := strings.CutPrefix(line, "interpreter "); ok {
				if fi, err := os.Stat(strings.TrimSpace(name)); err == nil {
					fmt.Fprintf(&b, "%d %d\n", fi.Size(), fi.ModTime().UnixNano())
				}
			}
		}
	}
	return b.String(), seen
}
