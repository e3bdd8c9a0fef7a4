package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/testkit"
)

// TestNoURLIsEverAsked gives every descriptor of an image a URL at a listener of this
// machine, with every media type that a layer may have, and runs what reads images.
func TestNoURLIsEverAsked(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	var asked atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			asked.Add(1)
			_ = c.Close()
		}
	}()
	url := "http://" + l.Addr().String() + "/x"
	for _, media := range []string{
		ocispec.MediaTypeImageLayerGzip, "application/vnd.docker.image.rootfs.diff.tar.gzip",
		"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
		"application/octet-stream", "application/vnd.example.unknown+json",
	} {
		t.Run(media, func(t *testing.T) {
			reg := testkit.NewRegistry(t)
			for n := range 2 {
				b := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, n, 30_000), testkit.Tar(t, testkit.File(fmt.Sprint("f", n), "x"))}})
				withURLs(t, b, media, url)
				reg.Push(t, "app", fmt.Sprint(n+1), b)
			}
			h := newHome(t)
			a, b := reg.Host+"/app:1", reg.Host+"/app:2"
			h.write(t, "ctx/Dockerfile", "FROM "+b+"\nLABEL a=b\n")
			// The same as a layout, and as an archive.
			commands := [][]string{
				{"weigh", "registry://" + a}, {"compare", "registry://" + a, "registry://" + b}, {"diff", "registry://" + a, "registry://" + b},
				{"update", "registry://" + a, "registry://" + b}, {"history", "registry://" + a},
				{"pull", a}, {"history", a}, {"inspect", a}, {"weigh", a}, {"tag", a, reg.Host + "/copy:1"}, {"push", reg.Host + "/copy:1"},
				{"save", "-o", "saved.tar", a}, {"weigh", "archive://saved.tar"}, {"rmi", a}, {"load", "-i", "saved.tar"}, {"fsck"},
			}
			if engineMissing() == nil {
				commands = append(commands, []string{"build", "-q", "-t", "built", "ctx"}, []string{"run", "--rm", a, "/none"}, []string{"build", "-q", "--pull", "ctx"}, []string{"weigh", "ctx"})
			}
			ran := 0
			for _, c := range commands {
				p := h.start(t, c...)
				if p.wait() == 0 {
					ran++
				} else if strings.Contains(media, "diff.tar") || strings.HasSuffix(media, "layer.v1.tar+gzip") {
					if c[0] == "pull" || c[0] == "weigh" && c[1] != "archive://saved.tar" || c[0] == "build" {
						t.Errorf("%v: %s", c, p.err.String())
					}
				}
			}
			if ran == 0 {
				t.Error("nothing succeeded")
			}
		})
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the listener was asked %d times", n)
	}
}

// withURLs adds URLs to every descriptor that an image's documents have, and puts an
// index above it.
func withURLs(t *testing.T, b *testkit.Built, media, url string) {
	t.Helper()
	var m ocispec.Manifest
	if err := json.Unmarshal(b.Blobs[b.Target.Digest], &m); err != nil {
		t.Fatal(err)
	}
	m.Config.URLs = []string{url}
	for n := range m.Layers {
		m.Layers[n].URLs = []string{"ftp://x/", url}
	}
	m.Layers[0].MediaType = media
	delete(b.Manifests, b.Target.Digest)
	delete(b.Blobs, b.Target.Digest)
	put := func(media string, v any) ocispec.Descriptor {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		d := ocispec.Descriptor{MediaType: media, Digest: digest.FromBytes(raw), Size: int64(len(raw)), URLs: []string{url}}
		b.Blobs[d.Digest], b.Manifests[d.Digest] = raw, media
		return d
	}
	d := put(m.MediaType, m)
	d.Platform = &ocispec.Platform{OS: "linux", Architecture: "amd64"}
	x := ocispec.Index{MediaType: ocispec.MediaTypeImageIndex, Manifests: []ocispec.Descriptor{d}}
	x.SchemaVersion = 2
	b.Target = put(x.MediaType, x)
}

// TestArtifactsAreNamed has registries hold what is no image: every command that meets
// it says what it is.
func TestArtifactsAreNamed(t *testing.T) {
	reg := testkit.NewRegistry(t)
	for tag, c := range map[string]struct{ artifact, config, layer string }{
		"helm": {"", "application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip"},
		"sig":  {"", ocispec.MediaTypeImageConfig, "application/vnd.dev.cosign.simplesigning.v1+json"},
		"sbom": {"application/spdx+json", ocispec.MediaTypeEmptyJSON, "application/spdx+json"},
	} {
		b := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 1000)}})
		var m ocispec.Manifest
		if err := json.Unmarshal(b.Blobs[b.Target.Digest], &m); err != nil {
			t.Fatal(err)
		}
		m.ArtifactType, m.Config.MediaType, m.Layers[0].MediaType = c.artifact, c.config, c.layer
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		delete(b.Manifests, b.Target.Digest)
		b.Target.Digest, b.Target.Size = digest.FromBytes(raw), int64(len(raw))
		b.Blobs[b.Target.Digest], b.Manifests[b.Target.Digest] = raw, m.MediaType
		reg.Push(t, "thing", tag, b)
	}
	reg.Fault(func(http.ResponseWriter, *http.Request) bool { return false })
	h := newHome(t)
	for tag, want := range map[string]string{"helm": "a Helm chart (application/vnd.cncf.helm.config.v1+json), not a container image", "sig": "a cosign signature", "sbom": "an SBOM (SPDX)"} {
		name := reg.Host + "/thing:" + tag
		commands := [][]string{{"weigh", "registry://" + name}, {"pull", name}, {"weigh", name}, {"compare", "registry://" + name, "registry://" + name}, {"diff", "registry://" + name, name}, {"history", name}}
		if engineMissing() == nil {
			h.write(t, tag+"/Dockerfile", "FROM "+name+"\nLABEL a=b\n")
			commands = append(commands, []string{"build", "-q", tag}, []string{"run", "--rm", name, "x"})
		}
		for _, c := range commands {
			p := h.start(t, c...)
			code := p.wait()
			if code == 0 {
				t.Errorf("%v succeeded", c)
			}
			if text := p.err.String(); c[0] != "history" && (!strings.Contains(text, want) || !strings.Contains(text, name) || strings.Contains(text, "damaged")) {
				if c[0] != "build" || !strings.Contains(text, "not a container image") { // of what BuildKit can tell
					t.Errorf("%v: %s", c, text)
				}
			}
		}
	}
}
