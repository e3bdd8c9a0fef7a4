package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestNobodyReads: who pipes a command into head(1) has it end in order, silently, as the
// signal SIGPIPE ends others, with nothing left behind.
func TestNobodyReads(t *testing.T) {
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	const ended = 128 + int(syscall.SIGPIPE)
	// piped runs a command whose reader goes after the line that has a text; said is where
	// standard error goes: the same pipe, or the test.
	piped := func(t *testing.T, both bool, until string, args ...string) (said string, code int) {
		t.Helper()
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		p := &process{t: t, cmd: h.command(args...), out: newOutput(), err: newOutput()}
		p.cmd.Stdout, p.cmd.Stderr = w, p.err
		if both {
			p.cmd.Stderr = w
		}
		if err := p.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		p.watch()
		for lines := bufio.NewScanner(r); until != "" && lines.Scan() && !strings.Contains(lines.Text(), until); {
		}
		_ = r.Close()
		code = p.wait()
		return p.err.String(), code
	}
	t.Run("build", func(t *testing.T) {
		needEngine(t)
		for n, until := range []string{"#1", "line 0", "line 3"} {
			mark := fmt.Sprintf("mark-read-%d", n)
			dir := h.write(t, mark+"/Dockerfile", "FROM probe\nRUN probe lines 400 "+mark+"\n")
			if _, code := piped(t, true, until, "build", "-t", "never", dir); code != ended {
				t.Errorf("until %q: exit code %d, want %d", until, code, ended)
			}
			h.clean(t, mark)
			for _, m := range mountsBelow(h.dir) {
				t.Errorf("until %q: mounted: %s", until, m)
			}
		}
		if got := h.tare(t, "fsck"); !strings.Contains(got, "No problems") {
			t.Errorf("fsck: %s", got)
		}
	})
	t.Run("run", func(t *testing.T) {
		needEngine(t)
		// The program has the pipe itself: how it takes it is its own matter.
		if said, code := piped(t, false, "line 3", "run", "--rm", "probe", "probe", "lines", "400", "mark-read-run"); code == 0 || strings.Contains(said, "tare:") {
			t.Errorf("exit code %d, %s", code, said)
		}
		h.clean(t, "mark-read-run")
	})
	t.Run("reports", func(t *testing.T) {
		for _, args := range [][]string{{"weigh", "--full", "probe"}, {"weigh", "--format", "json", "probe"}, {"images"}, {"history", "probe"}, {"inspect", "probe"}, {"cat", "probe", "/bin/probe"}, {"save", "probe"}, {"version"}, {"help", "weigh"}} {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			_ = r.Close() // before anything is printed
			c := h.command(args...)
			said, err := c.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			c.Stdout = w
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			_ = w.Close()
			b, _ := io.ReadAll(said)
			_ = c.Wait()
			if ws := c.ProcessState.Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != syscall.SIGPIPE || len(b) > 0 {
				t.Errorf("tare %s: %s, and says %q", strings.Join(args, " "), c.ProcessState, b)
			}
		}
	})
	t.Run("a full disk is an error", func(t *testing.T) {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip(err)
		}
		defer func() { _ = full.Close() }()
		for _, args := range [][]string{{"weigh", "probe"}, {"images"}, {"version"}, {"help", "weigh"}, {"cat", "probe", "/bin/probe"}} {
			c := h.command(args...)
			said := newOutput()
			c.Stdout, c.Stderr = full, said
			if _ = c.Run(); c.ProcessState.ExitCode() != 1 || !strings.Contains(said.String(), "no space left on device") {
				t.Errorf("tare %s: %s, and says %q", strings.Join(args, " "), c.ProcessState, said)
			}
		}
	})
	t.Run("an error is no matter of the reader", func(t *testing.T) {
		if said, code := piped(t, false, "", "weigh", "store://none"); code != 1 || !strings.Contains(said, "none") {
			t.Errorf("exit code %d: %s", code, said)
		}
	})
}
