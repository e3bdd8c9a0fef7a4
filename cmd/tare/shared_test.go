package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// shared is what all tests use and none changes: an image with a program that
// tells what it sees (testdata/probe), as an archive and in registries.
type shared struct {
	dir      string
	probe    string // the program
	archive  string // docker save's form of probe:latest, with a compressed layer
	saved    string // the same with an uncompressed one, as a Docker daemon saves it
	image    v1.Image
	registry *httptest.Server // has probe:latest; takes pushes
	private  *httptest.Server // the same images, for user "me" with password "secret"
}

// host is the address of a registry as it stands in image names.
func host(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "http://") }

var world = sync.OnceValues(newShared)

var closers []func()

func closeShared() {
	for _, c := range closers {
		c()
	}
}

func newShared() (*shared, error) {
	dir, err := os.MkdirTemp("", "tare-test-")
	if err != nil {
		return nil, err
	}
	closers = append(closers, func() { _ = os.RemoveAll(dir) })
	s := &shared{dir: dir, probe: filepath.Join(dir, "probe"), archive: filepath.Join(dir, "probe.tar"), saved: filepath.Join(dir, "saved.tar")}
	if err := os.Chmod(dir, 0o755); err != nil { // rootless tests read it too
		return nil, err
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", s.probe, "./testdata/probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the probe: %w\n%s", err, out)
	}
	if s.image, err = probeImage(s.probe); err != nil {
		return nil, err
	}
	tag, err := name.NewTag("probe:latest")
	if err != nil {
		return nil, err
	}
	if err := tarball.WriteToFile(s.archive, tag, s.image); err != nil {
		return nil, err
	}
	if err := writeSaved(s.saved, "saved:latest", s.image); err != nil {
		return nil, err
	}
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s.registry = httptest.NewServer(handler)
	s.private = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); u != "me" || p != "secret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	closers = append(closers, s.registry.Close, s.private.Close)
	return s, push(s.image, host(s.registry)+"/probe:latest")
}

// push uploads with go-containerregistry, an implementation that is not ours.
func push(img v1.Image, to string) error {
	ref, err := name.ParseReference(to, name.Insecure)
	if err != nil {
		return err
	}
	return remote.Write(ref, img)
}

// probeImage is a FROM scratch image with the probe, which is its shell as well,
// and two users.
func probeImage(probe string) (v1.Image, error) {
	text, err := os.ReadFile(probe)
	if err != nil {
		return nil, err
	}
	layer, err := layerOf([]file{
		{name: "bin/", mode: 0o755},
		{name: "bin/probe", mode: 0o755, text: text},
		{name: "bin/sh", mode: 0o755, link: "bin/probe"},
		{name: "etc/", mode: 0o755},
		{name: "etc/passwd", mode: 0o644, text: []byte("root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n")},
		{name: "etc/group", mode: 0o644, text: []byte("root:x:0:\nada:x:1000:\nwheel:x:10:ada\n")},
		{name: "etc/plain", mode: 0o644, text: []byte("not a program\n")},
		{name: "root/", mode: 0o700},
		{name: "tmp/", mode: 0o1777},
	})
	if err != nil {
		return nil, err
	}
	img, err := mutate.Append(empty.Image, mutate.Addendum{Layer: layer, History: v1.History{
		Created: v1.Time{Time: imageTime}, CreatedBy: "COPY probe /bin/ # test", Comment: "made by a test",
	}})
	if err != nil {
		return nil, err
	}
	cfg, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	cfg = cfg.DeepCopy()
	cfg.OS, cfg.Architecture = "linux", runtime.GOARCH
	cfg.Created = v1.Time{Time: imageTime}
	cfg.Config.Env = []string{"PATH=/usr/bin:/bin", "COLOR=red"}
	cfg.Config.Cmd = []string{"probe", "echo", "hello from probe"}
	cfg.Config.Labels = map[string]string{"made.by": "test"}
	return mutate.ConfigFile(img, cfg)
}

var imageTime = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// file is an entry of a layer: a directory by its final slash, a hard link, or a file.
type file struct {
	name string
	mode int64
	text []byte
	link string
}

func layerOf(files []file) (v1.Layer, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.text)), ModTime: imageTime, Typeflag: tar.TypeReg}
		switch {
		case f.link != "":
			h.Typeflag, h.Linkname = tar.TypeLink, f.link
		case strings.HasSuffix(f.name, "/"):
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.text); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
}

// mustWorld is world for tests that are not scripts.
func mustWorld(t testing.TB) *shared {
	t.Helper()
	s, err := world()
	if err != nil {
		t.Fatal(err)
	}
	return s
}
