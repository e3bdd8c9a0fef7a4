package source

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/distribution/reference"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/store"
)

// remoteBlobs streams blobs from a registry.
type remoteBlobs struct {
	r     *Registry
	named reference.Named
	f     remotes.Fetcher
}

func openRegistry(ctx context.Context, name string, o OpenOptions) (*Opened, error) {
	named, err := store.Normalize(name)
	if err != nil {
		return nil, err
	}
	r := o.Registry
	if r == nil {
		r = &Registry{}
	}
	res := r.resolver(ctx)
	_, target, err := res.Resolve(ctx, named.String())
	if err != nil {
		return nil, r.explain(named, err)
	}
	if !images.IsIndexType(target.MediaType) && !images.IsManifestType(target.MediaType) {
		return nil, fmt.Errorf("%s has media type %q, which is neither an image nor an index of images", target.Digest, target.MediaType)
	}
	f, err := res.Fetcher(ctx, named.String())
	if err != nil {
		return nil, r.explain(named, err)
	}
	return &Opened{Provider: &remoteBlobs{r, named, f}, Target: target, Close: func() error { return nil }}, nil
}

// ReaderAt implements content.Provider. The blob is fetched when it is first read.
func (b *remoteBlobs) ReaderAt(ctx context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	return &remoteReader{ctx: ctx, b: b, d: d}, nil
}

// remoteReader reads one blob from front to back. Another place than the next one
// costs a new request.
type remoteReader struct {
	ctx  context.Context
	b    *remoteBlobs
	d    ocispec.Descriptor
	rc   io.ReadCloser
	pos  int64
	cuts int
}

// Size implements content.ReaderAt.
func (r *remoteReader) Size() int64 { return r.d.Size }

// Close implements io.Closer.
func (r *remoteReader) Close() error {
	if r.rc == nil {
		return nil
	}
	return r.rc.Close()
}

// ReadAt implements io.ReaderAt; it is not for several goroutines.
func (r *remoteReader) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && off < r.d.Size {
		if err := r.seek(off); err != nil {
			return n, r.b.r.explain(r.b.named, err)
		}
		k, err := r.rc.Read(p[n:min(int64(len(p)), int64(n)+r.d.Size-off)])
		n, off, r.pos = n+k, off+int64(k), r.pos+int64(k)
		if err == nil || k > 0 && err == io.EOF && off == r.d.Size {
			continue
		}
		_ = r.rc.Close()
		r.rc = nil
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		r.cuts++
		if r.cuts > maxCuts || !cut(err) || r.ctx.Err() != nil {
			return n, err
		}
		if err := sleep(r.ctx, time.Duration(r.cuts)*200*time.Millisecond); err != nil {
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// seek makes off the place of the next read.
func (r *remoteReader) seek(off int64) error {
	if r.rc != nil && r.pos == off {
		return nil
	}
	if r.rc == nil {
		rc, err := r.b.f.Fetch(r.ctx, r.d)
		if err != nil {
			return err
		}
		r.rc, r.pos = rc, 0
	}
	if r.pos == off {
		return nil
	}
	if s, ok := r.rc.(io.Seeker); ok {
		if _, err := s.Seek(off, io.SeekStart); err == nil {
			r.pos = off
			return nil
		}
	}
	// A registry that sends blobs only as a whole.
	_ = r.rc.Close()
	rc, err := r.b.f.Fetch(r.ctx, r.d)
	if err != nil {
		r.rc = nil
		return err
	}
	r.rc = rc
	r.pos, err = io.CopyN(io.Discard, rc, off)
	return err
}
