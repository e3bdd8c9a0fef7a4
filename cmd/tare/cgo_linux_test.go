package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInitWithCgo builds tare with cgo, which links it to the libraries of this machine,
// and has it be the init of a container that has none of them.
func TestInitWithCgo(t *testing.T) {
	needEngine(t)
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("needs gcc, to build with cgo (apt-get install gcc)")
	}
	dir := t.TempDir()
	tare := filepath.Join(dir, "tare")
	build := exec.Command("go", "build", "-o", tare, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build with cgo: %v\n%s", err, out)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	h := newHome(t)
	h.path = tare
	h.tare(t, "load", "-i", mustWorld(t).archive)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"probe", "probe", "comm", "1"}, 0, "tare-init"},
		{[]string{"probe", "probe", "orphan"}, 0, "zombies: 0"},
		{[]string{"probe", "probe", "exit", "5"}, 5, ""},
		{[]string{"--read-only", "--cap-drop", "ALL", "-u", "ada", "probe", "probe", "comm", "1"}, 0, "tare-init"},
	} {
		p := h.start(t, append([]string{"run", "--init"}, c.args...)...)
		if code := p.wait(); code != c.code || !strings.Contains(p.out.String(), c.says) {
			t.Errorf("run --init %v: exit code %d, want %d\n%s%s", c.args, code, c.code, p.out.String(), p.err.String())
		}
	}
}
