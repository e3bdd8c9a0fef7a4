package source_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/testkit"
)

// saved is a docker save archive with this manifest.json and configuration "c".
func saved(t testing.TB, manifest, config string, more ...testkit.Entry) []byte {
	t.Helper()
	return testkit.Tar(t, append(more, testkit.File("c", config), testkit.File("manifest.json", manifest))...)
}

// Archives that are damaged, or made to do damage, are refused with a reason.
func TestOpenHostileArchives(t *testing.T) {
	diff := digest.FromString("x").String()
	oneLayer := `{"rootfs":{"type":"layers","diff_ids":["` + diff + `"]}}`
	whole := savedBy(t, "app:1", small(t, testkit.Options{}))
	old, _ := oldStyle(t, "old:1", testkit.Numbered(t, 1, 5000))
	for name, c := range map[string]struct {
		raw   []byte
		words []string
	}{
		"nothing":               {nil, []string{"empty"}},
		"only the end":          {make([]byte, 1024), []string{"empty"}},
		"text":                  {[]byte(strings.Repeat("not a tar\n", 200)), []string{"not a tar"}},
		"something else":        {testkit.Tar(t, testkit.File("README", "x")), []string{"neither index.json", "manifest.json"}},
		"cut gzip":              {testkit.Gzip(t, whole)[:3000], []string{"EOF"}},
		"cut zstd":              {testkit.Zstd(t, whole)[:3000], []string{"EOF"}},
		"bad gzip":              {append([]byte{0x1f, 0x8b, 8, 0}, bytes.Repeat([]byte("x"), 100)...), nil},
		"cut in a file":         {old[:5000], []string{"cut short"}},
		"cut in a header":       {old[:512+512+512+100], []string{"cut short"}},
		"manifest: no JSON":     {saved(t, "{", oneLayer), []string{"manifest.json"}},
		"manifest: a list of 0": {saved(t, "[]", oneLayer), []string{"no image"}},
		"manifest: null":        {saved(t, "null", oneLayer), []string{"no image"}},
		"manifest: [null]":      {saved(t, "[null]", oneLayer), []string{"configuration"}},
		"no config":             {saved(t, `[{"Config":"none.json"}]`, ""), []string{"configuration", "none.json", "not in the archive"}},
		"config out of it":      {saved(t, `[{"Config":"../../../etc/passwd"}]`, ""), []string{"etc/passwd", "not in the archive"}},
		"config: no JSON":       {saved(t, `[{"Config":"c","Layers":[]}]`, "x"), []string{"configuration"}},
		"no layer":              {saved(t, `[{"Config":"c","Layers":["l.tar"]}]`, oneLayer), []string{"layer 1", "l.tar", "not in the archive"}},
		"layer out of it":       {saved(t, `[{"Config":"c","Layers":["../../etc/passwd"]}]`, oneLayer), []string{"layer 1", "etc/passwd", "not in the archive"}},
		"link out of it":        {saved(t, `[{"Config":"c","Layers":["l"]}]`, oneLayer, testkit.Symlink("l", "../../../../etc/passwd")), []string{"layer 1", "etc/passwd", "not in the archive"}},
		"loop of links":         {saved(t, `[{"Config":"c","Layers":["a"]}]`, oneLayer, testkit.Symlink("a", "b"), testkit.Symlink("b", "a")), []string{"layer 1", "loop"}},
		"link to itself":        {saved(t, `[{"Config":"c","Layers":["a"]}]`, oneLayer, testkit.Link("a", "a")), []string{"layer 1", "loop"}},
		"more layers":           {saved(t, `[{"Config":"c","Layers":["c","c"]}]`, oneLayer), []string{"2 layers", "1 diff_ids"}},
		"diff ID out of it":     {saved(t, `[{"Config":"c","Layers":["c"]}]`, `{"rootfs":{"diff_ids":["sha256:../../x"]}}`), []string{"layer 1", "diff_id"}},
		"huge manifest":         {saved(t, strings.Repeat(" ", image.MaxDocument+1), oneLayer), []string{"manifest.json", "too many"}},
		"huge config":           {saved(t, `[{"Config":"c"}]`, strings.Repeat(" ", image.MaxDocument+1)), []string{"c of the archive", "too many"}},
		"huge index":            {testkit.Tar(t, testkit.File("index.json", strings.Repeat(" ", image.MaxDocument+1))), []string{"index.json", "too many"}},
		"index: no JSON":        {testkit.Tar(t, testkit.File("index.json", "[]")), []string{"index.json"}},
		"index: nothing":        {testkit.Tar(t, testkit.File("index.json", "{}")), []string{"no image"}},
		"index is a loop":       {testkit.Tar(t, testkit.Symlink("index.json", "index.json")), []string{"loop"}},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, "archive://"+file(t, "a.tar", c.raw), source.OpenOptions{}, c.words...)
			refused(t, "-", source.OpenOptions{Stdin: bytes.NewReader(c.raw)}, c.words...)
		})
	}
	t.Run("more files than any image has", func(t *testing.T) {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for i := range 500_001 {
			if err := w.WriteHeader(&tar.Header{Name: fmt.Sprint(i), Typeflag: tar.TypeReg}); err != nil {
				t.Fatal(err)
			}
		}
		_ = w.Close()
		refused(t, "-", source.OpenOptions{Stdin: &b}, "500000")
	})
	refused(t, "archive://"+filepath.Join(t.TempDir(), "none.tar"), source.OpenOptions{}, "none.tar")
	refused(t, "archive://"+t.TempDir(), source.OpenOptions{}, "directory", "oci-dir://")
	refused(t, "-", source.OpenOptions{}, "standard input")
}

