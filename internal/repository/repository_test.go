package repository_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distribution/reference"

	"tare/internal/repository"
	"tare/internal/source"
	"tare/internal/testkit"
)

// guarded is a registry that wants a token for each repository, from a server that refuses a token which any of the scopes does not allow.
type guarded struct {
	*httptest.Server
	inner *testkit.Registry

	mu     sync.Mutex
	scopes []string // that tokens were asked for
}

func newGuarded(t *testing.T) *guarded {
	g := &guarded{inner: testkit.NewRegistry(t)}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *guarded) host() string { return strings.TrimPrefix(g.URL, "http://") }

func (g *guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		scopes := r.URL.Query()["scope"]
		g.mu.Lock()
		g.scopes = append(g.scopes, strings.Join(scopes, " "))
		g.mu.Unlock()
		for _, s := range scopes {
			if strings.Contains(s, "private") {
				http.Error(w, `{"errors":[{"code":"DENIED"}]}`, http.StatusForbidden)
				return
			}
		}
		_, _ = fmt.Fprintf(w, `{"token":%q}`, strings.Join(scopes, " "))
		return
	}
	scope := ""
	if r.URL.Path == "/v2/_catalog" {
		scope = "registry:catalog:*"
	} else if parts := strings.Split(r.URL.Path, "/"); len(parts) > 3 {
		scope = "repository:" + parts[2] + "/" + parts[3] + ":pull"
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" || scope != "" && !strings.Contains(token, scope) {
		c := fmt.Sprintf(`Bearer realm="%s/token",service="x"`, g.URL)
		if scope != "" {
			c += fmt.Sprintf(`,scope=%q`, scope)
		}
		w.Header().Set("WWW-Authenticate", c)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	g.inner.ServeHTTP(w, r)
}

func client(t *testing.T) *source.Registry {
	return &source.Registry{HostsDirs: []string{t.TempDir()}, Stall: 2 * time.Second}
}

// A repository that is refused does not make others unreadable, whichever is asked for first.
func TestPrivateRepositoriesAmongOthers(t *testing.T) {
	g := newGuarded(t)
	b := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 100)}})
	for _, n := range []string{"team/private", "team/a", "team/b"} {
		g.inner.Push(t, n, "1", b)
	}
	h, err := repository.At(t.Context(), client(t), g.host())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	if err := h.Catalogue(t.Context(), func(n string) error { names = append(names, n); return nil }); err != nil || len(names) != 3 {
		t.Fatalf("%v, %v", names, err)
	}
	for _, n := range []string{"team/private", "team/a", "team/private", "team/b", "team/a"} {
		named, err := reference.ParseNormalizedNamed(g.host() + "/" + n)
		if err != nil {
			t.Fatal(err)
		}
		repo := h.Repository(named)
		var tags []string
		err = repo.Tags(t.Context(), func(tag string) error { tags = append(tags, tag); return nil })
		if private := strings.HasSuffix(n, "private"); private != (err != nil) || !private && len(tags) != 1 {
			t.Errorf("%s: %v, %v", n, tags, err)
		}
		if err != nil && !strings.Contains(err.Error(), "access denied") {
			t.Error(err)
		}
		if err == nil {
			if d, _, err := repo.Tagged(t.Context(), "1"); err != nil || d.Digest != b.Target.Digest {
				t.Errorf("%s: %v, %v", n, d, err)
			}
			if d, _, err := repo.Tagged(t.Context(), b.Target.Digest.String()); err != nil || d.Digest != b.Target.Digest {
				t.Errorf("%s: %v, %v", n, d, err)
			}
		}
	}
	for _, s := range g.scopes {
		if strings.Count(s, "repository:") > 1 {
			t.Errorf("a token was asked for %s", s)
		}
	}
}

// Lists of registries that misbehave end.
func TestListsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request, n int)
		want   string
	}{
		"one page twice": {func(w http.ResponseWriter, r *http.Request, _ int) {
			w.Header().Set("Link", `</v2/a/b/tags/list?n=1&last=x>; rel="next"`)
			_, _ = w.Write([]byte(`{"tags":["x"]}`))
		}, "twice"},
		"no JSON": {func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = w.Write([]byte(`{"tags":`)) }, "no JSON"},
		"too much": {func(w http.ResponseWriter, _ *http.Request, _ int) {
			_, _ = w.Write([]byte(`{"tags":["` + strings.Repeat("x", 17<<20)))
		}, "more than"},
		"another place": {func(w http.ResponseWriter, _ *http.Request, n int) {
			w.Header().Set("Link", `<https://elsewhere.example/v2/other/tags/list?n=1&last=x>; rel="next"`)
			if n > 1 {
				t.Error("it was followed")
			}
			_, _ = w.Write([]byte(`{"tags":["x"]}`))
		}, ""},
		"all of them, always": {func(w http.ResponseWriter, _ *http.Request, n int) {
			if n > 3 {
				t.Error("asked again and again")
			}
			_, _ = w.Write([]byte(`{"tags":["` + strings.Repeat(`t","`, 1499) + `u"]}`))
		}, ""},
		"null": {func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = w.Write([]byte(`{"tags":null}`)) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n++; c.answer(w, r, n) }))
			defer s.Close()
			named, err := reference.ParseNormalizedNamed(strings.TrimPrefix(s.URL, "http://") + "/a/b")
			if err != nil {
				t.Fatal(err)
			}
			repo, err := repository.Open(t.Context(), client(t), named)
			if err != nil {
				t.Fatal(err)
			}
			err = repo.Tags(t.Context(), func(string) error { return nil })
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v", err)
			}
		})
	}
}

// go-containerregistry's registry cuts its catalogue at n, in no order, and knows no other pages.
func TestCataloguesWithoutPages(t *testing.T) {
	reg := testkit.NewRegistry(t)
	b := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 100)}})
	for n := range 1500 {
		reg.Push(t, fmt.Sprintf("r%d", n), "1", b)
	}
	h, err := repository.At(t.Context(), client(t), reg.Host)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	if err := h.Catalogue(t.Context(), func(n string) error { seen[n]++; return nil }); err != nil || len(seen) != 1500 {
		t.Errorf("%d, %v", len(seen), err)
	}
	for n, times := range seen {
		if times != 1 {
			t.Errorf("%s %d times", n, times)
		}
	}
}

// Whoever gets a list can end it.
func TestListsAreEnded(t *testing.T) {
	reg := testkit.NewRegistry(t)
	reg.Push(t, "a/b", "1", testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 100)}}))
	h, err := repository.At(context.Background(), client(t), reg.Host)
	if err != nil {
		t.Fatal(err)
	}
	own := errors.New("enough")
	if err := h.Catalogue(t.Context(), func(string) error { return own }); !errors.Is(err, own) || err.Error() != "enough" {
		t.Error(err)
	}
}
