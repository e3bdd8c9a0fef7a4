package members

import (
	"archive/tar"
	"bytes"
	"io"
	"strings"
	"testing"
)

// An archive may have a name twice, as a file and as a link: the last stands, whichever
// reader of archives sees it.
func TestMembers(t *testing.T) {
	b := tarOf(t, tar.Header{Name: "a", Typeflag: tar.TypeReg, Size: 1}, tar.Header{Name: "./b", Typeflag: tar.TypeSymlink, Linkname: "a"},
		tar.Header{Name: "twice", Typeflag: tar.TypeReg, Size: 3}, tar.Header{Name: "twice", Typeflag: tar.TypeLink, Linkname: "a"},
		tar.Header{Name: "again", Typeflag: tar.TypeSymlink, Linkname: "nowhere"}, tar.Header{Name: "again", Typeflag: tar.TypeReg, Size: 2},
		tar.Header{Name: "d/up", Typeflag: tar.TypeSymlink, Linkname: "../../a"}, tar.Header{Name: "loop", Typeflag: tar.TypeSymlink, Linkname: "loop"})
	m := New[string]()
	if _, err := Each(bytes.NewReader(b), func(name string, size int64, r io.Reader) error {
		c, err := io.ReadAll(r)
		if int64(len(c)) != size {
			t.Errorf("%s has %d bytes, not %d", name, len(c), size)
		}
		m.File(name, string(c))
		return err
	}, m.Link); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "x", "/b": "x", "twice": "x", "again": "xx", "d/up": "x"} {
		if got, err := m.Find(name); got != want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for name, want := range map[string]string{"loop": "loop of links", "nothing": "not in the archive"} {
		if _, err := m.Find(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !m.Has("loop") || m.Has("nothing") {
		t.Error("has is wrong")
	}
	long := tarOf(t, tar.Header{Name: strings.Repeat("x", maxName+1), Typeflag: tar.TypeReg})
	if _, err := Each(bytes.NewReader(long), func(string, int64, io.Reader) error { return nil }, m.Link); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a long name: %v", err)
	}
}

// tarOf is a tar whose files are full of x.
func tarOf(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(bytes.Repeat([]byte("x"), int(h.Size))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
