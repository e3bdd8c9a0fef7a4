//go:build buildkitd

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tare/internal/testkit"
)

// startBuildkitd compiles a buildkitd, starts it, and returns its address.
func startBuildkitd(t *testing.T) (addr string) {
	t.Helper()
	needRoot(t)
	needEngine(t)
	dir := t.TempDir()
	program := filepath.Join(dir, "buildkitd")
	if err := testkit.CompileBuildkitd(dir, program); err != nil {
		t.Fatal(err)
	}
	d, err := testkit.StartBuildkitd(program, dir, "tare-test-buildkitd", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.Stop()
		if t.Failed() {
			b, _ := os.ReadFile(d.Log)
			t.Logf("buildkitd says:\n%s", b)
		}
	})
	return d.Addr
}

// TestBuildkitd drives a real buildkitd with the same commands as the embedded engine.
func TestBuildkitd(t *testing.T) {
	addr := startBuildkitd(t)
	s := mustWorld(t)
	h := newHome(t)
	h.tare(t, "load", "-i", s.archive)
	h.set("BUILDKIT_HOST", addr)
	app := h.write(t, "app/Dockerfile", "FROM "+host(s.registry)+"/probe\nRUN probe write /n remote\nCMD [\"probe\", \"cat\", \"/n\"]\n")
	engineUnused := func(t *testing.T) {
		t.Helper()
		if _, err := os.Stat(filepath.Join(h.store(), "engine")); err == nil {
			t.Error("the embedded engine was started")
		}
	}

	t.Run("version names it", func(t *testing.T) {
		if got := h.tare(t, "version"); !strings.Contains(got, addr) {
			t.Error(got)
		}
	})
	t.Run("build, list, history", func(t *testing.T) {
		id := h.tare(t, "build", "-q", "-t", "app", app)
		if got := h.tare(t, "images", "-q", "--no-trunc", "app"); got != id {
			t.Errorf("images: %q, build said %q", got, id)
		}
		if got := h.tare(t, "history", "app"); !strings.Contains(got, "probe write /n remote") {
			t.Error(got)
		}
	})
	t.Run("run", func(t *testing.T) {
		if got := h.tare(t, "run", "app"); got != "remote\n" {
			t.Errorf("%q", got)
		}
		for _, c := range []struct {
			args []string
			code int
			text string
		}{
			{[]string{"app", "probe", "exit", "9"}, 9, ""},
			{[]string{"app", "no-such-program"}, 127, "executable file not found"},
			{[]string{"-e", "A=1", "-w", "/tmp", "-u", "ada", "app", "sh", "-c", "probe env A && probe pwd && probe id"}, 0, "A=1\n/tmp\nuid=1000"},
			{[]string{"--network", "none", "app", "probe", "net"}, 0, "lo\n"},
			{[]string{"-v", h.dir + ":/x", "app"}, 125, "leave --builder out"},
			{[]string{"-m", "64m", "app"}, 125, "leave --builder out"},
			{[]string{"--init", "app"}, 125, "leave --builder out"},
		} {
			p := h.start(t, append([]string{"run"}, c.args...)...)
			if code := p.wait(); code != c.code {
				t.Errorf("run %v: exit code %d, want %d\n%s", c.args, code, c.code, p.err.String())
			}
			if out := p.out.String() + p.err.String(); !strings.Contains(out, c.text) {
				t.Errorf("run %v: no %q in %q", c.args, c.text, out)
			}
		}
	})
	t.Run("run on a terminal", func(t *testing.T) {
		p := h.terminal(t, 77, 33, "run", "-it", "app", "probe", "tty")
		p.expect("size 77x33")
		p.typing("\x03")
		p.expect("interrupted")
		if code := p.wait(); code != 7 {
			t.Errorf("exit code %d", code)
		}
	})
	t.Run("standard input", func(t *testing.T) {
		c := h.command("run", "-i", "app", "probe", "count")
		c.Stdin = strings.NewReader(strings.Repeat("x", 100_000))
		out, err := c.CombinedOutput()
		if err != nil || string(out) != "100000\n" {
			t.Errorf("%v: %q", err, out)
		}
	})
	t.Run("signals", func(t *testing.T) {
		p := h.start(t, "run", "app", "probe", "trap", "23")
		p.expect("ready")
		p.signal(syscall.SIGTERM)
		if code := p.wait(); code != 23 {
			t.Errorf("exit code %d, want 23\n%s", code, p.err.String())
		}
	})
	t.Run("FROM an image that only the store has", func(t *testing.T) {
		local := h.write(t, "local/Dockerfile", "FROM app\nRUN probe append /n more\n")
		h.tare(t, "build", "-t", "onlocal", local)
		if got := h.tare(t, "run", "onlocal"); got != "remote\nmore\n" {
			t.Errorf("%q", got)
		}
		loaded := h.write(t, "loaded/Dockerfile", "FROM probe\nRUN probe write /n loaded\n")
		h.tare(t, "build", "-t", "onloaded", loaded)
		if got := h.tare(t, "run", "onloaded", "probe", "cat", "/n"); got != "loaded\n" {
			t.Errorf("%q", got)
		}
	})
	t.Run("compare", func(t *testing.T) {
		if got := h.tare(t, "compare", "app", "./local"); !strings.Contains(got, "./local") {
			t.Error(got)
		}
	})
	t.Run("failures", func(t *testing.T) {
		bad := h.write(t, "bad/Dockerfile", "FROM "+host(s.registry)+"/probe\nRUN probe exit 42\n")
		p := h.start(t, "build", bad)
		if code := p.wait(); code != 1 || !strings.Contains(p.err.String(), "Dockerfile:2") {
			t.Errorf("exit code %d\n%s", code, p.err.String())
		}
	})
	t.Run("interrupt", func(t *testing.T) {
		slow := h.write(t, "slow/Dockerfile", "FROM "+host(s.registry)+"/probe\nRUN probe lines 400 mark-remote\n")
		p := h.start(t, "build", slow)
		p.expect("line 0")
		p.stop(syscall.SIGINT, 130)
		for range 100 {
			if len(running("mark-remote")) == 0 {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("still running: %v", running("mark-remote"))
	})
	t.Run("cache", func(t *testing.T) {
		if got := h.tare(t, "system", "df"); !strings.Contains(got, "Build Cache") {
			t.Error(got)
		}
		h.tare(t, "builder", "prune", "-af")
	})
	engineUnused(t)
	t.Run("nobody there", func(t *testing.T) {
		p := h.start(t, "--builder", "unix://"+h.dir+"/nothing.sock", "build", app)
		if code := p.wait(); code != 1 || !strings.Contains(p.err.String(), "is buildkitd running there?") {
			t.Errorf("exit code %d\n%s", code, p.err.String())
		}
		p = h.start(t, "--builder", "nonsense", "build", app)
		if code := p.wait(); code != 1 || !strings.Contains(p.err.String(), "unix:///run/buildkit") {
			t.Errorf("exit code %d\n%s", code, p.err.String())
		}
	})
}
