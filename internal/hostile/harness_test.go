package hostile_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/compare"
	"tare/internal/explain"
	"tare/internal/image"
	"tare/internal/page"
	"tare/internal/report"
	"tare/internal/source"
	"tare/internal/testkit"
	"tare/internal/weigh"
)

// Bounds of one case. They are wide: what they catch are bytes taken at their word.
const (
	maxTime   = 20 * time.Second
	maxMemory = 400 << 20 // bytes allocated and not freed, above what there was before
)

// layouts is where the cases are written: beside the directory that each case must
// leave as it was.
var layouts string

// counted are the cases that were tried, by group.
var counted = map[string]int{}

func TestMain(m *testing.M) {
	var err error
	if layouts, err = os.MkdirTemp("", "tare-hostile-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(layouts)
	all := 0
	for _, n := range counted {
		all += n
	}
	fmt.Printf("hostile cases: %d %v\n", all, counted)
	os.Exit(code)
}

// layoutOf writes an OCI layout whose index.json, manifest and so on are as given.
type layoutOf struct {
	dir string
}

func newLayout(t *testing.T) layoutOf {
	t.Helper()
	dir, err := os.MkdirTemp(layouts, "")
	if err != nil {
		t.Fatal(err)
	}
	l := layoutOf{dir}
	l.write(t, "oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`))
	return l
}

func (l layoutOf) write(t *testing.T, name string, body []byte) {
	t.Helper()
	p := filepath.Join(l.dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, body, 0o644); err != nil {
		t.Fatal(err)
	}
}

func (l layoutOf) blob(t *testing.T, media string, body []byte) ocispec.Descriptor {
	t.Helper()
	d := ocispec.Descriptor{MediaType: media, Digest: digest.FromBytes(body), Size: int64(len(body))}
	l.write(t, "blobs/sha256/"+d.Digest.Encoded(), body)
	return d
}

func (l layoutOf) index(t *testing.T, raw []byte) { l.write(t, "index.json", raw) }

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// single is a layout with one image: config and manifest may be changed as JSON.
func single(t *testing.T, layers []ocispec.Descriptor, diffs []digest.Digest, l layoutOf, change func(config, manifest map[string]any)) layoutOf {
	t.Helper()
	cfg := map[string]any{"architecture": "amd64", "os": "linux", "rootfs": map[string]any{"type": "layers", "diff_ids": diffs}, "config": map[string]any{}, "history": []any{}}
	m := map[string]any{"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageManifest, "layers": layers}
	if layers == nil {
		m["layers"] = []any{}
	}
	if change != nil {
		change(cfg, m)
	}
	if m["config"] == nil {
		m["config"] = l.blob(t, ocispec.MediaTypeImageConfig, marshal(t, cfg))
	}
	d := l.blob(t, ocispec.MediaTypeImageManifest, marshal(t, m))
	l.index(t, marshal(t, ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, Manifests: []ocispec.Descriptor{d}}))
	return l
}

// ofTars is a layout of an image with these tars as gzip'd layers.
func ofTars(t *testing.T, tars ...[]byte) layoutOf {
	t.Helper()
	l := newLayout(t)
	var layers []ocispec.Descriptor
	var diffs []digest.Digest
	for _, b := range tars {
		layers = append(layers, l.blob(t, ocispec.MediaTypeImageLayerGzip, testkit.Gzip(t, b)))
		diffs = append(diffs, digest.FromBytes(b))
	}
	return single(t, layers, diffs, l, nil)
}

// all does with a target what weigh, compare, diff and the reports do, and returns all
// that they would print.
func all(target string) (string, error) {
	ctx := context.Background()
	o, err := source.Open(ctx, target, source.OpenOptions{TempDir: os.TempDir()})
	if err != nil {
		return "", err
	}
	defer func() { _ = o.Close() }()
	img, err := image.Load(ctx, o.Provider, o.Target, nil)
	if err != nil {
		return "", err
	}
	m := image.Measurer{Provider: o.Provider}
	if err := m.Index(ctx, img); err != nil {
		return "", err
	}
	if err := m.Pack(ctx, img, nil); err != nil {
		return "", err
	}
	f, err := weigh.New(img)
	if err != nil {
		return "", err
	}
	r := f.Report("hostile", 50)
	picked, err := f.Select("hostile", weigh.Query{Fates: []string{"all"}, Sort: "size"})
	if err != nil {
		return "", err
	}
	a, b := compare.Subject{Name: "one", Facts: f}, compare.Subject{Name: "two", Facts: f}
	c, err := compare.Compare([]compare.Subject{a, b}, compare.Options{Depth: 3})
	if err != nil {
		return "", err
	}
	c.Sentences = explain.Sentences(c, explain.Threshold)
	docs := []report.Document{report.Weighed(r, 50, true), report.Selected(picked, report.SelectedOptions{Top: 50, Tree: true, Depth: 9}),
		report.Comparison(c, report.ComparisonOptions{Exact: true, Measure: "all", Top: 0}), report.Diff(compare.Differ(a, b, compare.DiffOptions{}), report.DiffOptions{})}
	var out bytes.Buffer
	for _, d := range docs {
		err = errors.Join(err, d.WriteText(&out, report.Style{Width: 80}), d.WriteMarkdown(&out), d.WriteCSV(&out))
	}
	page := page.Page{Title: "x", Doc: docs[0], Result: c, Maps: []weigh.Node{f.Map("x", weigh.MapOptions{Parts: 100})}}
	var html bytes.Buffer
	err = errors.Join(err, page.Write(&html))
	if strings.Contains(html.String(), "<img") || strings.Count(html.String(), "<script") != 2 {
		err = errors.Join(err, errors.New("OBEYED: markup came through into the page"))
	}
	out.Write(html.Bytes())
	return out.String(), err
}

// try runs one case and holds it to the bounds. want is part of the error; "" for none,
// "*" for any outcome.
func try(t *testing.T, group, name, want string, do func() (string, error)) {
	t.Helper()
	counted[group]++
	t.Run(group+"/"+name, func(t *testing.T) {
		t.Setenv("TMPDIR", t.TempDir())
		outside := listing(t, filepath.Dir(os.Getenv("TMPDIR")))
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		begin := time.Now()
		out, err := do()
		took := time.Since(begin)
		runtime.ReadMemStats(&after)
		if took > maxTime {
			t.Errorf("it took %s", took)
		}
		if n := int64(after.HeapSys) - int64(before.HeapSys); n > maxMemory {
			t.Errorf("the heap grew by %d bytes", n)
		}
		switch {
		case want == "*":
		case want == "" && err != nil:
			t.Errorf("refused: %v", err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%v does not say %q", err, want)
		}
		if err != nil {
			out += err.Error()
			var broken *weigh.BrokenError
			if errors.As(err, &broken) || strings.Contains(err.Error(), "OBEYED") || len(err.Error()) > 4000 {
				t.Errorf("%.4000v", err)
			}
		}
		for _, r := range out {
			if r < 0x20 && r != '\n' && r != '\r' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
				t.Errorf("a terminal would obey %U", r)
				break
			}
		}
		if now := listing(t, filepath.Dir(os.Getenv("TMPDIR"))); now != outside {
			t.Errorf("files were left or written: %s", now)
		}
	})
}

// listing are the names below a directory.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil {
			out = append(out, p)
		}
		return nil
	})
	return strings.Join(out, "\n")
}

// raw writes a tar with a header that archive/tar's writer would refuse: fields are
// patched after the fact and the checksum is made right again.
func raw(t *testing.T, h *tar.Header, patch func(block []byte)) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := errors.Join(w.WriteHeader(h), w.Close()); err != nil {
		t.Fatal(err)
	}
	block := b.Bytes()[:512]
	patch(block)
	copy(block[148:156], "        ")
	sum := 0
	for _, c := range block {
		sum += int(c)
	}
	copy(block[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return b.Bytes()
}
