package weigh_test

import (
	"fmt"
	"testing"

	"tare/internal/store"
	"tare/internal/testkit"
)

// Many files of one size are ranked as fast as any others, and by path.
func TestLargestOfManyEqual(t *testing.T) {
	const n = 20000 // two minutes when ties were kept
	var files []testkit.Entry
	for i := range n {
		files = append(files, testkit.File(fmt.Sprintf("f%05d", i), "same size"))
	}
	s := testkit.Store(t)
	f := testkit.Facts(t, s, testkit.Put(t, s, "many", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, files...)}})))
	for _, top := range []int{1, 100, 0} {
		got := f.Files(top, nil)
		want := top
		if top == 0 {
			want = n
		}
		if len(got) != want {
			t.Fatalf("top %d: %d files", top, len(got))
		}
		for i := range got {
			if got[i].Path != fmt.Sprintf("f%05d", i) {
				t.Fatalf("top %d: place %d is %s", top, i, got[i].Path)
			}
		}
	}
}
