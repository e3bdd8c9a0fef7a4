package buildkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/outfile"
	"tare/internal/store"
)

// blobs is the engine's content store with tare's image store behind it: a blob
// that the engine lacks but the image store has is hard-linked over when it
// is asked for. So nothing is fetched or stored twice, and the engine's garbage
// collection takes only its own link.
type blobs struct {
	content.Store
	dir    string
	images *store.Store
}

func (b *blobs) path(d digest.Digest) string {
	return filepath.Join(b.dir, "blobs", d.Algorithm().String(), d.Encoded())
}

// adopt makes d the engine's own if the image store has it.
func (b *blobs) adopt(d digest.Digest) error {
	if d.Validate() != nil {
		return errdefs.ErrNotFound
	}
	from, to := b.images.BlobPath(d), b.path(d)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	err := os.Link(from, to)
	switch {
	case err == nil, errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("blob %s: %w", d, errdefs.ErrNotFound)
	}
	return copyFile(from, to) // another file system
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	return outfile.Write(context.Background(), to, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}

// Info implements content.Store.
func (b *blobs) Info(ctx context.Context, d digest.Digest) (content.Info, error) {
	i, err := b.Store.Info(ctx, d)
	if errdefs.IsNotFound(err) && b.adopt(d) == nil {
		return b.Store.Info(ctx, d)
	}
	return i, err
}

// ReaderAt implements content.Provider. Of a manifest whose configuration is too large
// to be one nothing is read: the engine would fetch that as a whole, whatever type the
// manifest gives it.
func (b *blobs) ReaderAt(ctx context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	r, err := b.Store.ReaderAt(ctx, d)
	if errdefs.IsNotFound(err) && b.adopt(d.Digest) == nil {
		r, err = b.Store.ReaderAt(ctx, d)
	}
	if err != nil || !images.IsManifestType(d.MediaType) || r.Size() > image.MaxDocument {
		return r, err
	}
	var m struct{ Config struct{ Size int64 } }
	raw, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err == nil && json.Unmarshal(raw, &m) == nil && m.Config.Size > image.MaxDocument {
		err = fmt.Errorf("manifest %s: %d bytes are too many for a config", d.Digest, m.Config.Size)
	}
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	return r, nil
}

// Writer implements content.Ingester. What a registry announces is taken at its word no
// further than a document, or a layer, may go: the engine reads the former as a whole.
func (b *blobs) Writer(ctx context.Context, opts ...content.WriterOpt) (content.Writer, error) {
	var o content.WriterOpts
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	d := o.Desc
	if (images.IsManifestType(d.MediaType) || images.IsIndexType(d.MediaType) || images.IsConfigType(d.MediaType)) && d.Size > image.MaxDocument {
		return nil, fmt.Errorf("%s: %d bytes are too many for a manifest or config", d.Digest, d.Size)
	}
	if err := image.CheckLayerSize(d); err != nil {
		return nil, err
	}
	return b.Store.Writer(ctx, opts...)
}

// imageNames shows the names of tare's store to BuildKit, so that FROM finds
// local images, and finds them without a network.
type imageNames struct{ store *store.Store }

func (n *imageNames) Get(ctx context.Context, name string) (images.Image, error) {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return images.Image{}, err
	}
	recs, err := n.store.Records()
	if err != nil {
		return images.Image{}, err
	}
	full := reference.TagNameOnly(named).String()
	for _, r := range recs {
		if r.Name == full {
			return images.Image{Name: name, Target: r.Target}, nil
		}
	}
	return images.Image{}, fmt.Errorf("image %s: %w", name, errdefs.ErrNotFound)
}

// List is asked for by a prune, which wants to know the cache that images are made of.
// What it makes of the answer is wrong for layers that were never exported: they have no
// blob, so that it takes them for the image below. So cacheOfImages tells instead.
func (n *imageNames) List(context.Context, ...string) ([]images.Image, error) { return nil, nil }

// Create keeps no name: tare gives names after an image has arrived in its store. What
// other clients export as an image, to push it, they name as with a buildkitd that has no
// image store: for the registry only.
func (n *imageNames) Create(_ context.Context, img images.Image) (images.Image, error) {
	return img, nil
}

func (n *imageNames) Update(_ context.Context, img images.Image, _ ...string) (images.Image, error) {
	return img, nil
}

func (n *imageNames) Delete(context.Context, string, ...images.DeleteOpt) error {
	return errdefs.ErrNotImplemented
}
