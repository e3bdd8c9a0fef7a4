package source

import (
	"context"
	"fmt"
	"io"

	"github.com/containerd/containerd/v2/core/content"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/ranges"
)

// Window reads n bytes of a blob from a place on, and no others: with one range request if the blob is in a registry. It returns
// ranges.ErrNone (wrapped) if the registry knows no such requests.
func Window(ctx context.Context, p content.Provider, d ocispec.Descriptor, off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || n > d.Size || off > d.Size-n {
		return nil, fmt.Errorf("%d bytes at %d of a blob of %d bytes: %w", n, off, d.Size, io.ErrUnexpectedEOF)
	}
	b := make([]byte, n)
	if n == 0 {
		return b, nil
	}
	r, ok := p.(*remoteBlobs)
	if !ok {
		ra, err := p.ReaderAt(ctx, d)
		if err != nil {
			return nil, err
		}
		defer func() { _ = ra.Close() }()
		_, err = io.ReadFull(io.NewSectionReader(ra, off, n), b)
		return b, err
	}
	d.URLs = nil // never follow an image to another server unasked
	rc, err := r.f.Fetch(ranges.With(ctx, ranges.Part{Off: off, N: n}), d)
	if err != nil {
		return nil, r.r.explain(r.named, err)
	}
	defer func() { _ = rc.Close() }()
	if s, ok := rc.(io.Seeker); ok {
		if _, err := s.Seek(off, io.SeekStart); err != nil {
			return nil, r.r.explain(r.named, err)
		}
	}
	if _, err := io.ReadFull(rc, b); err != nil {
		return nil, r.r.explain(r.named, err)
	}
	return b, nil
}

// Far tells whether blobs come from a registry: to read one costs its transfer.
func Far(p content.Provider) bool {
	_, ok := p.(*remoteBlobs)
	return ok
}
