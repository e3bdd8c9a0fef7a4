package scales_test

import (
	"archive/tar"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/containerd/platforms"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/progress"
	"tare/internal/report"
	"tare/internal/scales"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
	"tare/internal/weigh"
)

// layered is an image with Debian packages, waste of several classes, and files larger than a chunk.
func layered(t *testing.T) [][]byte {
	at := time.Unix(1_700_000_000, 0)
	file := func(name, body string) testkit.Entry {
		return testkit.Entry{Header: tar.Header{Name: name, ModTime: at}, Body: body}
	}
	status := "Package: curl\nStatus: install ok installed\nVersion: 1.0\nArchitecture: amd64\nInstalled-Size: 30\nDescription: x\n\n"
	base := testkit.Tar(t, testkit.Dir("usr/"), testkit.Dir("usr/bin/"), file("usr/bin/curl", strings.Repeat("curl", 5000)), file("usr/bin/same", "same"),
		file("etc/os-release", "ID=debian\nVERSION_ID=12\n"), file("var/lib/dpkg/status", status+strings.Repeat("Package: lib\nStatus: install ok installed\nVersion: 2\nArchitecture: amd64\n\n", 1)),
		file("var/lib/dpkg/info/curl.list", "/.\n/usr\n/usr/bin\n/usr/bin/curl\n"), file("opt/data", strings.Repeat("d", 12_345)), file("opt/empty", ""), testkit.Symlink("opt/link", "data"))
	top := testkit.Tar(t, file("usr/bin/same", "same"), file("usr/bin/copy", strings.Repeat("curl", 5000)), file("opt/.wh.data", ""), testkit.Link("usr/bin/hard", "usr/bin/copy"),
		testkit.Entry{Header: tar.Header{Name: "opt/caps", PAXRecords: map[string]string{"SCHILY.xattr.user.x": "y"}, ModTime: at}, Body: "caps"})
	return [][]byte{base, top}
}

func far(t *testing.T, st *store.Store) *target.Finder {
	t.Helper()
	dir := t.TempDir()
	c, err := source.LoadDockerConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &target.Finder{
		Store: func() (*store.Store, error) { return st, nil },
		Registry: func() (*source.Registry, error) {
			return &source.Registry{HostsDirs: []string{filepath.Join(dir, "none")}, DockerConfig: c}, nil
		},
		Note:  func(string) {},
		Watch: func() (progress.Func, func()) { return nil, func() {} },
	}
}

func weighed(t *testing.T, name string, r scales.WeighRequest) *weigh.Result {
	t.Helper()
	r.Word, r.Top = "registry://"+name, 100
	w, err := scales.Weigh(context.Background(), far(t, testkit.Store(t)), r)
	if err != nil {
		t.Fatal(err)
	}
	return w.Results[0]
}

// What tables of contents tell is what the layers tell, to the byte, from a part of their bytes.
func TestContents(t *testing.T) {
	m := testkit.NewMeter(t)
	own := ocispec.Platform(platforms.DefaultSpec())
	for tag, pack := range map[string]func(testing.TB, []byte) testkit.Packed{"stargz": testkit.EStargz("usr/bin/curl"), "chunked": testkit.ZstdChunked} {
		m.Push(t, "app", tag, testkit.Image(t, testkit.Options{Layers: layered(t), Pack: pack, Platform: own}))
		name := m.Host + "/app:" + tag
		whole := weighed(t, name, scales.WeighRequest{Layers: true})
		m.Sent.Store(0)
		part := weighed(t, name, scales.WeighRequest{})
		if whole.Unread != nil || part.Unread == nil {
			t.Fatalf("%s: %+v, %+v", tag, whole.Unread, part.Unread)
		}
		documents := part.Sizes.Transfer.Or(0) - part.Unread.Of
		if got := m.Sent.Load(); got != documents+part.Unread.Read || part.Unread.Read >= part.Unread.Of {
			t.Errorf("%s: %d bytes were sent, documents %d and parts %d of %d", tag, got, documents, part.Unread.Read, part.Unread.Of)
		}
		same := whole.Sizes
		same.Tar, same.Overhead = 0, 0
		if part.Sizes != same {
			t.Errorf("%s: %+v, want %+v", tag, part.Sizes, same)
		}
		ignore := cmp.Options{cmpopts.IgnoreTypes(whole.Sizes.Transfer), cmpopts.IgnoreFields(weigh.Layer{}, "Tar", "Overhead")}
		for _, x := range []struct{ got, want any }{{part.Waste, whole.Waste}, {part.Layers, whole.Layers}, {part.Packages, whole.Packages}, {part.Classes, whole.Classes}, {part.Owners, whole.Owners},
			{part.Wasted, whole.Wasted}, {part.Duplicates, whole.Duplicates}, {part.Largest, whole.Largest}, {part.Base, whole.Base}, {part.Problems, whole.Problems}} {
			if d := cmp.Diff(x.want, x.got, ignore, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("%s: %T: %s", tag, x.got, d)
			}
		}
		if len(part.Packages) == 0 || part.Sizes.Waste == 0 || part.Sizes.Duplicate == 0 || len(part.Findings) > 0 {
			t.Errorf("%s: the image shows nothing: %+v", tag, part.Sizes)
		}
		said(t, part, true)
		said(t, whole, false)
	}
}

