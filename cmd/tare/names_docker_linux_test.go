package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// dockerd starts a Docker daemon with directories of its own, and returns how to run its
// client. Where there is none it skips the test.
func dockerd(t *testing.T) func(args ...string) (string, error) {
	t.Helper()
	needRoot(t)
	for _, p := range []string{"dockerd", "docker", "containerd", "runc"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("needs %s (Debian: docker.io)", p)
		}
	}
	if _, err := os.Stat("/run/containerd/containerd.sock"); err == nil {
		t.Skip("a containerd runs on this machine already, which dockerd would join")
	}
	// Sockets have short names, and t.TempDir's are long.
	dir, err := os.MkdirTemp("", "tare-dk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	at := func(name string) string { return filepath.Join(dir, name) }
	log, err := os.Create(at("log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	c := exec.Command("dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=overlay2",
		"--data-root", at("data"), "--exec-root", at("exec"), "--pidfile", at("pid"), "--host", "unix://"+at("sock"))
	c.Stdout, c.Stderr = log, log
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = c.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(patience):
			_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
			<-ended
		}
		for _, m := range mountsBelow(dir) {
			_ = syscall.Unmount(m, syscall.MNT_DETACH)
		}
	})
	// Debian's client, where a newer one stands before it: that one may not speak to it.
	client := "docker"
	if _, err := os.Stat("/usr/bin/docker"); err == nil {
		client = "/usr/bin/docker"
	}
	run := func(args ...string) (string, error) {
		c := exec.Command(client, append([]string{"--host", "unix://" + at("sock")}, args...)...)
		c.Env = append(os.Environ(), "DOCKER_CONFIG="+dir, "DOCKER_BUILDKIT=1")
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
	}
	for begin := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		if _, err := run("version"); err == nil {
			break
		}
		select {
		case <-ended:
		default:
			if time.Since(begin) < patience {
				continue
			}
		}
		b, _ := os.ReadFile(at("log"))
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		t.Skipf("dockerd does not start here: %s", lines[len(lines)-1])
	}
	// The fixtures are of a graph driver: it shows another list with containerd's store.
	if d, err := run("info", "--format", "{{.Driver}}"); err != nil || strings.TrimSpace(d) != "overlay2" {
		t.Skipf("dockerd stores images with %s, not overlay2 (%v)", strings.TrimSpace(d), err)
	}
	return run
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
