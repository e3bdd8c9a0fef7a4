package layer_test

import (
	"bytes"
	"crypto/sha512"
	"os/exec"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/ulikunitz/xz"

	"tare/internal/layer"
	"tare/internal/testkit"
)

// xzOf compresses with an implementation that is not the one that reads.
func xzOf(t testing.TB, b []byte, dictionary int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := xz.WriterConfig{DictCap: dictionary}.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func bzip2Of(t testing.TB, b []byte) []byte {
	t.Helper()
	cmd := exec.Command("bzip2", "-c")
	cmd.Stdin = bytes.NewReader(b)
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("no bzip2 to compress with: %v", err)
	}
	return out
}

// Zeros after compressed bytes are padding; anything else is not. Several streams are one.
func TestWhatFollowsCompressedBytes(t *testing.T) {
	plain := testkit.Tar(t, testkit.File("a", strings.Repeat("some text ", 500)))
	half := len(plain) / 2
	for kind, pack := range map[layer.Compression]func([]byte) []byte{
		layer.Gzip:  func(b []byte) []byte { return testkit.Gzip(t, b) },
		layer.Zstd:  func(b []byte) []byte { return testkit.Zstd(t, b) },
		layer.Xz:    func(b []byte) []byte { return xzOf(t, b, 1<<20) },
		layer.Bzip2: func(b []byte) []byte { return bzip2Of(t, b) },
	} {
		t.Run(string(kind), func(t *testing.T) {
			whole, parts := pack(plain), append(pack(plain[:half]), pack(plain[half:])...)
			empty := append(pack(nil), whole...)
			for what, b := range map[string][]byte{"alone": whole, "two streams": parts, "an empty one before": empty,
				"512 zeros": append(bytes.Clone(whole), make([]byte, 512)...), "100,000 zeros": append(bytes.Clone(parts), make([]byte, 100_000)...)} {
				x, err := layer.Read(bytes.NewReader(b), layer.Options{Blob: digest.FromBytes(b), DiffID: digest.FromBytes(plain)})
				if err != nil {
					t.Errorf("%s: %v", what, err)
				} else if x.Compression != kind || x.Transfer != int64(len(b)) {
					t.Errorf("%s: %+v", what, x.Sums)
				}
			}
			for what, b := range map[string][]byte{"garbage": append(bytes.Clone(whole), "garbage!"...), "zeros and garbage": append(append(bytes.Clone(whole), make([]byte, 1000)...), "garbage!"...),
				"cut": whole[:len(whole)-3], "cut after a stream": parts[:len(parts)-5], "cut and zeros": append(bytes.Clone(whole[:len(whole)/2]), make([]byte, 600)...)} {
				if _, err := layer.Read(bytes.NewReader(b), layer.Options{}); err == nil {
					t.Errorf("%s is accepted", what)
				}
			}
		})
	}
}

// A dictionary is memory that a stranger asks for.
func TestXzDictionaryIsBounded(t *testing.T) {
	big := xzOf(t, []byte("x"), 1<<30)
	_, err := layer.Read(bytes.NewReader(big), layer.Options{})
	if err == nil || !strings.Contains(err.Error(), "dictionary") {
		t.Errorf("a dictionary of a gibibyte: %v", err)
	}
}

// A layer may be named by any digest of OCI, and its tar by another.
func TestOtherDigests(t *testing.T) {
	plain := testkit.Tar(t, testkit.File("a", "b"))
	for _, blob := range [][]byte{plain, testkit.Gzip(t, plain)} {
		for _, a := range []digest.Algorithm{digest.SHA256, digest.SHA384, digest.SHA512} {
			for _, b := range []digest.Algorithm{digest.SHA256, digest.SHA384, digest.SHA512} {
				x, err := layer.Read(bytes.NewReader(blob), layer.Options{Blob: a.FromBytes(blob), DiffID: b.FromBytes(plain)})
				if err != nil || x.Blob != a.FromBytes(blob) || x.DiffID != b.FromBytes(plain) {
					t.Errorf("%s, %s: %v", a, b, err)
				}
				wrong := digest.NewDigestFromBytes(digest.SHA512, make([]byte, sha512.Size))
				if _, err := layer.Read(bytes.NewReader(blob), layer.Options{Blob: a.FromBytes(blob), DiffID: wrong}); err == nil {
					t.Errorf("%s: a wrong sha512 is accepted", a)
				}
			}
		}
	}
	for _, bad := range []digest.Digest{"x", "md5:d41d8cd98f00b204e9800998ecf8427e", "sha512:00", "sha256:../../x", "\x1b[2J"} {
		_, err := layer.Read(bytes.NewReader(plain), layer.Options{DiffID: bad})
		if err == nil || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