// A blob that is missing or is another one is found when it is read.
func TestOpenDamagedArchives(t *testing.T) {
	b := small(t, testkit.Options{})
	raw := savedBy(t, "app:1", b)
	var m ocispec.Manifest
	if err := json.Unmarshal(b.Blobs[b.Target.Digest], &m); err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]digest.Digest{"manifest": b.Target.Digest, "config": m.Config.Digest, "layer": m.Layers[0].Digest} {
		t.Run("no "+name, func(t *testing.T) {
			o := opened(t, "archive://"+file(t, "a.tar", without(t, without(t, raw, "manifest.json"), "blobs/sha256/"+d.Encoded())), source.OpenOptions{})
			img, err := image.Load(ctx, o.Provider, o.Target, nil)
			if err == nil {
				err = (image.Measurer{Provider: o.Provider}).Measure(ctx, img)
			}
			if err == nil || !strings.Contains(err.Error(), d.String()) && !strings.Contains(err.Error(), d.Encoded()) {
				t.Errorf("no %s: %v", d, err)
			}
		})
	}
	t.Run("another layer", func(t *testing.T) {
		changed := bytes.Replace(raw, b.Blobs[m.Layers[0].Digest], bytes.Repeat([]byte("x"), int(m.Layers[0].Size)), 1)
		o := opened(t, "archive://"+file(t, "a.tar", changed), source.OpenOptions{})
		img, err := image.Load(ctx, o.Provider, o.Target, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := (image.Measurer{Provider: o.Provider}).Measure(ctx, img); err == nil {
			t.Error("measured a layer that is another one")
		}
	})
	t.Run("a plain layer that is another one", func(t *testing.T) {
		raw, _ := oldStyle(t, "old:1", testkit.Numbered(t, 1, 5000))
		changed := bytes.Replace(raw, []byte("file-1"), []byte("file-2"), 1)
		o := opened(t, "archive://"+file(t, "a.tar", changed), source.OpenOptions{})
		img, err := image.Load(ctx, o.Provider, o.Target, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := (image.Measurer{Provider: o.Provider}).Measure(ctx, img); err == nil {
			t.Error("measured a layer that is another one")
		}
	})
}

func TestOpenHostileLayouts(t *testing.T) {
	dir := t.TempDir()
	refused(t, "oci-dir://"+filepath.Join(dir, "none"), source.OpenOptions{}, "none")
	refused(t, "oci-dir://"+dir, source.OpenOptions{}, "not an OCI image layout", "oci-layout")
	refused(t, "oci-dir://"+file(t, "a.tar", nil), source.OpenOptions{}, "not an OCI image layout")
	write := func(name, body string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("oci-layout", `{"imageLayoutVersion":"1.0.0"}`)
	refused(t, "oci-dir://"+dir, source.OpenOptions{}, "not an OCI image layout", "index.json")
	for body, words := range map[string][]string{
		"[]":                                     {"not an OCI image layout"},
		"{}":                                     {"no image"},
		strings.Repeat(" ", image.MaxDocument+1): {"index.json", "too many"},
	} {
		write("index.json", body)
		refused(t, "oci-dir://"+dir, source.OpenOptions{}, words...)
	}
	// Digests are names of files: they must not lead anywhere else.
	for _, d := range []string{"", "x", "sha256:../../../etc/passwd", "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:" + strings.Repeat("A", 64)} {
		write("index.json", `{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":2,"digest":"`+d+`"}]}`)
		o := opened(t, "oci-dir://"+dir, source.OpenOptions{})
		if _, err := image.Load(ctx, o.Provider, o.Target, nil); err == nil || !strings.Contains(err.Error(), "digest") {
			t.Errorf("digest %q: %v", d, err)
		}
		if _, err := o.Provider.ReaderAt(ctx, o.Target); err == nil {
			t.Errorf("digest %q was opened", d)
		}
	}
}

// Whatever bytes an archive has, there is an image or an error.
func FuzzOpenArchive(f *testing.F) {
	tiny := testkit.Image(f, testkit.Options{Layers: [][]byte{testkit.Tar(f, testkit.File("x", "y"))}})
	whole := savedBy(f, "app:1", tiny)
	old, _ := oldStyle(f, "old:1", testkit.Tar(f, testkit.File("x", "y")), testkit.Tar(f), testkit.Tar(f, testkit.File("x", "y")))
	f.Add(whole)
	f.Add(without(f, whole, "manifest.json"))
	f.Add(without(f, whole, ocispec.ImageIndexFile))
	f.Add(old)
	f.Add(old[:len(old)/2])
	f.Add(testkit.Gzip(f, old))
	f.Add(testkit.Zstd(f, old))
	f.Add(saved(f, `[{"Config":"../x","Layers":["a"]}]`, "{}", testkit.Symlink("a", "a")))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<17 {
			return
		}
		o, err := source.Open(ctx, "-", source.OpenOptions{Stdin: bytes.NewReader(b), TempDir: dir})
		if err != nil {
			return
		}
		defer func() { _ = o.Close() }()
		img, err := image.Load(ctx, o.Provider, o.Target, nil)
		if err != nil {
			return
		}
		for _, l := range img.Layers {
			ra, err := o.Provider.ReaderAt(ctx, l.Descriptor)
			if err != nil {
				continue
			}
			// Damaged, perhaps, but never more than the archive has.
			if n := content.NewReader(ra); ra.Size() > 64<<20 {
				t.Errorf("%d bytes in a layer: %v", ra.Size(), n)
			}
			_ = ra.Close()
		}
	})
}
