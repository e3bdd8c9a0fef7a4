package source_test

import (
	"archive/tar"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/units"
)

// transfer is what an independent client finds that a pull would cost.
func transfer(t testing.TB, i v1.Image) int64 {
	t.Helper()
	m, err := i.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	size, err := i.Size()
	if err != nil {
		t.Fatal(err)
	}
	size += m.Config.Size
	seen := map[v1.Hash]bool{}
	for _, l := range m.Layers {
		if !seen[l.Digest] {
			seen[l.Digest] = true
			size += l.Size
		}
	}
	return size
}

// remoteImage fetches ref with an independent client, which checks every digest of
// a gzip image; it knows no other compression.
func remoteImage(t testing.TB, ref string, gzip bool) v1.Image {
	t.Helper()
	r, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	i, err := remote.Image(r)
	if err != nil {
		t.Fatal(err)
	}
	if gzip {
		if err := validate.Image(i); err != nil {
			t.Error(err)
		}
	}
	return i
}

// Push, and let an independent client check every digest and size. Layers that
// tare built are compressed on the way, and `transfer` is exactly what is there.
func TestPush(t *testing.T) {
	for _, c := range []struct {
		name   string
		origin store.Origin
		b      *testkit.Built
		same   bool // the manifest is pushed as it is
		gzip   bool // in the registry
	}{
		{"built", store.Built, small(t, testkit.Options{Compression: "none"}), false, true},
		{"pulled-plain", store.Pulled, small(t, testkit.Options{Compression: "none"}), true, false},
		{"pulled-zstd", store.Pulled, small(t, testkit.Options{Compression: "zstd"}), true, false},
		{"docker", store.Loaded, small(t, testkit.Options{Docker: true}), true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			reg, s := testkit.NewRegistry(t), testkit.Store(t)
			ref := reg.Host + "/team/app:1"
			rec := testkit.Put(t, s, ref, c.origin, c.b)
			p, err := registry(t, "").Push(ctx, s, ref, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if (p.Target.Digest == c.b.Target.Digest) != c.same {
				t.Errorf("pushed %s for %s", p.Target.Digest, c.b.Target.Digest)
			}
			i := remoteImage(t, ref, c.gzip)
			if d, _ := i.Digest(); d.String() != p.Target.Digest.String() {
				t.Errorf("the registry has %s, push said %s", d, p.Target.Digest)
			}
			img := testkit.Measured(t, s, rec)
			if got, want := img.Sizes().Transfer, transfer(t, i); got != units.Known(want) {
				t.Errorf("transfer %v, the registry has %d", got, want)
			}
			again, err := registry(t, "").Push(ctx, s, ref, nil, nil)
			if err != nil || again.Target.Digest != p.Target.Digest {
				t.Errorf("the second push: %v, %v", again, err)
			}
		})
	}
}

func TestPushIndex(t *testing.T) {
	reg, s := testkit.NewRegistry(t), testkit.Store(t)
	two := testkit.Index(t, small(t, testkit.Options{Platform: ocispec.Platform{OS: "linux", Architecture: "amd64"}}), small(t, testkit.Options{Platform: ocispec.Platform{OS: "linux", Architecture: "arm64"}}))
	ref := reg.Host + "/multi:1"
	testkit.Put(t, s, ref, store.Pulled, two)
	p, err := registry(t, "").Push(ctx, s, ref, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	// It has attestations, which tare does not push: so only a manifest went, and that is said.
	if p.Note == "" {
		t.Errorf("nothing said: %+v", p)
	}
	remoteImage(t, ref, true)
}

func TestPushErrors(t *testing.T) {
	s := testkit.Store(t)
	if _, err := registry(t, "").Push(ctx, s, "127.0.0.1:1/nothing:1", nil, nil); err == nil || !strings.Contains(err.Error(), "tare tag") {
		t.Errorf("%v", err)
	}
	testkit.Put(t, s, "127.0.0.1:1/app:1", store.Built, small(t, testkit.Options{}))
	if _, err := registry(t, "").Push(ctx, s, "127.0.0.1:1/app:1", nil, nil); err == nil || !strings.Contains(err.Error(), "cannot reach") {
		t.Errorf("%v", err)
	}
}

func TestSaveAndLoad(t *testing.T) {
	s := testkit.Store(t)
	b := small(t, testkit.Options{})
	rec := testkit.Put(t, s, "example.com/team/app:1", store.Pulled, b)
	var archive bytes.Buffer
	if err := source.Save(ctx, s, &archive, []store.Record{rec}, [][]string{{rec.Name}}, nil); err != nil {
		t.Fatal(err)
	}
	t.Run("an independent reader", func(t *testing.T) {
		tag, _ := name.NewTag("example.com/team/app:1")
		i, err := tarball.Image(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil }, &tag)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(i); err != nil {
			t.Error(err)
		}
	})
	for kind, raw := range map[string][]byte{"plain": archive.Bytes(), "gzip": testkit.Gzip(t, archive.Bytes()), "zstd": testkit.Zstd(t, archive.Bytes()), "without manifest.json": without(t, archive.Bytes(), "manifest.json")} {
		t.Run(kind, func(t *testing.T) {
			other := testkit.Store(t)
			recs, err := source.Load(ctx, other, bytes.NewReader(raw))
			if err != nil || len(recs) != 1 || recs[0].Name != rec.Name || recs[0].Target.Digest != b.Target.Digest {
				t.Fatalf("%+v, %v", recs, err)
			}
			if f, err := other.Collect(ctx); err != nil {
				t.Error(f, err)
			}
			for d := range b.Blobs {
				if !other.Has(ctx, d) {
					t.Errorf("%s is missing", d)
				}
			}
		})
	}
}

