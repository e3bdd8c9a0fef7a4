package testkit

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// Registry is go-containerregistry's in-memory registry, with faults.
type Registry struct {
	*httptest.Server
	Host string // 127.0.0.1:PORT

	mu    sync.Mutex
	gets  map[string]int // path -> GETs that reached it
	fault func(w http.ResponseWriter, r *http.Request) (handled bool)
	inner http.Handler
}

// NewRegistry starts a registry on loopback, with plain http and without the referrers API.
func NewRegistry(t testing.TB) *Registry {
	t.Helper()
	return newRegistry(t)
}

// NewReferrersRegistry is NewRegistry with the referrers API.
func NewReferrersRegistry(t testing.TB) *Registry {
	t.Helper()
	return newRegistry(t, registry.WithReferrersSupport(true))
}

func newRegistry(t testing.TB, o ...registry.Option) *Registry {
	r := &Registry{gets: map[string]int{}, inner: registry.New(append(o, registry.Logger(log.New(io.Discard, "", 0)))...)}
	r.Server = httptest.NewServer(r)
	r.Host = strings.TrimPrefix(r.URL, "http://")
	t.Cleanup(r.Close)
	return r
}

// NewTLSRegistry is NewRegistry with TLS and a certificate that nobody trusts.
func NewTLSRegistry(t testing.TB) *Registry {
	t.Helper()
	r := &Registry{gets: map[string]int{}, inner: registry.New(registry.Logger(log.New(io.Discard, "", 0)))}
	r.Server = httptest.NewTLSServer(r)
	r.Config.ErrorLog = log.New(io.Discard, "", 0)
	r.Host = strings.TrimPrefix(r.URL, "https://")
	t.Cleanup(r.Close)
	return r
}

// ServeHTTP implements http.Handler.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	if req.Method == http.MethodGet {
		r.gets[req.URL.Path]++
	}
	f := r.fault
	r.mu.Unlock()
	if f != nil && f(w, req) {
		return
	}
	if rest := strings.TrimPrefix(req.Header.Get("Range"), "bytes="); rest != "" && req.Method == http.MethodGet {
		r.serveRange(w, req, rest)
		return
	}
	r.inner.ServeHTTP(w, req)
}

// serveRange answers "bytes=N-" and "bytes=N-M", which go-containerregistry's registry does not
// know, although real ones do.
func (r *Registry) serveRange(w http.ResponseWriter, req *http.Request, part string) {
	from, to, _ := strings.Cut(part, "-")
	n, err := strconv.Atoi(from)
	if err != nil {
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return
	}
	whole := req.Clone(req.Context())
	whole.Header.Del("Range")
	rec := httptest.NewRecorder()
	r.inner.ServeHTTP(rec, whole)
	body := rec.Body.Bytes()
	if rec.Code != http.StatusOK || n > len(body) {
		w.WriteHeader(rec.Code)
		return
	}
	end := len(body)
	if last, err := strconv.Atoi(to); err == nil {
		end = min(end, last+1)
	}
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", n, end-1, len(body)))
	w.Header().Set("Content-Length", fmt.Sprint(end-n))
	w.WriteHeader(http.StatusPartialContent)
	_, _ = w.Write(body[n:end])
}

// Gets is how often a path that ends in suffix was fetched.
func (r *Registry) Gets(suffix string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for p, c := range r.gets {
		if strings.HasSuffix(p, suffix) {
			n += c
		}
	}
	return n
}

// Fault installs a handler that sees every request first; it returns true if it
// has answered. nil takes it away.
func (r *Registry) Fault(f func(w http.ResponseWriter, r *http.Request) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = f
}

// Times answers the first n requests whose path contains part with f.
func Times(n int, part string, f http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, part) {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		if n == 0 {
			return false
		}
		n--
		f(w, r)
		return true
	}
}

// Cut sends half of body and then breaks the connection.
func Cut(body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = w.Write(body[:len(body)/2])
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		c, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // a reset, as from a broken line
			}
			_ = c.Close()
		}
	}
}

// Push puts an image into the registry as NAME:TAG, without any client library.
func (r *Registry) Push(t testing.TB, name, tag string, b *Built) {
	t.Helper()
	for d, body := range b.Blobs {
		if b.Manifests[d] != "" {
			continue
		}
		r.put(t, "POST", fmt.Sprintf("/v2/%s/blobs/uploads/?digest=%s", name, d), "application/octet-stream", body)
	}
	for d, media := range b.Manifests {
		if d != b.Target.Digest {
			r.put(t, "PUT", fmt.Sprintf("/v2/%s/manifests/%s", name, d), media, b.Blobs[d])
		}
	}
	r.put(t, "PUT", fmt.Sprintf("/v2/%s/manifests/%s", name, b.Target.Digest), b.Target.MediaType, b.Blobs[b.Target.Digest])
	r.put(t, "PUT", fmt.Sprintf("/v2/%s/manifests/%s", name, tag), b.Target.MediaType, b.Blobs[b.Target.Digest])
}

func (r *Registry) put(t testing.TB, method, path, media string, body []byte) {
	t.Helper()
	req := httptest.NewRequest(method, path, strings.NewReader(string(body)))
	req.Header.Set("Content-Type", media)
	rec := httptest.NewRecorder()
	r.inner.ServeHTTP(rec, req)
	if rec.Code >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
}
