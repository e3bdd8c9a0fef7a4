package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// traces lists what a tare on this store left behind that outlives a process:
// mounts, bundles, control groups, and processes with the marker among their
// arguments. Everything is looked up by names that only this store can have, since
// other tests and other people use the machine.
func (h *home) traces(marker string) []string {
	var out []string
	if left := leftovers(h.dir); left != "" {
		out = append(out, strings.Split(left, "\n")...)
	}
	sum := sha256.Sum256([]byte(filepath.Join(h.store(), "engine")))
	for _, name := range append(h.runs, "tare-"+hex.EncodeToString(sum[:6])) {
		for _, pattern := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/*"} {
			groups, _ := filepath.Glob(filepath.Join(pattern, name))
			for _, g := range groups {
				out = append(out, "control group: "+g)
			}
		}
	}
	return append(out, running(marker)...)
}

// noteRuns remembers the names of the containers that are running now.
func (h *home) noteRuns() {
	dirs, _ := filepath.Glob(filepath.Join(h.store(), "engine", "run", "tare-*"))
	for _, d := range dirs {
		h.runs = append(h.runs, filepath.Base(d))
	}
}

// running lists the processes with the marker among their arguments, tares left out.
func running(marker string) []string {
	if marker == "" {
		return nil
	}
	var out []string
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		b, _ := os.ReadFile(f)
		args := strings.Split(strings.TrimSuffix(string(b), "\x00"), "\x00")
		if filepath.Base(args[0]) == "tare" {
			continue
		}
		for _, a := range args[1:] {
			if strings.Contains(a, marker) {
				out = append(out, fmt.Sprintf("process %s: %q", filepath.Base(filepath.Dir(f)), args))
				break
			}
		}
	}
	return out
}

// clean fails the test if traces are left. What the kernel takes away in its own
// time gets a moment.
func (h *home) clean(t testing.TB, marker string) {
	t.Helper()
	var left []string
	for range 20 {
		if left = h.traces(marker); len(left) == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
}
