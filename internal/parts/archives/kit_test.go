package archives

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"testing"

	"tare/internal/parts"
)

// file is a member of a made-up archive.
type file struct {
	name, content string
	stored        bool
}

func zipOf(t testing.TB, list ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range list {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		if f.stored {
			h.Method = zip.Store
		}
		m, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(m, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, list ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range list {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(f.content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func arOf(list ...file) []byte {
	out := []byte(arMagic)
	for _, f := range list {
		out = append(out, fmt.Sprintf("%-16s%-12d%-6d%-6d%-8o%-10d`\n%s", f.name, 0, 0, 0, 0o644, len(f.content), f.content)...)
		if len(f.content)%2 == 1 {
			out = append(out, '\n')
		}
	}
	return out
}

// whole checks that parts are the file.
func whole(t testing.TB, b []byte, list []parts.Part, err error) []parts.Part {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if n := parts.Sum(list); list != nil && n != int64(len(b)) {
		t.Fatalf("%d bytes of %d: %+v", n, len(b), list)
	}
	for _, p := range list {
		if p.Parts != nil && parts.Sum(p.Parts) != p.Size {
			t.Fatalf("inside of %s there are %d bytes of %d", p.Name, parts.Sum(p.Parts), p.Size)
		}
	}
	return list
}

// budget is enough for all that tests unpack.
func budget() *Budget { return &Budget{Left: 64 << 20} }

// find is the member of a name.
func find(list []parts.Part, name string) *parts.Part {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}

// bytesOf are the bytes of all parts of a name.
func bytesOf(list []parts.Part, name string) (n int64) {
	for _, p := range list {
		if p.Name == name {
			n += p.Bytes
		}
	}
	return n
}
