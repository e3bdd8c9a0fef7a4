package layer_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"

	"tare/internal/layer"
	"tare/internal/testkit"
)

func read(t testing.TB, b []byte) *layer.Index {
	t.Helper()
	x, err := layer.Read(bytes.NewReader(b), layer.Options{Blob: digest.FromBytes(b)})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestSums(t *testing.T) {
	long := strings.Repeat("d/", 80) + "file-with-a-long-name"
	for _, c := range []struct {
		name          string
		entries       []testkit.Entry
		files, docker int64
	}{
		{"nothing", nil, 0, 0},
		{"files", []testkit.Entry{testkit.Dir("a"), testkit.File("a/b", "12345"), testkit.File("c", "")}, 5, 5},
		{"hard link", []testkit.Entry{testkit.File("a", "12345"), testkit.Link("b", "a")}, 5, 5},
		{"hard link to a lower layer", []testkit.Entry{testkit.Link("b", "elsewhere")}, 0, 0},
		{"first name gone, link stays", []testkit.Entry{testkit.File("a", "12345"), testkit.Link("b", "a"), testkit.File("a", "1")}, 6, 6},
		{"written twice", []testkit.Entry{testkit.File("a", "12345"), testkit.File("./a", "1")}, 6, 1},
		{"directory replaced by file", []testkit.Entry{testkit.Dir("d"), testkit.File("d/x", "12345"), testkit.File("d", "1")}, 6, 1},
		{"symbolic link counts its target", []testkit.Entry{testkit.Symlink("l", "/usr/bin/python3")}, 0, 16},
		{"whiteout", []testkit.Entry{testkit.File("a/.wh.b", ""), testkit.File("a/.wh..wh..opq", "")}, 0, 0},
		{"a directory without an entry, replaced by a link", []testkit.Entry{testkit.File("sd/f", strings.Repeat("x", 4502)), testkit.Symlink("sd", "eighteen-characters"[:18])}, 4502, 18},
		{"a directory without an entry, replaced by a file", []testkit.Entry{testkit.File("a/b/f", "12345"), testkit.File("a", "1")}, 6, 1},
		{"through a link of its own", []testkit.Entry{testkit.File("e/f", "12345"), testkit.Symlink("d", "e"), testkit.File("d/f", "1")}, 6, 2},
		{"a hard link through a link", []testkit.Entry{testkit.File("e/f", "12345"), testkit.Symlink("d", "e"), testkit.Link("g", "d/f"), testkit.File("e/f", "")}, 5, 6},
		{"an empty name", []testkit.Entry{testkit.File("", "12345"), testkit.File("a", "1")}, 1, 1},
		{"long name", []testkit.Entry{testkit.File(long, "12345")}, 5, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			plain := testkit.Tar(t, c.entries...)
			for kind, blob := range map[layer.Compression][]byte{
				layer.None: plain, layer.Gzip: testkit.Gzip(t, plain), layer.Zstd: testkit.Zstd(t, plain),
			} {
				got := read(t, blob)
				want := layer.Sums{Blob: digest.FromBytes(blob), DiffID: digest.FromBytes(plain), Compression: kind,
					Transfer: int64(len(blob)), Tar: int64(len(plain)), Files: c.files, Docker: c.docker, Disk: got.Disk, Entries: int64(len(c.entries))}
				if d := cmp.Diff(want, got.Sums); d != "" {
					t.Errorf("%s (-want +got):\n%s", kind, d)
				}
				if got.Tar != got.Files+got.Overhead() {
					t.Errorf("%s: tar %d is not files %d + overhead %d", kind, got.Tar, got.Files, got.Overhead())
				}
			}
		})
	}
}

// Concatenated gzip members and zstd frames are one stream; a skippable frame is
// nothing.
func TestSeveralFrames(t *testing.T) {
	plain := testkit.Tar(t, testkit.File("a", strings.Repeat("x", 5000)))
	half := len(plain) / 2
	skippable := []byte{0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'}
	for name, blob := range map[string][]byte{
		"gzip":      append(testkit.Gzip(t, plain[:half]), testkit.Gzip(t, plain[half:])...),
		"zstd":      append(testkit.Zstd(t, plain[:half]), testkit.Zstd(t, plain[half:])...),
		"skippable": append(bytes.Clone(skippable), testkit.Zstd(t, plain)...),
	} {
		if got := read(t, blob); got.DiffID != digest.FromBytes(plain) || got.Files != 5000 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// The holes of a sparse file are content that the tar has not, so that the
// overhead is negative. GNU tar makes the archive.
func TestSparse(t *testing.T) {
	gnu, err := exec.LookPath("tar")
	if err != nil {
		t.Skip("no tar on PATH to make a sparse archive with")
	}
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("tail"), 1<<20); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	for _, format := range []string{"gnu", "posix"} {
		b, err := exec.Command(gnu, "-C", dir, "--format="+format, "-S", "-cf", "-", "sparse").Output()
		if err != nil {
			t.Skipf("this tar cannot write sparse archives: %v", err)
		}
		x := read(t, b)
		if x.Files != 1<<20+4 || x.Overhead() >= 0 || x.Tar != int64(len(b)) || x.Docker != x.Files {
			t.Errorf("%s: %+v of %d bytes", format, x, len(b))
		}
	}
}

func TestBadInput(t *testing.T) {
	plain := testkit.Tar(t, testkit.File("first", "1"), testkit.File("usr/lib/second", strings.Repeat("x", 4000)))
	for _, c := range []struct {
		name, want string
		blob       []byte
	}{
		{"cut in a file", `entry "usr/lib/second": unexpected EOF`, plain[:3000]},
		{"cut gzip", "unexpected EOF", testkit.Gzip(t, plain)[:40]},
		{"garbage", "after the first entry", []byte(strings.Repeat("no tar at all. ", 200))},
		{"gzip header only", "gzip", []byte{0x1f, 0x8b, 8, 0}},
		{"zstd garbage", "", []byte{0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff, 0xff}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := layer.Read(bytes.NewReader(c.blob), layer.Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not say %q", err, c.want)
			}
		})
	}
}

func TestDigestsAreChecked(t *testing.T) {
	blob := testkit.Gzip(t, testkit.Tar(t, testkit.File("a", "b")))
	wrong := digest.FromString("something else")
	for _, w := range []layer.Options{{Blob: wrong}, {DiffID: wrong}} {
		_, err := layer.Read(bytes.NewReader(blob), w)
		var m *layer.MismatchError
		if !errors.As(err, &m) || m.Want != wrong || m.Got == wrong {
			t.Errorf("%+v: %v", w, err)
		}
	}
}

// An independent implementation finds the same digests and sizes.
func TestAgainstGoContainerRegistry(t *testing.T) {
	blob := testkit.Gzip(t, testkit.Numbered(t, 1, 100_000))
	other, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(blob)), nil })
	if err != nil {
		t.Fatal(err)
	}
	x := read(t, blob)
	diff, _ := other.DiffID()
	if want := (v1.Hash{Algorithm: "sha256", Hex: x.DiffID.Encoded()}); diff != want {
		t.Errorf("diffID %s, want %s", diff, want)
	}
}

