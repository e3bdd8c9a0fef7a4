package main

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestWaitingEnds: whatever a command waits for, one signal ends it at once.
func TestWaitingEnds(t *testing.T) {
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	dir := h.write(t, "app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n")
	pipe := filepath.Join(h.dir, "pipe") // nobody ever opens its other end
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	registry, socket := silent(t, "tcp", "127.0.0.1:0"), silent(t, "unix", filepath.Join(t.TempDir(), "s"))
	h.set("DOCKER_HOST", "unix://"+socket)
	signals := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}
	for i, c := range []struct {
		name   string
		args   []string
		engine bool
	}{
		{"load from standard input", []string{"load"}, false},
		{"load from a pipe", []string{"load", "-i", pipe}, false},
		{"weigh standard input", []string{"weigh", "-"}, false},
		{"weigh a pipe", []string{"weigh", pipe}, false},
		{"weigh an archive", []string{"weigh", "archive://" + pipe}, false},
		{"compare a pipe", []string{"compare", "probe", pipe}, false},
		{"diff a pipe", []string{"diff", "probe", pipe}, false},
		{"save into a pipe", []string{"save", "-o", pipe, "probe"}, false},
		{"weigh into a pipe", []string{"weigh", "-o", pipe, "probe"}, false},
		{"password from standard input", []string{"login", "-u", "me", "--password-stdin", registry}, false},
		{"the answer to a question", []string{"system", "prune"}, true},
		{"pull", []string{"pull", registry + "/x"}, false},
		{"push", []string{"push", registry + "/x"}, false},
		{"weigh a registry's", []string{"weigh", "registry://" + registry + "/x"}, false},
		{"weigh a daemon's", []string{"weigh", "daemon://x"}, false},
		{"a builder", []string{"--builder", "tcp://" + registry, "build", dir}, false},
		{"build from standard input", []string{"build", "-"}, true},
		{"a Dockerfile from standard input", []string{"build", "-f", "-", dir}, true},
		{"a Dockerfile in a pipe", []string{"build", "-f", pipe, dir}, true},
		{"profile of a pipe", []string{"profile", "-f", pipe, dir}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.engine {
				needEngine(t)
			}
			if c.name == "push" {
				h.tare(t, "tag", "probe", registry+"/x")
			}
			p := &process{t: t, cmd: h.command(c.args...), out: newOutput(), err: newOutput()}
			in, err := p.cmd.StdinPipe() // open, and nothing comes
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = in.Close() }()
			p.cmd.Stdout, p.cmd.Stderr = p.out, p.err
			if err := p.cmd.Start(); err != nil {
				t.Fatal(err)
			}
			p.watch()
			select {
			case <-p.ended: // refused at once: fine, too
				if c.name != "profile of a pipe" {
					t.Errorf("it did not wait: exit code %d\n%s", p.code, p.err.String())
				}
				return
			case <-time.After(700 * time.Millisecond):
			}
			begin := time.Now()
			p.signal(signals[i%len(signals)])
			if code := p.wait(); code != 130 {
				t.Errorf("exit code %d, want 130\n%s", code, p.err.String())
			}
			if d := time.Since(begin); d > promptly {
				t.Errorf("it took %v to end", d)
			}
		})
	}
	if _, err := os.Stat(pipe); err != nil {
		t.Error(err)
	}
}

// silent takes connections and never says anything. It returns its address.
func silent(t *testing.T, network, address string) string {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		var all []net.Conn // else they would be closed when they are collected
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all = append(all, c)
		}
	}()
	return l.Addr().String()
}
