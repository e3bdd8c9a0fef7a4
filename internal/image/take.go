package image

import (
	"context"
	"io"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/layer"
)

// Take indexes a layer that goes by, and keeps what it found. blob and diffID are the
// digests that it should have; "" for those that nobody knows yet. An error leaves the
// cache as it was.
func (m Measurer) Take(ctx context.Context, r io.Reader, size int64, blob, diffID digest.Digest) (*layer.Index, error) {
	o, err := Limits()
	if err != nil {
		return nil, err
	}
	o.Blob, o.DiffID = blob, diffID
	x, err := layer.Read(&ctxReader{ctx, r}, o)
	if err != nil {
		return nil, err
	}
	Records(x)
	m.keep(&Layer{Descriptor: ocispec.Descriptor{Digest: x.Blob, Size: size}, DiffID: x.DiffID, Index: x, Sums: &x.Sums})
	return x, nil
}

// IndexKind is the kind under which caches keep indexes: its name says what this version of tare finds in a layer.
func IndexKind() string { return indexKind }

// Known is the index of a layer if the cache has it; nil if not.
func (m Measurer) Known(diffID digest.Digest) *layer.Index {
	l := &Layer{DiffID: diffID}
	if !m.cachedIndex(l) {
		return nil
	}
	return l.Index
}

// Give gives an image's layers indexes that are known already, by DiffID.
func (i *Image) Give(known map[digest.Digest]*layer.Index) {
	for n := range i.Layers {
		l := &i.Layers[n]
		if x := known[l.DiffID]; x != nil && l.Index == nil {
			l.Index, l.Sums = x, &x.Sums
		}
	}
}