func TestPackIsDeterministicAndReversible(t *testing.T) {
	plain := testkit.Numbered(t, 2, 300_000)
	var a, b bytes.Buffer
	d1, err := layer.Pack(&a, bytes.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	d2, _ := layer.Pack(&b, bytes.NewReader(plain))
	if d1.Digest != d2.Digest || !bytes.Equal(a.Bytes(), b.Bytes()) || d1.Size != int64(a.Len()) {
		t.Errorf("two packs differ: %v %v", d1, d2)
	}
	if x := read(t, a.Bytes()); x.DiffID != digest.FromBytes(plain) || x.Blob != d1.Digest {
		t.Errorf("packed layer reads as %+v", x)
	}
}

// Random tars: all columns sum, whatever the compression, and Docker's count is
// never above the files plus links.
func TestSumsHoldForRandomLayers(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		var entries []testkit.Entry
		for n := range r.IntN(40) {
			name := []string{"a", "b", "d/a", "d/b", "d/e/f", "./a", "d"}[r.IntN(7)]
			switch r.IntN(5) {
			case 0:
				entries = append(entries, testkit.Dir(name))
			case 1:
				entries = append(entries, testkit.Link(name, "a"))
			case 2:
				entries = append(entries, testkit.Symlink(name, "b"))
			default:
				entries = append(entries, testkit.File(name, strings.Repeat("x", r.IntN(2000)+n)))
			}
		}
		plain := testkit.Tar(t, entries...)
		x, y := read(t, plain), read(t, testkit.Gzip(t, plain))
		if x.Tar != x.Files+x.Overhead() || x.Tar != int64(len(plain)) || x.Files != y.Files || x.Docker != y.Docker || x.Docker < 0 {
			t.Fatalf("seed %d: %+v %+v", seed, x, y)
		}
	}
}

func FuzzRead(f *testing.F) {
	plain := testkit.Tar(f, testkit.File("etc/os-release", "ID=x\n"), testkit.Link("b", "etc/os-release"), testkit.Dir("d"))
	f.Add(plain)
	f.Add(testkit.Gzip(f, plain))
	f.Add(testkit.Zstd(f, plain))
	f.Add([]byte{0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0})
	f.Add(xzOf(f, plain, 1<<16))
	f.Add(append(testkit.Gzip(f, plain), make([]byte, 100)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 || bomb(b) {
			return
		}
		x, err := layer.Read(bytes.NewReader(b), layer.Options{})
		if err != nil {
			return
		}
		if x.Tar != x.Files+x.Overhead() || x.Blob != digest.FromBytes(b) || x.Transfer != int64(len(b)) {
			t.Fatalf("%+v", x)
		}
	})
}

// bomb tells inputs that would only measure the patience of the fuzzer.
func bomb(b []byte) bool {
	r, _, err := layer.Decompress(bytes.NewReader(b))
	if err != nil {
		return false
	}
	defer func() { _ = r.Close() }()
	n, _ := io.Copy(io.Discard, io.LimitReader(r, 16<<20))
	return n == 16<<20
}

func FuzzDecompress(f *testing.F) {
	f.Add([]byte("plain"))
	f.Add(testkit.Gzip(f, []byte("packed")))
	f.Add(testkit.Zstd(f, []byte("packed")))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, kind, err := layer.Decompress(bytes.NewReader(b))
		if err != nil {
			return
		}
		got, err := io.ReadAll(io.LimitReader(r, 1<<20))
		_ = r.Close()
		if err != nil || len(got) == 1<<20 {
			return
		}
		switch kind {
		case layer.None:
			if !bytes.Equal(got, b) {
				t.Fatal("plain bytes changed")
			}
		case layer.Zstd:
			d, err := zstd.NewReader(nil)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if want, err := d.DecodeAll(b, nil); err == nil && !bytes.Equal(got, want) {
				t.Fatal("zstd differs from DecodeAll")
			}
		}
	})
}
