package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
)

// promptly is how long a command may take to end after it was told to.
const promptly = 5 * time.Second

// stop sends a signal and wants the exit code soon.
func (p *process) stop(s syscall.Signal, want int) {
	p.t.Helper()
	begin := time.Now()
	p.signal(s)
	if code := p.wait(); code != want {
		p.t.Errorf("%v: exit code %d after %v, want %d\n%s", p.cmd.Args, code, s, want, p.err.String())
	}
	if d := time.Since(begin); d > promptly {
		p.t.Errorf("%v took %v to end", p.cmd.Args, d)
	}
}

// slowRegistry serves an image with a layer whose bytes stop coming in the middle,
// until free is called.
func slowRegistry(t testing.TB) (name string, free func()) {
	t.Helper()
	s := mustWorld(t)
	big, err := random.Layer(8<<20, "application/vnd.docker.image.rootfs.diff.tar.gzip")
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(s.image, big)
	if err != nil {
		t.Fatal(err)
	}
	dgst, err := big.Digest()
	if err != nil {
		t.Fatal(err)
	}
	rc, err := big.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(rc)
	if err != nil {
		t.Fatal(err)
	}
	repo := "/slow" + dgst.Hex[:8]
	if err := push(img, host(s.registry)+repo); err != nil {
		t.Fatal(err)
	}
	gate := make(chan struct{})
	free = sync.OnceFunc(func() { close(gate) })
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, dgst.String()) {
			// Not the registry's own: it knows no "bytes=N-", with which downloads go on.
			stall := &stalling{ResponseWriter: w, after: 1 << 20, gate: gate, gone: r.Context().Done()}
			http.ServeContent(stall, r, "", time.Time{}, bytes.NewReader(data))
			return
		}
		s.registry.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { free(); srv.Close() })
	return host(srv) + repo, free
}

// stalling lets some bytes pass, then none until the gate opens.
type stalling struct {
	http.ResponseWriter
	after int
	gate  <-chan struct{}
	gone  <-chan struct{}
}

func (s *stalling) Write(b []byte) (int, error) {
	head := min(len(b), s.after)
	n, err := s.ResponseWriter.Write(b[:head])
	if s.after -= n; err != nil || n == len(b) {
		return n, err
	}
	s.ResponseWriter.(http.Flusher).Flush()
	select {
	case <-s.gate:
	case <-s.gone:
		return n, io.ErrClosedPipe
	}
	m, err := s.ResponseWriter.Write(b[head:])
	return n + m, err
}

// TestInterrupt ends commands in the middle, as Ctrl-C and a supervisor do.
func TestInterrupt(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run("build "+sig.String(), func(t *testing.T) {
			mark := fmt.Sprintf("mark-build-%d", sig)
			dir := h.write(t, mark+"/Dockerfile", "FROM probe\nRUN probe lines 400 "+mark+"\n")
			p := h.start(t, "build", "-t", "never", dir)
			p.expect("line 0")
			p.stop(sig, 130)
			if got := p.err.String(); !strings.Contains(got, "build: interrupted: steps that were finished are in the build cache\n") {
				t.Errorf("it does not say what is kept: %s", got)
			}
			h.clean(t, mark)
			if got := h.tare(t, "images", "-q", "never"); got != "" {
				t.Errorf("an interrupted build left an image: %s", got)
			}
		})
		t.Run("pull "+sig.String(), func(t *testing.T) {
			name, free := slowRegistry(t)
			p := h.start(t, "pull", name)
			p.expect("Pulling fs layer")
			time.Sleep(200 * time.Millisecond)
			p.stop(sig, 130)
			if got := p.err.String(); got != "tare: interrupted: what was downloaded is kept, and the next tare pull continues there\n" {
				t.Errorf("it does not say what is kept: %s", got)
			}
			if got := h.tare(t, "images", "-q", name); got != "" {
				t.Errorf("an interrupted pull left an image: %s", got)
			}
			free() // and what was fetched is of use
			h.tare(t, "pull", name)
			h.tare(t, "history", name)
		})
		t.Run("run while it pulls "+sig.String(), func(t *testing.T) {
			name, _ := slowRegistry(t)
			p := h.start(t, "run", name)
			p.expect("Pulling fs layer")
			time.Sleep(200 * time.Millisecond)
			p.stop(sig, 130)
		})
		t.Run("FROM while it pulls "+sig.String(), func(t *testing.T) {
			name, _ := slowRegistry(t)
			dir := h.write(t, "slow/Dockerfile", "FROM "+name+"\nRUN probe echo x\n")
			p := h.start(t, "build", dir)
			p.expect("FROM " + name)
			time.Sleep(300 * time.Millisecond)
			p.stop(sig, 130)
			h.clean(t, "")
		})
	}
	t.Run("run", func(t *testing.T) {
		p := h.start(t, "run", "--init", "probe", "probe", "lines", "400", "mark-run")
		p.expect("line 0")
		h.noteRuns()
		p.stop(syscall.SIGTERM, 143)
		h.clean(t, "mark-run")
	})
	t.Run("a build on a terminal", func(t *testing.T) {
		dir := h.write(t, "tty/Dockerfile", "FROM probe\nRUN probe lines 400 mark-tty\n")
		p := h.terminal(t, 80, 24, "build", dir)
		p.expect("line 0")
		begin := time.Now()
		p.typing("\x03")
		if code := p.wait(); code != 130 || time.Since(begin) > promptly {
			t.Errorf("exit code %d after %v, want 130 at once", code, time.Since(begin))
		}
		h.clean(t, "mark-tty")
	})
	// The store is whole after all this.
	if got := h.tare(t, "run", "probe"); got != "hello from probe\n" {
		t.Errorf("run: %q", got)
	}
}
