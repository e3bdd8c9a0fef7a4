package layer_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zeebo/xxh3"

	"tare/internal/layer"
	"tare/internal/testkit"
)

// sparseFormats are GNU tar's ways to write a sparse file.
var sparseFormats = map[string][]string{
	"old GNU": {"--format=gnu"}, "PAX 0.0": {"--format=posix", "--sparse-version=0.0"},
	"PAX 0.1": {"--format=posix", "--sparse-version=0.1"}, "PAX 1.0": {"--format=posix", "--sparse-version=1.0"},
}

// sparseTar makes a tar of a file with data at places, a file before and one after it.
func sparseTar(t *testing.T, flags []string, size int64, data map[int64]string) []byte {
	t.Helper()
	gnu, err := exec.LookPath("tar")
	if err != nil {
		t.Skip("no tar on PATH to make a sparse archive with")
	}
	dir := t.TempDir()
	for _, name := range []string{"before", "sparse", "z-after"} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "sparse" {
			for at, s := range data {
				if _, err := f.WriteAt([]byte(s), at); err != nil {
					t.Fatal(err)
				}
			}
			if err := f.Truncate(size); err != nil {
				t.Skipf("this file system has no file of %d bytes: %v", size, err)
			}
		} else if _, err := f.WriteString(name); err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
	}
	detect := "--hole-detection=raw"
	if size > 1<<30 {
		detect = "--hole-detection=seek"
	}
	b, err := exec.Command(gnu, append(slices.Clone(flags), "-C", dir, detect, "-S", "-cf", "-", "before", "sparse", "z-after")...).Output()
	if err != nil {
		t.Skipf("this tar cannot write sparse archives: %v", err)
	}
	return b
}

func named(x *layer.Index, name string) *layer.Entry {
	for i := range x.List {
		if x.List[i].Path == name {
			return &x.List[i]
		}
	}
	return &layer.Entry{}
}

// A sparse file is the file that it unpacks to, whatever the format and the holes.
func TestSparseIsTheFileThatItUnpacksTo(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for format, flags := range sparseFormats {
		for _, many := range []int{0, 1, 3, 4, 5, 26, 60} {
			data := map[int64]string{}
			size := int64(1<<20 + r.IntN(3<<20))
			for n := range many {
				data[int64(n)*(size/int64(many))/4096*4096] = strings.Repeat("x", 1+r.IntN(9000))
			}
			if many == 3 {
				data[size-5] = "tail!"
			}
			b := sparseTar(t, flags, size, data)
			plain := testkit.Tar(t, expanded(t, b)...)
			x, y := read(t, b), read(t, plain)
			if len(x.List) != 3 {
				t.Fatalf("%s, %d pieces: %d entries", format, many, len(x.List))
			}
			for _, name := range []string{"before", "sparse", "z-after"} {
				e, f := named(x, name), named(y, name)
				if e.Size != f.Size || e.Sum != f.Sum || e.Size == 0 {
					t.Errorf("%s, %d pieces: %s has %d bytes, %x; written out it is %d bytes, %x", format, many, name, e.Size, e.Sum, f.Size, f.Sum)
				}
			}
			if x.Tar != int64(len(b)) || x.Tar >= y.Tar {
				t.Errorf("%s, %d pieces: tar %d of %d; %d written out", format, many, x.Tar, len(b), y.Tar)
			}
			var limit *layer.LimitError
			if _, err := layer.Read(bytes.NewReader(b), layer.Options{MaxBytes: size - 1}); !errors.As(err, &limit) {
				t.Errorf("%s, %d pieces: holes do not count against the limit: %v", format, many, err)
			}
		}
	}
}

// expanded are the entries of a tar as archive/tar reads them.
func expanded(t *testing.T, b []byte) []testkit.Entry {
	t.Helper()
	var out []testkit.Entry
	for r := tar.NewReader(bytes.NewReader(b)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, testkit.File(h.Name, string(body)))
	}
}

// A terabyte of holes costs nothing, and counts.
func TestHolesCostNothing(t *testing.T) {
	const size = 1 << 40
	for format, flags := range sparseFormats {
		b := sparseTar(t, flags, size, map[int64]string{size / 2: "x"})
		begin := time.Now()
		_, err := layer.Read(bytes.NewReader(b), layer.Options{})
		var limit *layer.LimitError
		if !errors.As(err, &limit) || !strings.Contains(err.Error(), "TARE_MAX_LAYER") {
			t.Errorf("%s: a terabyte is within 256 GiB: %v", format, err)
		}
		x, err := layer.Read(bytes.NewReader(b), layer.Options{MaxBytes: 2 << 40})
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		if e := named(x, "sparse"); e.Size != size || x.Files != size+13 || x.Overhead() >= 0 {
			t.Errorf("%s: %+v", format, e)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%s: it took %s", format, took)
		}
	}
}

