package profiler_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"
)

// serve offers files of a directory, and a git repository where there is a git, at an
// address of this machine. It fills in what Dockerfiles call them.
func serve(t *testing.T, dir string, fill map[string]string) {
	t.Helper()
	web := t.TempDir()
	write(t, filepath.Join(web, "file"), "served")
	if err := os.Symlink(filepath.Join(dir, "x.tar"), filepath.Join(web, "x.tar")); err != nil {
		t.Fatal(err)
	}
	if repository(t, filepath.Join(web, "repo.git")) {
		fill["GIT"] = "yes"
	}
	s := httptest.NewServer(http.FileServer(http.Dir(web)))
	t.Cleanup(s.Close)
	fill["HTTP/"], fill["HTTPSUM"] = s.URL+"/", digest.FromString("served").String()
}

// repository makes a bare repository that needs no more than a file server.
func repository(t *testing.T, bare string) bool {
	t.Helper()
	work := t.TempDir()
	write(t, filepath.Join(work, "tracked"), "in the repository")
	for _, args := range [][]string{
		{"-C", work, "init", "-q", "-b", "main"}, {"-C", work, "add", "."},
		{"-C", work, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "one"},
		{"clone", "-q", "--bare", work, bare}, {"-C", bare, "update-server-info"},
	} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Logf("no repository to add: %v: %s", err, out)
			return false
		}
	}
	return true
}

// serve offers what the case's web says at its url.
func (p *played) serve() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := p.web[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", `"`+digest.FromString(body).Encoded()+`"`)
		if r.Header.Get("If-None-Match") == w.Header().Get("ETag") {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte(body))
	}))
	p.t.Cleanup(s.Close)
	p.url = s.URL
}
