package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/testkit"
)

// Bounds that hold for a whole process, whatever a registry does to it.
const (
	mostMemory = 300 << 20
	mostTime   = 20 * time.Second
)

// place is where a registry misbehaves, and a command that meets it there.
type place struct {
	name, command string
	hit           func(r *http.Request, b *testkit.Built) bool
}

func places(config, layer digest.Digest) []place {
	in := func(part string) func(*http.Request, *testkit.Built) bool {
		return func(r *http.Request, _ *testkit.Built) bool { return strings.Contains(r.URL.Path, part) }
	}
	return []place{
		{"manifest", "pull", in("/manifests/")},
		{"token", "login", in("/token")},
		{"layer", "weigh", in(layer.String())},
		{"config", "pull", in(config.String())},
		{"upload", "push", func(r *http.Request, _ *testkit.Built) bool { return r.Method == http.MethodPost }},
		{"layer", "pull", in(layer.String())},
		{"commit", "push", func(r *http.Request, _ *testkit.Built) bool { return r.Method == http.MethodPut }},
		{"token", "pull", in("/token")},
		{"manifest", "weigh", in("/manifests/")},
		{"manifest", "build", in("/manifests/")},
		{"layer", "build", in(layer.String())},
		{"token", "build", in("/token")},
	}
}

// TestMisbehavingRegistries runs the real program against registries that do what
// they should not, and measures it from outside: its memory, its time, its end. By
// default each misbehaviour meets two places; TARE_TEST_REGISTRIES=all tries all,
// another word those in whose names it is.
func TestMisbehavingRegistries(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	b := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 300_000), testkit.Numbered(t, 2, 200_000)}})
	config, layer := parts(b)
	all := places(config, layer)
	if engineMissing() != nil {
		all = all[:9]
	}
	var cases []func(*meter)
	list, wish := append(misbehaviours(), lies()...), os.Getenv("TARE_TEST_REGISTRIES")
	for n, m := range list {
		for k, p := range all {
			if wish == "all" || wish == "" && (k == 0 || k == 1+n%(len(all)-1)) || wish != "" && strings.Contains(p.command+": "+p.name+" "+m.name, wish) {
				cases = append(cases, func(x *meter) { x.try(t, b, m, p) })
			}
		}
	}
	bomb() // it takes long to make
	x := &meter{}
	slots := make(chan struct{}, 16)
	var wg sync.WaitGroup
	for _, c := range cases {
		slots <- struct{}{}
		wg.Add(1)
		go func() {
			defer func() { <-slots; wg.Done() }()
			c(x)
		}()
	}
	wg.Wait()
	t.Logf("%d misbehaviours, %d cases: at most %v (%s), %d MB of memory (%s), %d MB received (%s)",
		len(list), len(cases), x.time.Round(10*time.Millisecond), x.timeOf, x.memory>>20, x.memoryOf, x.bytes>>20, x.bytesOf)
	if len(list) < 100 {
		t.Errorf("only %d misbehaviours", len(list))
	}
	if len(cases) < 200 && wish == "" {
		t.Errorf("only %d cases", len(cases))
	}
}

// parts are the digests of an image's config and of its largest layer.
func parts(b *testkit.Built) (config, layer digest.Digest) {
	for d, body := range b.Blobs {
		switch {
		case bytes.Contains(body, []byte(`"rootfs"`)):
			config = d
		case len(body) > len(b.Blobs[layer]):
			layer = d
		}
	}
	return config, layer
}

// meter keeps the worst of all cases.
type meter struct {
	mu                        sync.Mutex
	time                      time.Duration
	memory, bytes             int64
	timeOf, memoryOf, bytesOf string
}

func (x *meter) note(name string, took time.Duration, memory, bytes int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if took > x.time {
		x.time, x.timeOf = took, name
	}
	if memory > x.memory {
		x.memory, x.memoryOf = memory, name
	}
	if bytes > x.bytes {
		x.bytes, x.bytesOf = bytes, name
	}
}

