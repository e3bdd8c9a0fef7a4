package image_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
)

// blobs serves documents and counts how often each is read.
type blobs struct {
	m    map[digest.Digest][]byte
	read map[digest.Digest]int
}

func newBlobs() *blobs { return &blobs{map[digest.Digest][]byte{}, map[digest.Digest]int{}} }

func (b *blobs) add(t *testing.T, media string, v any) ocispec.Descriptor {
	t.Helper()
	raw, ok := v.([]byte)
	if !ok {
		var err error
		if raw, err = json.Marshal(v); err != nil {
			t.Fatal(err)
		}
	}
	d := digest.FromBytes(raw)
	b.m[d] = raw
	return ocispec.Descriptor{MediaType: media, Digest: d, Size: int64(len(raw))}
}

type opened struct{ *strings.Reader }

func (opened) Close() error { return nil }

// ReaderAt implements content.Provider.
func (b *blobs) ReaderAt(_ context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	raw, ok := b.m[d.Digest]
	if !ok {
		return nil, errdefs.ErrNotFound
	}
	b.read[d.Digest]++
	return opened{strings.NewReader(string(raw))}, nil
}

const oci = "application/vnd.oci.image.config.v1+json"

func TestArtifacts(t *testing.T) {
	for name, c := range map[string]struct {
		artifactType, config string
		layers               []string
		want                 string // "" is an image
	}{
		"image":                  {"", oci, []string{ocispec.MediaTypeImageLayerGzip}, ""},
		"docker image":           {"", "application/vnd.docker.container.image.v1+json", []string{"application/vnd.docker.image.rootfs.diff.tar.gzip"}, ""},
		"windows":                {"", "application/vnd.docker.container.image.v1+json", []string{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}, ""},
		"image without layers":   {"", oci, nil, ""},
		"image of an old docker": {"", "application/octet-stream", []string{"application/vnd.docker.image.rootfs.diff.tar.gzip"}, ""},
		"image of a typed kind":  {"application/vnd.example", oci, []string{ocispec.MediaTypeImageLayer}, ""},
		"careless tools":         {"", "", []string{"application/octet-stream"}, ""},
		"estargz and an extra":   {"", oci, []string{"application/vnd.example.note+json", ocispec.MediaTypeImageLayerZstd}, ""},

		"helm":              {"", "application/vnd.cncf.helm.config.v1+json", []string{"application/vnd.cncf.helm.chart.content.v1.tar+gzip"}, "a Helm chart (application/vnd.cncf.helm.config.v1+json)"},
		"cosign signature":  {"", oci, []string{"application/vnd.dev.cosign.simplesigning.v1+json"}, "a cosign signature (application/vnd.dev.cosign.simplesigning.v1+json)"},
		"cosign 1.1":        {"application/vnd.dev.cosign.artifact.sig.v1+json", "application/vnd.oci.empty.v1+json", []string{"application/vnd.dev.cosign.simplesigning.v1+json"}, "a cosign signature"},
		"sigstore bundle":   {"application/vnd.dev.sigstore.bundle.v0.3+json", "application/vnd.oci.empty.v1+json", []string{"application/vnd.dev.sigstore.bundle.v0.3+json"}, "a Sigstore bundle"},
		"notation":          {"application/vnd.cncf.notary.signature", "application/vnd.oci.empty.v1+json", []string{"application/jose+json"}, "a Notary signature"},
		"old notation":      {"", "application/vnd.cncf.notary.signature", []string{"application/jose+json"}, "a Notary signature"},
		"cosign sbom":       {"", oci, []string{"text/spdx+json"}, "an SBOM (SPDX) (text/spdx+json)"},
		"cyclonedx":         {"", oci, []string{"application/vnd.cyclonedx+json"}, "an SBOM (CycloneDX)"},
		"oras sbom":         {"application/spdx+json", "application/vnd.oci.empty.v1+json", []string{"application/spdx+json"}, "an SBOM (SPDX)"},
		"attestation":       {"", oci, []string{"application/vnd.dsse.envelope.v1+json"}, "an attestation"},
		"buildkit's":        {"", oci, []string{"application/vnd.in-toto+json"}, "an attestation"},
		"no layers, typed":  {"application/vnd.example.thing", "application/vnd.oci.empty.v1+json", nil, "an artifact (application/vnd.example.thing)"},
		"empty altogether":  {"", "application/vnd.oci.empty.v1+json", []string{"application/vnd.oci.empty.v1+json"}, "an artifact (application/vnd.oci.empty.v1+json)"},
		"wasm":              {"", "application/vnd.wasm.config.v1+json", []string{"application/vnd.wasm.content.layer.v1+wasm"}, "a WebAssembly module"},
		"plugin":            {"", "application/vnd.docker.plugin.v1+json", []string{"application/vnd.docker.image.rootfs.diff.tar.gzip"}, "a Docker plugin"},
		"cache":             {"", "application/vnd.buildkit.cacheconfig.v0", []string{ocispec.MediaTypeImageLayerGzip}, "a build cache"},
		"model":             {"", "application/vnd.docker.container.image.v1+json", []string{"application/vnd.ollama.image.model"}, "an AI model"},
		"flux":              {"", "application/vnd.cncf.flux.config.v1+json", []string{"application/vnd.cncf.flux.content.v1.tar+gzip"}, "a Flux artifact"},
		"singularity":       {"", "application/vnd.sylabs.sif.config.v1+json", []string{"application/vnd.sylabs.sif.layer.v1.sif"}, "a Singularity image"},
		"unknown config":    {"", "application/vnd.example.config", []string{"text/plain"}, "an artifact (application/vnd.example.config)"},
		"text in an image":  {"", oci, []string{"text/plain"}, "an artifact (text/plain)"},
		"a long media type": {strings.Repeat("x", 5000), "application/vnd.oci.empty.v1+json", nil, "an artifact (xxxx"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBlobs()
			var cfg ocispec.Image
			cfg.OS, cfg.Architecture = "linux", "amd64"
			m := ocispec.Manifest{ArtifactType: c.artifactType, MediaType: ocispec.MediaTypeImageManifest}
			m.SchemaVersion = 2
			for n, l := range c.layers {
				m.Layers = append(m.Layers, b.add(t, l, []byte(fmt.Sprint(n))))
				cfg.RootFS.DiffIDs = append(cfg.RootFS.DiffIDs, m.Layers[n].Digest)
			}
			m.Config = b.add(t, c.config, cfg)
			if strings.Contains(c.config, "empty") {
				m.Config = b.add(t, c.config, []byte("{}"))
			}
			d := b.add(t, ocispec.MediaTypeImageManifest, m)
			index := b.add(t, ocispec.MediaTypeImageIndex, ocispec.Index{Manifests: []ocispec.Descriptor{d}})
			for what, target := range map[string]ocispec.Descriptor{"manifest": d, "index": index} {
				_, err := image.Load(context.Background(), b, target, nil)
				var a *image.ArtifactError
				switch {
				case c.want == "" && err != nil:
					t.Errorf("%s: an image is refused: %v", what, err)
				case c.want != "" && (!errors.As(err, &a) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "not a container image") || len(err.Error()) > 400):
					t.Errorf("%s: %v, want %q", what, err, c.want)
				}
			}
		})
	}
}

