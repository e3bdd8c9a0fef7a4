package toc_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/testkit"
	"tare/internal/toc"
)

func described(p testkit.Packed) ocispec.Descriptor {
	return ocispec.Descriptor{Digest: digest.FromBytes(p.Blob), Size: int64(len(p.Blob)), Annotations: p.Annotations}
}

// in reads from a blob and counts.
func in(blob []byte, n *int64) toc.At {
	return func(off, size int64) ([]byte, error) {
		*n += size
		return bytes.Clone(blob[off : off+size]), nil
	}
}

var content = []testkit.Entry{
	testkit.Dir("usr/"), testkit.File("usr/a", strings.Repeat("a", 9000)), testkit.File("usr/b", "b"), testkit.File("empty", ""),
	testkit.Symlink("usr/link", "a"), testkit.Link("usr/hard", "usr/a"), testkit.File("usr/.wh.gone", ""),
}

// What is read of a table is what the library of the stargz snapshotter reads, whichever way it is packed.
func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, format string
		pack         func(testing.TB, []byte) testkit.Packed
		prefetch     bool
	}{
		{"eStargz", toc.EStargz, testkit.EStargz(), true},
		{"with a landmark", toc.EStargz, testkit.EStargz("usr/b"), true},
		{"zstd:chunked", toc.Chunked, testkit.ZstdChunked, true},
	} {
		p := c.pack(t, testkit.Tar(t, content...))
		var n int64
		got, err := toc.Read(described(p), in(p.Blob, &n))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got.Format != c.format || got.Bytes != n || toc.Annotated(described(p)) != c.format {
			t.Errorf("%s: %s, %d bytes of %d", c.name, got.Format, got.Bytes, n)
		}
		if _, ok := got.Prefetch(); ok != c.prefetch {
			t.Errorf("%s: prefetch %v", c.name, ok)
		}
		if c.format != toc.EStargz {
			continue
		}
		r, err := estargz.Open(io.NewSectionReader(bytes.NewReader(p.Blob), 0, int64(len(p.Blob))))
		if err != nil {
			t.Fatal(err)
		}
		if r.TOCDigest() != got.Digest {
			t.Errorf("%s: %s, want %s", c.name, got.Digest, r.TOCDigest())
		}
		files := 0
		for _, e := range got.Entries {
			if e.Type == "chunk" {
				continue
			}
			files++
			want, ok := r.Lookup(e.Name)
			if !ok || e.Type != "hardlink" && (want.Type != e.Type || want.Size != e.Size || want.Offset != e.Offset || want.Digest != e.Digest || want.Mode != e.Mode) {
				t.Errorf("%s: %+v, want %+v", c.name, e, want)
			}
		}
		if files != len(content)+1 { // and the landmark
			t.Errorf("%s: %d entries", c.name, files)
		}
	}
}

// older is a table with the footer of stargz before eStargz.
func older(table []byte, extra string) []byte {
	var b bytes.Buffer
	b.WriteString("content")
	begin := b.Len()
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	_ = tw.WriteHeader(&tar.Header{Name: "stargz.index.json", Typeflag: tar.TypeReg, Size: int64(len(table)), Mode: 0o444})
	_, _ = tw.Write(table)
	_ = tw.Close()
	_ = zw.Close()
	zw, _ = gzip.NewWriterLevel(&b, gzip.NoCompression)
	zw.Extra = fmt.Appendf(nil, extra, begin)
	_ = zw.Close()
	return b.Bytes()
}

func annotated(blob []byte, notes map[string]string) ocispec.Descriptor {
	return ocispec.Descriptor{Size: int64(len(blob)), Annotations: notes}
}

func TestOlderFooter(t *testing.T) {
	table := []byte(`{"version":1,"entries":[{"name":"a","type":"reg","size":7}]}`)
	blob := older(table, "%016xSTARGZ")
	var n int64
	got, err := toc.Read(annotated(blob, map[string]string{toc.DigestAnnotation: digest.FromBytes(table).String()}), in(blob, &n))
	if err != nil || len(got.Entries) != 1 || got.Entries[0].Size != 7 || got.Begin != 7 {
		t.Errorf("%+v, %v", got, err)
	}
}

