package main

import (
	"os"
	"strings"
	"testing"
)

// A dozen of the pull requests that make bench-check makes up.
func TestPullRequests(t *testing.T) {
	tare := program(t)
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
