package repository

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	remoteerrors "github.com/containerd/containerd/v2/core/remotes/errors"
	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
)

// accepted are the documents that a tag may name.
var accepted = strings.Join([]string{ocispec.MediaTypeImageIndex, ocispec.MediaTypeImageManifest, images.MediaTypeDockerSchema2ManifestList, images.MediaTypeDockerSchema2Manifest, "*/*"}, ", ")

// Explain says what an answer of the registry about the repository means and what to do next.
func (r *Repository) Explain(err error) error { return r.host.registry.Explain(r.named, err) }

// scope says what a token is wanted for.
func (r *Repository) scope(ctx context.Context) context.Context {
	return docker.ContextWithAppendPullRepositoryScope(ctx, reference.Path(r.named))
}

// answer is what a registry said with an error.
func answer(err error) []byte {
	var s remoteerrors.ErrUnexpectedStatus
	_ = errors.As(err, &s)
	return s.Body
}

// document fetches a manifest by tag or digest, or a configuration by digest.
func (r *Repository) document(ctx context.Context, path, accept string) ([]byte, string, error) {
	resp, err := r.host.get(r.scope(ctx), reference.Path(r.named)+"/"+path, accepting(accept))
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, image.MaxDocument+1))
	if err == nil && len(b) > image.MaxDocument {
		err = fmt.Errorf("%s: more than %d bytes", path, image.MaxDocument)
	}
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	return b, strings.TrimSpace(kind), err
}

// Tagged reads what a tag names now, or what has a digest: its digest is worked out, not believed. The documents are those that it leads
// to, each fetched when it is first read.
func (r *Repository) Tagged(ctx context.Context, tag string) (ocispec.Descriptor, *Documents, error) {
	b, kind, err := r.document(ctx, "manifests/"+tag, accepted)
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	var m struct {
		MediaType string `json:"mediaType"`
	}
	if json.Unmarshal(b, &m) == nil && m.MediaType != "" {
		kind = m.MediaType // registries serve documents under types of their own
	}
	d := ocispec.Descriptor{MediaType: kind, Digest: digest.FromBytes(b), Size: int64(len(b))}
	if want, err := digest.Parse(tag); err == nil && want.Algorithm().Available() {
		d.Digest = want.Algorithm().FromBytes(b)
		if d.Digest != want {
			return d, nil, fmt.Errorf("manifest %s: the registry sends %s", want, d.Digest)
		}
	}
	return d, &Documents{r: r, have: map[digest.Digest][]byte{d.Digest: b}}, nil
}

// Documents serve the manifests and configurations of one tag. They are not for several goroutines.
type Documents struct {
	r    *Repository
	have map[digest.Digest][]byte
}

// errLayer is the answer to whoever wants a layer.
var errLayer = fmt.Errorf("layers are not fetched: %w", errdefs.ErrNotFound)

// ReaderAt implements content.Provider. A document is fetched when it is first read: to
// look whether it is there costs no request.
func (p *Documents) ReaderAt(ctx context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	path := "manifests/"
	switch {
	case images.IsIndexType(d.MediaType), images.IsManifestType(d.MediaType):
	case images.IsConfigType(d.MediaType):
		path = "blobs/"
	default:
		return nil, errLayer
	}
	if err := d.Digest.Validate(); err != nil {
		return nil, err
	}
	return &reader{ctx: ctx, p: p, d: d, path: path + d.Digest.String()}, nil
}

// reader reads one document; it is not for several goroutines.
type reader struct {
	ctx  context.Context
	p    *Documents
	d    ocispec.Descriptor
	path string
}

// Size implements content.ReaderAt.
func (r *reader) Size() int64 { return r.d.Size }

// Close implements io.Closer.
func (*reader) Close() error { return nil }

// ReadAt implements io.ReaderAt.
func (r *reader) ReadAt(b []byte, off int64) (int, error) {
	doc, ok := r.p.have[r.d.Digest]
	if !ok {
		var err error
		if doc, _, err = r.p.r.document(r.ctx, r.path, accepted); err != nil {
			return 0, err
		}
		r.p.have[r.d.Digest] = doc
	}
	return bytes.NewReader(doc).ReadAt(b, off)
}
