package target

import (
	"context"
	"errors"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/contents"
	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/weigh"
)

// Contents works out the facts of image n from the tables of contents of its layers, if it is in a registry and each of its layers has
// one: the layers are not read. It is nil where that cannot be, or is not worth it because all layers are known; why says so of tables that
// are there and not used.
func (s *Set) Contents(ctx context.Context, n int) (f *weigh.Facts, unread *weigh.Unread, why string, err error) {
	i := s.Images[n]
	if s.facts != nil || !source.Far(i.provider) || !contents.Annotated(i.Image) {
		return nil, nil, "", nil
	}
	st, err := s.finder.Store()
	if err != nil {
		return nil, nil, "", err
	}
	img := *i.Image // the layers of the image itself stay unread
	img.Layers = slices.Clone(img.Layers)
	if (image.Measurer{Cache: st}).Indexed(&img) {
		return nil, nil, "", nil
	}
	_, done := s.finder.Watch()
	defer done()
	read, err := contents.Image(ctx, &img, func(ctx context.Context, d ocispec.Descriptor, off, n int64) ([]byte, error) {
		return source.Window(ctx, i.provider, d, off, n)
	})
	var bad *contents.UnusableError
	if errors.As(err, &bad) {
		return nil, nil, bad.Why, nil
	}
	if err != nil {
		return nil, nil, "", err
	}
	if err := (image.Measurer{Provider: i.provider}).Pack(ctx, &img, nil); err != nil {
		return nil, nil, "", err
	}
	if f, err = weigh.New(&img); err != nil {
		return nil, nil, "", err
	}
	return f, &weigh.Unread{Formats: read.Formats, Read: read.Bytes}, "", nil
}
