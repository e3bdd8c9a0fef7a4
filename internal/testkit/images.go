// Package testkit makes images and registries for tests. Everything is made in
// memory by the tests themselves: nothing is downloaded.
package testkit

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/containerd/log"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/weigh"
)

// Tar makes a tar of entries. Regular files need only Name and Body.
func Tar(t testing.TB, entries ...Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := e.Header
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		h.Size = int64(len(e.Body))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.Body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Entry is an entry of a tar.
type Entry struct {
	tar.Header
	Body string
}

// File is a regular file.
func File(name, body string) Entry { return Entry{Header: tar.Header{Name: name}, Body: body} }

// Dir is a directory.
func Dir(name string) Entry {
	return Entry{Header: tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755}}
}

// Link is a hard link, Symlink a symbolic one.
func Link(name, to string) Entry {
	return Entry{Header: tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeLink}}
}

// Symlink is a symbolic link.
func Symlink(name, to string) Entry {
	return Entry{Header: tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeSymlink}}
}

// Gzip compresses b.
func Gzip(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Zstd compresses b.
func Zstd(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

// Built is an image as blobs, ready to be put into a store or a registry.
type Built struct {
	Target    ocispec.Descriptor // manifest or index
	Blobs     map[digest.Digest][]byte
	Manifests map[digest.Digest]string // the blobs that are manifests -> media type
}

// LayerDigests are the digests of the layers of an image, from the lowest; the test fails for an index.
func (b *Built) LayerDigests(t testing.TB) (out []digest.Digest) {
	t.Helper()
	var m ocispec.Manifest
	if err := json.Unmarshal(b.Blobs[b.Target.Digest], &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Layers) == 0 {
		t.Fatal("no image with layers")
	}
	for _, l := range m.Layers {
		out = append(out, l.Digest)
	}
	return out
}

// Options choose how an image is made.
type Options struct {
	Layers      [][]byte // tars, bottom first
	Compression string   // gzip (default), zstd or none
	Docker      bool     // Docker's media types instead of OCI's
	Platform    ocispec.Platform
	History     []ocispec.History
	Config      ocispec.ImageConfig
	Shell       []string  // Docker's addition to the configuration
	Created     time.Time // the zero time is that of 2025
	// Pack compresses a layer instead of Compression; nil for none.
	Pack func(testing.TB, []byte) Packed
	// Annotations are those of the manifest.
	Annotations map[string]string
}

// Packed is a layer as it is stored.
type Packed struct {
	Blob        []byte
	DiffID      digest.Digest     // of what the blob is when it is unpacked
	Suffix      string            // of its media type, such as +gzip
	Annotations map[string]string // of its descriptor
}

// Image makes an image of one platform.
func Image(t testing.TB, o Options) *Built {
	t.Helper()
	b := &Built{Blobs: map[digest.Digest][]byte{}, Manifests: map[digest.Digest]string{}}
	if o.Platform.OS == "" {
		o.Platform = ocispec.Platform{OS: "linux", Architecture: "amd64"}
	}
	created := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	if !o.Created.IsZero() {
		created = o.Created
	}
	cfg := ocispec.Image{Created: &created, Platform: o.Platform, Config: o.Config, History: o.History}
	cfg.RootFS.Type = "layers"
	types := struct{ manifest, config, layer string }{ocispec.MediaTypeImageManifest, ocispec.MediaTypeImageConfig, ocispec.MediaTypeImageLayer}
	if o.Docker {
		types.manifest, types.config, types.layer = "application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar"
	}
	m := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: types.manifest, Layers: []ocispec.Descriptor{}}
	m.Annotations = o.Annotations
	for _, l := range o.Layers {
		if o.Pack != nil {
			p := o.Pack(t, l)
			cfg.RootFS.DiffIDs = append(cfg.RootFS.DiffIDs, p.DiffID)
			d := b.add(types.layer+p.Suffix, p.Blob)
			d.Annotations = p.Annotations
			m.Layers = append(m.Layers, d)
			continue
		}
		cfg.RootFS.DiffIDs = append(cfg.RootFS.DiffIDs, digest.FromBytes(l))
		media := types.layer
		switch o.Compression {
		case "", "gzip":
			l = Gzip(t, l)
			media += map[bool]string{false: "+gzip", true: ".gzip"}[o.Docker]
		case "zstd":
			l = Zstd(t, l)
			media += "+zstd"
		}
		m.Layers = append(m.Layers, b.add(media, l))
	}
	var config any = cfg
	if o.Shell != nil {
		config = image.Config{Image: cfg, Config: image.RunConfig{ImageConfig: o.Config, Shell: o.Shell}}
	}
	m.Config = b.add(types.config, mustJSON(t, config))
	b.Target = b.add(types.manifest, mustJSON(t, m))
	b.Manifests[b.Target.Digest] = types.manifest
	return b
}

// Index makes an index of images, with an attestation entry for each as BuildKit adds.
func Index(t testing.TB, images ...*Built) *Built {
	t.Helper()
	out := &Built{Blobs: map[digest.Digest][]byte{}, Manifests: map[digest.Digest]string{}}
	x := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex}
	for _, i := range images {
		for d, b := range i.Blobs {
			out.Blobs[d] = b
		}
		for d, m := range i.Manifests {
			out.Manifests[d] = m
		}
		d := i.Target
		var man ocispec.Manifest
		var cfg ocispec.Image
		if err := json.Unmarshal(i.Blobs[d.Digest], &man); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(i.Blobs[man.Config.Digest], &cfg); err != nil {
			t.Fatal(err)
		}
		d.Platform = &cfg.Platform
		x.Manifests = append(x.Manifests, d)
	}
	for _, i := range images {
		att := Image(t, Options{Layers: [][]byte{[]byte(`{"attestation":"stub"}`)}, Compression: "none", Platform: ocispec.Platform{OS: "unknown", Architecture: "unknown"}})
		for d, b := range att.Blobs {
			out.Blobs[d] = b
		}
		out.Manifests[att.Target.Digest] = ocispec.MediaTypeImageManifest
		d := att.Target
		d.Platform = &ocispec.Platform{OS: "unknown", Architecture: "unknown"}
		d.Annotations = map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": i.Target.Digest.String()}
		x.Manifests = append(x.Manifests, d)
	}
	out.Target = out.add(ocispec.MediaTypeImageIndex, mustJSON(t, x))
	out.Manifests[out.Target.Digest] = ocispec.MediaTypeImageIndex
	return out
}

