package layer

import (
	"archive/tar"
	"bufio"
	"fmt"
	"io"
)

// Content reads the content of one file again: e is a File of the index of the layer
// that r holds, compressed or not. At most limit bytes are read; the error says so if
// there are more.
func Content(r io.Reader, e *Entry, limit int64) ([]byte, error) {
	if e.Size > limit {
		return nil, fmt.Errorf("%s has %d bytes: more than %d", Quote(e.Path), e.Size, limit)
	}
	plain, _, err := decompress(bufio.NewReaderSize(r, 64<<10))
	if err != nil {
		return nil, err
	}
	defer func() { _ = plain.Close() }()
	if _, err := io.CopyN(io.Discard, plain, e.Offset); err != nil {
		return nil, fmt.Errorf("%s: %w", Quote(e.Path), unexpected(err))
	}
	tr := tar.NewReader(plain)
	if _, err := tr.Next(); err != nil {
		return nil, fmt.Errorf("%s: %w", Quote(e.Path), unexpected(err))
	}
	b, err := io.ReadAll(io.LimitReader(tr, limit))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Quote(e.Path), unexpected(err))
	}
	return b, nil
}
