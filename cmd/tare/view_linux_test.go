package main

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// inTmux is tare view in a terminal of its own.
type inTmux struct {
	t      *testing.T
	socket string
}

func tmux(t *testing.T, h *home, cols, rows string, args ...string) *inTmux {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed: what tare view draws on a real terminal was not tested")
	}
	dir, err := os.MkdirTemp("", "tmux") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	m := &inTmux{t, filepath.Join(dir, "s")}
	c := h.command(append([]string{"view"}, args...)...)
	start := exec.Command("tmux", append([]string{"-S", m.socket, "-f", "/dev/null", "new-session", "-d", "-x", cols, "-y", rows, "-c", h.dir, "--"}, c.Args...)...)
	start.Env = append(c.Env, "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	if out, err := start.CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", m.socket, "kill-server").Run() })
	return m
}

func (m *inTmux) do(args ...string) string {
	m.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", m.socket}, args...)...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("tmux %v: %v: %s", args, err, out)
	}
	return string(out)
}

// sees waits until the screen shows a text.
func (m *inTmux) sees(text string) string {
	m.t.Helper()
	var s string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if s = m.do("capture-pane", "-p"); strings.Contains(s, text) {
			return s
		}
	}
	m.t.Fatalf("%q does not appear:\n%s", text, s)
	return ""
}

// TestView walks through an image in a real terminal: layers, filter, a file's text, its
// extraction, a resize, and out.
func TestView(t *testing.T) {
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	m := tmux(t, h, "80", "24", "probe")
	m.sees("▸ ")
	m.do("send-keys", "/")
	m.sees("filter (text):")
	m.do("send-keys", "probe", "Enter", "G")
	m.sees(`text "probe"`)
	m.do("resize-window", "-x", "160", "-y", "45")
	m.sees("│")
	m.do("send-keys", "?")
	m.sees("heaviest path")
	m.do("send-keys", "q", "e")
	m.sees("extract to: ./")
	m.do("send-keys", "C-u", "taken", "Enter")
	m.sees("extracted ")
	if _, err := os.Stat(filepath.Join(h.dir, "taken")); err != nil {
		t.Error(err)
	}
	m.do("send-keys", "e", "C-u", "taken", "Enter")
	m.sees("taken exists")
	m.do("send-keys", "q")
	for end := time.Now().Add(time.Minute); exec.Command("tmux", "-S", m.socket, "has-session").Run() == nil; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("q does not end it")
		}
	}
}

// Where nothing can be drawn, it says what to use instead.
func TestViewWithoutTerminal(t *testing.T) {
	h := newHome(t)
	out, err := h.command("view", "probe").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "are no terminal: use tare weigh") {
		t.Errorf("%v: %s", err, out)
	}
	h.set("TERM", "dumb")
	p := h.terminal(t, 80, 24, "view", "probe")
	if code := p.wait(); code != 1 || !strings.Contains(p.out.String(), "use tare weigh") {
		t.Errorf("exit code %d: %s", code, p.out.String())
	}
}

// TestViewWeb serves an image until a signal comes, which is no failure.
func TestViewWeb(t *testing.T) {
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		c := h.command("view", "--web", "probe")
		c.Stderr = nil
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("no address: %v", err)
		}
		address := strings.TrimSpace(line)
		resp, err := http.Get(address + "api/files")
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(b), `"path":"/bin"`) {
			t.Errorf("%s %s %v", resp.Status, b, err)
		}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		second, err := h.command("view", "--web", "--port", u.Port(), "probe").CombinedOutput()
		if err == nil || !strings.Contains(string(second), "--port "+u.Port()+": address already in use: choose another, or leave --port out") {
			t.Errorf("the same port again: %v: %s", err, second)
		}
		if err := c.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		rest, _ := io.ReadAll(lines)
		if err := c.Wait(); err != nil || len(rest) > 0 {
			t.Errorf("%s: %v, and it says %q", signal, err, rest)
		}
	}
}
