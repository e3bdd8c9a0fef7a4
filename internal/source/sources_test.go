package source_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/source"
	"tare/internal/testkit"
)

func TestScheme(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ target, scheme, rest, err string }{
		{"-", "archive", "-", ""},
		{"python:slim", "", "python:slim", ""},
		{"localhost:5000/x:y", "", "localhost:5000/x:y", ""},
		{"./dir", "", "./dir", ""},
		{"registry://a/b:c", "registry", "a/b:c", ""},
		{"oci-dir:///x", "oci-dir", "/x", ""},
		{"oci:" + dir, "oci-dir", dir, ""},
		{"oci:latest", "", "oci:latest", ""},
		{"docker-archive:x.tar", "archive", "x.tar", ""},
		{"docker-daemon:x", "daemon", "x", ""},
		{"docker://x", "", "", "registry://x or daemon://x"},
		{"ftp://x", "", "", "unknown scheme"},
		{"registry://", "", "", "nothing after"},
		{"containers-storage:/x", "", "", "not a source"},
	} {
		s, r, err := schemeOf(c.target)
		if c.err == "" && (err != nil || s != c.scheme || r != c.rest) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %q %q %v", c.target, s, r, err)
		}
	}
}

// save writes b as older Docker did: no blobs, layers in directories.
func save(t testing.TB, b *testkit.Built, tags ...string) []byte {
	t.Helper()
	var m ocispec.Manifest
	if err := json.Unmarshal(b.Blobs[b.Target.Digest], &m); err != nil {
		t.Fatal(err)
	}
	entries := []testkit.Entry{testkit.File(m.Config.Digest.Encoded()+".json", string(b.Blobs[m.Config.Digest]))}
	var layers []string
	for i, l := range m.Layers {
		n := fmt.Sprintf("%d/layer.tar", i)
		layers = append(layers, n)
		entries = append(entries, testkit.File(n, string(b.Blobs[l.Digest])))
	}
	j, err := json.Marshal([]map[string]any{{"Config": m.Config.Digest.Encoded() + ".json", "RepoTags": tags, "Layers": layers}})
	if err != nil {
		t.Fatal(err)
	}
	return testkit.Tar(t, append(entries, testkit.File("manifest.json", string(j)))...)
}

