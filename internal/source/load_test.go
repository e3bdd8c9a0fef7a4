package source_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"unicode"

	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/ulikunitz/xz"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/testkit"
)

// dockerSaved is an archive as docker save makes it, of an image with these layers.
func dockerSaved(t testing.TB, tags []string, layers [][]byte, diffs []digest.Digest, more ...testkit.Entry) []byte {
	t.Helper()
	if diffs == nil {
		for _, l := range layers {
			diffs = append(diffs, digest.FromBytes(l))
		}
	}
	cfg := asJSON(t, map[string]any{"architecture": "amd64", "os": "linux", "rootfs": map[string]any{"type": "layers", "diff_ids": diffs}})
	id := digest.FromBytes(cfg).Encoded() + ".json"
	var entries []testkit.Entry
	files := []string{}
	for i, l := range layers {
		name := fmt.Sprintf("%d/layer.tar", i)
		if files = append(files, name); l != nil {
			entries = append(entries, testkit.File(name, string(l)))
		}
	}
	man := asJSON(t, []any{map[string]any{"Config": id, "RepoTags": tags, "Layers": files}})
	return testkit.Tar(t, append(append(entries, more...), testkit.File(id, string(cfg)), testkit.File("manifest.json", string(man)))...)
}

func asJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func xzOf(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := xz.WriterConfig{DictCap: 1 << 20}.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// weighable tells whether all of an image can be read.
func weighable(t *testing.T, s *store.Store, r store.Record) *image.Image {
	t.Helper()
	img, err := image.Load(ctx, s.Content(), r.Target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := (image.Measurer{Provider: s.Content()}).Index(ctx, img); err != nil {
		t.Fatal(err)
	}
	return img
}

func TestLoadWhatDockerLoads(t *testing.T) {
	one, two := testkit.Numbered(t, 1, 20_000), testkit.Numbered(t, 2, 20_000)
	diffs := []digest.Digest{digest.FromBytes(one), digest.FromBytes(two)}
	plain := dockerSaved(t, []string{"app:1"}, [][]byte{one, two}, nil)
	cases := map[string][]byte{
		"plain":                        plain,
		"gzip":                         testkit.Gzip(t, plain),
		"zstd":                         testkit.Zstd(t, plain),
		"xz":                           xzOf(t, plain),
		"gzip and zeros":               append(testkit.Gzip(t, plain), make([]byte, 9000)...),
		"layers of gzip, zstd":         dockerSaved(t, []string{"app:1"}, [][]byte{testkit.Gzip(t, one), testkit.Zstd(t, two)}, diffs),
		"a layer of xz":                dockerSaved(t, []string{"app:1"}, [][]byte{xzOf(t, one), two}, diffs),
		"Docker 25, manifests is null": dockerSaved(t, []string{"app:1"}, [][]byte{one, two}, nil, testkit.File("index.json", `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":null}`), testkit.File("oci-layout", `{"imageLayoutVersion":"1.0.0"}`)),
		"an empty index":               dockerSaved(t, []string{"app:1"}, [][]byte{one, two}, nil, testkit.File("index.json", `{"manifests":[]}`)),
		"a name twice":                 dockerSaved(t, []string{"app:1", "docker.io/library/app:1", "app:1"}, [][]byte{one, two}, nil),
	}
	if _, err := exec.LookPath("bzip2"); err == nil {
		cmd := exec.Command("bzip2", "-c")
		cmd.Stdin = bytes.NewReader(plain)
		b, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		cases["bzip2"] = b
	}
	for what, b := range cases {
		t.Run(what, func(t *testing.T) {
			s := testkit.Store(t)
			recs, err := source.Load(ctx, s, bytes.NewReader(b))
			if err != nil || len(recs) != 1 || recs[0].Name != "docker.io/library/app:1" {
				t.Fatalf("%+v, %v", recs, err)
			}
			img := weighable(t, s, recs[0])
			if len(img.Layers) != 2 || img.Layers[0].Index.DiffID != diffs[0] {
				t.Errorf("%+v", img.Layers)
			}
			check, err := s.Check(ctx, store.CheckOptions{})
			if err != nil || !check.Clean {
				t.Errorf("fsck: %+v, %v", check, err)
			}
			o := opened(t, "archive://"+file(t, "a.tar", b), source.OpenOptions{})
			again, err := image.Load(ctx, o.Provider, o.Target, nil)
			if err == nil {
				err = (image.Measurer{Provider: o.Provider}).Index(ctx, again)
			}
			if err != nil || again.ID() != img.ID() {
				t.Errorf("as archive://: %v", err)
			}
		})
	}
}

// An incremental docker save leaves out layers that the other side has.
func TestLoadIncremental(t *testing.T) {
	one, two := testkit.Numbered(t, 1, 20_000), testkit.Numbered(t, 2, 20_000)
	diffs := []digest.Digest{digest.FromBytes(one), digest.FromBytes(two)}
	without := dockerSaved(t, []string{"app:2"}, [][]byte{nil, two}, diffs)
	for what, base := range map[string][]byte{"as a tar": one, "compressed": testkit.Gzip(t, one)} {
		s := testkit.Store(t)
		if _, err := source.Load(ctx, s, bytes.NewReader(without)); err == nil || !strings.Contains(err.Error(), diffs[0].String()) {
			t.Errorf("%s: an archive without its layer: %v", what, err)
		}
		if _, err := source.Load(ctx, s, bytes.NewReader(dockerSaved(t, []string{"base:1"}, [][]byte{base}, diffs[:1]))); err != nil {
			t.Fatal(err)
		}
		recs, err := source.Load(ctx, s, bytes.NewReader(without))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		weighable(t, s, recs[0])
	}
}

// A layer that is cut or has another DiffID is refused where it comes in.
func TestLoadHoldsLayersAgainstDiffIDs(t *testing.T) {
	one := testkit.Numbered(t, 1, 50_000)
	diff := []digest.Digest{digest.FromBytes(one)}
	gz := testkit.Gzip(t, one)
	oci := func(blob []byte, diff digest.Digest) []byte {
		cfg := asJSON(t, map[string]any{"architecture": "amd64", "os": "linux", "rootfs": map[string]any{"type": "layers", "diff_ids": []any{diff}}})
		d := func(media string, b []byte) ocispec.Descriptor {
			return ocispec.Descriptor{MediaType: media, Digest: digest.FromBytes(b), Size: int64(len(b))}
		}
		man := asJSON(t, ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
			Config: d(ocispec.MediaTypeImageConfig, cfg), Layers: []ocispec.Descriptor{d(ocispec.MediaTypeImageLayerGzip, blob)}})
		x := asJSON(t, ocispec.Index{Manifests: []ocispec.Descriptor{d(ocispec.MediaTypeImageManifest, man)}})
		entries := []testkit.Entry{testkit.File("oci-layout", `{"imageLayoutVersion":"1.0.0"}`), testkit.File("index.json", string(x))}
		for _, b := range [][]byte{cfg, man, blob} {
			entries = append(entries, testkit.File("blobs/sha256/"+digest.FromBytes(b).Encoded(), string(b)))
		}
		return testkit.Tar(t, entries...)
	}
	cutTar := one[:len(one)/2+77]
	for what, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"docker: cut gzip":                        {dockerSaved(t, []string{"a:1"}, [][]byte{gz[:len(gz)-20]}, diff), "EOF"},
		"docker: cut tar":                         {dockerSaved(t, []string{"a:1"}, [][]byte{cutTar}, diff), "EOF"},
		"docker: cut tar that its DiffID is of":   {dockerSaved(t, []string{"a:1"}, [][]byte{cutTar}, nil), "EOF"},
		"docker: another layer":                   {dockerSaved(t, []string{"a:1"}, [][]byte{testkit.Numbered(t, 3, 9)}, diff), "instead of"},
		"docker: another, compressed":             {dockerSaved(t, []string{"a:1"}, [][]byte{testkit.Zstd(t, testkit.Numbered(t, 3, 9))}, diff), "instead of"},
		"docker: another, xz":                     {dockerSaved(t, []string{"a:1"}, [][]byte{xzOf(t, testkit.Numbered(t, 3, 9))}, diff), "instead of"},
		"OCI: cut gzip":                           {oci(gz[:len(gz)/2], diff[0]), "EOF"},
		"OCI: another layer":                      {oci(testkit.Gzip(t, testkit.Numbered(t, 3, 9)), diff[0]), "instead of"},
		"OCI: garbage":                            {oci([]byte("garbage"), diff[0]), "layer"},
		"OCI: no digest":                          {oci(gz, "sha256:../x"), "diff_id"},
		"OCI: whole":                              {oci(gz, diff[0]), ""},
		"docker: whole, with zeros after its end": {dockerSaved(t, []string{"a:1"}, [][]byte{append(bytes.Clone(gz), 0, 0, 0)}, diff), ""},
	} {
		s := testkit.Store(t)
		recs, err := source.Load(ctx, s, bytes.NewReader(c.archive))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", what, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, %v does not say %q", what, recs, err, c.want)
		case c.want != "":
			if left, _ := s.Records(); len(left) != 0 {
				t.Errorf("%s left %v", what, left)
			}
		}
	}
}