// said holds what is printed, and null in JSON, against whether layers were read.
func said(t *testing.T, r *weigh.Result, unread bool) {
	t.Helper()
	var text strings.Builder
	for _, b := range report.Weighed(r, 10, false) {
		if p, ok := b.(report.Para); ok {
			text.WriteString(p.Text + "\n")
		}
	}
	if got := strings.Contains(text.String(), "From tables of contents ("); got != unread || strings.Contains(text.String(), "tar – ") != unread {
		t.Errorf("unread %v:\n%s", unread, text.String())
	}
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Sizes  map[string]any   `json:"sizes"`
		Layers []map[string]any `json:"layers"`
		Name   string           `json:"name"`
	}
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	for _, of := range append(back.Layers, back.Sizes) {
		for _, field := range []string{"tar", "overhead"} {
			if v, there := of[field]; !there || (v == nil) != unread {
				t.Errorf("unread %v: %s is %v", unread, field, v)
			}
		}
	}
	if back.Name != r.Name || !reflect.DeepEqual(back.Sizes["live"], float64(r.Sizes.Live)) {
		t.Errorf("%s", raw)
	}
}

// A table that lies, or that cannot be read in parts, is not used; what is told is from the layers, and it is said.
func TestContentsNotUsed(t *testing.T) {
	m := testkit.NewMeter(t)
	own := ocispec.Platform(platforms.DefaultSpec())
	honest := testkit.EStargz()
	for _, c := range []struct {
		tag    string
		pack   func(testing.TB, []byte) testkit.Packed
		ranges bool
		want   string
	}{
		{"lie", func(t testing.TB, b []byte) testkit.Packed {
			p := honest(t, b)
			p.Annotations = maps.Clone(p.Annotations)
			p.Annotations["containerd.io/snapshot/stargz/toc.digest"] = "sha256:" + strings.Repeat("1", 64)
			return p
		}, true, "its table of contents is not used: it is not what its annotation says"},
		{"whole", honest, false, "the registry sends blobs only as a whole"},
		{"plain", func(t testing.TB, b []byte) testkit.Packed {
			p := honest(t, b)
			p.Annotations = nil
			return p
		}, true, ""},
	} {
		m.Push(t, "app", c.tag, testkit.Image(t, testkit.Options{Layers: layered(t), Pack: c.pack, Platform: own}))
		m.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
			if !c.ranges {
				r.Header.Del("Range")
			}
			return false
		})
		r := weighed(t, m.Host+"/app:"+c.tag, scales.WeighRequest{})
		warned := strings.Join(r.Warnings, "\n")
		if r.Unread != nil || r.Sizes.Tar == 0 || c.want != "" && !strings.Contains(warned, c.want) || c.want == "" && warned != "" {
			t.Errorf("%s: %+v %q", c.tag, r.Unread, warned)
		}
	}
}

// What is known already is not read again in parts: then all is known.
func TestContentsOfKnownLayers(t *testing.T) {
	m := testkit.NewMeter(t)
	m.Push(t, "app", "1", testkit.Image(t, testkit.Options{Layers: layered(t), Pack: testkit.EStargz(), Platform: ocispec.Platform(platforms.DefaultSpec())}))
	f := far(t, testkit.Store(t))
	for n, whole := range []bool{false, false, true, false} {
		w, err := scales.Weigh(context.Background(), f, scales.WeighRequest{Word: "registry://" + m.Host + "/app:1", Top: 10, Layers: whole})
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Results[0].Unread != nil; got != (n < 2) {
			t.Errorf("look %d: unread %v", n, got)
		}
	}
}
