package source_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/testkit"
)

// stalled sends half of body and then nothing, until the client gives up.
func stalled(body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = w.Write(body[:len(body)/2])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
}

// ended says that an answer is shorter than it is, and so ends cleanly too early.
func ended(body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)/2))
		_, _ = w.Write(body[:len(body)/2])
	}
}

func flipped(body []byte) http.HandlerFunc {
	bad := bytes.Clone(body)
	bad[len(bad)/2] ^= 1
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(bad)))
		_, _ = w.Write(bad)
	}
}

func answer(code int) func([]byte) http.HandlerFunc {
	return func([]byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
}

// TestPullSurvivesFaults makes one kind of blob fail in one way. If the fault passes,
// the pull must succeed; if it lasts, the pull must end with an error in a bounded
// time and leave nothing recorded and nothing damaged, and the next one must succeed.
func TestPullSurvivesFaults(t *testing.T) {
	faults := map[string]struct {
		fault  func([]byte) http.HandlerFunc
		passes int    // a pull survives so many in a row; 0: none
		say    string // of the error when it lasts
	}{
		"drop":      {testkit.Cut, 1, ""},
		"stall":     {stalled, 1, "has sent nothing for"},
		"truncated": {ended, 0, ""},
		"corrupted": {flipped, 0, "instead of"},
		"401":       {answer(401), 0, "access denied"},
		"403":       {answer(403), 0, "access denied"},
		"404":       {answer(404), 0, "not found"},
		"429":       {answer(429), 1, "429"},
		"500":       {answer(500), 1, "fault of its own"},
		"503":       {answer(503), 1, "fault of its own"},
	}
	for name, f := range faults {
		for _, kind := range []string{"manifest", "config", "layer"} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel() // most of it is waiting
				reg := testkit.NewRegistry(t)
				b := small(t, testkit.Options{})
				reg.Push(t, "app", "1", b)
				d := part(t, b, kind)
				// Of a document without its rest nothing is said but that it is short.
				pull := func(s *store.Store) error {
					r := registry(t, "")
					r.Stall = 300 * time.Millisecond
					_, err := r.Pull(ctx, s, reg.Host+"/app:1", nil, nil)
					return err
				}
				get := func(h func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
					return func(w http.ResponseWriter, r *http.Request) bool { return r.Method == http.MethodGet && h(w, r) }
				}
				if f.passes > 0 && (kind == "layer" || strings.Trim(name, "0123456789") == "") {
					reg.Fault(get(testkit.Times(f.passes, d.String(), f.fault(b.Blobs[d]))))
					s := testkit.Store(t)
					if err := pull(s); err != nil {
						t.Errorf("a fault that passes: %v", err)
					}
				}
				if name == "429" {
					return // it lasts for as long as the registry says: TestPatience
				}
				reg.Fault(get(testkit.Times(-1, d.String(), f.fault(b.Blobs[d]))))
				s := testkit.Store(t)
				begin := time.Now()
				err := pull(s)
				if err == nil || !strings.Contains(err.Error(), f.say) {
					t.Errorf("a fault that lasts: %v", err)
				}
				if took := time.Since(begin); took > 30*time.Second {
					t.Errorf("it took %v to give up", took)
				}
				if recs, _ := s.Records(); len(recs) != 0 {
					t.Errorf("recorded %v", recs)
				}
				if c, err := s.Check(ctx, store.CheckOptions{}); err != nil {
					t.Error(err)
				} else {
					for _, p := range c.Problems {
						if p.Kind != store.ProblemDownload && p.Kind != store.ProblemLock {
							t.Errorf("left %+v", p)
						}
					}
				}
				reg.Fault(nil)
				if err := pull(s); err != nil {
					t.Errorf("the next pull: %v", err)
				}
			})
		}
	}
}

// part is the digest of an image's manifest, config or largest layer.
func part(t *testing.T, b *testkit.Built, kind string) digest.Digest {
	t.Helper()
	if kind == "manifest" {
		return b.Target.Digest
	}
	d, _ := largest(b)
	if kind == "layer" {
		return d
	}
	for d, body := range b.Blobs {
		if bytes.Contains(body, []byte(`"rootfs"`)) {
			return d
		}
	}
	t.Fatal("no config")
	return ""
}