func TestOldManifests(t *testing.T) {
	b := newBlobs()
	one := map[string]any{"schemaVersion": 1, "name": "x", "fsLayers": []any{map[string]string{"blobSum": "sha256:0"}}, "history": []any{}}
	for _, media := range []string{ocispec.MediaTypeImageManifest, "application/vnd.docker.distribution.manifest.v1+prettyjws", "application/vnd.docker.distribution.manifest.v1+json", ""} {
		if _, err := image.Load(context.Background(), b, b.add(t, media, one), nil); !errors.Is(err, image.ErrSchema1) {
			t.Errorf("%s: %v", media, err)
		}
	}
	old := b.add(t, "application/vnd.oci.artifact.manifest.v1+json", map[string]any{"mediaType": "application/vnd.oci.artifact.manifest.v1+json", "artifactType": "application/vnd.example", "blobs": []any{}})
	var a *image.ArtifactError
	if _, err := image.Load(context.Background(), b, old, nil); !errors.As(err, &a) {
		t.Errorf("%v", err)
	}
}

// An index names the same child hundreds of times, and that one does, too.
func TestEveryDocumentIsReadOnce(t *testing.T) {
	b := newBlobs()
	var cfg ocispec.Image
	cfg.OS, cfg.Architecture = "linux", "amd64"
	m := ocispec.Manifest{Config: b.add(t, oci, cfg)}
	d := b.add(t, ocispec.MediaTypeImageManifest, m)
	for range image.MaxDepth {
		x := ocispec.Index{}
		for range 300 {
			x.Manifests = append(x.Manifests, d)
		}
		d = b.add(t, ocispec.MediaTypeImageIndex, x)
	}
	list, err := image.Manifests(context.Background(), b, d)
	if err != nil || len(list) != 1 || list[0].Platform == nil {
		t.Errorf("%v %v", list, err)
	}
	for d, n := range b.read {
		if n > 1 {
			t.Errorf("%s was read %d times", d, n)
		}
	}
	if want, err := platforms.Parse("linux/amd64"); err != nil {
		t.Error(err)
	} else if _, err := image.Load(context.Background(), b, d, platforms.OnlyStrict(want)); err != nil {
		t.Error(err)
	}
}

// The bounds of an index.
func TestWideIndexes(t *testing.T) {
	b := newBlobs()
	wide := ocispec.Index{}
	for n := range image.MaxIndexes + 1 {
		wide.Manifests = append(wide.Manifests, b.add(t, ocispec.MediaTypeImageIndex, ocispec.Index{Annotations: map[string]string{"n": fmt.Sprint(n)}}))
	}
	if _, err := image.Manifests(context.Background(), b, b.add(t, ocispec.MediaTypeImageIndex, wide)); err == nil || !strings.Contains(err.Error(), "more than 100 indexes") {
		t.Errorf("%v", err)
	}
	many := ocispec.Index{}
	for n := range image.MaxManifests + 1 {
		many.Manifests = append(many.Manifests, ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromString(fmt.Sprint(n)), Size: 1})
	}
	if _, err := image.Manifests(context.Background(), b, b.add(t, ocispec.MediaTypeImageIndex, many)); err == nil || !strings.Contains(err.Error(), "more than 10000 manifests") {
		t.Errorf("%v", err)
	}
	// One digest for several platforms is listed for each.
	var cfg ocispec.Image
	d := b.add(t, ocispec.MediaTypeImageManifest, ocispec.Manifest{Config: b.add(t, oci, cfg)})
	v6, v7 := d, d
	v6.Platform, v7.Platform = &ocispec.Platform{OS: "linux", Architecture: "arm", Variant: "v6"}, &ocispec.Platform{OS: "linux", Architecture: "arm", Variant: "v7"}
	list, err := image.Manifests(context.Background(), b, b.add(t, ocispec.MediaTypeImageIndex, ocispec.Index{Manifests: []ocispec.Descriptor{v6, v7, v6}}))
	if err != nil || len(list) != 2 {
		t.Errorf("%v %v", list, err)
	}
}
