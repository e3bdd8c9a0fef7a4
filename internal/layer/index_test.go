package layer_test

import (
	"archive/zip"
	"bytes"
	stdgzip "compress/gzip"
	"crypto/sha256"
	"encoding/gob"
	"encoding/json"
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

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/xxh3"

	"tare/internal/layer"
	"tare/internal/testkit"
)

// varied is a tar with every kind of entry and much that compresses differently.
func varied(t testing.TB, seed uint64, files int) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 5))
	entries := []testkit.Entry{testkit.Dir("./"), testkit.Dir("d"), testkit.Symlink("l", "../x"), testkit.Link("h", "d/0"), testkit.File("d/.wh.gone", ""), testkit.File("e/.wh..wh..opq", ""),
		testkit.File("d/.env", "API_KEY=x1\n"), testkit.File("d/id_rsa", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n"), testkit.File("etc/os-release", "ID=alpine\nVERSION_ID=3.20\n"), testkit.File("lib/apk/db/installed", "P:a\nV:1\n\n"), testkit.File(strings.Repeat("n/", 60)+"long", "x"), testkit.File("odd\x1b[31m\xff", "y")}
	for n := range files {
		b := make([]byte, r.IntN(60_000))
		if n%3 > 0 {
			for i := range b {
				b[i] = byte(r.IntN(256) >> (n % 7)) // from noise to few values
			}
		}
		e := testkit.File(fmt.Sprintf("d/%d", n), string(b))
		e.Uid, e.Gid, e.Mode = n, 1000, 0o4755
		if n%4 == 0 {
			e.PAXRecords = map[string]string{"SCHILY.xattr.user.x": fmt.Sprint(n), "SCHILY.xattr.user.y": "1"}
		}
		entries = append(entries, e)
	}
	r.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	return testkit.Tar(t, entries...)
}

func TestEntriesSumUpToTheLayer(t *testing.T) {
	for seed := range uint64(12) {
		plain := varied(t, seed, 20)
		var lists [][]layer.Entry
		for name, blob := range map[string][]byte{"none": plain, "gzip": testkit.Gzip(t, plain), "zstd": testkit.Zstd(t, plain),
			"two members": append(testkit.Gzip(t, plain[:1000]), testkit.Gzip(t, plain[1000:])...)} {
			for _, ahead := range []bool{false, true} {
				x, err := layer.Read(bytes.NewReader(blob), layer.Options{Ahead: ahead})
				if err != nil {
					t.Fatal(err)
				}
				if err := x.Check(); err != nil {
					t.Fatal(err)
				}
				if x.Transfer != int64(len(blob)) || !slices.IsSortedFunc(x.List, func(a, b layer.Entry) int { return layer.ComparePaths(a.Path, b.Path) }) {
					t.Errorf("%s: %d of %d bytes, or not sorted", name, x.Transfer, len(blob))
				}
				if name == "none" {
					for _, e := range x.List {
						if e.Share != e.Span {
							t.Errorf("uncompressed %s has %d of %d", e.Path, e.Share, e.Span)
						}
					}
				}
				b, err := layer.Encode(x)
				if err != nil {
					t.Fatal(err)
				}
				y, err := layer.Decode(b)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(x, y); d != "" {
					t.Fatalf("%s: decoded differs (-was +is):\n%s", name, d)
				}
				s, ok := layer.DecodeShares(x.Shares().Encode(), x.Blob, x.Transfer, len(x.List))
				if !ok || cmp.Diff(x.Shares(), s) != "" {
					t.Errorf("%s: shares %v %s", name, ok, cmp.Diff(x.Shares(), s))
				}
				list := slices.Clone(x.List)
				for i := range list {
					list[i].Share = 0
				}
				lists = append(lists, list)
			}
		}
		for _, l := range lists[1:] {
			if d := cmp.Diff(lists[0], l); d != "" {
				t.Fatalf("compression changes the entries:\n%s", d)
			}
		}
	}
}

// What compresses badly gets more of the blob than what compresses well.
func TestSharesFollowCompression(t *testing.T) {
	noise := make([]byte, 400_000)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	plain := testkit.Tar(t, testkit.File("noise", string(noise)), testkit.File("zeros", strings.Repeat("\x00", 400_000)))
	for name, blob := range map[string][]byte{"gzip": testkit.Gzip(t, plain), "zstd": testkit.Zstd(t, plain)} {
		x := read(t, blob)
		n, z := x.List[0], x.List[1]
		if n.Share < 390_000 || z.Share > 70_000 {
			t.Errorf("%s: noise has %d, zeros %d of %d", name, n.Share, z.Share, x.Transfer)
		}
	}
}

func TestKept(t *testing.T) {
	big := testkit.File("var/lib/dpkg/status", strings.Repeat("Package: x\n", 100))
	x := read(t, testkit.Tar(t, big, testkit.File("var/lib/dpkg/info/x.list", "/x\n"), testkit.File("usr/lib/p/a.dist-info/RECORD", "a,,\n"), testkit.File("app/node_modules/a/package.json", "{}"),
		testkit.File("app/package.json", "{}"), testkit.File("usr/share/status", "no"), testkit.File("s/node_modules/huge/package.json", strings.Repeat(" ", 2<<20))))
	var kept []string
	for p := range x.Kept {
		kept = append(kept, p)
	}
	slices.Sort(kept)
	want := []string{"app/node_modules/a/package.json", "usr/lib/p/a.dist-info/RECORD", "var/lib/dpkg/info/x.list", "var/lib/dpkg/status"}
	if d := cmp.Diff(want, kept); d != "" {
		t.Error(d)
	}
	if x.Skipped["s/node_modules/huge/package.json"] != 2<<20 {
		t.Errorf("skipped %v", x.Skipped)
	}
}

func TestDerived(t *testing.T) {
	var jar bytes.Buffer
	z := zip.NewWriter(&jar)
	for _, f := range []string{"META-INF/", "META-INF/MANIFEST.MF", "x.class"} {
		w, err := z.Create(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f, ".MF") {
			_, _ = w.Write([]byte("Manifest-Version: 1.0\r\nImplementation-Version: 7\r\n"))
		}
	}
	_ = z.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\nfunc main() { println(1) }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/hello\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-o", "hello", ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("no program to look into: %v %s", err, out)
	}
	program, err := os.ReadFile(filepath.Join(dir, "hello"))
	if err != nil {
		t.Fatal(err)
	}
	exe := testkit.File("usr/bin/hello", string(program))
	exe.Mode = 0o755
	noise := testkit.File("usr/bin/no", "\x7fELF"+strings.Repeat("\xff Go buildinf:", 40_000))
	noise.Mode = 0o755
	x := read(t, testkit.Gzip(t, testkit.Tar(t, exe, noise, testkit.File("a.jar", jar.String()), testkit.File("b.jar", "no zip"))))
	if got := string(x.Derived["usr/bin/hello"]); !strings.HasPrefix(got, "go1.") && !strings.HasPrefix(got, "devel") || !strings.Contains(got, "path\texample.com/hello\n") {
		t.Errorf("build info %q", got)
	}
	if got := string(x.Derived["a.jar"]); got != "Manifest-Version: 1.0\r\nImplementation-Version: 7\r\n" {
		t.Errorf("manifest %q", got)
	}
	if len(x.Derived) != 3 {
		t.Errorf("%d derived: %v", len(x.Derived), x.Derived)
	}
}

func TestLimits(t *testing.T) {
	bomb := testkit.Gzip(t, testkit.Tar(t, testkit.File("zeros", strings.Repeat("\x00", 10<<20))))
	for _, o := range []layer.Options{{MaxBytes: 1 << 20}, {MaxBytes: 1 << 20, Ahead: true}, {MaxEntries: 3}} {
		blob := bomb
		if o.MaxEntries > 0 {
			blob = varied(t, 1, 5)
		}
		_, err := layer.Read(bytes.NewReader(blob), o)
		var limit *layer.LimitError
		if !errors.As(err, &limit) || !strings.Contains(err.Error(), "TARE_MAX_") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	long := testkit.File(strings.Repeat("n", 100_000), "x")
	x := read(t, testkit.Tar(t, long))
	if len(x.List) != 1 || len(x.List[0].Path) != 100_000 {
		t.Errorf("a name of 100,000 bytes: %d entries", len(x.List))
	}
}

func TestContent(t *testing.T) {
	blob := testkit.Zstd(t, varied(t, 4, 9))
	x := read(t, blob)
	i := slices.IndexFunc(x.List, func(e layer.Entry) bool { return e.Path == "etc/os-release" })
	b, err := layer.Content(bytes.NewReader(blob), &x.List[i], 1000)
	if err != nil || string(b) != "ID=alpine\nVERSION_ID=3.20\n" {
		t.Errorf("%q %v", b, err)
	}
	if _, err := layer.Content(bytes.NewReader(blob), &x.List[i], 3); err == nil {
		t.Error("no error beyond the limit")
	}
	if _, err := layer.Content(bytes.NewReader(blob[:40]), &x.List[i], 1000); err == nil {
		t.Error("no error for a cut blob")
	}
}

func TestComparePaths(t *testing.T) {
	want := []string{"", "a", "a/b", "a/b/c", "a b", "a-b", "a.b", "a0", "ab", "b"}
	got := slices.Clone(want)
	rand.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
	slices.SortFunc(got, layer.ComparePaths)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func FuzzDecode(f *testing.F) {
	x := read(f, varied(f, 1, 3))
	b, err := layer.Encode(x)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := layer.Decode(b)
		if err == nil && x.Check() != nil {
			t.Fatal("a decoded index does not sum up")
		}
	})
}

// What the decision about the encoding rests on (docs/decisions/0007): the same index
// in other forms.
func BenchmarkEncoding(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	var entries []testkit.Entry
	for n := range 50_000 {
		entries = append(entries, testkit.File(fmt.Sprintf("usr/lib/package-%d/module%d/file-%d.py", n/400, n/20, n), strings.Repeat("x", r.IntN(40))))
	}
	x := read(b, testkit.Gzip(b, testkit.Tar(b, entries...)))
	forms := []struct {
		name   string
		encode func() []byte
		decode func([]byte) error
	}{
		{"columns", func() []byte { e, _ := layer.Encode(x); return e }, func(e []byte) error { _, err := layer.Decode(e); return err }},
		{"gob", func() []byte {
			var buf bytes.Buffer
			_ = gob.NewEncoder(&buf).Encode(x)
			return buf.Bytes()
		}, func(e []byte) error { return gob.NewDecoder(bytes.NewReader(e)).Decode(new(layer.Index)) }},
		{"json and zstd", func() []byte {
			e, _ := json.Marshal(x)
			return testkit.Zstd(b, e)
		}, func(e []byte) error {
			z, _ := zstd.NewReader(nil)
			defer z.Close()
			plain, err := z.DecodeAll(e, nil)
			if err != nil {
				return err
			}
			return json.Unmarshal(plain, new(layer.Index))
		}},
	}
	for _, f := range forms {
		e := f.encode()
		b.Run(f.name, func(b *testing.B) {
			for b.Loop() {
				if err := f.decode(e); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(e))/float64(len(x.List)), "bytes/entry")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(x.List)), "ns/entry")
		})
	}
}

