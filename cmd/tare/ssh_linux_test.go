package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tare/internal/testkit"
)

// TestDaemonsOverSSH: daemons of another machine, over a real sshd: by DOCKER_HOST, by a
// context that the docker command made, and Podman by CONTAINER_HOST.
func TestDaemonsOverSSH(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Docker, Podman and sshd")
	}
	address, bin, stranger := testkit.Sshd(t)
	docker, socket := dockerAt(t)
	h := newHome(t)
	path := os.Getenv("PATH")
	h.set("PATH", bin+":"+path)
	dir := h.write(t, "app/Dockerfile", "FROM scratch\nCOPY data /data\n")
	h.write(t, "app/data", strings.Repeat("tare\n", 100_000))
	if out, err := docker("build", "-t", "far:1", dir); err != nil {
		t.Fatal(err, out)
	}
	host := "ssh://" + address + socket
	h.set("DOCKER_HOST", host)
	first, said := h.both(t, "weigh", "--format", "json", "far:1")
	if !strings.Contains(said, "far:1: taken from Docker at "+host+" (image ") {
		t.Errorf("stderr: %s", said)
	}
	if again, _ := h.both(t, "weigh", "--format", "json", "daemon://far:1"); strings.ReplaceAll(again, "daemon://far:1", "far:1") != first {
		t.Errorf("the second look differs: %s", again)
	}

	t.Run("context", func(t *testing.T) {
		h.set("DOCKER_HOST", "")
		for _, args := range [][]string{{"context", "create", "far", "--docker", "host=" + host}, {"context", "use", "far"}} {
			c := exec.Command("/usr/bin/docker", args...)
			c.Env = h.env
			if out, err := c.CombinedOutput(); err != nil {
				t.Skipf("docker %v: %v: %s", args, err, out)
			}
		}
		if _, said := h.both(t, "weigh", "far:1"); !strings.Contains(said, "taken from Docker (context far) (image ") {
			t.Errorf("stderr: %s", said)
		}
	})
	t.Run("no such socket", func(t *testing.T) {
		h.set("DOCKER_HOST", "ssh://"+address+"/nowhere")
		if out, err := h.command("weigh", "daemon://far:1").CombinedOutput(); err == nil || !strings.Contains(string(out), "no Docker daemon at ssh://") || !strings.Contains(string(out), "/nowhere") {
			t.Errorf("%v: %s", err, out)
		}
	})
	t.Run("not let in", func(t *testing.T) {
		h.set("DOCKER_HOST", host)
		h.set("PATH", stranger+":"+path)
		defer h.set("PATH", bin+":"+path)
		out, err := h.command("weigh", "daemon://far:1").CombinedOutput()
		if err == nil || !strings.Contains(string(out), "Permission denied (publickey)") || strings.Contains(string(out), "group docker") {
			t.Errorf("%v: %s", err, out)
		}
	})
	t.Run("podman", func(t *testing.T) {
		local, podman := testkit.Podman(t)
		archive := filepath.Join(h.dir, "far.tar")
		if _, err := docker("save", "-o", archive, "far:1"); err != nil {
			t.Fatal(err)
		}
		if out, err := podman("load", "-i", archive).CombinedOutput(); err != nil {
			t.Skipf("podman load: %v: %s", err, out)
		}
		far := "ssh://" + address + strings.TrimPrefix(local, "unix://")
		h.set("CONTAINER_HOST", far)
		out, _ := h.both(t, "weigh", "--format", "json", "podman://far:1")
		if strings.ReplaceAll(out, "podman://far:1", "far:1") != first {
			t.Errorf("of Podman's it says\n%s\nof Docker's\n%s", out, first)
		}
		h.set("CONTAINER_HOST", "ssh://"+address+"/nowhere")
		if out, err := h.command("weigh", "podman://far:1").CombinedOutput(); err == nil || !strings.Contains(string(out), "Podman") || !strings.Contains(string(out), "/nowhere") {
			t.Errorf("%v: %s", err, out)
		}
	})
}