// Zeros that are written out and holes are the same content; contents that differ only
// in where their zeros are differ.
func TestSumOfZeros(t *testing.T) {
	const block = 64 << 10
	sum := func(s string) layer.Sum { return named(read(t, testkit.Tar(t, testkit.File("f", s))), "f").Sum }
	zeros := func(n int) string { return strings.Repeat("\x00", n) }
	if got, want := sum("some text"), layer.Sum(xxh3.HashString128("some text").Bytes()); got != want {
		t.Errorf("a file without zeros has %x, not its XXH3 %x", got, want)
	}
	seen := map[layer.Sum]string{}
	for _, s := range []string{"", zeros(1), zeros(2), zeros(block), zeros(block + 1), zeros(2 * block), "x" + zeros(block), "x" + zeros(2*block), zeros(block) + "x",
		strings.Repeat("x", block) + zeros(block), zeros(block) + strings.Repeat("x", block), zeros(block) + strings.Repeat("x", block) + zeros(block), zeros(2*block) + strings.Repeat("x", block), strings.Repeat("x", block)} {
		k := sum(s)
		if other, ok := seen[k]; ok {
			t.Errorf("%d bytes and %d bytes have one sum", len(s), len(other))
		}
		seen[k] = s
	}
}

// Maps that lie are refused, as archive/tar does: nothing is taken for a file that
// Docker would not unpack so.
func TestSparseMapsThatLie(t *testing.T) {
	pax := func(records map[string]string, body string) []byte {
		// archive/tar does not write such records: they get their names afterwards.
		other := map[string]string{}
		for k, v := range records {
			other[strings.Replace(k, "GNU.", "GNUx", 1)] = v
		}
		b := testkit.Tar(t, testkit.Entry{Header: tar.Header{Name: "f", Format: tar.FormatPAX, PAXRecords: other}, Body: body}, testkit.File("after", "1"))
		return bytes.ReplaceAll(b, []byte("GNUxsparse"), []byte("GNU.sparse"))
	}
	v10 := map[string]string{"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "f", "GNU.sparse.realsize": "100000"}
	block := func(s string) string { return s + strings.Repeat("\x00", (512-len(s)%512)%512) }
	for what, b := range map[string][]byte{
		"1.0, more data than the map":    pax(v10, block("1\n0\n1\n")+strings.Repeat("x", 600)),
		"1.0, less data than the map":    pax(v10, block("1\n0\n2000\n")+strings.Repeat("x", 600)),
		"1.0, beyond the end":            pax(v10, block("1\n99999\n600\n")+strings.Repeat("x", 600)),
		"1.0, pieces that overlap":       pax(v10, block("2\n0\n512\n100\n88\n")+strings.Repeat("x", 600)),
		"1.0, a count of a trillion":     pax(v10, block("1000000000000\n0\n1\n")+"x"),
		"1.0, no number":                 pax(v10, block("x\n")),
		"1.0, negative":                  pax(v10, block("1\n-5\n10\n")+"0123456789"),
		"0.1, an odd map":                pax(map[string]string{"GNU.sparse.map": "0,1,5", "GNU.sparse.size": "100", "GNU.sparse.numblocks": "1"}, "x"),
		"0.1, beyond int64":              pax(map[string]string{"GNU.sparse.map": "9223372036854775807,9223372036854775807", "GNU.sparse.size": "9223372036854775807", "GNU.sparse.numblocks": "1"}, "x"),
		"0.1, more data than the map":    pax(map[string]string{"GNU.sparse.map": "0,1", "GNU.sparse.size": "100", "GNU.sparse.numblocks": "1"}, "xyz"),
		"0.1, size of the largest int64": pax(map[string]string{"GNU.sparse.map": "0,1", "GNU.sparse.size": "9223372036854775807", "GNU.sparse.numblocks": "1"}, "x"),
	} {
		if x, err := layer.Read(bytes.NewReader(b), layer.Options{}); err == nil {
			t.Errorf("%s: accepted as %+v", what, x.List)
		}
	}
	// A map of as many pieces as there may be is read in time that it takes to read it.
	var m strings.Builder
	const pieces = 60_000
	fmt.Fprintf(&m, "%d\n", pieces)
	for i := range pieces {
		fmt.Fprintf(&m, "%d\n1\n", i*1_000_000)
	}
	v10["GNU.sparse.realsize"] = fmt.Sprint(pieces * 1_000_000)
	x, err := layer.Read(bytes.NewReader(pax(v10, block(m.String())+strings.Repeat("x", pieces))), layer.Options{})
	if err != nil || named(x, "f").Size != pieces*1_000_000 || named(x, "after").Size != 1 {
		t.Errorf("%d pieces: %v", pieces, err)
	}
}
