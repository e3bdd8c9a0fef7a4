package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/testkit"
)

// skopeoDir writes an image as skopeo's dir: transport does.
func skopeoDir(t *testing.T, b *testkit.Built) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"version": "Directory Transport Version: 1.1\n", "manifest.json": string(b.Blobs[b.Target.Digest])}
	for d, body := range b.Blobs {
		if d != b.Target.Digest {
			files[d.Encoded()] = string(body)
		}
	}
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSkopeoDir(t *testing.T) {
	b := small(t, testkit.Options{})
	dir := skopeoDir(t, b)
	for _, word := range []string{"dir://" + dir, "dir:" + dir} {
		o, err := source.Open(ctx, word, source.OpenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		img, err := image.Load(ctx, o.Provider, o.Target, nil)
		if err != nil || img.Manifest.Digest != b.Target.Digest {
			t.Fatalf("%s: %v %v", word, img, err)
		}
		m := image.Measurer{Provider: o.Provider}
		if err := m.Index(ctx, img); err != nil {
			t.Errorf("%s: %v", word, err)
		}
	}
	if got := source.Recognise(dir).Scheme(); got != "dir" {
		t.Errorf("a directory of skopeo's is taken for %q", got)
	}
	if p, err := source.Parse("dir:latest"); err != nil || p.Scheme() != "" {
		t.Errorf("an image called dir: %q %v", p.Scheme(), err)
	}
}

// What skopeo itself writes is read.
func TestSkopeoDirOfSkopeo(t *testing.T) {
	b := small(t, testkit.Options{})
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "out")
	testkit.Layout(t, from, "1", b)
	skopeo(t, "oci:"+from+":1", "dir:"+to)
	o, err := source.Open(ctx, "dir://"+to, source.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if img, err := image.Load(ctx, o.Provider, o.Target, nil); err != nil || len(img.Layers) == 0 {
		t.Errorf("%v", err)
	}
}

func TestBrokenSkopeoDirs(t *testing.T) {
	for what, break_ := range map[string]func(dir string) error{
		"is not a directory of skopeo's": func(dir string) error { return os.Remove(filepath.Join(dir, "manifest.json")) },
		"manifest.json: ":                func(dir string) error { return os.WriteFile(filepath.Join(dir, "manifest.json"), []byte("{"), 0o600) },
		"media type": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "manifest.json"), []byte(`{"mediaType":"text/plain"}`), 0o600)
		},
		"more than a manifest may have": func(dir string) error { return os.Truncate(filepath.Join(dir, "manifest.json"), 1<<30) },
	} {
		dir := skopeoDir(t, small(t, testkit.Options{}))
		if err := break_(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := source.Open(ctx, "dir://"+dir, source.OpenOptions{}); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v does not say %q", err, what)
		}
	}
	// A blob that is cut, or away, is found when it is read.
	b := small(t, testkit.Options{})
	dir := skopeoDir(t, b)
	for d := range b.Blobs {
		if d != b.Target.Digest {
			if err := os.Truncate(filepath.Join(dir, d.Encoded()), 3); err != nil {
				t.Fatal(err)
			}
		}
	}
	o, err := source.Open(ctx, "dir://"+dir, source.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := image.Load(ctx, o.Provider, o.Target, nil); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("%v", err)
	}
}
