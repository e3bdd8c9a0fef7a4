package image_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/packages"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/units"
)

var ctx = context.Background()

func platform(arch string) ocispec.Platform {
	return ocispec.Platform{OS: "linux", Architecture: arch}
}

func put(t testing.TB, s *store.Store, media string, v any) ocispec.Descriptor {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	d := ocispec.Descriptor{MediaType: media, Digest: digest.FromBytes(b), Size: int64(len(b))}
	if err := s.Write(ctx, bytes.NewReader(b), d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestLoadChoosesThePlatform(t *testing.T) {
	s := testkit.Store(t)
	arm := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 100)}, Platform: platform("arm64")})
	amd := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 2, 100)}, Platform: platform("amd64")})
	rec := testkit.Put(t, s, "multi", store.Pulled, testkit.Index(t, arm, amd))
	nested := put(t, s, ocispec.MediaTypeImageIndex, ocispec.Index{Manifests: []ocispec.Descriptor{rec.Target}})
	for _, target := range []ocispec.Descriptor{rec.Target, nested} {
		for arch, want := range map[string]*testkit.Built{"arm64": arm, "amd64": amd} {
			img, err := image.Load(ctx, s.Content(), target, platforms.Only(platform(arch)))
			if err != nil {
				t.Fatal(err)
			}
			if img.Manifest.Digest != want.Target.Digest || img.Platform().Architecture != arch {
				t.Errorf("%s: got %s for %s", arch, img.Manifest.Digest, img.Platform().Architecture)
			}
		}
	}
	_, err := image.Load(ctx, s.Content(), rec.Target, platforms.Only(platform("s390x")))
	if !errors.Is(err, image.ErrNoPlatform) || !strings.Contains(err.Error(), "linux/arm64") || strings.Contains(err.Error(), "unknown") {
		t.Errorf("s390x: %v", err)
	}
	list, err := image.Manifests(ctx, s.Content(), rec.Target)
	if err != nil || len(list) != 2 {
		t.Errorf("attestations are listed as images: %v, %v", list, err)
	}
}

// With no wish, what is there is taken: an index of which one foreign platform was pulled.
func TestLoadTakesWhatIsPresent(t *testing.T) {
	s := testkit.Store(t)
	other := testkit.Image(t, testkit.Options{Platform: platform("s390x")})
	here := testkit.Image(t, testkit.Options{Platform: ocispec.Platform(platforms.DefaultSpec())})
	x := testkit.Index(t, here, other)
	for d := range here.Blobs {
		if _, shared := other.Blobs[d]; !shared {
			delete(x.Blobs, d)
		}
	}
	rec := testkit.Put(t, s, "x", store.Pulled, x)
	img, err := image.Load(ctx, s.Content(), rec.Target, nil)
	if err != nil || img.Platform().Architecture != "s390x" {
		t.Errorf("%v, %v", img, err)
	}
}

func TestEndlessIndexes(t *testing.T) {
	s := testkit.Store(t)
	d := put(t, s, ocispec.MediaTypeImageIndex, ocispec.Index{})
	for range 10 {
		d = put(t, s, ocispec.MediaTypeImageIndex, ocispec.Index{Manifests: []ocispec.Descriptor{d}})
	}
	if _, err := image.Load(ctx, s.Content(), d, nil); err == nil || !strings.Contains(err.Error(), "nested more than") {
		t.Errorf("%v", err)
	}
}

func TestHistory(t *testing.T) {
	step := func(by string, empty bool) ocispec.History { return ocispec.History{CreatedBy: by, EmptyLayer: empty} }
	for _, c := range []struct {
		name    string
		layers  int
		history []ocispec.History
		want    []int
	}{
		{"plain", 2, []ocispec.History{step("a", false), step("b", true), step("c", false)}, []int{0, -1, 1}},
		{"none", 2, nil, []int{0, 1}},
		{"more steps than layers", 1, []ocispec.History{step("a", false), step("b", false)}, []int{0, -1}},
		{"fewer", 3, []ocispec.History{step("a", false)}, []int{0, 1, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := testkit.Store(t)
			var layers [][]byte
			for n := range c.layers {
				layers = append(layers, testkit.Numbered(t, n, 10))
			}
			rec := testkit.Put(t, s, "x", store.Loaded, testkit.Image(t, testkit.Options{Layers: layers, History: c.history}))
			img, err := image.Load(ctx, s.Content(), rec.Target, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, h := range img.History {
				got = append(got, h.Layer)
			}
			if len(got) != len(c.want) {
				t.Fatalf("%v, want %v", got, c.want)
			}
			for n := range got {
				if got[n] != c.want[n] {
					t.Errorf("%v, want %v", got, c.want)
				}
			}
		})
	}
}

func TestDisagreeingConfig(t *testing.T) {
	s := testkit.Store(t)
	b := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 10)}})
	testkit.Put(t, s, "x", store.Loaded, b)
	var m ocispec.Manifest
	if err := json.Unmarshal(b.Blobs[b.Target.Digest], &m); err != nil {
		t.Fatal(err)
	}
	m.Layers = append(m.Layers, m.Layers[0])
	d := put(t, s, m.MediaType, m)
	if _, err := image.Load(ctx, s.Content(), d, nil); err == nil || !strings.Contains(err.Error(), "2 layers") {
		t.Errorf("%v", err)
	}
}

