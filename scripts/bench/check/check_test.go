package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A dozen of the pull requests that make bench-check makes up.
func TestPullRequests(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("it builds images")
	}
	for _, program := range []string{"git", "runc"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed")
		}
	}
	tare := filepath.Join(t.TempDir(), "tare")
	build := exec.Command("go", "build", "-o", tare, "./cmd/tare")
	build.Dir = filepath.Join(here(), "../../..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command(tare, "doctor").CombinedOutput(); err != nil {
		t.Skipf("images cannot be built here: %s", out[:min(len(out), 500)])
	}
	s, err := measure(t.Context(), tare, t.TempDir(), 12, 7, -1, os.Stdout)
	if err != nil {
		t.Fatal(err)
	}
	if !s.good() {
		t.Error(strings.Join(s.failed, "\n"))
	}
	if s.regressions == 0 || s.drift == 0 {
		t.Errorf("nothing was tried: %+v", s)
	}
}
