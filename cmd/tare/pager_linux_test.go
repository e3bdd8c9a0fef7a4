package main

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Long output on a terminal goes through the user's pager, other output does not.
func TestPager(t *testing.T) {
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	h.set("NO_PAGER", "")
	h.set("TERM", "xterm")
	h.set("PAGER", "sed s/^/paged:/")
	weigh := func(rows uint16, args ...string) string {
		t.Helper()
		p := h.terminal(t, 80, rows, append([]string{"weigh", "probe"}, args...)...)
		if code := p.wait(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		return p.out.String()
	}
	if out := weigh(8); !strings.Contains(out, "paged:") || !strings.Contains(out, "\x1b[") {
		t.Errorf("it was not paged, or lost its colours:\n%q", out)
	}
	for name, out := range map[string]string{
		"a tall terminal": weigh(500), "--no-pager": weigh(8, "--no-pager"), "a pipe": h.tare(t, "weigh", "probe"),
		"a file": weigh(8, "-o", "/dev/null"),
	} {
		if strings.Contains(out, "paged:") {
			t.Errorf("%s: it was paged:\n%s", name, out)
		}
	}
	h.set("TARE_PAGER", "no-such-pager -x")
	if out := weigh(8); !strings.Contains(out, `the pager "no-such-pager -x" cannot be started`) || !strings.Contains(out, "live") {
		t.Errorf("%s", out)
	}
	h.set("TARE_PAGER", "head -n 1")
	if out := weigh(8); strings.Count(out, "\n") > 2 || strings.Contains(out, "tare:") {
		t.Errorf("a pager that leaves early is no error:\n%s", out)
	}
	h.set("NO_PAGER", "1")
	if out := weigh(8); strings.Count(out, "\n") < 8 {
		t.Errorf("NO_PAGER: it was paged:\n%s", out)
	}
}

// In less, Ctrl-C is less's own, q leaves it, and a signal to tare ends both.
func TestLess(t *testing.T) {
	if _, err := exec.LookPath("less"); err != nil {
		t.Skip("less is not installed")
	}
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	for _, kv := range [][2]string{{"NO_PAGER", ""}, {"TERM", "xterm"}, {"PAGER", "less"}, {"LESSHISTFILE", "-"}} {
		h.set(kv[0], kv[1])
	}
	open := func() *process {
		p := h.terminal(t, 80, 8, "weigh", "--full", "probe")
		p.expect("\x1b[K") // less draws its prompt
		return p
	}
	alive := func(p *process) {
		t.Helper()
		select {
		case <-p.ended:
			t.Fatalf("it ended with code %d\n%q", p.code, p.out.String())
		case <-time.After(700 * time.Millisecond):
		}
	}
	p := open()
	alive(p)
	p.typing("\x03")
	alive(p)
	alive(p) // for longer than a second: signals are the program's own again
	p.typing("\x03")
	alive(p)
	p.typing("q")
	if code := p.wait(); code != 0 {
		t.Errorf("exit code %d after q", code)
	}
	if out := p.out.String(); strings.Contains(out, "interrupted") {
		t.Errorf("%q", out)
	}
	p = open()
	begin := time.Now()
	p.signal(syscall.SIGTERM)
	p.wait()
	if d := time.Since(begin); d > 2*time.Second {
		t.Errorf("it took %v to end", d)
	}
}
