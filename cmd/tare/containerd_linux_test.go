package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/testkit"
)

// TestPartialImageOfContainerd: a containerd that pulled one platform has the index of all.
// What is there is weighed; what is not is said.
func TestPartialImageOfContainerd(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a Docker daemon, for its containerd")
	}
	if _, err := exec.LookPath("ctr"); err != nil {
		t.Skip("needs ctr (Debian: containerd)")
	}
	socket, _ := testkit.Dockerd(t)
	address := filepath.Join(filepath.Dir(socket), "exec", "containerd", "containerd.sock")
	registry := testkit.NewRegistry(t)
	one := func(n int, arch string) *testkit.Built {
		return testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, n, 5000)}, Platform: ocispec.Platform{OS: "linux", Architecture: arch}})
	}
	registry.Push(t, "app", "1", testkit.Index(t, one(1, "amd64"), one(2, "arm64")))
	name := registry.Host + "/app:1"
	// ctr pull would unpack into a snapshotter; the content is enough.
	if out, err := exec.Command("ctr", "-a", address, "content", "fetch", "--plain-http", "--platform", "linux/arm64", name).CombinedOutput(); err != nil {
		t.Skipf("ctr content fetch: %v: %s", err, out)
	}
	h := newHome(t)
	h.set("CONTAINERD_ADDRESS", address)
	for _, c := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"weigh", "containerd://" + name}, "linux/arm64", 0},
		{[]string{"weigh", "--platform", "linux/arm64", "containerd://default/" + name}, "linux/arm64", 0},
		{[]string{"weigh", "--platform", "linux/amd64", "containerd://" + name}, "its image for linux/amd64 is not here", 1},
		{[]string{"weigh", "--platform", "linux/s390x", "containerd://" + name}, "no image for this platform (it has linux/amd64, linux/arm64)", 1},
		{[]string{"weigh", "--all-platforms", "containerd://" + name}, "linux/arm64", 0},
	} {
		p := h.start(t, c.args...)
		if code := p.wait(); code != c.code || !strings.Contains(p.out.String()+p.err.String(), c.want) {
			t.Errorf("tare %s: exit code %d, want %q:\n%s%s", strings.Join(c.args, " "), code, c.want, p.out.String(), p.err.String())
		}
	}
	h.set("CONTAINERD_ADDRESS", "/"+strings.Repeat("x", 150))
	if out, err := h.command("weigh", "containerd://"+name).CombinedOutput(); err == nil || !strings.Contains(string(out), "at most 107 bytes, this one 151") {
		t.Errorf("%v: %s", err, out)
	}
	h.set("CONTAINERD_ADDRESS", silent(t, "unix", filepath.Join(t.TempDir(), "s")))
	if out, err := h.command("weigh", "containerd://"+name).CombinedOutput(); err == nil || !strings.Contains(string(out), "is it hung?") {
		t.Errorf("%v: %s", err, out)
	}
}