// TestRedirects sends blobs to other hosts, as registries do. What is for the registry
// alone must not go there: not even to another port of the same host, for which Go
// itself makes an exception.
func TestRedirects(t *testing.T) {
	b := small(t, testkit.Options{})
	d, body := largest(b)
	var asked atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		for _, h := range []string{"Authorization", "Cookie", "X-Secret"} {
			if r.Header.Get(h) != "" {
				t.Errorf("%s followed the redirect: %s", h, r.Header.Get(h))
			}
		}
		_, _ = w.Write(body)
	}))
	defer other.Close()
	reg := testkit.NewRegistry(t)
	reg.Push(t, "app", "1", b)
	basic := guard("Basic bWU6c2VzYW1l", `Basic realm="x"`)
	reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if basic(w, r) {
			return true
		}
		if !strings.HasSuffix(r.URL.Path, d.String()) {
			return false
		}
		if r.Header.Get("X-Secret") != "in hosts.toml" {
			t.Errorf("the registry itself did not get the header: %v", r.Header)
		}
		http.Redirect(w, r, other.URL+"/blob", http.StatusTemporaryRedirect)
		return true
	})
	r := registry(t, fmt.Sprintf(`{"auths":{%q:{"auth":"bWU6c2VzYW1l"}}}`, reg.Host))
	hostsTOML(t, r, reg.Host, fmt.Sprintf("server = %q\n[host.%q]\n  [host.%q.header]\n    x-secret = \"in hosts.toml\"\n", reg.URL, reg.URL, reg.URL))
	pulled(t, r, reg.Host+"/app:1")
	if asked.Load() == 0 {
		t.Error("nobody was redirected")
	}
}

// TestNoWayBackFromTLS has a registry with TLS send its clients on without.
func TestNoWayBackFromTLS(t *testing.T) {
	b := small(t, testkit.Options{})
	d, body := largest(b)
	var asked atomic.Int32
	open := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); _, _ = w.Write(body) }))
	defer open.Close()
	reg := testkit.NewRegistry(t)
	reg.Push(t, "app", "1", b)
	reg.Fault(testkit.Times(-1, d.String(), func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, open.URL, http.StatusTemporaryRedirect)
	}))
	secure := httptest.NewUnstartedServer(reg)
	secure.Listener = away(t)
	secure.StartTLS()
	defer secure.Close()
	host := secure.Listener.Addr().String()
	r := registry(t, "")
	hostsTOML(t, r, host, fmt.Sprintf("server = \"https://%s\"\n[host.\"https://%s\"]\n  skip_verify = true\n", host, host))
	_, err := r.Pull(ctx, testkit.Store(t), host+"/app:1", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "without TLS: refused") || asked.Load() != 0 {
		t.Errorf("asked %d times, %v", asked.Load(), err)
	}
}

// away listens at an address of this machine that is not loopback, where plain HTTP
// would be allowed.
func away(t *testing.T) net.Listener {
	t.Helper()
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			if l, err := net.Listen("tcp", net.JoinHostPort(ip.IP.String(), "0")); err == nil {
				return l
			}
		}
	}
	t.Skip("this machine has no address but loopback")
	return nil
}

// An archive that lacks a layer is refused: it would be an image that cannot be run.
func TestLoadWithoutALayer(t *testing.T) {
	from := testkit.Store(t)
	b := small(t, testkit.Options{})
	rec := testkit.Put(t, from, "app:1", store.Pulled, b)
	var archive bytes.Buffer
	if err := source.Save(ctx, from, &archive, []store.Record{rec}, [][]string{{rec.Name}}, nil); err != nil {
		t.Fatal(err)
	}
	d, _ := largest(b)
	raw := without(t, without(t, archive.Bytes(), "blobs/sha256/"+d.Encoded()), "manifest.json")
	s := testkit.Store(t)
	if recs, err := source.Load(ctx, s, bytes.NewReader(raw)); err == nil || !strings.Contains(err.Error(), d.String()) {
		t.Errorf("loaded %v, %v", recs, err)
	}
}

// hostsTOML configures a host.
func hostsTOML(t *testing.T, r *source.Registry, host, text string) {
	t.Helper()
	dir := filepath.Join(r.HostsDirs[0], host)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "hosts.toml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
