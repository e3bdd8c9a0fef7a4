package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary a tare of its own: run under that name it is the
// real program, from its first line on. So tests meet real processes, with what a
// process has: exit codes, signals, terminals, locks.
func TestMain(m *testing.M) {
	// The program may have been started by itself: as a container's init, or
	// inside a new user namespace.
	if err := early(); err != nil {
		fmt.Fprintln(os.Stderr, "tare:", err)
		os.Exit(1)
	}
	testscript.Main(leaveNothing{m}, programs)
}

// programs are what the test binary is by its name.
var programs = map[string]func(){"tare": main, "docker-tare": main}

// leaveNothing gives back what the tests share after the last of them.
type leaveNothing struct{ *testing.M }

func (l leaveNothing) Run() int {
	done := ownTemp()
	code := l.M.Run()
	closeShared()
	if left := done(); len(left) > 0 {
		fmt.Fprintln(os.Stderr, "the tests left mounts behind:\n"+strings.Join(left, "\n"))
		return max(code, 1)
	}
	return code
}

// ownTemp gives the tests a directory for their temporary files that nobody else uses, so
// that what stays mounted there is theirs. Its name is short, for the sake of sockets.
func ownTemp() (done func() []string) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("t%x", os.Getpid()))
	if os.Mkdir(dir, 0o755) != nil || os.Chmod(dir, os.ModeSticky|0o777) != nil || os.Setenv("TMPDIR", dir) != nil {
		return func() []string { return nil }
	}
	return func() []string {
		left := mountsBelow(dir)
		if len(left) == 0 {
			_ = os.RemoveAll(dir)
		}
		return left
	}
}
