package layer

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// formats has tars of every format and kind, with names that need more than a header and names that do not.
func formats(t testing.TB) (out [][]byte) {
	t.Helper()
	for _, f := range []tar.Format{tar.FormatUSTAR, tar.FormatPAX, tar.FormatGNU} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for n, h := range []tar.Header{
			{Name: "./etc/", Typeflag: tar.TypeDir, Mode: 0o1755},
			{Name: "etc/a", Typeflag: tar.TypeReg, Mode: 0o4755, Size: 700, Uid: 1000, Gid: 07777777},
			{Name: "etc/exact", Typeflag: tar.TypeReg, Size: 512},
			{Name: "etc/nothing", Typeflag: tar.TypeReg},
			{Name: "/abs/../etc/b", Typeflag: tar.TypeReg, Size: 3},
			{Name: "etc/l", Typeflag: tar.TypeSymlink, Linkname: "../x"},
			{Name: "etc/h", Typeflag: tar.TypeLink, Linkname: "./etc/a"},
			{Name: "etc/.wh.gone", Typeflag: tar.TypeReg},
			{Name: "etc/.wh..wh..opq", Typeflag: tar.TypeReg},
			{Name: "dev/x", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 5},
			{Name: strings.Repeat("d/", 40) + strings.Repeat("n", 60), Typeflag: tar.TypeReg, Size: 1},
			{Name: strings.Repeat("long/", 40) + "x", Typeflag: tar.TypeReg, Size: 1},
			{Name: "päth", Typeflag: tar.TypeReg, Size: 2},
			{Name: "after", Typeflag: tar.TypeReg, Size: 2},
			{Name: "big", Typeflag: tar.TypeReg, Size: 300_000},
			{Name: "end", Typeflag: tar.TypeReg, Size: 1},
		} {
			h.Format, h.ModTime = f, time.Unix(int64(n)*1e8, 0)
			if err := w.WriteHeader(&h); err != nil {
				continue // what the format cannot say
			}
			if _, err := io.CopyN(w, rand.NewChaCha8([32]byte{byte(n)}), h.Size); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		out = append(out, b.Bytes())
	}
	return out
}

// bothWays reads a layer with and without archive/tar for plain headers.
func bothWays(t *testing.T, b []byte) {
	t.Helper()
	if diff := readBoth(b, Options{MaxBytes: 1 << 24, MaxEntries: 1 << 12}); diff != "" {
		t.Fatal(diff)
	}
}

func readBoth(b []byte, o Options) (diff string) {
	x, err := Read(bytes.NewReader(b), o)
	o.slow = true
	y, want := Read(bytes.NewReader(b), o)
	if fmt.Sprint(err) != fmt.Sprint(want) {
		return fmt.Sprintf("error %v, with archive/tar %v", err, want)
	}
	if !reflect.DeepEqual(x, y) {
		return fmt.Sprintf("%+v, with archive/tar %+v", x, y)
	}
	return ""
}

func TestPlainHeadersAreAsArchiveTarReadsThem(t *testing.T) {
	for _, b := range formats(t) {
		bothWays(t, b)
		for n := 0; n < len(b) && n < 20_000; n += 73 { // cut anywhere
			bothWays(t, b[:n])
		}
		for _, n := range []int{511, 512, 513, 1023, 1024, 1536} { // and without end
			bothWays(t, b[:len(b)-n])
		}
	}
	var m maker
	plain := 0
	for _, b := range formats(t) {
		for at := 0; at+headerSize <= len(b); at += headerSize {
			if _, ok := m.plainHeader(b[at:]); ok {
				plain++
			}
		}
	}
	if plain < 30 {
		t.Errorf("only %d headers are plain", plain)
	}
}

// TestChangedHeaders changes bytes of headers, makes the checksum right again, and asks both.
func TestChangedHeaders(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var heads [][]byte
	for _, b := range formats(t) {
		for at := 0; at+headerSize <= len(b); at += headerSize {
			var m maker
			if _, ok := m.plainHeader(b[at:]); ok {
				heads = append(heads, b[at:at+headerSize])
			}
		}
	}
	taken := 0
	bytesOf := []byte("\x00 01789/a\x80\xff-tuxgSLK")
	for range 100_000 {
		b := bytes.Clone(heads[r.IntN(len(heads))])
		for range r.IntN(4) {
			at := r.IntN(headerSize)
			if r.IntN(2) == 0 {
				at = []int{99, 100, 107, 108, 116, 123, 124, 125, 135, 136, 147, 156, 157, 257, 262, 263, 264, 329, 336, 337, 345, 357, 499, 500, 508, 511}[r.IntN(26)]
			}
			b[at] = bytesOf[r.IntN(len(bytesOf))]
		}
		if r.IntN(8) > 0 {
			copy(b[148:156], fmt.Sprintf("%06o\x00 ", checksum(b)))
		}
		if headerDiffers(t, b) {
			taken++
		}
	}
	if taken < 20_000 {
		t.Errorf("only %d headers were taken", taken)
	}
}

// headerDiffers fails the test if a header that is taken is read in another way by archive/tar.
func headerDiffers(t *testing.T, b []byte) (taken bool) {
	t.Helper()
	var m maker
	got, ok := m.plainHeader(b)
	if !ok {
		return false
	}
	want, err := tar.NewReader(bytes.NewReader(b)).Next()
	if err != nil {
		t.Fatalf("%q: archive/tar says %v", b, err)
	}
	if got.Name != want.Name || got.Linkname != want.Linkname || got.Typeflag != want.Typeflag || got.Mode != want.Mode || got.Uid != want.Uid ||
		got.Gid != want.Gid || got.Size != want.Size || !got.ModTime.Equal(want.ModTime) || want.PAXRecords != nil || Sparse(want) {
		t.Fatalf("%q: %+v, archive/tar says %+v", b, got, want)
	}
	return true
}

func FuzzHeaders(f *testing.F) {
	for _, b := range formats(f) {
		f.Add(b[:min(len(b), 20_000)])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= headerSize {
			headerDiffers(t, b[:headerSize])
			c := bytes.Clone(b[:headerSize])
			copy(c[148:156], fmt.Sprintf("%06o\x00 ", checksum(c)))
			headerDiffers(t, c)
		}
		if len(b) < 1<<16 {
			bothWays(t, b)
		}
	})
}