// RepoTags are a stranger's: what is no tag is refused, and shown escaped.
func TestLoadRefusesWhatIsNoTag(t *testing.T) {
	l := testkit.Numbered(t, 1, 10)
	sha := "alpine@sha256:" + strings.Repeat("a", 64)
	for _, tag := range []string{sha, "alpine:3@sha256:" + strings.Repeat("a", 64), "", " ", "UPPER:1", "a b", "a:b:c", "../../x", "/etc/passwd", ":tag", "app:", "a\x1b[2J:1", "a:\u202e1", "a\nb", strings.Repeat("a", 100_000), "http://a/b:1", "-a:1", strings.Repeat("f", 64)} {
		s := testkit.Store(t)
		recs, err := source.Load(ctx, s, bytes.NewReader(dockerSaved(t, []string{"good:1", tag}, [][]byte{l}, nil)))
		if err == nil {
			t.Errorf("%q was taken as %v", tag, recs)
			continue
		}
		if strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) || len(err.Error()) > 1000 {
			t.Errorf("%q: the error shows it as it is: %q", tag, err)
		}
		if left, _ := s.Records(); len(left) != 0 {
			t.Errorf("%q left %v", tag, left)
		}
	}
	s := testkit.Store(t)
	recs, err := source.Load(ctx, s, bytes.NewReader(dockerSaved(t, []string{"app", "localhost:5000/a/b:v1", "ghcr.io/x/y:1"}, [][]byte{l}, nil)))
	if err != nil || len(recs) != 3 || recs[0].Name != "docker.io/library/app:latest" {
		t.Errorf("%v, %v", recs, err)
	}
	recs, err = source.Load(ctx, testkit.Store(t), bytes.NewReader(dockerSaved(t, nil, [][]byte{l}, nil)))
	if err != nil || len(recs) != 1 || recs[0].Name != "" {
		t.Errorf("without names: %v, %v", recs, err)
	}
}

