package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// served starts tare serve on a socket with a short name, and waits until it serves.
func served(t *testing.T, h *home, flags ...string) (p *process, socket string) {
	t.Helper()
	socket = filepath.Join(sockets(t), "b.sock")
	p = h.start(t, append([]string{"serve", "--socket", socket}, flags...)...)
	p.expect("docker buildx create --name tare --driver remote unix://" + socket + "\n")
	return p, socket
}

// sockets is a directory with a short name: t.TempDir's are long.
func sockets(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tare-s-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// nothing wants a directory to be empty.
func nothing(t *testing.T, dir string) {
	t.Helper()
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

// TestServe has a client with a store of its own, and tares that share the engine.
func TestServe(t *testing.T) {
	needEngine(t)
	s := mustWorld(t)
	h, client := newHome(t), newHome(t)
	h.tare(t, "load", "-i", s.archive)
	client.tare(t, "load", "-i", s.archive)
	dir := h.write(t, "app/Dockerfile", "FROM probe\nRUN probe write /n served\nCMD [\"probe\", \"cat\", \"/n\"]\n")
	p, socket := served(t, h)
	fi, err := os.Lstat(socket)
	if err != nil || fi.Mode() != os.ModeSocket|0o600 {
		t.Errorf("%v, %v", fi.Mode(), err)
	}
	if out := p.out.String(); strings.Count(out, "\n") != 1 {
		t.Errorf("more than one line: %q", out)
	}

	client.tare(t, "--builder", "unix://"+socket, "build", "-q", "-t", "app", dir)
	if got := client.tare(t, "--builder", "unix://"+socket, "run", "app"); got != "served\n" {
		t.Errorf("run on it: %q", got)
	}
	h.tare(t, "build", "-q", "-t", "app", dir) // from the cache of the client's build
	if got := h.tare(t, "run", "app"); got != "served\n" {
		t.Errorf("run beside it: %q", got)
	}
	if got := h.tare(t, "system", "df"); !strings.Contains(got, "Build Cache") {
		t.Error(got)
	}
	h.tare(t, "fsck")
	t.Run("pruned by a client while a container runs", func(t *testing.T) {
		run := h.start(t, "run", "probe", "probe", "lines", "400")
		run.expect("line 0")
		prune := client.start(t, "--builder", "unix://"+socket, "builder", "prune", "-af")
		if code := prune.wait(); code != 1 || !strings.Contains(prune.err.String(), "a tare run is using the build cache") {
			t.Errorf("exit code %d\n%s", code, prune.err.String())
		}
		run.signal(syscall.SIGTERM)
		run.wait()
		client.tare(t, "--builder", "unix://"+socket, "builder", "prune", "-af")
	})
	for name, args := range map[string][]string{
		"the same socket": {"serve", "--socket", socket}, "the same store": {"serve", "--socket", socket + "2"},
	} {
		other := h.start(t, args...)
		if code := other.wait(); code != 1 || !strings.Contains(other.err.String(), "another tare serves this already, on "+socket+"\n") {
			t.Errorf("%s: exit code %d\n%s", name, code, other.err.String())
		}
	}
	p.stop(syscall.SIGTERM, 0)
	nothing(t, filepath.Dir(socket))
	h.clean(t, "")
	h.tare(t, "run", "app")
}

// A first signal waits for builds and lets no more in; a second one cancels them.
func TestServeEnds(t *testing.T) {
	needEngine(t)
	s := mustWorld(t)
	h, client := newHome(t), newHome(t)
	h.tare(t, "load", "-i", s.archive)
	client.tare(t, "load", "-i", s.archive)
	slow := client.write(t, "slow/Dockerfile", "FROM probe\nRUN probe lines 40 mark-serve\n")
	endless := client.write(t, "endless/Dockerfile", "FROM probe\nRUN probe lines 4000 mark-serve\n")
	t.Run("waits", func(t *testing.T) {
		p, socket := served(t, h)
		build := client.start(t, "--builder", "unix://"+socket, "build", "--no-cache", slow)
		build.expect("line 0")
		p.signal(syscall.SIGTERM)
		p.expect("waiting for 1 build to end; a second signal cancels")
		late := client.start(t, "--builder", "unix://"+socket, "build", slow)
		if code := late.wait(); code != 1 {
			t.Errorf("a build that came late: exit code %d\n%s", code, late.err.String())
		}
		if code := build.wait(); code != 0 {
			t.Errorf("the build: exit code %d\n%s", code, build.err.String())
		}
		if code := p.wait(); code != 0 {
			t.Errorf("exit code %d\n%s", code, p.err.String())
		}
		nothing(t, filepath.Dir(socket))
	})
	t.Run("cancels", func(t *testing.T) {
		p, socket := served(t, h)
		build := client.start(t, "--builder", "unix://"+socket, "build", "--no-cache", endless)
		joined := h.start(t, "build", "--no-cache", endless)
		build.expect("line 0")
		joined.expect("line 0")
		p.signal(syscall.SIGINT)
		p.expect("waiting for 1 build")
		time.Sleep(1100 * time.Millisecond)
		begin := time.Now()
		p.stop(syscall.SIGINT, 130)
		if d := time.Since(begin); d > promptly {
			t.Errorf("it took %v to end", d)
		}
		if code := build.wait(); code == 0 {
			t.Error("a build that was cancelled succeeded")
		}
		if code := joined.wait(); code == 0 {
			t.Error("a build of a tare beside it succeeded")
		}
		nothing(t, filepath.Dir(socket))
		h.clean(t, "mark-serve")
	})
	t.Run("killed", func(t *testing.T) {
		p, socket := served(t, h)
		p.kill()
		if _, err := os.Lstat(socket); err != nil {
			t.Fatal(err)
		}
		again := h.start(t, "serve", "--socket", socket)
		again.expect("docker buildx create")
		client.tare(t, "--builder", "unix://"+socket, "build", "-q", slow)
		again.stop(syscall.SIGHUP, 0)
		nothing(t, filepath.Dir(socket))
	})
}

// What is at the socket's path and is no socket of a dead process stays there.
func TestServePath(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	dir := sockets(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	live, err := net.Listen("unix", at("live"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = live.Close() }()
	if err := errors.Join(os.WriteFile(at("file"), []byte("mine"), 0o644), os.Symlink(at("file"), at("link")), os.Mkdir(at("dir"), 0o755)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, want string }{
		"a file":             {at("file"), "is not a socket"},
		"a link":             {at("link"), "is not a socket"},
		"a directory":        {at("dir"), "is not a socket"},
		"somebody listens":   {at("live"), "another program listens on " + at("live")},
		"no directory":       {at("no/such/s"), "no such file or directory"},
		"too long":           {at(strings.Repeat("x", 108-len(dir)-1)), "108 bytes, and the kernel takes 107 at most"},
		"too long, relative": {strings.Repeat("x", 107), "107 at most"},
	} {
		p := h.start(t, "serve", "--socket", c.path)
		if code := p.wait(); code != 1 || !strings.Contains(p.err.String(), c.want) || p.out.String() != "" {
			t.Errorf("%s: exit code %d, %s%s", name, code, p.out.String(), p.err.String())
		}
	}
	if b, err := os.ReadFile(at("file")); err != nil || string(b) != "mine" {
		t.Errorf("the file: %q, %v", b, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 4 {
		t.Errorf("%v, %v", files, err)
	}
	p := h.start(t, "--builder", "unix:///b.sock", "serve", "--socket", at("s"))
	if code := p.wait(); code != 2 || !strings.Contains(p.err.String(), "leave --builder") {
		t.Errorf("exit code %d, %s", code, p.err.String())
	}

	longest := at(strings.Repeat("x", 107-len(dir)-1))
	p = h.start(t, "serve", "--socket", longest)
	p.expect("unix://" + longest + "\n")
	p.stop(syscall.SIGTERM, 0)

	h.set("XDG_RUNTIME_DIR", dir)
	p = h.start(t, "serve")
	p.expect("unix://" + at("tare/buildkit.sock") + "\n")
	if fi, err := os.Stat(at("tare")); err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", fi.Mode(), err)
	}
	p.stop(syscall.SIGTERM, 0)
	if err := os.Chmod(h.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Run("another tare has the engine", func(t *testing.T) {
		h.tare(t, "load", "-i", mustWorld(t).archive)
		slow := h.write(t, "slow/Dockerfile", "FROM probe\nRUN probe lines 30\n")
		build := h.start(t, "build", "--no-cache", slow)
		build.expect("line 0")
		p := h.start(t, "serve")
		p.expect("waiting for another tare that uses the engine")
		p.expect("docker buildx create")
		if code := build.wait(); code != 0 {
			t.Errorf("exit code %d\n%s", code, build.err.String())
		}
		p.stop(syscall.SIGTERM, 0)
	})
}

// TestServeRootless serves as an ordinary user, for whom the socket is.
func TestServeRootless(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	ordinary(t, h)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	dir := sockets(t)
	if err := os.Chown(dir, int(h.as.Uid), int(h.as.Gid)); err != nil {
		t.Fatal(err)
	}
	h.set("XDG_RUNTIME_DIR", dir)
	socket := filepath.Join(dir, "tare", "buildkit.sock")
	p := h.start(t, "serve")
	p.expect("docker buildx create --name tare --driver remote unix://" + socket + "\n")
	fi, err := os.Lstat(socket)
	if err != nil || fi.Mode() != os.ModeSocket|0o600 || fi.Sys().(*syscall.Stat_t).Uid != h.as.Uid {
		t.Errorf("%v, %v", fi, err)
	}
	app := h.write(t, "app/Dockerfile", "FROM probe\nRUN probe id\n")
	h.tare(t, "--builder", "unix://"+socket, "build", "-t", "app", app)
	h.tare(t, "run", "app")
	p.stop(syscall.SIGTERM, 0)
	if _, err := os.Lstat(socket); err == nil {
		t.Error("the socket is still there")
	}
}
