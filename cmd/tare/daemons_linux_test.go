package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tare/internal/testkit"
)

// TestImagesOfDaemons: docker build, and tare finds the image where it is; the same with
// Podman and with containerd. What is said of it is what is said of its archive.
func TestImagesOfDaemons(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Docker and Podman")
	}
	h := newHome(t)
	docker, socket := dockerAt(t)
	dir := filepath.Join(h.dir, "context")
	put(t, filepath.Join(dir, "Dockerfile"), "FROM scratch\nCOPY data /data\nCOPY more /more\n")
	put(t, filepath.Join(dir, "data"), strings.Repeat("tare\n", 100_000))
	put(t, filepath.Join(dir, "more"), "one")
	if out, err := docker("build", "-t", "mine:1", dir); err != nil {
		t.Fatal(err, out)
	}
	h.set("DOCKER_HOST", "unix://"+socket)
	id, err := docker("images", "-q", "--no-trunc", "mine:1")
	if err != nil {
		t.Fatal(err)
	}
	short := strings.TrimPrefix(id, "sha256:")[:12]

	// Where it is, is said on stderr; stdout is the report alone.
	out, said := h.both(t, "weigh", "--format", "json", "mine:1")
	if want := "mine:1: taken from Docker at unix://" + socket + " (image " + short + ")"; !strings.Contains(said, want) {
		t.Errorf("stderr: %s", said)
	}
	if again, said := h.both(t, "weigh", "--format", "json", "mine:1"); again != out || strings.Count(said, "\n") != 1 {
		t.Errorf("the second look differs: %s", said)
	}
	archive := filepath.Join(h.dir, "mine.tar")
	if _, err := docker("save", "-o", archive, "mine:1"); err != nil {
		t.Fatal(err)
	}
	if other, _ := h.both(t, "weigh", "--format", "json", "archive://"+archive); strings.ReplaceAll(other, "mine:1 (mine.tar)", "mine:1") != out {
		t.Errorf("of the archive it says\n%s\nof the daemon's\n%s", other, out)
	}
	if got := strings.TrimSpace(h.tare(t, "images", "-q")); got != "" {
		t.Errorf("looking stored %s", got)
	}
	theirs, err := docker("history", "--no-trunc", "--format", "{{.ID}} {{.Size}} {{.CreatedBy}}", "mine:1")
	if ours := h.tare(t, "history", "--no-trunc", "--format", "{{.ID}} {{.Size}} {{.CreatedBy}}", "mine:1"); err != nil || ours != theirs {
		t.Errorf("history: %s, Docker's %s %v", ours, theirs, err)
	}
	const inspected = "{{.Id}} {{json .RepoTags}} {{json .RepoDigests}} {{.Size}} {{json .RootFS.Layers}} {{.Os}}/{{.Architecture}} {{json .Config.Cmd}} {{.Created}}"
	theirs, err = docker("inspect", "--format", inspected, "mine:1")
	ours, _ := h.both(t, "inspect", "--format", inspected, "mine:1")
	if err != nil || ours != theirs {
		t.Errorf("inspect: %s, Docker's %s %v", ours, theirs, err)
	}
	if out, _ := h.both(t, "inspect", "--format", "{{json .RepoTags}}", "archive://"+archive); out != `["mine:1"]`+"\n" {
		t.Errorf("inspect of an archive: %s", out)
	}
	if out, err := h.command("inspect", "nowhere:1").CombinedOutput(); err == nil || !strings.Contains(string(out), "no such object: nowhere:1") {
		t.Errorf("%v: %s", err, out)
	}

	// The store's comes first, and the other is mentioned.
	if out, err := docker("build", "-t", "mine:2", dir); err != nil {
		t.Fatal(err, out)
	}
	b, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	load := h.command("load")
	load.Stdin = bytes.NewReader(b)
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, said := h.both(t, "weigh", "mine:1"); said != "" {
		t.Errorf("both have the same: %s", said)
	}
	put(t, filepath.Join(dir, "more"), "two")
	if out, err := docker("build", "-t", "mine:1", dir); err != nil {
		t.Fatal(err, out)
	}
	if _, said := h.both(t, "weigh", "mine:1"); !strings.Contains(said, "has another of that name") || !strings.Contains(said, "daemon://mine:1") {
		t.Errorf("both have another: %s", said)
	}
	if out, _ := h.both(t, "compare", "store://mine:1", "daemon://mine:1"); !strings.Contains(out, "daemon://mine:1") {
		t.Errorf("compare: %s", out)
	}
	if _, err := docker("rmi", "mine:2"); err != nil {
		t.Fatal(err)
	}

	t.Run("podman", func(t *testing.T) {
		host, podman := testkit.Podman(t)
		h.set("CONTAINER_HOST", host)
		if out, err := podman("load", "-i", archive).CombinedOutput(); err != nil {
			t.Skipf("podman load: %v: %s", err, out)
		}
		for _, name := range []string{"mine:1", "localhost/mine:1", short} {
			other, _ := h.both(t, "weigh", "--format", "json", "podman://"+name)
			if strings.ReplaceAll(other, "podman://"+name, "mine:1") != out {
				t.Errorf("of Podman's %s it says\n%s\nof Docker's\n%s", name, other, out)
			}
		}
		if out, err := podman("tag", "mine:1", "localhost/only-here").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if _, said := h.both(t, "weigh", "only-here"); !strings.Contains(said, "only-here: taken from Podman at "+host) {
			t.Errorf("stderr: %s", said)
		}
	})
	t.Run("containerd", func(t *testing.T) {
		address := filepath.Join(filepath.Dir(socket), "exec", "containerd", "containerd.sock")
		if _, err := exec.LookPath("ctr"); err != nil {
			t.Skip("needs ctr (Debian: containerd)")
		}
		for _, ns := range []string{"default", "k8s.io"} {
			if out, err := exec.Command("ctr", "-a", address, "-n", ns, "images", "import", archive).CombinedOutput(); err != nil {
				t.Skipf("ctr images import: %v: %s", err, out)
			}
		}
		h.set("CONTAINERD_ADDRESS", address)
		for _, name := range []string{"mine:1", "k8s.io/mine:1", "default/docker.io/library/mine:1"} {
			if out, _ := h.both(t, "weigh", "containerd://"+name); !strings.HasPrefix(out, "  containerd://"+name+" · linux/") || !strings.Contains(out, "COPY data /data") {
				t.Errorf("%s: %s", name, out)
			}
		}
		if b, err := h.command("weigh", "containerd://moby/none").CombinedOutput(); err == nil || !strings.Contains(string(b), "the namespaces are default, k8s.io") {
			t.Errorf("%v: %s", err, b)
		}
	})
	t.Run("hangs", func(t *testing.T) {
		h.set("DOCKER_HOST", "unix://"+silent(t, "unix", filepath.Join(t.TempDir(), "s")))
		begin := time.Now()
		// The store has it: nobody waits for a hint.
		if _, said := h.both(t, "weigh", "mine:1"); said != "" || time.Since(begin) > 5*time.Second {
			t.Errorf("after %s: %s", time.Since(begin), said)
		}
	})
}

// both runs tare and returns what it says on standard output and on standard error.
func (h *home) both(t testing.TB, args ...string) (out, said string) {
	t.Helper()
	c := h.command(args...)
	var o, e strings.Builder
	c.Stdout, c.Stderr = &o, &e
	if err := c.Run(); err != nil {
		t.Fatalf("tare %s: %v: %s", strings.Join(args, " "), err, e.String())
	}
	return o.String(), e.String()
}
