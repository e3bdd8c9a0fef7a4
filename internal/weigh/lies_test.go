package weigh_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/testkit"
	"tare/internal/weigh"
)

// A media type that says another compression than the bytes have is a warning; the
// numbers are those of the bytes.
func TestMediaTypesThatLie(t *testing.T) {
	tar := testkit.Numbered(t, 1, 1000)
	for _, c := range []struct {
		media string
		blob  []byte
		warn  string
	}{
		{ocispec.MediaTypeImageLayerGzip, testkit.Gzip(t, tar), ""},
		{ocispec.MediaTypeImageLayerZstd, testkit.Zstd(t, tar), ""},
		{ocispec.MediaTypeImageLayer, tar, ""},
		{images.MediaTypeDockerSchema2LayerGzip, testkit.Gzip(t, tar), ""},
		{images.MediaTypeDockerSchema2Layer, tar, ""},
		{ocispec.MediaTypeImageLayerGzip, testkit.Zstd(t, tar), "says gzip, its bytes are zstd"},
		{ocispec.MediaTypeImageLayerGzip, tar, "says gzip, its bytes are an uncompressed tar"},
		{ocispec.MediaTypeImageLayer, testkit.Gzip(t, tar), "says an uncompressed tar, its bytes are gzip"},
		{images.MediaTypeDockerSchema2LayerGzip, testkit.Zstd(t, tar), "says gzip, its bytes are zstd"},
		{images.MediaTypeDockerSchema2Layer, testkit.Zstd(t, tar), "uncompressed"},
		{images.MediaTypeDockerSchema2LayerForeignGzip, tar, "says gzip"},
		{"application/vnd.example", tar, ""},
		{"application/vnd.example", testkit.Gzip(t, tar), ""},
		{"application/vnd.example.diff.tar", testkit.Gzip(t, tar), "says an uncompressed tar, its bytes are gzip"},
	} {
		x, err := layer.Read(bytes.NewReader(c.blob), layer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		d := ocispec.Descriptor{MediaType: c.media, Digest: digest.FromBytes(c.blob), Size: int64(len(c.blob))}
		img := &image.Image{Layers: []image.Layer{{Descriptor: d, DiffID: x.DiffID, Index: x, Sums: &x.Sums, Shares: x.Shares()}},
			Push: &image.Pushed{Layers: []ocispec.Descriptor{d}}}
		for range 2 {
			f, err := weigh.New(img)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(f.Warnings, "\n")
			if c.warn == "" && got != "" || !strings.Contains(got, c.warn) {
				t.Errorf("%s: %q does not say %q", c.media, got, c.warn)
			}
			if r := f.Report("x", 1); strings.Join(r.Warnings, "\n") != got {
				t.Errorf("%s: the report says %q", c.media, r.Warnings)
			}
			// The index may have been made from another blob of the same layer.
			other, _ := layer.Read(bytes.NewReader(testkit.Gzip(t, tar)), layer.Options{})
			back, ok := layer.DecodeShares(x.Shares().Encode(), d.Digest, d.Size, len(x.List))
			if !ok {
				t.Fatal("shares do not decode")
			}
			img.Layers[0].Index, img.Layers[0].Shares = other, back
		}
	}
}
