// Package indexes keeps what tare knows of an image's layers beside the image, in its registry: who trusts whoever keeps it there weighs
// the image without reading a layer.
package indexes

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/artifact"
	"tare/internal/image"
	"tare/internal/layer"
)

// ArtifactType is the type of the artifact that holds the indexes of an image's layers: one blob for each layer of the manifest that is its
// subject, in the same order.
const ArtifactType = "application/vnd.tare.index.v1"

// BlobType is the media type of the index of one layer: the encoding of package layer, in zstd.
var BlobType = fmt.Sprintf("application/vnd.tare.layer-index.v%d+zstd", layer.EncodingVersion)

// Annotations of the artifact and of its blobs.
const (
	// EditionAnnotation, of the manifest, is image.Edition of the tare that made the indexes.
	EditionAnnotation = "vnd.tare.index.edition"
	// DiffIDAnnotation and LayerAnnotation, of a blob, are the DiffID and the blob of its layer.
	DiffIDAnnotation = "vnd.tare.index.diff-id"
	LayerAnnotation  = "vnd.tare.index.layer"
)

// Bounds of the index of one layer, in bytes.
const (
	maxBlob  = 128 << 20 // as it is in a registry
	maxPlain = 768 << 20 // as it is decoded: five million entries have some 300 MB
)

// encoder is one for all indexes. The same index always gives the same bytes.
var encoder = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderCRC(false))
})

// pack encodes the index of one layer.
func pack(x *layer.Index) ([]byte, error) {
	b, err := layer.Encode(x)
	if err != nil {
		return nil, err
	}
	z, err := encoder()
	if err != nil {
		return nil, err
	}
	out := z.EncodeAll(b, nil)
	if len(b) > maxPlain || len(out) > maxBlob {
		return nil, fmt.Errorf("the index of layer %s has %d bytes: more than a reader takes", x.DiffID, len(out))
	}
	return out, nil
}

// unpack decodes the index of one layer, and holds it against that layer as manifest and configuration state it.
func unpack(b []byte, l *image.Layer) (*layer.Index, error) {
	z, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPlain), zstd.WithDecoderMaxWindow(64<<20))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	plain, err := io.ReadAll(io.LimitReader(z, maxPlain+1))
	if err != nil || len(plain) > maxPlain {
		return nil, errors.New("it is damaged")
	}
	o, err := image.Limits()
	if err != nil {
		return nil, err
	}
	o.Blob, o.DiffID = l.Digest, l.DiffID
	x, err := layer.DecodeForeign(plain, o)
	if err != nil {
		return nil, err
	}
	if x.Transfer != l.Size {
		return nil, fmt.Errorf("it is of a blob of %d bytes, not %d", x.Transfer, l.Size)
	}
	return x, nil
}

// Artifact holds indexes of an image's layers, bottom first, each made from the blob that the image has.
func Artifact(img *image.Image, list []*layer.Index) (*artifact.Artifact, error) {
	if len(list) != len(img.Layers) {
		return nil, fmt.Errorf("%d indexes for %d layers", len(list), len(img.Layers))
	}
	a := &artifact.Artifact{Type: ArtifactType, Subject: &img.Manifest, Annotations: map[string]string{EditionAnnotation: image.Edition()}}
	packed := map[*layer.Index][]byte{}
	for n := range img.Layers {
		l, x := &img.Layers[n], list[n]
		if x.DiffID != l.DiffID || x.Blob != l.Digest {
			return nil, fmt.Errorf("the index of layer %d is that of another one", n+1)
		}
		b, err := packed[x], error(nil)
		if b == nil {
			if b, err = pack(x); err != nil {
				return nil, err
			}
			packed[x] = b
		}
		a.Blobs = append(a.Blobs, artifact.Blob{MediaType: BlobType, Data: b, Annotations: map[string]string{DiffIDAnnotation: l.DiffID.String(), LayerAnnotation: l.Digest.String()}})
	}
	return a, nil
}

// Unusable says why indexes that are in a registry are not used.
type Unusable struct{ Why string }

// Error implements error.
func (e *Unusable) Error() string { return e.Why }

func unusable(format string, a ...any) error { return &Unusable{fmt.Sprintf(format, a...)} }

// check tells whether a manifest, which was verified by its digest, has indexes of an image that this tare can read: *Unusable says why not.
func check(m *ocispec.Manifest, img *image.Image) error {
	switch edition := m.Annotations[EditionAnnotation]; {
	case m.ArtifactType != ArtifactType:
		return unusable("it is not an index of layers but %s", shown(m.ArtifactType))
	case m.Subject == nil || m.Subject.Digest != img.Manifest.Digest || m.Subject.Size != img.Manifest.Size:
		return unusable("it is of another image")
	case edition != image.Edition():
		return unusable("another edition of tare made it (%s, this one makes %s)", shown(edition), image.Edition())
	case len(m.Layers) != len(img.Layers):
		// An image without layers has the artifact's empty blob.
		if len(img.Layers) == 0 && len(m.Layers) == 1 && m.Layers[0].MediaType == ocispec.MediaTypeEmptyJSON {
			return nil
		}
		return unusable("it has indexes of %d layers, the image %d", len(m.Layers), len(img.Layers))
	}
	for n, d := range m.Layers {
		l := &img.Layers[n]
		switch {
		case d.MediaType != BlobType:
			return unusable("the index of layer %d is of an unknown kind (%s)", n+1, shown(d.MediaType))
		case d.Annotations[DiffIDAnnotation] != l.DiffID.String() || d.Annotations[LayerAnnotation] != l.Digest.String():
			return unusable("the index of layer %d is that of another layer", n+1)
		case d.Size < 0 || d.Size > maxBlob:
			return unusable("the index of layer %d has %d bytes", n+1, d.Size)
		case d.Digest.Validate() != nil || d.Digest.Algorithm() != digest.SHA256:
			return unusable("the index of layer %d has no digest", n+1)
		}
	}
	return nil
}

// shown is a stranger's word in a message.
func shown(s string) string {
	if s == "" {
		return "unknown"
	}
	return fmt.Sprintf("%.80q", strings.ToValidUTF8(s, "?"))
}