// without copies a tar but for one entry.
func without(t testing.TB, b []byte, drop string) []byte {
	t.Helper()
	var out bytes.Buffer
	w, r := tar.NewWriter(&out), tar.NewReader(bytes.NewReader(b))
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == drop {
			continue
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, r); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.Close()
	return out.Bytes()
}

// docker save's older form, written by another implementation.
func TestLoadDockerArchive(t *testing.T) {
	i, err := random.Image(2000, 3)
	if err != nil {
		t.Fatal(err)
	}
	tag, _ := name.NewTag("old:1")
	var b bytes.Buffer
	if err := tarball.Write(tag, i, &b); err != nil {
		t.Fatal(err)
	}
	s := testkit.Store(t)
	recs, err := source.Load(ctx, s, &b)
	if err != nil || len(recs) != 1 || recs[0].Tag() != "1" {
		t.Fatalf("%+v, %v", recs, err)
	}
	img, err := image.Load(ctx, s.Content(), recs[0].Target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := i.ConfigName(); img.ID().String() != want.String() {
		t.Errorf("ID %s, want %s", img.ID(), want)
	}
	if err := (image.Measurer{Provider: s.Content()}).Measure(ctx, img); err != nil {
		t.Error(err)
	}
}

func TestLoadGarbage(t *testing.T) {
	for kind, raw := range map[string][]byte{
		"nothing": nil, "text": []byte(strings.Repeat("not a tar\n", 100)), "a tar of something else": testkit.Tar(t, testkit.File("README", "x")),
		"cut": testkit.Tar(t, testkit.File("manifest.json", strings.Repeat("x", 5000)))[:2000],
	} {
		s := testkit.Store(t)
		if _, err := source.Load(ctx, s, bytes.NewReader(raw)); err == nil {
			t.Errorf("%s was loaded", kind)
		}
		if recs, _ := s.Records(); len(recs) != 0 {
			t.Errorf("%s left %v", kind, recs)
		}
	}
}

func FuzzLoadArchive(f *testing.F) {
	s := testkit.Store(f)
	rec := testkit.Put(f, s, "app:1", store.Pulled, testkit.Image(f, testkit.Options{Layers: [][]byte{testkit.Numbered(f, 1, 10)}}))
	var archive bytes.Buffer
	if err := source.Save(ctx, s, &archive, []store.Record{rec}, [][]string{{rec.Name}}, nil); err != nil {
		f.Fatal(err)
	}
	f.Add(archive.Bytes())
	f.Add(without(f, archive.Bytes(), "manifest.json"))
	f.Add(testkit.Tar(f, testkit.File("manifest.json", `[{"Config":"../x","Layers":["a"]}]`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<17 || len(b) > 2 && b[0] == 0x1f {
			return
		}
		st := testkit.Store(t)
		recs, err := source.Load(ctx, st, bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, r := range recs {
			if _, err := image.Load(ctx, st.Content(), r.Target, nil); err != nil {
				t.Fatalf("loaded without complaint, but %v", err)
			}
		}
	})
}