func (b *Built) add(media string, body []byte) ocispec.Descriptor {
	d := ocispec.Descriptor{MediaType: media, Digest: digest.FromBytes(body), Size: int64(len(body))}
	b.Blobs[d.Digest] = body
	return d
}

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Store opens a fresh store.
func Store(t testing.TB) *store.Store {
	t.Helper()
	_ = log.SetLevel("fatal") // as in the program
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Put stores b under a name and origin.
func Put(t testing.TB, s *store.Store, name string, origin store.Origin, b *Built) store.Record {
	t.Helper()
	for d, body := range b.Blobs {
		if err := s.Write(context.Background(), bytes.NewReader(body), ocispec.Descriptor{Digest: d, Size: int64(len(body))}); err != nil {
			t.Fatal(err)
		}
	}
	r := store.Record{Target: b.Target, Origin: origin}
	if name != "" {
		n, err := store.Normalize(name)
		if err != nil {
			t.Fatal(err)
		}
		r.Name = n.String()
	}
	if err := s.Put(r); err != nil {
		t.Fatal(err)
	}
	return r
}

// Numbered makes a tar whose content depends on n, of about size bytes.
func Numbered(t testing.TB, n, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	for b.Len() < size {
		fmt.Fprintf(&b, "%d %x\n", n, digest.FromString(fmt.Sprint(n, b.Len())).Encoded())
	}
	return Tar(t, File(fmt.Sprintf("file-%d", n), b.String()))
}

// Measured loads what a record points to and measures it, as `tare compare` does.
func Measured(t testing.TB, s *store.Store, r store.Record) *image.Image {
	t.Helper()
	ctx := context.Background()
	img, err := image.Load(ctx, s.Content(), r.Target, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := image.Measurer{Provider: s.Content(), Cache: s}
	if err := m.Index(ctx, img); err != nil {
		t.Fatal(err)
	}
	if err := m.Pack(ctx, img, source.Packs(r)); err != nil {
		t.Fatal(err)
	}
	return img
}

// Facts are those of what a record points to.
func Facts(t testing.TB, s *store.Store, r store.Record) *weigh.Facts {
	t.Helper()
	f, err := weigh.New(Measured(t, s, r))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Layout writes b as an OCI image layout with a tag.
func Layout(t testing.TB, dir, tag string, b *Built) {
	t.Helper()
	write := func(name string, body []byte) {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for d, body := range b.Blobs {
		write("blobs/sha256/"+d.Encoded(), body)
	}
	d := b.Target
	if tag != "" {
		d.Annotations = map[string]string{ocispec.AnnotationRefName: tag}
	}
	write(ocispec.ImageLayoutFile, mustJSON(t, ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion}))
	write(ocispec.ImageIndexFile, mustJSON(t, ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, Manifests: []ocispec.Descriptor{d}}))
}
