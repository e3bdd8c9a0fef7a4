package source_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/platforms"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/source"
	"tare/internal/testkit"
)

// savedBy is what docker save writes since version 25: an OCI layout in a tar, with
// manifest.json beside it.
func savedBy(t testing.TB, name string, b *testkit.Built) []byte {
	t.Helper()
	var m ocispec.Manifest
	if err := json.Unmarshal(b.Blobs[b.Target.Digest], &m); err != nil {
		t.Fatal(err)
	}
	blob := func(d ocispec.Descriptor) string { return "blobs/sha256/" + d.Digest.Encoded() }
	var layers []string
	entries := []testkit.Entry{testkit.File(blob(b.Target), string(b.Blobs[b.Target.Digest])), testkit.File(blob(m.Config), string(b.Blobs[m.Config.Digest]))}
	for _, l := range m.Layers {
		layers = append(layers, blob(l))
		entries = append(entries, testkit.File(blob(l), string(b.Blobs[l.Digest])))
	}
	d := b.Target
	d.Annotations = map[string]string{images.AnnotationImageName: "docker.io/library/" + name, ocispec.AnnotationRefName: name[strings.Index(name, ":")+1:]}
	for file, v := range map[string]any{
		ocispec.ImageIndexFile:  ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, Manifests: []ocispec.Descriptor{d}},
		ocispec.ImageLayoutFile: ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion},
		"manifest.json":         []map[string]any{{"Config": blob(m.Config), "RepoTags": []string{name}, "Layers": layers}},
	} {
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, testkit.File(file, string(j)))
	}
	return testkit.Tar(t, entries...)
}

// oldStyle is what older Docker saved, of plain layers.
func oldStyle(t testing.TB, name string, layers ...[]byte) ([]byte, *testkit.Built) {
	t.Helper()
	b := testkit.Image(t, testkit.Options{Layers: layers, Compression: "none"})
	return save(t, b, name), b
}

// file writes a file of a directory of its own.
func file(t testing.TB, name string, b []byte) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

// opened opens a target that must open.
func opened(t testing.TB, target string, o source.OpenOptions) *source.Opened {
	t.Helper()
	if o.TempDir == "" {
		o.TempDir = t.TempDir()
	}
	out, err := source.Open(ctx, target, o)
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	t.Cleanup(func() { _ = out.Close() })
	return out
}

// refused opens a target that must not open, for a reason that has all the words.
func refused(t testing.TB, target string, o source.OpenOptions, words ...string) {
	t.Helper()
	if o.TempDir == "" {
		o.TempDir = t.TempDir()
	}
	out, err := source.Open(ctx, target, o)
	if err == nil {
		_ = out.Close()
		t.Errorf("%s was opened", target)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: %v does not say %q", target, err, w)
		}
	}
}

// whole loads the image and reads every layer, checking both digests.
func whole(t testing.TB, o *source.Opened, want platforms.MatchComparer) *image.Image {
	t.Helper()
	img, err := image.Load(ctx, o.Provider, o.Target, want)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range img.Layers {
		ra, err := o.Provider.ReaderAt(ctx, l.Descriptor)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := layer.Read(content.NewReader(ra), layer.Options{Blob: l.Digest, DiffID: l.DiffID}); err != nil {
			t.Errorf("layer %s: %v", l.Digest, err)
		}
		_ = ra.Close()
	}
	return img
}
