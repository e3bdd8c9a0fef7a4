package inside

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tare/internal/parts"
	"tare/internal/parts/archives"
)

// again looks into a file that only goes by, until nothing is asked for twice.
func again(t *testing.T, name string, b []byte) (File, int) {
	t.Helper()
	s := &forward{size: int64(len(b))}
	for n := 1; n <= maxPasses; n++ {
		f := File{Path: name, Size: s.size}
		v := view{budget: &archives.Budget{Left: perFile}}
		s.begin(bytes.NewReader(b))
		err := v.look(&f, s)
		if s.err != nil {
			t.Fatal(s.err)
		}
		if !errors.Is(err, parts.ErrAgain) {
			if err != nil {
				t.Fatal(err)
			}
			return f, n
		}
	}
	t.Fatalf("%s went by %d times, and more is asked for", name, maxPasses)
	return File{}, 0
}

// noise is n bytes that nothing compresses.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// A file that only goes by is divided as one in memory is.
func TestForwardSeesTheSame(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	elf, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	var z, plain, packed bytes.Buffer
	zw, tw, gw := zip.NewWriter(&z), tar.NewWriter(&plain), gzip.NewWriter(&packed)
	for i := range 300 {
		content := noise(20_000 + i)
		name := fmt.Sprintf("dir/%d.class", i)
		m, _ := zw.Create(name)
		_, _ = m.Write(content)
		_ = tw.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(content))})
		_, _ = tw.Write(content)
	}
	in := bytes.Buffer{}
	iw := zip.NewWriter(&in)
	m, _ := iw.Create("inner.class")
	_, _ = m.Write(noise(3_000_000))
	_ = iw.Close()
	m, _ = zw.Create("lib/in.jar")
	_, _ = m.Write(in.Bytes())
	if err := errors.Join(zw.Close(), tw.Close()); err != nil {
		t.Fatal(err)
	}
	_, _ = gw.Write(plain.Bytes())
	if err := gw.Close(); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"program": elf, "app.jar": z.Bytes(), "a.tar": plain.Bytes(), "a.tgz": packed.Bytes(), "text": noise(4 << 20), "short": []byte("x"), "empty": nil} {
		want := File{Path: name, Size: int64(len(b))}
		v := view{budget: &archives.Budget{Left: perFile}}
		if err := v.look(&want, parts.Bytes(b)); err != nil {
			t.Fatal(err)
		}
		got, n := again(t, name, b)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff[:min(len(diff), 2000)])
		}
		if n > 3 {
			t.Errorf("%s goes by %d times", name, n)
		}
		t.Logf("%s: %s, %d bytes, %d parts, goes by %d times", name, got.Kind, len(b), len(got.Parts), n)
	}
}

// What is read is what stands there, in whatever order; and it is never kept twice.
func TestForwardReads(t *testing.T) {
	b := noise(6 << 20)
	r := rand.New(rand.NewPCG(3, 4))
	s := &forward{size: int64(len(b))}
	for range 200 {
		s.begin(bytes.NewReader(b))
		for range 5 {
			off := r.Int64N(int64(len(b)))
			n := min(r.Int64N(40_000), int64(len(b))-off)
			if r.IntN(6) == 0 {
				got, err := io.ReadAll(io.LimitReader(s.From(off), n))
				if err == nil && !bytes.Equal(got, b[off:off+n]) {
					t.Fatalf("from %d: other bytes", off)
				}
				continue
			}
			got, err := parts.Read(s, off, n)
			if err == nil && !bytes.Equal(got, b[off:off+n]) {
				t.Fatalf("at %d: other bytes", off)
			}
			if err != nil && !errors.Is(err, parts.ErrAgain) {
				t.Fatal(err)
			}
		}
	}
	var kept, end int64
	for _, k := range s.blocks {
		if k.off < end {
			t.Fatalf("the block at %d overlaps one that ends at %d", k.off, end)
		}
		end, kept = k.off+int64(len(k.b)), kept+int64(len(k.b))
	}
	if kept != s.kept || kept > s.size {
		t.Errorf("%d bytes are kept, counted are %d", kept, s.kept)
	}
}

// A file whose layer ends too early is a fault of the layer, no unknown file.
func TestForwardFaults(t *testing.T) {
	s := &forward{size: 10 << 20}
	s.begin(bytes.NewReader(noise(1 << 20)))
	if _, err := parts.Read(s, 5<<20, 10); err == nil || s.err == nil {
		t.Errorf("%v, %v", err, s.err)
	}
	s = &forward{size: 10 << 20}
	s.begin(bytes.NewReader(noise(1 << 20)))
	if _, err := io.Copy(io.Discard, s.From(0)); err == nil || s.err == nil {
		t.Errorf("%v, %v", err, s.err)
	}
}

// FuzzLook divides any bytes twice: in memory, and as they go by.
func FuzzLook(f *testing.F) {
	f.Add("a.jar", []byte("PK\x03\x04"))
	f.Add("x", []byte("\x7fELF\x02\x01\x01"))
	f.Add("x", []byte("!<arch>\n"))
	f.Add("x", []byte("\x1f\x8b\x08"))
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		want := File{Path: name, Size: int64(len(b))}
		v := view{budget: &archives.Budget{Left: 16 << 20}}
		if err := v.look(&want, parts.Bytes(b)); err != nil {
			t.Fatal(err)
		}
		if n := parts.Sum(want.Parts); n != want.Size {
			t.Fatalf("%d bytes of %d", n, want.Size)
		}
		s := &forward{size: int64(len(b))}
		for range maxPasses {
			got := File{Path: name, Size: int64(len(b))}
			v := view{budget: &archives.Budget{Left: 16 << 20}}
			s.begin(bytes.NewReader(b))
			if err := v.look(&got, s); errors.Is(err, parts.ErrAgain) {
				continue
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatal(diff)
			}
			return
		}
		t.Fatal("it is asked for again and again")
	})
}
