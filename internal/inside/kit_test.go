package inside_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"testing"

	"tare/internal/layer"
	"tare/internal/parts"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/weigh"
)

// fake is an image in memory, which counts how often its layers go by.
type fake struct {
	facts  *weigh.Facts
	layers [][]byte
	passes int
	err    error // of reading
}

func (f *fake) Facts() *weigh.Facts { return f.facts }

func (f *fake) Read(_ context.Context, k int, entries []*layer.Entry, do func(n int, r io.Reader) error) error {
	f.passes++
	if f.err != nil {
		return f.err
	}
	return layer.Contents(bytes.NewReader(f.layers[k]), entries, do)
}

func image(t testing.TB, layers ...[]byte) *fake {
	t.Helper()
	s := testkit.Store(t)
	return &fake{facts: testkit.Facts(t, s, testkit.Put(t, s, "app:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: layers}))), layers: layers}
}

// zipOf makes a zip archive of pairs of a name and a content.
func zipOf(t testing.TB, pairs ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		m, err := w.CreateHeader(&zip.FileHeader{Name: pairs[i], Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(m, pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sum(t testing.TB, list []parts.Part, size int64) {
	t.Helper()
	if n := parts.Sum(list); n != size {
		t.Errorf("%d bytes of %d", n, size)
	}
}
