package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// patience is how long a test waits for what should happen at once. A process that
// lets it pass is killed, and its test fails.
const patience = 30 * time.Second

// home is a store of its own for a test that is not a script.
type home struct {
	dir string // the work directory, HOME's parent; TARE_HOME is home below it
	env []string
	// runs are names of containers that were seen running.
	runs []string
	path string              // the program; "" for the one on PATH
	as   *syscall.Credential // whose process it is; nil for the tester's
}

// newHome makes one, and checks after the test that nothing was left in it.
func newHome(t testing.TB) *home {
	t.Helper()
	h := &home{dir: t.TempDir()}
	for _, d := range []string{"user", "docker"} {
		if err := os.Mkdir(filepath.Join(h.dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	drop := map[string]bool{"TARE_BUILDER": true, "BUILDKIT_HOST": true, "DOCKER_DEFAULT_PLATFORM": true, "TARE_HOSTS_DIR": true}
	for _, kv := range os.Environ() {
		if k, _, _ := strings.Cut(kv, "="); !drop[k] {
			h.env = append(h.env, kv)
		}
	}
	h.set("HOME", filepath.Join(h.dir, "user"))
	h.set("TARE_HOME", h.store())
	h.set("DOCKER_CONFIG", filepath.Join(h.dir, "docker"))
	h.set("DOCKER_HOST", "unix://"+filepath.Join(h.dir, "no-docker")) // this machine's may have anything
	h.set("CONTAINER_HOST", "unix://"+filepath.Join(h.dir, "no-podman"))
	h.set("NO_PAGER", "1") // a pager waits for somebody who reads
	t.Cleanup(func() {
		if left := leftovers(h.dir); left != "" {
			t.Error("left behind: " + left)
		}
	})
	return h
}

func (h *home) set(k, v string) { h.env = append(h.env, k+"="+v) }

func (h *home) store() string { return filepath.Join(h.dir, "home") }

// write makes a file in the work directory and returns its directory.
func (h *home) write(t testing.TB, name, text string) string {
	t.Helper()
	p := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(p)
}

// command prepares a tare in the work directory, in a process group of its own
// like a job of an interactive shell.
func (h *home) command(args ...string) *exec.Cmd {
	c := exec.Command("tare", args...)
	c.Dir, c.Env = h.dir, h.env
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: h.as}
	if h.path != "" {
		c.Path, c.Err = h.path, nil
	}
	return c
}

// tare runs a command that must succeed and returns its standard output.
func (h *home) tare(t testing.TB, args ...string) string {
	t.Helper()
	p := h.start(t, args...)
	if code := p.wait(); code != 0 {
		t.Fatalf("tare %s: exit code %d\n%s%s", strings.Join(args, " "), code, p.out.String(), p.err.String())
	}
	return p.out.String()
}

// process is a tare that runs beside the test.
type process struct {
	t        testing.TB
	cmd      *exec.Cmd
	out, err *output
	pty      *os.File // its terminal, or nil
	ended    chan struct{}
	drained  chan struct{} // a terminal's output was read to its end
	code     int
}

// start starts a command without a terminal.
func (h *home) start(t testing.TB, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: h.command(args...), out: newOutput(), err: newOutput()}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.err
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.watch()
	return p
}

// terminal starts a command on a terminal of the given size.
func (h *home) terminal(t testing.TB, cols, rows uint16, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: h.command(args...), out: newOutput(), err: newOutput()}
	p.cmd.SysProcAttr.Setpgid = false // pty.Start makes a session
	var err error
	if p.pty, err = pty.StartWithSize(p.cmd, &pty.Winsize{Cols: cols, Rows: rows}); err != nil {
		t.Fatal(err)
	}
	p.drained = make(chan struct{})
	go func() { _, _ = io.Copy(p.out, p.pty); close(p.drained) }()
	p.watch()
	return p
}

func (p *process) watch() {
	p.ended = make(chan struct{})
	go func() {
		err := p.cmd.Wait()
		p.code = p.cmd.ProcessState.ExitCode()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			_, _ = fmt.Fprintln(p.err, err)
		}
		if ws, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			p.code = 128 + int(ws.Signal())
		}
		if p.drained != nil {
			select { // what it wrote last is still on its way through the terminal
			case <-p.drained:
			case <-time.After(5 * time.Second): // someone else has the terminal open
			}
		}
		close(p.ended)
	}()
	p.t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if p.pty != nil {
			_ = p.pty.Close()
		}
	})
}

// wait returns the exit code.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.code
	case <-time.After(patience):
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // Go prints its goroutines
		select {
		case <-p.ended:
		case <-time.After(2 * time.Second):
		}
		p.t.Fatalf("%v does not end\n%s%s", p.cmd.Args, p.out.String(), p.err.String())
		return 0
	}
}

// expect waits until the text was printed, on either stream.
func (p *process) expect(text string) {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		o, e := p.out.next(), p.err.next()
		if strings.Contains(p.out.String(), text) || strings.Contains(p.err.String(), text) {
			return
		}
		select {
		case <-o:
		case <-e:
		case <-p.ended:
			time.Sleep(50 * time.Millisecond) // the last output of a terminal
			if !strings.Contains(p.out.String(), text) && !strings.Contains(p.err.String(), text) {
				p.t.Fatalf("%v ended with code %d before printing %q\n%s%s", p.cmd.Args, p.code, text, p.out.String(), p.err.String())
			}
			return
		case <-deadline:
			p.t.Fatalf("%v does not print %q\n%s%s", p.cmd.Args, text, p.out.String(), p.err.String())
		}
	}
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("%v: %v\n%s%s", p.cmd.Args, err, p.out.String(), p.err.String())
	}
}

// kill ends tare as the kernel would that is out of memory: no last words.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

func (p *process) typing(text string) {
	p.t.Helper()
	if _, err := p.pty.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

// output is a buffer that tells when it grows.
type output struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	grew chan struct{}
}

func newOutput() *output { return &output{grew: make(chan struct{})} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.grew)
	o.grew = make(chan struct{})
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// next is closed at the next write.
func (o *output) next() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.grew
}
