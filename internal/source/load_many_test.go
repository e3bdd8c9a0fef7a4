package source_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/testkit"
)

// manyImages is an archive of images that share a layer; the tags are app:0 and on.
func manyImages(t testing.TB, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	add := func(name string, body []byte) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(body))}); err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(body)
	}
	shared := testkit.Numbered(t, 1, 1000)
	add("shared/layer.tar", shared)
	var list []any
	for i := range n {
		own := testkit.Tar(t, testkit.File("id", strconv.Itoa(i)))
		add(fmt.Sprintf("%d/layer.tar", i), own)
		add(fmt.Sprintf("%d.json", i), asJSON(t, map[string]any{"architecture": "amd64", "os": "linux", "rootfs": map[string]any{"type": "layers", "diff_ids": []digest.Digest{digest.FromBytes(shared), digest.FromBytes(own)}}}))
		list = append(list, map[string]any{"Config": fmt.Sprintf("%d.json", i), "RepoTags": []string{fmt.Sprintf("app:%d", i)}, "Layers": []string{"shared/layer.tar", fmt.Sprintf("%d/layer.tar", i)}})
	}
	add("manifest.json", asJSON(t, list))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Thousands of images are loaded in time that grows with their number. TARE_TEST_IMAGES
// says how many.
func TestLoadManyImages(t *testing.T) {
	n := 400
	if v, err := strconv.Atoi(os.Getenv("TARE_TEST_IMAGES")); err == nil {
		n = v
	}
	took := func(n int) time.Duration {
		s := testkit.Store(t)
		raw := manyImages(t, n)
		begin := time.Now()
		recs, err := source.Load(ctx, s, bytes.NewReader(raw))
		if err != nil || len(recs) != n {
			t.Fatalf("%d of %d: %v", len(recs), n, err)
		}
		d := time.Since(begin)
		if names, err := s.Records(); err != nil || len(names) != n {
			t.Fatalf("%d names of %d, %v", len(names), n, err)
		}
		return d
	}
	small, large := took(n/4), took(n)
	t.Logf("%d images in %s, %d in %s", n/4, small, n, large)
	if large > 12*small+5*time.Second { // four times as many; the square would be sixteen times
		t.Errorf("%d images took %s, %d took %s", n/4, small, n, large)
	}
}

// An image of 600 layers with a history of 10,000 steps is nothing special.
func TestLoadManyLayers(t *testing.T) {
	var layers [][]byte
	var diffs []digest.Digest
	for i := range 600 {
		b := testkit.Tar(t, testkit.File(fmt.Sprintf("d/%d", i), strconv.Itoa(i)))
		layers, diffs = append(layers, b), append(diffs, digest.FromBytes(b))
	}
	var history []map[string]any
	for i := range 10_000 {
		history = append(history, map[string]any{"created_by": "RUN true", "empty_layer": i >= 600})
	}
	cfg := asJSON(t, map[string]any{"architecture": "amd64", "os": "linux", "history": history, "rootfs": map[string]any{"type": "layers", "diff_ids": diffs}})
	var entries []testkit.Entry
	files := []string{}
	for i, b := range layers {
		files = append(files, fmt.Sprintf("%d.tar", i))
		entries = append(entries, testkit.File(files[i], string(b)))
	}
	raw := testkit.Tar(t, append(entries, testkit.File("c.json", string(cfg)), testkit.File("manifest.json", string(asJSON(t, []any{map[string]any{"Config": "c.json", "RepoTags": []string{"app:1"}, "Layers": files}}))))...)
	s := testkit.Store(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	recs, err := source.Load(ctx, s, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	img, err := image.Load(ctx, s.Content(), recs[0].Target, nil)
	if err != nil || len(img.Layers) != 600 || len(img.History) != 10_000 {
		t.Fatalf("%v", err)
	}
	if err := (image.Measurer{Provider: s.Content(), Cache: s}).Index(ctx, img); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if grew := int64(after.HeapSys) - int64(before.HeapSys); grew > 300<<20 {
		t.Errorf("the heap grew by %d bytes", grew)
	}
}
