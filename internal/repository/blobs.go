package repository

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/distribution/reference"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Blobs serves the repository's manifests and blobs by digest, over the connections to its registry. Nothing is asked for before it is
// read, and nothing is verified: whoever reads does that.
func (r *Repository) Blobs() content.Provider {
	return r.host.registry.BlobsFrom(r.named, fetcher{r})
}

// fetcher implements remotes.Fetcher.
type fetcher struct{ r *Repository }

// Fetch implements remotes.Fetcher. The request is sent by the first Read: a download that goes on is sought first.
func (f fetcher) Fetch(ctx context.Context, d ocispec.Descriptor) (io.ReadCloser, error) {
	if err := d.Digest.Validate(); err != nil {
		return nil, err
	}
	kind := "blobs/"
	if images.IsManifestType(d.MediaType) || images.IsIndexType(d.MediaType) {
		kind = "manifests/"
	}
	return &body{ctx: f.r.scope(ctx), r: f.r, path: reference.Path(f.r.named) + "/" + kind + d.Digest.String(), accept: d.MediaType + ", */*"}, nil
}

// body is a blob that is being read. After Seek it goes on from there.
type body struct {
	ctx          context.Context
	r            *Repository
	path, accept string
	at           int64
	rc           io.ReadCloser // nil until it is read
}

func (b *body) open() error {
	h := accepting(b.accept)
	if b.at > 0 {
		h.Set("Range", fmt.Sprintf("bytes=%d-", b.at))
	}
	resp, err := b.r.host.get(b.ctx, b.path, h)
	if err != nil {
		return err
	}
	if b.at > 0 && !(resp.StatusCode == http.StatusPartialContent && strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", b.at))) {
		if resp.StatusCode == http.StatusPartialContent {
			_ = resp.Body.Close()
			return fmt.Errorf("the registry sends another part than was asked for: %.60q", resp.Header.Get("Content-Range"))
		}
		if _, err := io.CopyN(io.Discard, resp.Body, b.at); err != nil { // it sends blobs only as a whole
			_ = resp.Body.Close()
			return err
		}
	}
	b.rc = resp.Body
	return nil
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.rc == nil {
		if err := b.open(); err != nil {
			return 0, err
		}
	}
	n, err := b.rc.Read(p)
	b.at += int64(n)
	return n, err
}

// Seek implements io.Seeker, from the start only.
func (b *body) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart || offset < 0 {
		return b.at, errors.New("a blob is read from a place that is counted from its start")
	}
	if offset == b.at {
		return b.at, nil
	}
	err := b.Close()
	b.at = offset
	return offset, err
}

// Close implements io.Closer.
func (b *body) Close() error {
	if b.rc == nil {
		return nil
	}
	rc := b.rc
	b.rc = nil
	return rc.Close()
}
