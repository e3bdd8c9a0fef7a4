package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"tare/internal/testkit"
)

// dockerd starts a Docker daemon and returns how to run its client. Where there is none
// it skips the test.
func dockerd(t *testing.T) func(args ...string) (string, error) {
	t.Helper()
	run, _ := dockerAt(t)
	return run
}

// dockerAt is dockerd with the path of the daemon's socket.
func dockerAt(t *testing.T) (run func(args ...string) (string, error), socket string) {
	t.Helper()
	if _, err := exec.LookPath("docker"); err != nil {
		t.Skip("needs docker (Debian: docker.io)")
	}
	socket, _ = testkit.Dockerd(t)
	// Debian's client, where a newer one stands before it: that one may not speak to it.
	client := "docker"
	if _, err := os.Stat("/usr/bin/docker"); err == nil {
		client = "/usr/bin/docker"
	}
	config := t.TempDir()
	return func(args ...string) (string, error) {
		c := exec.Command(client, append([]string{"--host", "unix://" + socket}, args...)...)
		c.Env = append(os.Environ(), "DOCKER_CONFIG="+config, "DOCKER_BUILDKIT=1")
		var said strings.Builder
		c.Stderr = &said
		out, err := c.Output()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, said.String())
		}
		if args[0] == "build" { // its progress
			return said.String(), err
		}
		return string(out), err
	}, socket
}

// TestNamesOfDocker: the fixture of TestNames is what a real Docker daemon says.
func TestNamesOfDocker(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a Docker daemon")
	}
	run := dockerd(t)
	n := newNames(t)
	head, want := readSequences(t)
	got := n.play(t, want, run, func() {
		ids, err := run("images", "-aq")
		if err != nil {
			t.Fatal(err)
		}
		if list := strings.Fields(ids); len(list) > 0 {
			_, _ = run(append([]string{"rmi", "-f"}, list...)...) // each ID once for each name
		}
	})
	for i, w := range want {
		if w.oursOnly() {
			got[i] = w
		}
		if got[i].String() != w.String() {
			t.Errorf("Docker says:\n%s\nthe fixture:\n%s", got[i], w)
		}
	}
	if os.Getenv("UPDATE_NAMES") != "" {
		writeNames(t, head, got)
	}
}