// Whatever the source, the same image comes out of it.
func TestSourcesAgree(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	built := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 200_000), testkit.Numbered(t, 2, 3000), testkit.Numbered(t, 1, 200_000)}})
	plain := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 200_000), testkit.Numbered(t, 2, 3000), testkit.Numbered(t, 1, 200_000)}, Compression: "none"})
	write := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o644); err != nil {
			t.Fatal(err)
		}
		return p
	}
	testkit.Layout(t, filepath.Join(dir, "layout"), "v1", built)
	ociTar, err := exec.Command("tar", "-C", filepath.Join(dir, "layout"), "-cf", "-", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	// An independent writer.
	other, err := layout.FromPath(filepath.Join(dir, "layout"))
	if err != nil {
		t.Fatal(err)
	}
	idx, err := other.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	h, err := v1.NewHash(built.Target.Digest.String())
	if err != nil {
		t.Fatal(err)
	}
	img, err := idx.Image(h)
	if err != nil {
		t.Fatal(err)
	}
	tag, _ := name.NewTag("example.com/a/b:v1")
	if err := tarball.WriteToFile(filepath.Join(dir, "ggcr.tar"), tag, img); err != nil {
		t.Fatal(err)
	}
	old := save(t, plain, "a:v1")
	daemonWith(t, map[string][]byte{"a/b:v1": old})
	reg := testkit.NewRegistry(t)
	reg.Push(t, "a/b", "v1", built)
	wanted := diffs(t, built)
	for _, c := range []struct {
		target string
		stdin  []byte
	}{
		{"oci-dir://" + filepath.Join(dir, "layout"), nil},
		{"oci:" + filepath.Join(dir, "layout") + ":v1", nil},
		{"oci:" + filepath.Join(dir, "layout") + "@" + built.Target.Digest.String(), nil},
		{"archive://" + write("oci.tar", ociTar), nil},
		{"oci-archive:" + write("oci.tar.gz", testkit.Gzip(t, ociTar)) + ":v1", nil},
		{"archive://" + write("old.tar", old), nil},
		{"docker-archive:" + write("old.tar.zst", testkit.Zstd(t, old)) + ":docker.io/library/a:v1", nil},
		{"archive://" + write("compressed.tar", save(t, built)), nil},
		{"archive://" + filepath.Join(dir, "ggcr.tar"), nil},
		{"-", ociTar},
		{"archive://-", testkit.Gzip(t, old)},
		{"daemon://a/b:v1", nil},
		{"registry://" + reg.Host + "/a/b:v1", nil},
	} {
		o, err := source.Open(ctx, c.target, source.OpenOptions{Stdin: bytes.NewReader(c.stdin), TempDir: dir})
		if err != nil {
			t.Errorf("%s: %v", c.target, err)
			continue
		}
		got, err := image.Load(ctx, o.Provider, o.Target, nil)
		if err != nil {
			t.Errorf("%s: %v", c.target, err)
			continue
		}
		for i, l := range got.Layers {
			ra, err := o.Provider.ReaderAt(ctx, l.Descriptor)
			if err != nil {
				t.Fatalf("%s: %v", c.target, err)
			}
			x, err := layer.Read(content.NewReader(ra), layer.Options{Blob: l.Digest, DiffID: wanted[i]})
			if err != nil {
				t.Errorf("%s: layer %d: %v", c.target, i, err)
			} else if x.Transfer != l.Size {
				t.Errorf("%s: layer %d has %d bytes, is said to have %d", c.target, i, x.Transfer, l.Size)
			}
			_ = ra.Close()
		}
		if len(got.Layers) != 3 {
			t.Errorf("%s: %d layers", c.target, len(got.Layers))
		}
		if err := o.Close(); err != nil {
			t.Errorf("%s: %v", c.target, err)
		}
	}
	if _, err := source.Open(ctx, "daemon://nothing", source.OpenOptions{}); err == nil || !strings.Contains(err.Error(), "No such image: nothing") {
		t.Errorf("%v", err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "tare-archive-*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func diffs(t testing.TB, b *testkit.Built) []digest.Digest {
	t.Helper()
	var m ocispec.Manifest
	var c ocispec.Image
	if err := json.Unmarshal(b.Blobs[b.Target.Digest], &m); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b.Blobs[m.Config.Digest], &c); err != nil {
		t.Fatal(err)
	}
	return c.RootFS.DiffIDs
}

func TestBadArchives(t *testing.T) {
	good := save(t, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 5000)}, Compression: "none"}), "a:1")
	manifest := func(s string) []byte { return testkit.Tar(t, testkit.File("manifest.json", s)) }
	loop := testkit.Tar(t, testkit.Symlink("a", "b"), testkit.Symlink("b", "a"), testkit.File("manifest.json", `[{"Config":"a","Layers":[]}]`))
	for _, c := range []struct {
		what, want string
		archive    []byte
	}{
		{"nothing", "empty", nil},
		{"garbage", "not a tar archive", []byte(strings.Repeat("garbage ", 100))},
		{"cut short", "cut short", good[:len(good)/2]},
		{"another tar", "neither index.json", testkit.Tar(t, testkit.File("a", "b"))},
		{"no JSON", "manifest.json", manifest("{")},
		{"no images", "no image", manifest("[]")},
		{"no config", "not in the archive", manifest(`[{"Config":"x.json","Layers":[]}]`)},
		{"a config outside", "not in the archive", manifest(`[{"Config":"../../../../etc/passwd","Layers":[]}]`)},
		{"a loop", "loop of links", loop},
		{"several", "several images", testkit.Tar(t, testkit.File("manifest.json", `[{"RepoTags":["a:1"]},{"RepoTags":["b:1"]}]`))},
		{"other counts", "1 layers, the configuration 0 diff_ids", testkit.Tar(t, testkit.File("c", "{}"), testkit.File("manifest.json", `[{"Config":"c","Layers":["l"]}]`))},
		{"no digest", "diff_id", testkit.Tar(t, testkit.File("c", `{"rootfs":{"diff_ids":["nonsense"]}}`), testkit.File("l", ""), testkit.File("manifest.json", `[{"Config":"c","Layers":["l"]}]`))},
	} {
		_, err := source.Open(context.Background(), "-", source.OpenOptions{Stdin: bytes.NewReader(c.archive), TempDir: t.TempDir()})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v does not say %q", c.what, err, c.want)
		}
	}
	// A layer that is not what the configuration says is found when it is read.
	wrong := bytes.Clone(good)
	at := bytes.Index(wrong, []byte("file-1")) + 600 // in the file, behind its header of 512 bytes
	wrong[at] ^= 1
	o, err := source.Open(context.Background(), "-", source.OpenOptions{Stdin: bytes.NewReader(wrong), TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	img, err := image.Load(context.Background(), o.Provider, o.Target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := (image.Measurer{Provider: o.Provider}).Index(context.Background(), img); err == nil || !strings.Contains(err.Error(), "instead of") {
		t.Errorf("damaged layer: %v", err)
	}
}

// schemeOf is a word as Parse reads it; what is no place is its own rest.
func schemeOf(word string) (scheme, rest string, err error) {
	p, err := source.Parse(word)
	if err != nil || p.Scheme() == "" {
		return "", map[bool]string{true: word}[err == nil], err
	}
	return p.Scheme(), p.Rest(), nil
}
