package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// standIns says which base takes the place of the images that the Dockerfiles name, by
// the last part of a name, whatever its registry and tag. Names that are not here are
// not found, by either builder.
var standIns = map[string]string{
	"alpine": "small", "busybox": "small", "image": "small",
	"debian": "large", "ubuntu": "large", "centos": "large", "fedora": "large", "fedora-minimal": "large", "golang": "large", "python": "large",
}

// bases is the registry that both builders get every image from: it stands for all
// registries, and as a proxy it refuses the rest of the internet.
type bases struct {
	*httptest.Server
	what  string // for the report
	inner http.Handler
}

var registryPath = regexp.MustCompile(`^/v2/(.+)/(manifests|blobs)/([^/]+)$`)

func (b *bases) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect || !strings.HasPrefix(r.URL.Path, "/v2/") {
		http.Error(w, "the conformance harness has no internet", http.StatusNotFound)
		return
	}
	if m := registryPath.FindStringSubmatch(r.URL.Path); m != nil && r.Method != http.MethodPut && !strings.HasPrefix(m[1], "base/") {
		base, ok := standIns[path.Base(m[1])]
		if !ok || strings.Contains(m[1], "notreal") {
			base = "none"
		}
		ref := m[3]
		if m[2] == "manifests" && !strings.HasPrefix(ref, "sha256:") {
			ref = "latest"
		}
		r = r.Clone(r.Context())
		r.URL.Path = "/v2/base/" + base + "/" + m[2] + "/" + ref
	}
	b.inner.ServeHTTP(w, r)
}

// startBases serves alpine and debian of the hub of test images where there is one, else
// one image around Debian's static busybox.
func startBases() (*bases, error) {
	small, large, what, err := hubImages()
	if err != nil {
		if small, what, err = busybox(); err != nil {
			return nil, fmt.Errorf("base images: %w", err)
		}
		large = small
	}
	b := &bases{what: what, inner: registry.New(registry.Logger(log.New(io.Discard, "", 0)))}
	b.Server = httptest.NewServer(b)
	for repo, img := range map[string]v1.Image{"small": small, "large": large} {
		ref, err := name.ParseReference(strings.TrimPrefix(b.URL, "http://")+"/base/"+repo+":latest", name.Insecure)
		if err == nil {
			err = remote.Write(ref, img, remote.WithTransport(&http.Transport{})) // no proxy
		}
		if err != nil {
			return nil, fmt.Errorf("base images: %w", err)
		}
	}
	return b, nil
}

func hubImages() (small, large v1.Image, what string, err error) {
	dir := os.Getenv("TARE_TEST_HUB")
	if dir == "" {
		dir = filepath.Join("..", "shared", "hub")
	}
	root := filepath.Join(dir, "registry", "docker", "registry", "v2")
	if small, err = hubImage(root, "alpine", "latest"); err == nil {
		large, err = hubImage(root, "debian", "bookworm-slim")
	}
	return small, large, "Alpine 3.20 for alpine and busybox, Debian 12 for debian, ubuntu, centos and fedora", err
}

