package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/store"
)

// remoteBlobs streams blobs from a registry. It keeps manifests, indexes and
// configurations: they are read several times, and registries count such requests.
type remoteBlobs struct {
	r     *Registry
	named reference.Named
	f     remotes.Fetcher

	mu   sync.Mutex
	docs map[digest.Digest][]byte
	kept int64 // their bytes
}

// maxKept bounds the documents that are kept of one image, in bytes; those beyond it
// are fetched again.
const maxKept = 4 * image.MaxDocument

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
	if err := image.CheckType(target); err != nil {
		return nil, err
	}
	f, err := res.Fetcher(ctx, named.String())
	if err != nil {
		return nil, r.explain(named, err)
	}
	return &Opened{Provider: &remoteBlobs{r: r, named: named, f: f, docs: map[digest.Digest][]byte{}}, Target: target, Close: func() error { return nil }}, nil
}

// ReaderAt implements content.Provider. A layer is fetched when it is first read.
func (b *remoteBlobs) ReaderAt(ctx context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	d.URLs = nil // never follow an image to another server unasked
	r := &remoteReader{ctx: ctx, b: b, d: d}
	if !images.IsIndexType(d.MediaType) && !images.IsManifestType(d.MediaType) && !images.IsConfigType(d.MediaType) {
		return r, nil
	}
	if d.Size < 0 || d.Size > image.MaxDocument {
		return nil, fmt.Errorf("%s: %d bytes are too many for a manifest or config", d.Digest, d.Size)
	}
	return &lazyDocument{r: r}, nil
}

// document fetches a manifest, an index or a configuration once. One that is not
// what its digest says is handed out, for whoever reads it to complain, but not kept.
func (b *remoteBlobs) document(r *remoteReader) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if doc, ok := b.docs[r.d.Digest]; ok && int64(len(doc)) == r.d.Size {
		return doc, nil
	}
	doc, err := io.ReadAll(io.NewSectionReader(r, 0, r.d.Size))
	if err == nil && int64(len(doc)) < r.d.Size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	if b.kept+r.d.Size <= maxKept && r.d.Digest.Validate() == nil && r.d.Digest.Algorithm().FromBytes(doc) == r.d.Digest {
		b.docs[r.d.Digest] = doc
		b.kept += r.d.Size
	}
	return doc, nil
}

// lazyDocument is a document that is fetched when it is first read: to look whether
// it is there costs no request.
type lazyDocument struct{ r *remoteReader }

// Size implements content.ReaderAt.
func (l *lazyDocument) Size() int64 { return l.r.d.Size }

// Close implements io.Closer.
func (l *lazyDocument) Close() error { return l.r.Close() }

// ReadAt implements io.ReaderAt.
func (l *lazyDocument) ReadAt(p []byte, off int64) (int, error) {
	doc, err := l.r.b.document(l.r)
	if err != nil {
		return 0, err
	}
	return bytes.NewReader(doc).ReadAt(p, off)
}

// remoteReader reads one blob from front to back. Another place than the next one
// costs a new request.
type remoteReader struct {
	ctx context.Context
	b   *remoteBlobs
	d   ocispec.Descriptor
	rc  io.ReadCloser
	pos int64
	got int64 // since the connection broke last
	resume
}

// Size implements content.ReaderAt.
func (r *remoteReader) Size() int64 { return r.d.Size }

// Close implements io.Closer.
func (r *remoteReader) Close() error {
	if r.rc == nil {
		return nil
	}
	rc := r.rc
	r.rc = nil
	return rc.Close()
}

// ReadAt implements io.ReaderAt; it is not for several goroutines.
func (r *remoteReader) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && off < r.d.Size {
		k := 0
		err := r.seek(off)
		if err == nil {
			k, err = r.rc.Read(p[n:min(int64(len(p)), int64(n)+r.d.Size-off)])
			n, off, r.pos, r.got = n+k, off+int64(k), r.pos+int64(k), r.got+int64(k)
		}
		if err == nil || k > 0 && errors.Is(err, io.EOF) && off == r.d.Size {
			continue
		}
		_ = r.Close()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err := r.after(r.ctx, err, r.got); err != nil {
			return n, fmt.Errorf("fetch %s: %w", r.d.Digest, r.b.r.explain(r.b.named, err))
		}
		r.got = 0
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
	if s, ok := r.rc.(io.Seeker); ok && !r.restart {
		if _, err := s.Seek(off, io.SeekStart); err == nil {
			r.pos = off
			return nil
		}
	}
	// A registry that sends blobs only as a whole.
	if r.pos > off {
		_ = r.Close()
		rc, err := r.b.f.Fetch(r.ctx, r.d)
		if err != nil {
			return err
		}
		r.rc, r.pos = rc, 0
	}
	k, err := io.CopyN(io.Discard, r.rc, off-r.pos)
	r.pos += k
	return err
}