// A table that lies is not used, and the reason is said without a word of its own.
func TestUnusable(t *testing.T) {
	p := testkit.EStargz()(t, testkit.Tar(t, content...))
	z := testkit.ZstdChunked(t, testkit.Tar(t, content...))
	with := func(p testkit.Packed, kv ...string) testkit.Packed {
		p.Annotations = maps.Clone(p.Annotations)
		for i := 0; i < len(kv); i += 2 {
			p.Annotations[kv[i]] = kv[i+1]
		}
		return p
	}
	signed := func(table string) testkit.Packed {
		return testkit.Packed{Blob: older([]byte(table), "%016xSTARGZ"), Annotations: map[string]string{toc.DigestAnnotation: digest.FromString(table).String()}}
	}
	chunkedOf := func(raw []byte, claim int) testkit.Packed {
		w, _ := zstd.NewWriter(nil)
		b := w.EncodeAll(raw, nil)
		return testkit.Packed{Blob: b, Annotations: map[string]string{
			"io.github.containers.zstd-chunked.manifest-position": fmt.Sprintf("0:%d:%d:1", len(b), claim),
			"io.github.containers.zstd-chunked.manifest-checksum": digest.FromBytes(b).String(),
		}}
	}
	const where, sum = "io.containers.zstd-chunked.manifest-position", "io.containers.zstd-chunked.manifest-checksum"
	flipped := testkit.Packed{Blob: bytes.Clone(z.Blob), Annotations: z.Annotations}
	var begin int
	_, _ = fmt.Sscanf(z.Annotations[where], "%d:", &begin)
	flipped.Blob[begin+10] ^= 1
	for _, c := range []struct {
		name string
		p    testkit.Packed
		want string
	}{
		{"another digest", with(p, toc.DigestAnnotation, digest.FromString("x").String()), "not what its annotation says"},
		{"no digest", with(p, toc.DigestAnnotation, "sha256:\x1b[31m"), "no sha256 digest"},
		{"short", testkit.Packed{Blob: p.Blob[:20], Annotations: p.Annotations}, "too short"},
		{"no footer", testkit.Packed{Blob: p.Blob[:len(p.Blob)-1], Annotations: p.Annotations}, "does not end with the footer"},
		{"a footer without a field", testkit.Packed{Blob: older([]byte("{}"), "%.0x"), Annotations: p.Annotations}, "does not end with the footer"},
		{"behind the end", testkit.Packed{Blob: older([]byte("{}"), "0fffffff%08xSTARGZ"), Annotations: p.Annotations}, "would begin at"},
		{"negative", testkit.Packed{Blob: older([]byte("{}"), "-fffffff%08xSTARGZ"), Annotations: p.Annotations}, "does not end"},
		{"flipped", flipped, "not what its annotation says"},
		{"no position", with(z, where, "1:2:x:1"), "four numbers"},
		{"a position behind the end", with(z, where, "999999:1:1:1"), "would begin at"},
		{"an overflow", with(z, where, "1:9223372036854775807:1:1"), "would begin at"},
		{"another type", with(z, where, "1:1:1:2"), "type 2"},
		{"a bomb", chunkedOf(make([]byte, 161<<20), 100), "more than"},
		{"a bomb that says so", with(z, where, "0:10:99999999999:1"), "more than a table may have"},
		{"no checksum", with(z, sum, "sha256:1"), "no sha256 digest"},
		{"not JSON", signed("<\x1b[31m>"), "not the JSON of a table"},
		{"a list", signed("[]"), "not the JSON of a table"},
		{"two lists", signed(`{"entries":[],"entries":[]}`), "two lists"},
		{"negative sizes", signed(`{"entries":[{"name":"a","type":"reg","size":-1}]}`), "negative"},
		{"an offset behind the end", signed(`{"entries":[{"name":"a","type":"reg","offset":99999999}]}`), "behind the end"},
		{"too many bytes", signed(`{"entries":[{"type":"reg","size":9223372036854775807},{"type":"reg","size":1}]}`), "more bytes than can be counted"},
	} {
		var n int64
		_, err := toc.Read(annotated(c.p.Blob, c.p.Annotations), in(c.p.Blob, &n))
		var bad *toc.UnusableError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) || strings.ContainsRune(err.Error(), 0x1b) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := toc.Read(annotated(p.Blob, nil), nil); !errors.Is(err, toc.ErrNone) {
		t.Error(err)
	}
	lost := errors.New("lost")
	if _, err := toc.Read(described(p), func(int64, int64) ([]byte, error) { return nil, lost }); !errors.Is(err, lost) {
		t.Error(err)
	}
}

// Whatever a blob and its annotations say: no panic, no more than is bounded, and what is used was vouched for.
func FuzzRead(f *testing.F) {
	p := testkit.EStargz("usr/b")(f, testkit.Tar(f, content...))
	z := testkit.ZstdChunked(f, testkit.Tar(f, content...))
	f.Add(p.Blob, p.Annotations[toc.DigestAnnotation], "", "")
	f.Add(z.Blob, "", z.Annotations["io.containers.zstd-chunked.manifest-position"], z.Annotations["io.containers.zstd-chunked.manifest-checksum"])
	table, _ := json.Marshal(estargz.JTOC{Entries: []*estargz.TOCEntry{{Name: "a", Type: "reg", Size: 3}}})
	f.Add(older(table, "%016xSTARGZ"), digest.FromBytes(table).String(), "", "")
	f.Fuzz(func(t *testing.T, blob []byte, sum, where, check string) {
		notes := map[string]string{toc.DigestAnnotation: sum, "io.containers.zstd-chunked.manifest-position": where, "io.containers.zstd-chunked.manifest-checksum": check}
		var n int64
		got, err := toc.Read(annotated(blob, notes), in(blob, &n))
		if err == nil && (got.Bytes != n || got.Begin > int64(len(blob)) || got.Digest.String() != sum && got.Digest.String() != check) {
			t.Errorf("%+v", got)
		}
	})
}
