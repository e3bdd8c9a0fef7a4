package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/testkit"
)

// documents are what a registry holds, by digest.
type documents struct {
	t     *testing.T
	raw   map[digest.Digest][]byte
	media map[digest.Digest]string
}

func (d *documents) put(media string, v any) ocispec.Descriptor {
	raw, err := json.Marshal(v)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.bytes(media, raw)
}

func (d *documents) bytes(media string, raw []byte) ocispec.Descriptor {
	id := digest.FromBytes(raw)
	d.raw[id], d.media[id] = raw, media
	return ocispec.Descriptor{MediaType: media, Digest: id, Size: int64(len(raw))}
}

func (d *documents) index(n int, child ocispec.Descriptor) ocispec.Descriptor {
	x := ocispec.Index{MediaType: ocispec.MediaTypeImageIndex}
	x.SchemaVersion = 2
	for range n {
		x.Manifests = append(x.Manifests, child)
	}
	return d.put(x.MediaType, x)
}

// TestHostileImagesInRegistries has honest registries with images that are none: the
// real program reads them with bounded memory, in a bounded time.
func TestHostileImagesInRegistries(t *testing.T) {
	linux := &ocispec.Platform{OS: "linux", Architecture: "amd64"}
	good := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 30_000)}})
	var manifest ocispec.Manifest
	if err := json.Unmarshal(good.Blobs[good.Target.Digest], &manifest); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		make func(d *documents) ocispec.Descriptor
		fine bool // it may be read
	}{
		"an index of 4 levels with 300 times the same child": {fine: true, make: func(d *documents) ocispec.Descriptor {
			m := good.Target
			m.Platform = linux
			for range 4 {
				m = d.index(300, m)
			}
			return m
		}},
		"the same without platforms": {fine: true, make: func(d *documents) ocispec.Descriptor {
			m := good.Target
			m.Platform = nil
			for range 4 {
				m = d.index(300, m)
			}
			return m
		}},
		"20 levels": {make: func(d *documents) ocispec.Descriptor {
			m := good.Target
			for range 20 {
				m = d.index(2, m)
			}
			return m
		}},
		"2000 different indexes": {make: func(d *documents) ocispec.Descriptor {
			x := ocispec.Index{MediaType: ocispec.MediaTypeImageIndex}
			x.SchemaVersion = 2
			for n := range 2000 {
				x.Manifests = append(x.Manifests, d.put(x.MediaType, ocispec.Index{MediaType: x.MediaType, Annotations: map[string]string{"n": fmt.Sprint(n)}}))
			}
			return d.put(x.MediaType, x)
		}},
		"40,000 manifests that are not there": {make: func(d *documents) ocispec.Descriptor {
			x := ocispec.Index{MediaType: ocispec.MediaTypeImageIndex}
			x.SchemaVersion = 2
			for n := range 40_000 {
				x.Manifests = append(x.Manifests, ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromString(fmt.Sprint(n)), Size: 500})
			}
			return d.put(x.MediaType, x)
		}},
		"a config of 10 GB": {make: func(d *documents) ocispec.Descriptor {
			m := manifest
			m.Config.Digest, m.Config.Size = digest.FromString("endless"), 10e9
			return d.put(m.MediaType, m)
		}},
		"a config of 10 GB with a layer's type": {make: func(d *documents) ocispec.Descriptor {
			m := manifest
			m.Config = ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayerGzip, Digest: digest.FromString("endless"), Size: 10e9}
			return d.put(m.MediaType, m)
		}},
		"a layer of an exabyte": {make: func(d *documents) ocispec.Descriptor {
			m := manifest
			m.Layers = []ocispec.Descriptor{{MediaType: ocispec.MediaTypeImageLayerGzip, Digest: digest.FromString("endless"), Size: 1 << 60}}
			return d.put(m.MediaType, m)
		}},
		"a layer that goes on beyond its size": {make: func(d *documents) ocispec.Descriptor {
			m := manifest
			m.Layers = []ocispec.Descriptor{{MediaType: ocispec.MediaTypeImageLayerGzip, Digest: digest.FromString("endless"), Size: 5000}}
			return d.put(m.MediaType, m)
		}},
		"a layer of a negative size": {make: func(d *documents) ocispec.Descriptor {
			m := manifest
			m.Layers = []ocispec.Descriptor{{MediaType: ocispec.MediaTypeImageLayerGzip, Digest: digest.FromString("endless"), Size: -1}}
			return d.put(m.MediaType, m)
		}},
		"a manifest that is its own config": {make: func(d *documents) ocispec.Descriptor {
			m := manifest
			m.Config.Digest = "sha256:" + digest.Digest(strings.Repeat("0", 64))
			return d.put(m.MediaType, m)
		}},
		"30,000 layers": {make: func(d *documents) ocispec.Descriptor {
			m := manifest
			for range 30_000 {
				m.Layers = append(m.Layers, manifest.Layers[0])
			}
			return d.put(m.MediaType, m)
		}},
		"JSON of 3 MB of brackets": {make: func(d *documents) ocispec.Descriptor {
			return d.bytes(ocispec.MediaTypeImageManifest, []byte(strings.Repeat("[", 3<<20)))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d := &documents{t, map[digest.Digest][]byte{}, map[digest.Digest]string{}}
			target := c.make(d)
			reg := testkit.NewRegistry(t)
			reg.Push(t, "app", "good", good)
			var gets atomic.Int64
			reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
				id := digest.Digest(path.Base(r.URL.Path))
				if path.Base(r.URL.Path) == "1" {
					id = target.Digest
				}
				if r.Method == http.MethodGet {
					gets.Add(1)
				}
				if id == digest.FromString("endless") {
					endless(w)
					return true
				}
				raw, ok := d.raw[id]
				if !ok {
					return false
				}
				w.Header().Set("Content-Type", d.media[id])
				w.Header().Set("Docker-Content-Digest", id.String())
				w.Header().Set("Content-Length", fmt.Sprint(len(raw)))
				_, _ = w.Write(raw)
				return true
			})
			ref := reg.Host + "/app:1"
			commands := [][]string{{"pull", ref}, {"weigh", "registry://" + ref}}
			if engineMissing() == nil {
				commands = append(commands, []string{"build", "-q", "ctx"})
			}
			for _, args := range commands {
				gets.Store(0)
				h := newHome(t) // nobody has fetched anything yet
				h.write(t, "ctx/Dockerfile", "FROM "+ref+"\nLABEL a=b\n")
				got := observed(t, h, args...)
				t.Logf("%s: exit code %d after %v, %d MB, %d requests", args[0], got.code, got.took, got.memory>>20, gets.Load())
				if got.killed || got.took > mostTime || got.memory > mostMemory || gets.Load() > 500 {
					t.Errorf("%s took %v, %d MB, %d requests: %.500s", args[0], got.took, got.memory>>20, gets.Load(), got.text)
				}
				if got.code != 0 && got.code != 1 || got.code == 0 && !c.fine && args[0] != "build" || got.code == 1 && c.fine && args[0] != "build" {
					t.Errorf("%s: exit code %d: %.1000s", args[0], got.code, got.text)
				}
			}
		})
	}
}
