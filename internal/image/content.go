package image

import (
	"context"
	"fmt"
	"io"

	"github.com/containerd/containerd/v2/core/content"

	"tare/internal/layer"
)

// ReadFile reads the content of a file of one of the image's layers from p, up to
// limit bytes.
func (i *Image) ReadFile(ctx context.Context, p content.Provider, k int, e *layer.Entry, limit int64) ([]byte, error) {
	l := i.Layers[k]
	r, done, err := open(ctx, p, l.Descriptor)
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", shown(l.Digest), err)
	}
	defer done()
	b, err := layer.Content(r, e, limit)
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", shown(l.Digest), err)
	}
	return b, nil
}

// ReadFiles reads the contents of files of one of the image's layers from p, in one pass:
// see layer.Contents.
func (i *Image) ReadFiles(ctx context.Context, p content.Provider, k int, entries []*layer.Entry, do func(n int, r io.Reader) error) error {
	l := i.Layers[k]
	r, done, err := open(ctx, p, l.Descriptor)
	if err != nil {
		return fmt.Errorf("layer %s: %w", shown(l.Digest), err)
	}
	defer done()
	if err := layer.Contents(r, entries, do); err != nil {
		return fmt.Errorf("layer %s: %w", shown(l.Digest), err)
	}
	return nil
}
