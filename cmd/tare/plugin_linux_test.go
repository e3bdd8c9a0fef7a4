package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// TestDockerPlugin: the real docker command takes tare as a plugin, and shows its line
// after builds.
func TestDockerPlugin(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Docker")
	}
	h := newHome(t)
	_, socket := dockerAt(t)
	h.set("DOCKER_HOST", "unix://"+socket)
	h.set("DOCKER_BUILDKIT", "0") // the daemon's own builder: a newer command lacks buildx here
	config := filepath.Join(h.dir, "docker")
	if out := h.tare(t, "plugin", "install"); !strings.Contains(out, "linked "+filepath.Join(config, "cli-plugins", "docker-tare")) || !strings.Contains(out, "config.json: after build") {
		t.Errorf("plugin install: %s", out)
	}
	dir := filepath.Join(h.dir, "context")
	put(t, filepath.Join(dir, "Dockerfile"), "FROM scratch\nCOPY data /data\n")
	put(t, filepath.Join(dir, "data"), strings.Repeat("x", 1_000_000))
	for _, docker := range clients(t) {
		t.Run(docker.version, func(t *testing.T) {
			run := func(args ...string) string {
				t.Helper()
				c := exec.Command(docker.path, args...)
				c.Env = h.env
				b, err := c.CombinedOutput()
				if err != nil {
					t.Fatalf("docker %s: %v: %s", strings.Join(args, " "), err, b)
				}
				return string(b)
			}
			if out := run("--help"); !regexp.MustCompile(`tare\*.*Weigh images`).MatchString(out) {
				t.Errorf("docker --help does not name it: %s", out)
			}
			name := "hooked" + strings.ReplaceAll(docker.version, ".", "")
			run("build", "-t", name, dir)
			if out := run("tare", "weigh", name); !strings.Contains(out, name+" · linux/") || !strings.Contains(out, "taken from Docker") {
				t.Errorf("docker tare weigh: %s", out)
			}
			if out := run("--host", "unix://"+socket, "tare", "history", "-q", name); len(strings.TrimSpace(out)) < 12 {
				t.Errorf("docker tare history: %s", out)
			}
			if !docker.hooks {
				return
			}
			says := func(want string, args ...string) {
				t.Helper()
				out := onTerminal(t, h.env, docker.path, args...)
				if got := strings.Contains(out, "What's next:"); got != (want != "") || !strings.Contains(out, want) {
					t.Errorf("docker %s says %q, not %q", strings.Join(args, " "), out, want)
				}
			}
			says(name+" is 1MB. Where it comes from: docker tare weigh "+name, "build", "-t", name, dir)
			says(name+" is 1MB, the same image as before.", "build", "-t", name, dir)
			put(t, filepath.Join(dir, "data"), strings.Repeat("y", 3_500_000))
			says(name+" is 3.5MB, 2.5MB more than before (1 of its 1 layers is new).", "build", "-t", name, dir)
			says("", "build", dir)
			put(t, filepath.Join(dir, "Bad"), "FROM scratch\nCOPY nothing /\n")
			says("", "build", "-t", name, "-f", filepath.Join(dir, "Bad"), dir)
			put(t, filepath.Join(dir, "data"), strings.Repeat("x", 1_000_000))
		})
	}
	if out := h.tare(t, "plugin", "remove"); !strings.Contains(out, "removed ") {
		t.Errorf("plugin remove: %s", out)
	}
	if _, err := os.Lstat(filepath.Join(config, "cli-plugins", "docker-tare")); !os.IsNotExist(err) {
		t.Errorf("the link is still there: %v", err)
	}
}

// TestHookIsQuick measures whole processes: docker waits for them.
func TestHookIsQuick(t *testing.T) {
	h := newHome(t)
	link := filepath.Join(h.dir, "docker-tare")
	if err := os.Symlink(h.command().Path, link); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(link, "docker-cli-plugin-metadata")
	c.Env = h.env
	out, err := c.Output()
	var meta struct{ SchemaVersion, Vendor string }
	if err != nil || json.Unmarshal(out, &meta) != nil || meta.SchemaVersion != "0.1.0" || meta.Vendor == "" {
		t.Errorf("metadata: %v: %s", err, out)
	}
	// No daemon: nothing is said, and it is no error.
	c = exec.Command(link, "docker-cli-plugin-hooks", `{"RootCmd":"build"}`)
	c.Env = h.env
	if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("without a daemon: %v: %s", err, out)
	}
}

// client is a docker command.
type client struct {
	path, version string
	hooks         bool // it shows what plugins say after its commands
}

// clients are the docker commands of this machine.
func clients(t *testing.T) (out []client) {
	t.Helper()
	for _, p := range []string{"/usr/bin/docker", "/usr/local/bin/docker"} {
		b, err := exec.Command(p, "version", "--format", "{{.Client.Version}}").Output()
		if len(b) == 0 && err != nil {
			continue
		}
		v := strings.TrimSpace(string(b))
		major := 0
		for _, c := range strings.SplitN(v, ".", 2)[0] {
			major = major*10 + int(c-'0')
		}
		out = append(out, client{p, v, major >= 26})
	}
	if len(out) == 0 {
		t.Skip("needs docker (Debian: docker.io)")
	}
	return out
}

// onTerminal runs a command with a terminal, which docker wants for its hints.
func onTerminal(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Env = append(env, "TERM=xterm")
	f, err := pty.StartWithSize(c, &pty.Winsize{Cols: 200, Rows: 50})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	time.AfterFunc(time.Minute, func() { _ = c.Process.Kill() })
	b, _ := io.ReadAll(f)
	_ = c.Wait()
	return string(b)
}
