package layer

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
)

// Verify reads a layer as Read does, and keeps nothing: it is what its digests say, whole,
// within the limits, and a tar that can be read to its end. The errors are Read's.
func Verify(r io.Reader, o Options) error {
	o.defaults()
	s, err := newStream(r, o)
	if err != nil {
		return err
	}
	defer s.close()
	tr := tar.NewReader(s)
	last := "the first entry"
	var unpacked int64
	for n := int64(0); ; n++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("after %s: %w", last, unexpected(err))
		}
		last = "entry " + Quote(h.Name)
		if n >= o.MaxEntries {
			return &LimitError{What: "entries", Limit: o.MaxEntries}
		}
		if h.Typeflag == tar.TypeReg || h.Typeflag == tar.TypeGNUSparse {
			if unpacked > o.MaxBytes-h.Size {
				return &LimitError{What: sparseBytes, Limit: o.MaxBytes}
			}
			unpacked += h.Size
		}
	}
	if err := s.drain(); err != nil {
		return fmt.Errorf("after %s: %w", last, unexpected(err))
	}
	return s.compare(o)
}

// compare holds what was read against the digests that were expected.
func (s *stream) compare(o Options) error {
	blob, diff := s.digests()
	if o.Blob != "" && o.Blob != blob {
		return &MismatchError{What: "blob", Want: o.Blob, Got: blob}
	}
	if o.DiffID != "" && o.DiffID != diff {
		return &MismatchError{What: "uncompressed tar", Want: o.DiffID, Got: diff}
	}
	return nil
}

func (o *Options) defaults() {
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxEntries == 0 {
		o.MaxEntries = DefaultMaxEntries
	}
}
