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

// Contents reads the contents of files again, in one pass: entries are Files of the index of
// the layer that r holds, in the order of their offsets. do gets each by its place in entries.
func Contents(r io.Reader, entries []*Entry, do func(n int, r io.Reader) error) error {
	plain, _, err := decompress(bufio.NewReaderSize(r, 64<<10))
	if err != nil {
		return err
	}
	defer func() { _ = plain.Close() }()
	at := &counter{r: plain}
	for n, e := range entries {
		if _, err := io.CopyN(io.Discard, at, e.Offset-at.n); err != nil {
			return fmt.Errorf("%s: %w", Quote(e.Path), unexpected(err))
		}
		tr := tar.NewReader(at)
		if _, err := tr.Next(); err != nil {
			return fmt.Errorf("%s: %w", Quote(e.Path), unexpected(err))
		}
		if err := do(n, tr); err != nil {
			return err
		}
	}
	return nil
}

// counter counts what is read through it.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