func TestSizes(t *testing.T) {
	s := testkit.Store(t)
	l := testkit.Tar(t, testkit.File("etc/os-release", "ID=alpine\nVERSION_ID=\"3.20\"\n"), testkit.File("x", strings.Repeat("y", 1000)))
	twice := testkit.Image(t, testkit.Options{Layers: [][]byte{l, l}})
	img := testkit.Measured(t, s, testkit.Put(t, s, "twice", store.Pulled, twice))
	got := img.Sizes()
	if want := int64(len(twice.Blobs[img.Layers[0].Digest])) + img.Manifest.Size + img.ConfigID.Size; got.Transfer != units.Known(want) {
		t.Errorf("a blob that stands twice counts once: transfer %v, want %d", got.Transfer, want)
	}
	if got.Tar != 2*int64(len(l)) || got.Files != 2*1028 || got.Tar != got.Files+got.Overhead {
		t.Errorf("%+v", got)
	}
	if img.Base() != "alpine 3.20" {
		t.Errorf("base %q", img.Base())
	}
}

// What was measured once is not read again: the layer may even be gone.
func TestMeasuringIsCached(t *testing.T) {
	s := testkit.Store(t)
	rec := testkit.Put(t, s, "x", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 5000)}}))
	first := testkit.Measured(t, s, rec)
	if err := s.Content().Delete(ctx, first.Layers[0].Digest); err != nil {
		t.Fatal(err)
	}
	if again := testkit.Measured(t, s, rec); again.Sizes() != first.Sizes() {
		t.Errorf("%+v, then %+v", first.Sizes(), again.Sizes())
	}
	if err := s.ClearCache(); err != nil {
		t.Fatal(err)
	}
	img, _ := image.Load(ctx, s.Content(), rec.Target, nil)
	err := image.Measurer{Provider: s.Content(), Cache: s}.Measure(ctx, img)
	if err == nil || !strings.Contains(err.Error(), first.Layers[0].Digest.String()) {
		t.Errorf("a missing layer must be named: %v", err)
	}
}

// What an index keeps of an rpm database was read when the layer was indexed, and a
// cached index says the same.
func TestBinaryDatabasesAreReadWhenIndexing(t *testing.T) {
	s := testkit.Store(t)
	tar := testkit.Tar(t, testkit.File("var/lib/rpm/Packages", "RpmP and then nothing"), testkit.File("var/lib/dpkg/status", "Package: a\n"))
	rec := testkit.Put(t, s, "x", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{tar}}))
	for range 2 {
		img, err := image.Load(ctx, s.Content(), rec.Target, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := (image.Measurer{Provider: s.Content(), Cache: s}).Index(ctx, img); err != nil {
			t.Fatal(err)
		}
		kept := img.Layers[0].Index.Kept
		if string(kept["var/lib/dpkg/status"]) != "Package: a\n" {
			t.Errorf("dpkg's status is %q", kept["var/lib/dpkg/status"])
		}
		_, problems := new(packages.Finder).Find(packages.View{Files: map[string][]byte{"var/lib/rpm/Packages": kept["var/lib/rpm/Packages"]}})
		if len(problems) != 1 || !strings.Contains(problems[0].Err.Error(), "damaged") {
			t.Errorf("%q: %v", kept["var/lib/rpm/Packages"], problems)
		}
	}
}

func TestDamagedLayerIsNamed(t *testing.T) {
	s := testkit.Store(t)
	b := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 5000)}})
	var m ocispec.Manifest
	_ = json.Unmarshal(b.Blobs[b.Target.Digest], &m)
	// Another layer's bytes under the DiffID of the first.
	other := testkit.Gzip(t, testkit.Numbered(t, 2, 5000))
	m.Layers[0].Digest, m.Layers[0].Size = digest.FromBytes(other), int64(len(other))
	testkit.Put(t, s, "x", store.Loaded, b)
	if err := s.Write(ctx, bytes.NewReader(other), m.Layers[0]); err != nil {
		t.Fatal(err)
	}
	img, err := image.Load(ctx, s.Content(), put(t, s, m.MediaType, m), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = image.Measurer{Provider: s.Content()}.Measure(ctx, img)
	if err == nil || !strings.Contains(err.Error(), "uncompressed tar has") {
		t.Errorf("%v", err)
	}
}

func FuzzLoad(f *testing.F) {
	b := testkit.Image(f, testkit.Options{Layers: [][]byte{testkit.Numbered(f, 1, 10)}})
	var m ocispec.Manifest
	_ = json.Unmarshal(b.Blobs[b.Target.Digest], &m)
	f.Add(b.Blobs[b.Target.Digest], b.Blobs[m.Config.Digest])
	f.Add([]byte(`{"layers":null}`), []byte(`{"rootfs":{"diff_ids":["sha256:x"]}}`))
	f.Add([]byte(`{"config":{"digest":"../../etc"}}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, manifest, config []byte) {
		s := testkit.Store(t)
		cd := ocispec.Descriptor{Digest: digest.FromBytes(config), Size: int64(len(config))}
		if err := s.Write(ctx, bytes.NewReader(config), cd); err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if json.Unmarshal(manifest, &m) == nil && m != nil {
			m["config"] = cd // so that the config is looked at, too
			manifest, _ = json.Marshal(m)
		}
		d := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromBytes(manifest), Size: int64(len(manifest))}
		if err := s.Write(ctx, bytes.NewReader(manifest), d); err != nil {
			t.Fatal(err)
		}
		img, err := image.Load(ctx, s.Content(), d, nil)
		if err != nil {
			return
		}
		for _, h := range img.History {
			if h.Layer >= len(img.Layers) {
				t.Fatalf("history points to layer %d of %d", h.Layer, len(img.Layers))
			}
		}
	})
}
