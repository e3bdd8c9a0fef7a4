package main

import (
	"fmt"
	"os"
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
	code := l.M.Run()
	closeShared()
	return code
}
