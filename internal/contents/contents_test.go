package contents_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/contents"
	"tare/internal/image"
	"tare/internal/ranges"
	"tare/internal/weigh"
)

// signed is an image of one layer whose annotation vouches for a table, whatever stands in it.
func signed(content, table []byte) (*image.Image, contents.Window) {
	var b bytes.Buffer
	b.Write(content)
	begin := b.Len()
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	_ = tw.WriteHeader(&tar.Header{Name: "stargz.index.json", Typeflag: tar.TypeReg, Size: int64(len(table))})
	_, _ = tw.Write(table)
	_ = tw.Close()
	_ = zw.Close()
	zw, _ = gzip.NewWriterLevel(&b, gzip.NoCompression)
	zw.Extra = fmt.Appendf([]byte("SG\x16\x00"), "%016xSTARGZ", begin)
	_ = zw.Close()
	blob := b.Bytes()
	d := ocispec.Descriptor{Digest: digest.FromBytes(blob), Size: int64(len(blob)), Annotations: map[string]string{"containerd.io/snapshot/stargz/toc.digest": digest.FromBytes(table).String()}}
	img := &image.Image{Layers: []image.Layer{{Descriptor: d, DiffID: d.Digest}}}
	return img, func(_ context.Context, _ ocispec.Descriptor, off, n int64) ([]byte, error) {
		return bytes.Clone(blob[off : off+n]), nil
	}
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.Bytes()
}

const status = "Package: a\nStatus: install ok installed\nVersion: 1\n\n"

// A table that its maker vouches for and that is no table of the blob is not used either.
func TestUnusable(t *testing.T) {
	blob := gzipped(status)
	entry := func(more string) string {
		return `{"version":1,"entries":[{"name":"var/lib/dpkg/status","type":"reg","size":` + fmt.Sprint(len(status)) + more + `}]}`
	}
	sum := `,"digest":"` + digest.FromString(status).String() + `"`
	img, at := signed(blob, []byte(entry(sum)))
	read, err := contents.Image(context.Background(), img, at)
	if err != nil || string(img.Layers[0].Index.Kept["var/lib/dpkg/status"]) != status || read.Bytes > img.Layers[0].Size || read.Formats[0] != "eStargz" {
		t.Fatalf("%+v, %v", read, err)
	}
	for _, c := range []struct{ name, table, want string }{
		{"no digest", entry(""), "no digest"},
		{"another content", entry(`,"digest":"` + digest.FromString("x").String() + `"`), "not what it says"},
		{"elsewhere", entry(sum + `,"offset":3`), "cannot be unpacked"},
		{"behind the table", entry(sum + fmt.Sprintf(`,"offset":%d`, len(blob)+10)), "cannot be unpacked"},
		{"far within", entry(sum + `,"innerOffset":99999999999`), "cannot be unpacked"},
		{"a chunk too few", entry(sum + `,"chunkSize":3`), "chunks of a file"},
		{"a chunk too large", entry(sum + `,"chunkSize":99999`), "chunks of a file"},
		{"a chunk of nothing", `{"entries":[{"type":"chunk","chunkOffset":1}]}`, "chunk of no file"},
		{"a chunk of a directory", `{"entries":[{"type":"dir","name":"a"},{"type":"chunk"}]}`, "chunk of no file"},
		{"an unknown type", `{"entries":[{"type":"\u001b[31m"}]}`, "unknown type"},
		{"a time", `{"entries":[{"type":"dir","name":"a","modtime":"yesterday"}]}`, "time"},
		{"more bytes than a layer may have", `{"entries":[{"type":"reg","name":"a","size":9000000000000000000,"digest":"` + digest.FromString("x").String() + `"}]}`, "bytes when unpacked"},
	} {
		img, at := signed(blob, []byte(c.table))
		_, err := contents.Image(context.Background(), img, at)
		var bad *contents.UnusableError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) || strings.ContainsRune(err.Error(), 0x1b) || img.Layers[0].Index != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	img, _ = signed(blob, []byte(entry(sum)))
	_, err = contents.Image(context.Background(), img, func(context.Context, ocispec.Descriptor, int64, int64) ([]byte, error) {
		return nil, fmt.Errorf("x: %w", ranges.ErrNone)
	})
	if bad := new(contents.UnusableError); !errors.As(err, &bad) || !strings.Contains(err.Error(), "only as a whole") {
		t.Error(err)
	}
	lost := errors.New("lost")
	if _, err := contents.Image(context.Background(), img, func(context.Context, ocispec.Descriptor, int64, int64) ([]byte, error) { return nil, lost }); !errors.Is(err, lost) {
		t.Error(err)
	}
	if contents.Annotated(&image.Image{}) || !contents.Annotated(img) {
		t.Error("annotated")
	}
}

// Whatever a table says: no panic, and the parts sum up to the whole.
func FuzzTable(f *testing.F) {
	for _, s := range []string{
		`{"entries":[{"name":"var/lib/dpkg/status","type":"reg","size":53,"digest":"` + digest.FromString(status).String() + `"}]}`,
		`{"entries":[{"name":"../a/","type":"dir"},{"name":"/a/.wh.b","type":"reg"},{"name":"a","type":"hardlink","linkName":"b"},{"name":"b","type":"hardlink","linkName":"a"}]}`,
		`{"entries":[{"name":"a","type":"reg","size":4,"chunkSize":2,"digest":"` + digest.FromString("abcd").String() + `"},{"type":"chunk","chunkOffset":2,"offset":9,"innerOffset":1}]}`,
		`{"entries":[{"name":"a","type":"char","devMajor":1,"xattrs":{"user.a":"eA=="}},{"name":"","type":"symlink","linkName":"/"}]}`,
	} {
		f.Add([]byte(s))
	}
	blob := gzipped(status)
	f.Fuzz(func(t *testing.T, table []byte) {
		img, at := signed(blob, table)
		if _, err := contents.Image(context.Background(), img, at); err != nil {
			return
		}
		if err := (image.Measurer{}).Pack(context.Background(), img, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := weigh.New(img); err != nil {
			t.Fatal(err)
		}
	})
}
