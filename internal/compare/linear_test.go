package compare_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"testing"

	"tare/internal/compare"
	"tare/internal/layer"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/weigh"
)

// Growth is linear. These tests count what is allocated, objects and bytes, not seconds: a machine that is busy changes
// nothing of that, and what goes over all pairs of files, layers or images makes something for each as a rule. What computes only
// is held by the benchmarks (make bench-compare).

// cost is what a piece of work allocates.
type cost struct{ objects, bytes float64 }

func costOf(do func()) cost {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return cost{float64(after.Mallocs - before.Mallocs), float64(after.TotalAlloc - before.TotalAlloc)}
}

// linear fails where a cost grows by more than half again as much as what it is for.
func linear(t *testing.T, what string, n []int, costs []cost) {
	t.Helper()
	for i := 1; i < len(n); i++ {
		by := float64(n[i]) / float64(n[i-1])
		objects, size := costs[i].objects/costs[i-1].objects, costs[i].bytes/costs[i-1].bytes
		t.Logf("%s: %d → %d, %.1f times: %.1f times the objects (%.0f), %.1f times the bytes (%.0f)", what, n[i-1], n[i], by, objects, costs[i].objects, size, costs[i].bytes)
		if objects > 1.5*by || size > 1.5*by {
			t.Errorf("%s: %d → %d is %.1f times as much, but %.1f times the objects and %.1f times the bytes", what, n[i-1], n[i], by, objects, size)
		}
	}
}

// TestLinear proves that what goes over all pairs is found.
func TestLinear(t *testing.T) {
	squared := func(n int) cost {
		return costOf(func() {
			var all [][]byte
			for i := range n {
				all = append(all, make([]byte, 16*i))
			}
			runtime.KeepAlive(all)
		})
	}
	a, b := squared(300), squared(3000)
	if by := b.bytes / a.bytes; by < 1.5*10 {
		t.Errorf("work that grows with the square takes %.1f times the bytes for 10 times as much", by)
	}
}

// manyFiles is a layer of n empty files, which differ from those with another mark in one of 50.
func manyFiles(t *testing.T, n, mark int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range n {
		name := fmt.Sprintf("usr/lib/dir%05d/file%07d.py", i/20, i)
		if i%50 == 0 {
			name += fmt.Sprint(mark)
		}
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestFilesAreLinear: 10,000 and 100,000 files; a million with TARE_TEST_MILLION=1.
func TestFilesAreLinear(t *testing.T) {
	sizes := []int{10_000, 100_000}
	if os.Getenv("TARE_TEST_MILLION") != "" {
		sizes = append(sizes, 1_000_000)
	}
	costs := map[string][]cost{}
	for _, n := range sizes {
		blobs := [][]byte{manyFiles(t, n, 1), manyFiles(t, n, 2)}
		var x *layer.Index
		var packed []byte
		step := func(what string, do func() error) {
			costs[what] = append(costs[what], costOf(func() {
				if err := do(); err != nil {
					t.Fatal(err)
				}
			}))
		}
		step("read", func() (err error) { x, err = layer.Read(bytes.NewReader(blobs[0]), layer.Options{}); return err })
		step("encode", func() (err error) { packed, err = layer.Encode(x); return err })
		step("decode", func() (err error) { x, err = layer.Decode(packed); return err })
		s := testkit.Store(t)
		var subjects []compare.Subject
		for k, b := range blobs {
			img := testkit.Put(t, s, fmt.Sprint("x", k), store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{b}, Compression: "none"}))
			subjects = append(subjects, compare.Subject{Name: fmt.Sprint("x", k), Facts: testkit.Facts(t, s, img)})
		}
		img := subjects[0].Facts.Image
		step("weigh", func() error {
			f, err := weigh.New(img)
			if err == nil {
				f.Report("x", 20)
			}
			return err
		})
		step("compare", func() error {
			_, err := compare.Compare(subjects, compare.Options{Pairs: true, Findings: true, Depth: 5})
			return err
		})
	}
	for what, list := range costs {
		linear(t, what+" files", sizes, list)
	}
}

func TestLayersAreLinear(t *testing.T) {
	sizes := []int{10, 40, 120}
	costs := map[string][]cost{}
	s := testkit.Store(t)
	for _, n := range sizes {
		var list [][]byte
		for k := range n {
			list = append(list, manyFiles(t, 200, k))
		}
		a := testkit.Facts(t, s, testkit.Put(t, s, fmt.Sprint("a", n), store.Pulled, testkit.Image(t, testkit.Options{Layers: list, Compression: "none"})))
		list[n-1] = manyFiles(t, 200, n+1)
		b := testkit.Facts(t, s, testkit.Put(t, s, fmt.Sprint("b", n), store.Pulled, testkit.Image(t, testkit.Options{Layers: list, Compression: "none"})))
		costs["weigh"] = append(costs["weigh"], costOf(func() {
			f, err := weigh.New(a.Image)
			if err != nil {
				t.Fatal(err)
			}
			f.Report("x", 20)
		}))
		costs["compare"] = append(costs["compare"], costOf(func() {
			if _, err := compare.Compare([]compare.Subject{{Name: "a", Facts: a}, {Name: "b", Facts: b}}, compare.Options{Pairs: true, Findings: true, Depth: 5}); err != nil {
				t.Fatal(err)
			}
		}))
	}
	for what, list := range costs {
		linear(t, what+" layers", sizes, list)
	}
}

func TestImagesAreLinear(t *testing.T) {
	sizes := []int{2, 10, 50}
	var costs []cost
	s := testkit.Store(t)
	base := manyFiles(t, 2000, 0)
	var subjects []compare.Subject
	for k := range sizes[len(sizes)-1] {
		img := testkit.Put(t, s, fmt.Sprint("x", k), store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{base, manyFiles(t, 500, k+1)}, Compression: "none"}))
		subjects = append(subjects, compare.Subject{Name: fmt.Sprint("x", k), Facts: testkit.Facts(t, s, img)})
	}
	for _, n := range sizes {
		costs = append(costs, costOf(func() {
			if _, err := compare.Compare(subjects[:n], compare.Options{Findings: true, Depth: 5}); err != nil {
				t.Fatal(err)
			}
		}))
	}
	linear(t, "compare images with a baseline", []int{1, 9, 49}, costs)
}
