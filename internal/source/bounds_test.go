package source_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tare/internal/testkit"
)

// drip sends body in pieces with pauses between them.
func drip(w http.ResponseWriter, r *http.Request, body []byte, piece int, every time.Duration) {
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	for len(body) > 0 {
		n := min(piece, len(body))
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		body = body[n:]
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-time.After(every):
		}
	}
}

// A layer that comes slowly arrives; one that comes by the byte does not, and is not
// waited for.
func TestSlowRegistries(t *testing.T) {
	for name, c := range map[string]struct {
		piece int
		every time.Duration
		ok    bool
	}{
		"slow, but honest": {4000, 400 * time.Millisecond, true},
		"a byte at a time": {1, 300 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reg := testkit.NewRegistry(t)
			b := small(t, testkit.Options{Compression: "none"})
			reg.Push(t, "app", "1", b)
			d, body := largest(b)
			reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, d.String()) || r.Header.Get("Range") != "" {
					return false
				}
				drip(w, r, body, c.piece, c.every)
				return true
			})
			if !c.ok {
				reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
					if strings.HasSuffix(r.URL.Path, d.String()) {
						drip(w, r, body, c.piece, c.every)
						return true
					}
					return false
				})
			}
			r := registry(t, "")
			r.Stall = time.Second
			begin := time.Now()
			_, err := r.Pull(ctx, testkit.Store(t), reg.Host+"/app:1", nil, nil)
			if took := time.Since(begin); (err == nil) != c.ok || took > 30*time.Second {
				t.Errorf("%v after %v", err, took)
			}
			if err != nil && !strings.Contains(err.Error(), "TARE_REGISTRY_STALL") {
				t.Errorf("the error does not say what to do: %v", err)
			}
		})
	}
}

// What an answer may have: just within its bounds it is taken, beyond them it is not.
func TestBoundsOfAnswers(t *testing.T) {
	reg := testkit.NewRegistry(t)
	reg.Push(t, "app", "1", small(t, testkit.Options{}))
	for name, c := range map[string]struct {
		token string
		ok    bool
	}{
		"a long token":    {strings.Repeat("x", 200<<10), true},
		"one too long":    {strings.Repeat("x", 300<<10), false},
		"an ordinary one": {"x", true},
		"none":            {"", false},
	} {
		reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
			switch {
			case r.URL.Path == "/token":
				_, _ = fmt.Fprintf(w, `{"token":%q}`, c.token)
			case r.Header.Get("Authorization") == "":
				w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token"`, reg.URL))
				w.WriteHeader(http.StatusUnauthorized)
			default:
				return false
			}
			return true
		})
		if _, err := registry(t, "").Pull(ctx, testkit.Store(t), reg.Host+"/app:1", nil, nil); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/manifests/") || r.Method == http.MethodHead {
			if r.Method == http.MethodHead {
				w.WriteHeader(http.StatusMethodNotAllowed)
				return true
			}
			return false
		}
		for n := 0; n < 100<<20; n += 1 << 20 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return true
			}
		}
		t.Error("a manifest of 100 MB was read")
		return true
	})
	if _, err := registry(t, "").Pull(ctx, testkit.Store(t), reg.Host+"/app:1", nil, nil); err == nil || !strings.Contains(err.Error(), "more than 16777216 bytes as a manifest") {
		t.Errorf("%v", err)
	}
	t.Setenv("TARE_REGISTRY_STALL", "soon")
	if _, err := registry(t, "").Pull(ctx, testkit.Store(t), reg.Host+"/app:1", nil, nil); err == nil || !strings.Contains(err.Error(), "TARE_REGISTRY_STALL") {
		t.Errorf("%v", err)
	}
}