// Layers and documents may be named by sha512.
func TestSha512(t *testing.T) {
	one := testkit.Numbered(t, 1, 20_000)
	gz := testkit.Gzip(t, one)
	alg := digest.SHA512
	d := func(media string, b []byte) ocispec.Descriptor {
		return ocispec.Descriptor{MediaType: media, Digest: alg.FromBytes(b), Size: int64(len(b))}
	}
	cfg := asJSON(t, map[string]any{"architecture": "amd64", "os": "linux", "rootfs": map[string]any{"type": "layers", "diff_ids": []any{alg.FromBytes(one), alg.FromBytes(one)}}})
	man := asJSON(t, ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		Config: d(ocispec.MediaTypeImageConfig, cfg), Layers: []ocispec.Descriptor{d(ocispec.MediaTypeImageLayerGzip, gz), d(ocispec.MediaTypeImageLayer, one)}})
	top := d(ocispec.MediaTypeImageManifest, man)
	top.Annotations = map[string]string{"io.containerd.image.name": "docker.io/library/app:512"}
	entries := []testkit.Entry{testkit.File("oci-layout", `{"imageLayoutVersion":"1.0.0"}`), testkit.File("index.json", string(asJSON(t, ocispec.Index{Manifests: []ocispec.Descriptor{top}})))}
	for _, b := range [][]byte{cfg, man, gz, one} {
		entries = append(entries, testkit.File("blobs/sha512/"+alg.FromBytes(b).Encoded(), string(b)))
	}
	s := testkit.Store(t)
	recs, err := source.Load(ctx, s, bytes.NewReader(testkit.Tar(t, entries...)))
	if err != nil {
		t.Fatal(err)
	}
	img := weighable(t, s, recs[0])
	if img.Layers[0].Index.DiffID != alg.FromBytes(one) || !s.Has(ctx, alg.FromBytes(gz)) {
		t.Errorf("%+v", img.Layers[0])
	}
	m := image.Measurer{Provider: s.Content(), Cache: s}
	if err := m.Index(ctx, img); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		check, err := s.Check(ctx, store.CheckOptions{})
		if err != nil || !check.Clean || check.Blobs < 4 {
			t.Errorf("fsck: %+v, %v", check, err)
		}
	}
	var saved bytes.Buffer
	if err := source.Save(ctx, s, &saved, recs, [][]string{{recs[0].Name}}, nil); err != nil {
		t.Fatal(err)
	}
	other := testkit.Store(t)
	if recs, err = source.Load(ctx, other, &saved); err != nil {
		t.Fatal(err)
	}
	weighable(t, other, recs[0])
	if f, err := s.Collect(ctx); err != nil || len(f.Blobs) != 0 {
		t.Errorf("collected %v, %v", f, err)
	}
}

