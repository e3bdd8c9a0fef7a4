package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tare/internal/testkit"
)

// TestOrdinaryUserConfig: the program that runs itself again in a user namespace, where
// root is nobody, follows the user's settings and root's, and refuses a stranger's.
func TestOrdinaryUserConfig(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	ordinary(t, h)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	dir := h.write(t, "app/Dockerfile", "FROM probe\nRUN probe lines 1\n")
	h.set("BUILDKIT_PROGRESS", "")
	for _, c := range []struct {
		owner uint32
		name  string
	}{{h.as.Uid, "user"}, {0, "root"}, {h.as.Uid + 1, "stranger"}} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(h.write(t, c.name+"/config.yaml", "build:\n  progress: quiet\n  no-cache: true\n"), "config.yaml")
			if err := os.Chown(file, int(c.owner), int(c.owner)); err != nil {
				t.Fatal(err)
			}
			h.set("TARE_CONFIG", file)
			defer h.set("TARE_CONFIG", "/dev/null")
			p := h.start(t, "build", "-t", "app", dir)
			code := p.wait()
			if c.name == "stranger" {
				if code != 2 || !strings.Contains(p.err.String(), file) {
					t.Errorf("exit code %d: %s", code, p.err.String())
				}
				return
			}
			if code != 0 || strings.Contains(p.err.String(), "line 0") {
				t.Errorf("exit code %d, and the progress is shown: %s", code, p.err.String())
			}
		})
	}
	t.Run("nobody reads", func(t *testing.T) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		slow := h.write(t, "slow/Dockerfile", "FROM probe\nRUN probe lines 400 mark-ordinary\n")
		p := &process{t: t, cmd: h.command("build", slow), out: newOutput(), err: newOutput()}
		p.cmd.Stdout, p.cmd.Stderr = w, w
		if err := p.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		p.watch()
		for lines := bufio.NewScanner(r); lines.Scan() && !strings.Contains(lines.Text(), "line 0"); {
		}
		_ = r.Close()
		if code := p.wait(); code != 128+int(syscall.SIGPIPE) {
			t.Errorf("exit code %d", code)
		}
		h.clean(t, "mark-ordinary")
	})
}

// TestDaemonPermission: who may not use a daemon's socket is told who may, whether the
// daemon was named or only asked.
func TestDaemonPermission(t *testing.T) {
	h := newHome(t)
	ordinary(t, h)
	b, err := os.ReadFile(mustWorld(t).saved)
	if err != nil {
		t.Fatal(err)
	}
	for variable, scheme := range map[string]string{"DOCKER_HOST": "daemon", "CONTAINER_HOST": "podman"} {
		d := &testkit.DockerAPI{Images: map[string][]byte{"app:1": b}}
		d.Serve(t)
		socket := strings.TrimPrefix(d.Host, "unix://")
		if err := os.Chmod(filepath.Dir(socket), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(socket, 0o600); err != nil {
			t.Fatal(err)
		}
		h.set(variable, d.Host)
		h.set("TARE_SOURCES", "store,"+scheme)
		want := map[string]string{"daemon": "the group docker (sudo usermod -aG docker $USER", "podman": "its socket is another user's"}[scheme]
		for _, word := range []string{scheme + "://app:1", "app:1"} {
			p := h.start(t, "weigh", word)
			if code := p.wait(); code != 1 || !strings.Contains(p.err.String(), "permission denied: ") || !strings.Contains(p.err.String(), want) {
				t.Errorf("%s: exit code %d: %s", word, code, p.err.String())
			}
		}
		if err := os.Chmod(socket, 0o666); err != nil {
			t.Fatal(err)
		}
		if out := h.tare(t, "weigh", "app:1"); !strings.HasPrefix(out, "  app:1 · ") {
			t.Errorf("%s: %s", scheme, out)
		}
	}
}
