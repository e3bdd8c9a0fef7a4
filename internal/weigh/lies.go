package weigh

import (
	"fmt"
	"strings"

	"tare/internal/image"
	"tare/internal/layer"
)

// lies names the layers whose media type says another compression than the bytes have. The
// bytes decide for tare; others believe the media type, and fail.
func lies(img *image.Image) []string {
	var out []string
	for k := range img.Layers {
		l := &img.Layers[k]
		is := l.Index.Compression
		if l.Index.Blob != l.Digest {
			if l.Shares == nil || l.Shares.Blob != l.Digest || l.Shares.Compression == "" {
				continue // this blob was not read
			}
			is = l.Shares.Compression
		}
		if says, ok := claimed(l.MediaType); ok && says != is {
			out = append(out, fmt.Sprintf("layer %d: its media type %s says %s, its bytes are %s: other tools may refuse it", k+1, l.MediaType, inWords(says), inWords(is)))
		}
	}
	return out
}

// claimed is the compression that a media type of a layer names; ok is false for others.
func claimed(mediaType string) (c layer.Compression, ok bool) {
	t, _, _ := strings.Cut(mediaType, ";")
	for _, c := range []layer.Compression{layer.Gzip, layer.Zstd, layer.Xz, layer.Bzip2} {
		if strings.HasSuffix(t, "+"+string(c)) || strings.HasSuffix(t, "."+string(c)) {
			return c, true
		}
	}
	return layer.None, strings.HasSuffix(t, ".tar")
}

func inWords(c layer.Compression) string {
	if c == layer.None {
		return "an uncompressed tar"
	}
	return string(c)
}
