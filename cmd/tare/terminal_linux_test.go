package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// TestRunTerminal runs programs on a real terminal.
func TestRunTerminal(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)

	t.Run("size and resize", func(t *testing.T) {
		p := h.terminal(t, 100, 40, "run", "-it", "--rm", "probe", "probe", "tty")
		p.expect("size 100x40")
		if err := pty.Setsize(p.pty, &pty.Winsize{Cols: 61, Rows: 17}); err != nil {
			t.Fatal(err)
		}
		p.expect("size 61x17")
		p.typing("hello there\r")
		p.expect("line: hello there")
		if code := p.wait(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	})
	t.Run("exit code", func(t *testing.T) {
		p := h.terminal(t, 80, 24, "run", "-it", "probe", "probe", "exit", "42")
		if code := p.wait(); code != 42 {
			t.Errorf("exit code %d, want 42", code)
		}
	})
	t.Run("Ctrl-C goes to the program", func(t *testing.T) {
		p := h.terminal(t, 80, 24, "run", "-it", "probe", "probe", "tty")
		p.expect("size 80x24")
		p.typing("\x03")
		p.expect("interrupted")
		if code := p.wait(); code != 7 {
			t.Errorf("exit code %d, want the program's own 7", code)
		}
	})
	t.Run("Ctrl-D ends the input", func(t *testing.T) {
		p := h.terminal(t, 80, 24, "run", "-it", "probe", "probe", "tty")
		p.expect("size")
		p.typing("\x04")
		p.expect("line: end of input")
		if code := p.wait(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	})
	t.Run("the terminal is as before", func(t *testing.T) {
		p := h.terminal(t, 80, 24, "run", "-it", "probe", "probe", "tty")
		before, err := unix.IoctlGetTermios(int(p.pty.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		p.expect("size")
		p.typing("x\r")
		if code := p.wait(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		after, err := unix.IoctlGetTermios(int(p.pty.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if *before != *after {
			t.Errorf("terminal modes: %+v before, %+v after", before, after)
		}
	})
	t.Run("TERM is set", func(t *testing.T) {
		p := h.terminal(t, 80, 24, "run", "-it", "probe", "probe", "env", "TERM")
		p.expect("TERM=xterm")
		p.wait()
	})
	t.Run("without -t Ctrl-C reaches the program as a signal", func(t *testing.T) {
		p := h.terminal(t, 80, 24, "run", "-i", "probe", "probe", "trap", "9")
		p.expect("ready")
		p.typing("\x03")
		p.expect("got interrupt")
		if code := p.wait(); code != 9 {
			t.Errorf("exit code %d, want 9", code)
		}
		if n := strings.Count(p.out.String(), "got interrupt"); n != 1 {
			t.Errorf("the signal came %d times", n)
		}
	})
	t.Run("pull and build draw on it", func(t *testing.T) {
		dir := h.write(t, "app/Dockerfile", "FROM probe\nRUN probe echo drawn\n")
		p := h.terminal(t, 80, 24, "build", "-t", "app", dir)
		if code := p.wait(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		p.expect("[+] Building")
		p.expect("FINISHED")
		p = h.terminal(t, 80, 24, "pull", host(mustWorld(t).registry)+"/probe")
		p.expect("Status: Downloaded newer image")
		p.wait()
	})
	t.Run("save refuses a terminal", func(t *testing.T) {
		p := h.terminal(t, 80, 24, "save", "probe")
		p.expect("will not write an archive to a terminal")
		if code := p.wait(); code != 2 {
			t.Errorf("exit code %d, want 2", code)
		}
	})
}

// TestRunSignals sends signals to a tare without a terminal.
func TestRunSignals(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	for _, c := range []struct {
		sig  syscall.Signal
		want string
	}{
		{syscall.SIGTERM, "got terminated"}, {syscall.SIGINT, "got interrupt"}, {syscall.SIGHUP, "got hangup"}, {syscall.SIGUSR1, "got user defined signal 1"},
	} {
		for _, flags := range [][]string{{"run", "probe"}, {"run", "--init", "probe"}} {
			t.Run(c.sig.String()+" "+strings.Join(flags, " "), func(t *testing.T) {
				p := h.start(t, append(flags, "probe", "trap", "23")...)
				p.expect("ready")
				p.signal(c.sig)
				p.expect(c.want)
				if code := p.wait(); code != 23 {
					t.Errorf("exit code %d, want 23", code)
				}
			})
		}
	}
	t.Run("with --init TERM ends it", func(t *testing.T) {
		p := h.start(t, "run", "--init", "probe", "probe", "lines", "200")
		p.expect("line 0")
		begin := time.Now()
		p.signal(syscall.SIGTERM)
		if code := p.wait(); code != 143 {
			t.Errorf("exit code %d, want 143", code)
		}
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("took %v", d)
		}
	})
}

// What takes long shows how far it is, unless told not to.
func TestProgressAndQuiet(t *testing.T) {
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	for _, args := range [][]string{{"load", "-i", mustWorld(t).archive}, {"save", "-o", "out.tar", "probe"}} {
		what := map[string]string{"load": ": Loading", "save": "probe: Saving"}[args[0]]
		p := h.terminal(t, 100, 30, args...)
		if code := p.wait(); code != 0 || !strings.Contains(p.out.String(), what) || !strings.Contains(p.out.String(), "\x1b[J") {
			t.Errorf("%v: exit code %d\n%q", args, code, p.out.String())
		}
		quiet := h.terminal(t, 100, 30, append([]string{args[0], "--quiet"}, args[1:]...)...)
		if code := quiet.wait(); code != 0 || strings.Contains(quiet.out.String(), what) {
			t.Errorf("%v --quiet: exit code %d\n%q", args, code, quiet.out.String())
		}
		if p := h.start(t, args...); p.wait() != 0 || p.err.String() != "" {
			t.Errorf("%v without a terminal: %q", args, p.err.String())
		}
	}
}

// On a terminal fsck shows how far it is, and takes that away for its result.
func TestFsckOnATerminal(t *testing.T) {
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	p := h.terminal(t, 100, 30, "fsck")
	if code := p.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	out := p.out.String()
	if !strings.Contains(out, "blobs: Checking") || !strings.Contains(out, "\x1b[J") || !strings.HasSuffix(strings.TrimSpace(out), "No problems found.") {
		t.Errorf("%q", out)
	}
}