// counted counts the bytes that a server sends.
type counted struct {
	net.Listener
	n *atomic.Int64
}

func (c counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countedConn{conn, c.n}, nil
}

type countedConn struct {
	net.Conn
	n *atomic.Int64
}

func (c countedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.n.Add(int64(n))
	return n, err
}

// misbehaving starts a server that does something at a place and is reg elsewhere.
func misbehaving(b *testkit.Built, reg http.Handler, p place, do func(http.ResponseWriter, *http.Request), sent *atomic.Int64) (host string, free func()) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case p.hit(r, b) && r.Method == http.MethodHead:
			w.WriteHeader(http.StatusMethodNotAllowed) // clients go on with GET
		case p.hit(r, b):
			do(w, r)
		case r.URL.Path == "/good-token":
			_, _ = w.Write([]byte(`{"token":"x","access_token":"x"}`))
		case p.name == "token" && r.Header.Get("Authorization") == "":
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="x"`, r.Host))
			w.WriteHeader(http.StatusUnauthorized)
		default:
			reg.ServeHTTP(w, r)
		}
	}))
	// Of a client that goes away a server learns only once it has read its request.
	ctx, cancel := context.WithCancel(context.Background())
	srv.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.Listener = counted{srv.Listener, sent}
	srv.Start()
	return srv.Listener.Addr().String(), func() { cancel(); srv.CloseClientConnections(); srv.Close() }
}

// try meets one misbehaviour at one place.
func (x *meter) try(t *testing.T, b *testkit.Built, m misbehaviour, p place) {
	name := fmt.Sprintf("%s: the %s %s", p.command, p.name, m.name)
	reg := testkit.NewRegistry(t)
	reg.Push(t, "app", "1", b)
	var sent atomic.Int64
	host, free := misbehaving(b, reg, p, m.do, &sent)
	defer free()
	h := newHome(t)
	if m.slow {
		h.set("TARE_REGISTRY_STALL", "1s")
	}
	args := commandAt(t, h, p, host)
	got := observed(t, h, args...)
	x.note(name, got.took, got.memory, sent.Load())
	switch {
	case got.killed:
		t.Errorf("%s: did not end within %v\n%.2000s", name, 3*mostTime, got.text)
	case got.took > mostTime:
		t.Errorf("%s: took %v\n%.2000s", name, got.took, got.text)
	case got.code != 1 && !(got.code == 0 && p.name == "commit"): // of its answer only the status counts
		t.Errorf("%s: exit code %d\n%.2000s", name, got.code, got.text)
	}
	if got.memory > mostMemory {
		t.Errorf("%s: took %d MB of memory", name, got.memory>>20)
	}
	if len(got.text) > 8<<10 {
		t.Errorf("%s: says %d bytes: %.1000s…", name, len(got.text), got.text)
	}
	if strings.Contains(got.text, "sesame") || strings.Contains(got.text, "goroutine ") {
		t.Errorf("%s: says %.2000s", name, got.text)
	}
}

// observation is what was seen of a process from outside.
type observation struct {
	code   int
	killed bool
	took   time.Duration
	memory int64 // peak, bytes
	text   string
}

func observed(t testing.TB, h *home, args ...string) observation {
	ctx, cancel := context.WithTimeout(context.Background(), 3*mostTime)
	defer cancel()
	like, peak := h.measured(t, args...)
	c := exec.CommandContext(ctx, like.Path, args...)
	c.Dir, c.Env = like.Dir, like.Env
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	c.WaitDelay = 5 * time.Second
	begin := time.Now()
	_ = c.Run()
	r := observation{took: time.Since(begin), killed: ctx.Err() != nil, text: out.String(), code: -1}
	if c.ProcessState != nil {
		r.code, r.memory = c.ProcessState.ExitCode(), peak()
	}
	return r
}
