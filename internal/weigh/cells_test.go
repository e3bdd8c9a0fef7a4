package weigh

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/units"
)

// layerOf is a layer of a blob.
func layerOf(t *testing.T, blob []byte) (image.Layer, ocispec.Descriptor) {
	t.Helper()
	x, err := layer.Read(bytes.NewReader(blob), layer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayer, Digest: digest.FromBytes(blob), Size: int64(len(blob))}
	return image.Layer{Descriptor: d, DiffID: x.DiffID, Index: x, Sums: &x.Sums, Shares: x.Shares()}, d
}

// The whole is held against its parts, each in its own words.
func TestWholesThatAreWrong(t *testing.T) {
	l, d := layerOf(t, make([]byte, 1024))
	for want, spoil := range map[string]func(*image.Sizes){
		"": func(*image.Sizes) {},
		"cells sum up to 1024 tar and 0 files of 1025 and 0":                  func(z *image.Sizes) { z.Tar++ },
		"cells sum up to 1024 tar and 0 files of 1024 and -1":                 func(z *image.Sizes) { z.Files-- },
		"tar 1024 is not files 0 + overhead 1025":                             func(z *image.Sizes) { z.Overhead++ },
		"files 0 is not live 1 + waste 0":                                     func(z *image.Sizes) { z.Live++ },
		"files 0 is not live 0 + waste 1":                                     func(z *image.Sizes) { z.Waste++ },
		"shares of 1024, manifest of 0 and config of 0 are not transfer 1023": func(z *image.Sizes) { z.Transfer = units.Known(1023) },
	} {
		f, err := New(&image.Image{Layers: []image.Layer{l}, Push: &image.Pushed{Layers: []ocispec.Descriptor{d}}})
		if err != nil {
			t.Fatal(err)
		}
		spoil(&f.Sizes)
		err = f.check()
		if broken := new(BrokenError); want == "" && err != nil || want != "" && (!errors.As(err, &broken) || !strings.HasSuffix(err.Error(), want)) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// Of a blob that nobody read nothing is said, and layers are called by their number.
func TestLiesOfBlobsThatWereNotRead(t *testing.T) {
	var gzipped, zstandard bytes.Buffer
	z, err := zstd.NewWriter(&zstandard)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.WriteCloser{gzip.NewWriter(&gzipped), z} {
		if _, err := w.Write(make([]byte, 1024)); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
	}
	read, d := layerOf(t, zstandard.Bytes())
	other, _ := layerOf(t, gzipped.Bytes())
	d.MediaType = ocispec.MediaTypeImageLayer // a lie
	unsaid := *other.Shares
	unsaid.Blob, unsaid.Compression = d.Digest, ""
	for _, c := range []struct {
		name   string
		index  *layer.Index
		shares *layer.Shares
		lie    bool
	}{
		{"the blob was read", read.Index, nil, true},
		{"its shares were", other.Index, read.Shares, true},
		{"another blob of the layer was", other.Index, nil, false},
		{"shares of another blob", other.Index, other.Shares, false},
		{"shares that say nothing of it", other.Index, &unsaid, false},
	} {
		l := image.Layer{Descriptor: d, DiffID: read.DiffID, Index: c.index, Shares: c.shares}
		got := lies(&image.Image{Layers: []image.Layer{{Index: other.Index, Descriptor: other.Descriptor}, l}})
		want := []string{"layer 1: its media type " + ocispec.MediaTypeImageLayer + " says an uncompressed tar, its bytes are gzip: other tools may refuse it"}
		if c.lie {
			want = append(want, "layer 2: its media type "+ocispec.MediaTypeImageLayer+" says an uncompressed tar, its bytes are zstd: other tools may refuse it")
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
	}
}
