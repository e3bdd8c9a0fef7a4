package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/pkg/filters"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// ingester is a content store in the places of containerd's local one. That is not
// used itself: it writes past files, makes a directory in the store at every start
// only to see whether the kernel knows fs-verity, and syncs five times a blob where
// two (its bytes and its name) will do.
type ingester struct {
	root  string
	files files
	mu    sync.Mutex
	busy  map[string]bool // references with an open writer in this process
}

var _ content.Store = (*ingester)(nil)

// Info implements content.InfoProvider.
func (i *ingester) Info(_ context.Context, d digest.Digest) (content.Info, error) {
	if err := d.Validate(); err != nil {
		return content.Info{}, fmt.Errorf("digest %q: %w: %w", d, err, errdefs.ErrInvalidArgument)
	}
	fi, err := os.Stat(i.blob(d))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return content.Info{}, fmt.Errorf("content %s: %w", d, errdefs.ErrNotFound)
	case err != nil:
		return content.Info{}, err
	}
	return info(d, fi), nil
}

func info(d digest.Digest, fi fs.FileInfo) content.Info {
	return content.Info{Digest: d, Size: fi.Size(), CreatedAt: fi.ModTime(), UpdatedAt: fi.ModTime()}
}

// ReaderAt implements content.Provider.
func (i *ingester) ReaderAt(_ context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	if err := d.Digest.Validate(); err != nil {
		return nil, fmt.Errorf("digest %q: %w: %w", d.Digest, err, errdefs.ErrInvalidArgument)
	}
	r, err := local.OpenReader(i.blob(d.Digest))
	if err != nil {
		return nil, fmt.Errorf("blob %s expected at %s: %w", d.Digest, i.blob(d.Digest), err)
	}
	return r, nil
}

// Walk implements content.Manager.
func (i *ingester) Walk(ctx context.Context, fn content.WalkFunc, filter ...string) error {
	match, err := filters.ParseAll(filter...)
	if err != nil {
		return err
	}
	algorithms, err := os.ReadDir(filepath.Join(i.root, "blobs"))
	if err != nil {
		return err
	}
	for _, a := range algorithms {
		list, err := os.ReadDir(filepath.Join(i.root, "blobs", a.Name()))
		if err != nil || !digest.Algorithm(a.Name()).Available() {
			continue
		}
		for _, e := range list {
			d := digest.NewDigestFromEncoded(digest.Algorithm(a.Name()), e.Name())
			fi, err := e.Info()
			if err != nil || !fi.Mode().IsRegular() || d.Validate() != nil {
				continue // gone meanwhile, or no blob
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if blob := info(d, fi); match.Match(content.AdaptInfo(blob)) {
				if err := fn(blob); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// Update implements content.Manager: there are no labels.
func (i *ingester) Update(context.Context, content.Info, ...string) (content.Info, error) {
	return content.Info{}, fmt.Errorf("labels of blobs: %w", errdefs.ErrFailedPrecondition)
}

func (i *ingester) dir(ref string) string {
	return filepath.Join(i.root, "ingest", digest.FromString(ref).Encoded())
}

func (i *ingester) blob(d digest.Digest) string {
	return filepath.Join(i.root, "blobs", d.Algorithm().String(), d.Encoded())
}

func present(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
