package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRuntimeMissing has no capable runtime on PATH: the error names the package.
func TestRuntimeMissing(t *testing.T) {
	needRoot(t)
	tare, err := exec.LookPath("tare")
	if err != nil {
		t.Fatal(err)
	}
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	dir := h.write(t, "app/Dockerfile", "FROM probe\nRUN probe echo x\n")
	bin := filepath.Join(h.dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	h.path = tare
	h.set("PATH", bin)
	try := func(want int, args ...string) string {
		t.Helper()
		p := h.start(t, args...)
		if code := p.wait(); code != want {
			t.Errorf("tare %v: exit code %d, want %d\n%s", args, code, want, p.err.String())
		}
		return p.err.String()
	}
	mention := func(text string, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("no %q in: %s", w, text)
			}
		}
	}
	mention(try(125, "run", "probe"), "neither runc nor a capable crun", "apt-get install runc")
	mention(try(1, "build", dir), "apt-get install runc")
	try(0, "images") // what needs no runtime works without
	try(0, "history", "probe")

	// A crun of the time before "run --keep".
	script := "#!/bin/sh\necho 'Usage: crun run [OPTION...] CONTAINER'\necho '  --bundle=DIR'\n"
	if err := os.WriteFile(filepath.Join(bin, "crun"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	mention(try(125, "run", "probe"), "crun is too old", "--keep", "apt-get install runc")
	mention(try(1, "build", dir), "crun is too old")
}