// An index of several platforms without names obeys the platform that is asked for.
func TestArchivePlatforms(t *testing.T) {
	var list []ocispec.Descriptor
	entries := []testkit.Entry{testkit.File("oci-layout", `{"imageLayoutVersion":"1.0.0"}`)}
	for _, arch := range []string{"amd64", "arm64", "s390x"} {
		b := small(t, testkit.Options{Platform: ocispec.Platform{OS: "linux", Architecture: arch}})
		list = append(list, b.Target)
		for d, body := range b.Blobs {
			entries = append(entries, testkit.File("blobs/sha256/"+d.Encoded(), string(body)))
		}
	}
	raw := testkit.Tar(t, append(entries, testkit.File("index.json", string(asJSON(t, ocispec.Index{Manifests: list}))))...)
	for _, arch := range []string{"amd64", "arm64", "s390x"} {
		want := platforms.OnlyStrict(ocispec.Platform{OS: "linux", Architecture: arch})
		o := opened(t, "archive://"+file(t, "a.tar", raw), source.OpenOptions{Platform: want})
		img, err := image.Load(ctx, o.Provider, o.Target, want)
		if err != nil || img.Platform().Architecture != arch {
			t.Errorf("%s: %v", arch, err)
		}
	}
	_, err := source.Open(ctx, "archive://"+file(t, "a.tar", raw), source.OpenOptions{Platform: platforms.OnlyStrict(ocispec.Platform{OS: "plan9", Architecture: "mips"})})
	if !errors.Is(err, image.ErrNoPlatform) || !strings.Contains(err.Error(), "linux/s390x") {
		t.Errorf("%v", err)
	}
}

// A file that is sparse in the archive would be written out: a terabyte of zeros.
func TestLoadRefusesSparseFiles(t *testing.T) {
	b := testkit.Tar(t, testkit.Entry{Header: tar.Header{Name: "l.tar", Format: tar.FormatPAX, PAXRecords: map[string]string{"GNUxsparse.map": "0,1", "GNUxsparse.size": "1099511627776", "GNUxsparse.numblocks": "1"}}, Body: "x"}, testkit.File("manifest.json", "[]"))
	b = bytes.ReplaceAll(b, []byte("GNUxsparse"), []byte("GNU.sparse"))
	if _, err := source.Load(ctx, testkit.Store(t), bytes.NewReader(b)); err == nil || !strings.Contains(err.Error(), "sparse") {
		t.Errorf("load: %v", err)
	}
	refused(t, "archive://"+file(t, "a.tar", b), source.OpenOptions{}, "sparse")
}

// Limits of the environment hold for archives, too.
func TestLoadLimits(t *testing.T) {
	l := testkit.Numbered(t, 1, 200_000)
	raw := map[string][]byte{"plain": dockerSaved(t, []string{"a:1"}, [][]byte{l}, nil), "gzip": dockerSaved(t, []string{"a:1"}, [][]byte{testkit.Gzip(t, make([]byte, 5<<20))}, []digest.Digest{digest.FromBytes(make([]byte, 5<<20))}),
		"xz": dockerSaved(t, []string{"a:1"}, [][]byte{xzOf(t, make([]byte, 5<<20))}, []digest.Digest{digest.FromBytes(make([]byte, 5<<20))})}
	t.Setenv("TARE_MAX_LAYER", "100000")
	for what, b := range raw {
		var limit *layer.LimitError
		if _, err := source.Load(ctx, testkit.Store(t), bytes.NewReader(b)); !errors.As(err, &limit) {
			t.Errorf("%s: %v", what, err)
		}
	}
	t.Setenv("TARE_MAX_LAYER", "many")
	if _, err := source.Load(ctx, testkit.Store(t), bytes.NewReader(raw["plain"])); err == nil || !strings.Contains(err.Error(), "TARE_MAX_LAYER") {
		t.Errorf("%v", err)
	}
}