func BenchmarkHash(b *testing.B) {
	data := make([]byte, 1<<20)
	for name, f := range map[string]func(){"xxh3-128": func() { _ = xxh3.Hash128(data) }, "sha256": func() { _ = sha256.Sum256(data) }} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				f()
			}
		})
	}
}

func BenchmarkGunzip(b *testing.B) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		b.Skip("no Go tree to compress")
	}
	goroot := strings.TrimSpace(string(out))
	var plain []byte // what layers are full of: text and programs
	for _, pattern := range []string{"src/net/http/*.go", "bin/*"} {
		files, _ := filepath.Glob(filepath.Join(goroot, pattern))
		for _, f := range files {
			c, err := os.ReadFile(f)
			if err != nil {
				b.Fatal(err)
			}
			plain = append(plain, c...)
		}
	}
	if len(plain) == 0 {
		b.Skip("no Go tree to compress")
	}
	blob := testkit.Gzip(b, plain)
	for name, open := range map[string]func() (io.Reader, error){
		"klauspost": func() (io.Reader, error) { return gzip.NewReader(bytes.NewReader(blob)) },
		"standard":  func() (io.Reader, error) { return stdgzip.NewReader(bytes.NewReader(blob)) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(plain)))
			for b.Loop() {
				r, err := open()
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
