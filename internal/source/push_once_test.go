package source_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/testkit"
)

// An image may have one layer several times, as that of pause has, and two platforms
// of an index may share theirs: every digest is uploaded once.
func TestPushEveryDigestOnce(t *testing.T) {
	empty := testkit.Tar(t)
	layer := testkit.Numbered(t, 1, 100_000)
	same := func(arch string) *testkit.Built {
		return testkit.Image(t, testkit.Options{Platform: ocispec.Platform{OS: "linux", Architecture: arch}, Layers: [][]byte{layer, empty, empty, empty, layer}})
	}
	for name, b := range map[string]*testkit.Built{
		"pause":          testkit.Image(t, testkit.Options{Compression: "none", Layers: [][]byte{empty, empty, empty}}),
		"several":        testkit.Image(t, testkit.Options{Layers: [][]byte{layer, empty, layer, empty, layer, layer}}),
		"two platforms":  testkit.Index(t, same("amd64"), same("arm64")),
		"config a layer": configIsLayer(t),
	} {
		t.Run(name, func(t *testing.T) {
			for range 10 { // what failed did so at random
				reg := testkit.NewRegistry(t)
				var mu sync.Mutex
				puts := map[string]int{}
				reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
					if d := r.URL.Query().Get("digest"); r.Method == http.MethodPut && d != "" {
						mu.Lock()
						puts[d]++
						mu.Unlock()
					}
					return false
				})
				s := testkit.Store(t)
				for _, origin := range []store.Origin{store.Pulled, store.Built} {
					testkit.Put(t, s, reg.Host+"/app:1", origin, b)
					if _, err := registry(t, "").Push(ctx, s, reg.Host+"/app:1", nil, nil); err != nil {
						t.Fatal(err)
					}
				}
				for d, n := range puts {
					if n != 1 {
						t.Errorf("%s was uploaded %d times", d, n)
					}
				}
				reg.Fault(nil)
				if name != "config a layer" { // nothing that could be weighed
					pulled(t, registry(t, ""), reg.Host+"/app:1")
				}
			}
		})
	}
}

// configIsLayer is an image whose configuration is its layer, too.
func configIsLayer(t *testing.T) *testkit.Built {
	t.Helper()
	raw := []byte(fmt.Sprintf(`{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["%s","%s"]}}`, digest.FromString("x"), digest.FromString("y")))
	d := ocispec.Descriptor{Digest: digest.FromBytes(raw), Size: int64(len(raw)), MediaType: ocispec.MediaTypeImageConfig}
	l := d
	l.MediaType = ocispec.MediaTypeImageLayerGzip
	m := ocispec.Manifest{MediaType: ocispec.MediaTypeImageManifest, Config: d, Layers: []ocispec.Descriptor{l, l}}
	m.SchemaVersion = 2
	doc, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	target := ocispec.Descriptor{Digest: digest.FromBytes(doc), Size: int64(len(doc)), MediaType: m.MediaType}
	return &testkit.Built{Target: target, Blobs: map[digest.Digest][]byte{d.Digest: raw, target.Digest: doc}, Manifests: map[digest.Digest]string{target.Digest: m.MediaType}}
}

// An index may lead to itself a thousand times over: each index is fetched once.
func TestPullFetchesIndexesOnce(t *testing.T) {
	b := small(t, testkit.Options{})
	child := b.Target
	indexes := map[digest.Digest][]byte{}
	media := map[digest.Digest]string{}
	for range 3 {
		x := ocispec.Index{MediaType: ocispec.MediaTypeImageIndex}
		x.SchemaVersion = 2
		child.Platform = nil
		for range 300 {
			x.Manifests = append(x.Manifests, child)
		}
		raw, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		child = ocispec.Descriptor{MediaType: x.MediaType, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
		indexes[child.Digest], media[child.Digest] = raw, x.MediaType
	}
	reg := testkit.NewRegistry(t)
	reg.Push(t, "app", "base", b)
	b.Target = child
	maps.Copy(b.Blobs, indexes)
	maps.Copy(b.Manifests, media)
	reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		for d, media := range b.Manifests {
			if strings.HasSuffix(r.URL.Path, "/manifests/"+d.String()) || d == child.Digest && strings.HasSuffix(r.URL.Path, "/manifests/1") {
				w.Header().Set("Content-Type", media)
				w.Header().Set("Docker-Content-Digest", d.String())
				w.Header().Set("Content-Length", fmt.Sprint(len(b.Blobs[d])))
				_, _ = w.Write(b.Blobs[d])
				return true
			}
		}
		return false
	})
	pulled(t, registry(t, ""), reg.Host+"/app:1")
	for d := range b.Manifests {
		if n := reg.Gets(d.String()); n > 1 {
			t.Errorf("%s was fetched %d times", d, n)
		}
	}
	o := opened(t, "registry://"+reg.Host+"/app:1", source.OpenOptions{Registry: registry(t, "")})
	whole(t, o, nil)
	if n := reg.Gets(strings.TrimPrefix(b.Target.Digest.String(), "sha256:")); n > 3 {
		t.Errorf("a remote look fetched it %d times", n)
	}
}