// hubImage reads an image out of the folders of a docker-registry.
func hubImage(root, repo, tag string) (v1.Image, error) {
	link, err := os.ReadFile(filepath.Join(root, "repositories", "library", repo, "_manifests", "tags", tag, "current", "link"))
	if err != nil {
		return nil, err
	}
	core := &hubCore{root: root}
	if core.manifest, err = core.blob(string(link)); err != nil {
		return nil, err
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(core.manifest, &index); err != nil {
		return nil, err
	}
	for _, d := range index.Manifests {
		if d.Platform != nil && d.Platform.Architecture == "amd64" {
			if core.manifest, err = core.blob(d.Digest.String()); err != nil {
				return nil, err
			}
			break
		}
	}
	return partial.CompressedToImage(core)
}

// hubCore implements partial.CompressedImageCore.
type hubCore struct {
	root     string
	manifest []byte
}

func (c *hubCore) path(digest string) string {
	hex := strings.TrimPrefix(strings.TrimSpace(digest), "sha256:")
	return filepath.Join(c.root, "blobs", "sha256", hex[:2], hex, "data")
}

func (c *hubCore) blob(digest string) ([]byte, error) { return os.ReadFile(c.path(digest)) }

func (c *hubCore) parsed() (*v1.Manifest, error) {
	return v1.ParseManifest(bytes.NewReader(c.manifest))
}

func (c *hubCore) RawManifest() ([]byte, error) { return c.manifest, nil }

func (c *hubCore) MediaType() (types.MediaType, error) {
	m, err := c.parsed()
	if err != nil {
		return "", err
	}
	return m.MediaType, nil
}

func (c *hubCore) RawConfigFile() ([]byte, error) {
	m, err := c.parsed()
	if err != nil {
		return nil, err
	}
	return c.blob(m.Config.Digest.String())
}

func (c *hubCore) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	m, err := c.parsed()
	if err != nil {
		return nil, err
	}
	for _, d := range m.Layers {
		if d.Digest == h {
			return &hubLayer{c, d}, nil
		}
	}
	return nil, fmt.Errorf("no layer %s", h)
}

type hubLayer struct {
	core *hubCore
	desc v1.Descriptor
}

func (l *hubLayer) Digest() (v1.Hash, error)            { return l.desc.Digest, nil }
func (l *hubLayer) Size() (int64, error)                { return l.desc.Size, nil }
func (l *hubLayer) MediaType() (types.MediaType, error) { return l.desc.MediaType, nil }
func (l *hubLayer) Compressed() (io.ReadCloser, error) {
	return os.Open(l.core.path(l.desc.Digest.String()))
}

// busybox makes a base of the one program that Debian's busybox-static has.
func busybox() (v1.Image, string, error) {
	if out, err := exec.Command("scripts/apt.sh", "busybox-static").CombinedOutput(); err != nil {
		return nil, "", fmt.Errorf("busybox-static: %w\n%s", err, out)
	}
	program, err := exec.LookPath("busybox")
	if err != nil {
		return nil, "", err
	}
	content, err := os.ReadFile(program)
	if err != nil {
		return nil, "", err
	}
	applets, err := exec.Command(program, "--list").Output()
	if err != nil {
		return nil, "", err
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	add := func(h tar.Header, b []byte) {
		h.ModTime, h.Size = longAgo, int64(len(b))
		err = errors.Join(err, w.WriteHeader(&h))
		_, werr := w.Write(b)
		err = errors.Join(err, werr)
	}
	for _, d := range []string{"bin/", "etc/", "root/", "usr/", "usr/bin/", "var/"} {
		add(tar.Header{Name: d, Typeflag: tar.TypeDir, Mode: 0o755}, nil)
	}
	add(tar.Header{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777}, nil)
	add(tar.Header{Name: "etc/passwd", Mode: 0o644}, []byte("root:x:0:0:root:/root:/bin/sh\nbin:x:1:1:bin:/bin:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n"))
	add(tar.Header{Name: "etc/group", Mode: 0o644}, []byte("root:x:0:\nbin:x:1:\nnobody:x:65534:\n"))
	add(tar.Header{Name: "bin/busybox", Mode: 0o755}, content)
	for _, a := range strings.Fields(string(applets)) {
		if a != "busybox" {
			add(tar.Header{Name: "bin/" + a, Typeflag: tar.TypeSymlink, Linkname: "busybox", Mode: 0o777}, nil)
		}
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, "", err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(buf.Bytes())), nil })
	if err != nil {
		return nil, "", err
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, "", err
	}
	cf, err := img.ConfigFile()
	if err != nil {
		return nil, "", err
	}
	cf = cf.DeepCopy()
	cf.OS, cf.Architecture = "linux", "amd64"
	cf.Config.Env, cf.Config.Cmd = []string{"PATH=/bin:/usr/bin"}, []string{"sh"}
	img, err = mutate.ConfigFile(img, cf)
	return img, "one image around Debian's static busybox, for every name", err
}
