package target

import (
	"context"
	"io"

	"tare/internal/layer"
)

// ReadEntries reads the contents of files of a layer of image n in one pass: whatever later
// layers do to them. entries are Files of the layer's index, by offset; do gets each by its
// place in entries.
func (s *Set) ReadEntries(ctx context.Context, n, k int, entries []*layer.Entry, do func(n int, r io.Reader) error) error {
	return s.Images[n].ReadFiles(ctx, s.Images[n].provider, k, entries, do)
}
