package source_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/platforms"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/testkit"
)

// A layout whose index.json lists one image for several platforms without a name, as
// several tools write it, obeys --platform; so does an archive of it.
func TestLayoutOfPlatforms(t *testing.T) {
	arch := func(a string) *testkit.Built {
		return small(t, testkit.Options{Platform: ocispec.Platform{OS: "linux", Architecture: a}})
	}
	for name, c := range map[string]struct {
		annotate func(n int) map[string]string
		told     bool // the descriptors say for which platform they are
		twice    bool // two images for one platform
		ref      string
		ok       bool
	}{
		"nameless":                    {told: true, ok: true},
		"nameless, without platforms": {ok: true},
		"all of one name":             {told: true, ok: true, ref: ":latest", annotate: func(int) map[string]string { return map[string]string{ocispec.AnnotationRefName: "latest"} }},
		"two images of one platform":  {told: true, twice: true},
		"several names": {told: true, annotate: func(n int) map[string]string {
			return map[string]string{ocispec.AnnotationRefName: string(rune('a' + n))}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var list []ocispec.Descriptor
			archs := []string{"amd64", "arm64", "s390x"}
			if c.twice {
				archs = []string{"amd64", "arm64", "arm64"}
			}
			for n, a := range archs {
				b := arch(a)
				if c.twice && n == 2 {
					b = testkit.Image(t, testkit.Options{Platform: ocispec.Platform{OS: "linux", Architecture: a}, Layers: [][]byte{testkit.Numbered(t, 7, 500)}})
				}
				testkit.Layout(t, dir, a, b)
				d := b.Target
				d.Platform = nil
				if c.told {
					d.Platform = &ocispec.Platform{OS: "linux", Architecture: a}
				}
				d.Annotations = nil
				if c.annotate != nil {
					d.Annotations = c.annotate(n)
				}
				list = append(list, d)
			}
			raw, err := json.Marshal(ocispec.Index{Manifests: list})
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "index.json"), raw, 0o644); err != nil {
				t.Fatal(err)
			}
			for _, a := range []string{"amd64", "arm64"} {
				p, err := platforms.Parse("linux/" + a)
				if err != nil {
					t.Fatal(err)
				}
				want := platforms.OnlyStrict(p)
				o, err := source.Open(ctx, "oci-dir://"+dir+c.ref, source.OpenOptions{Platform: want})
				if !c.ok {
					if err == nil || !strings.Contains(err.Error(), "several images") {
						t.Errorf("%s: %v", a, err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				img, err := image.Load(ctx, o.Provider, o.Target, want)
				if err != nil || img.Platform().Architecture != a {
					t.Errorf("%s: %v", a, err)
				}
			}
			if c.ok {
				p, _ := platforms.Parse("linux/riscv64")
				if _, err := source.Open(ctx, "oci-dir://"+dir+c.ref, source.OpenOptions{Platform: platforms.OnlyStrict(p)}); err == nil || !strings.Contains(err.Error(), "it has linux/amd64, linux/arm64, linux/s390x") {
					t.Errorf("%v", err)
				}
				if _, err := source.Open(ctx, "oci-dir://"+dir+c.ref, source.OpenOptions{}); err != nil {
					t.Errorf("without a wish: %v", err)
				}
			}
		})
	}
}
