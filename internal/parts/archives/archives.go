// Package archives divides archives into their members: zip (jar, war, wheel), ar, tar and
// tar.gz, and the images of modules of a Java runtime.
package archives

import (
	"errors"
	"io"

	"tare/internal/parts"
)

// Bounds of one archive, whatever it says of itself.
const (
	maxMembers   = 200_000
	maxDirectory = 64 << 20 // bytes of a central directory
	maxUnpacked  = 1 << 30  // bytes that are unpacked of a tar.gz
	maxInner     = 64 << 20 // bytes of a member that is looked into
)

// Inner is what looks into a member of an archive: it returns its parts, or none.
type Inner func(name string, s parts.Source) []parts.Part

// Budget bounds how many bytes are unpacked in all. The zero value allows none.
type Budget struct{ Left int64 }

// take is whether n bytes may be unpacked; they are taken from the budget then.
func (b *Budget) take(n int64) bool {
	if b == nil || n < 0 || n > b.Left {
		return false
	}
	b.Left -= n
	return true
}

// again is err if it means that the file is looked into once more; what else cannot be read
// is unknown.
func again(err error) error {
	if errors.Is(err, parts.ErrAgain) {
		return parts.ErrAgain
	}
	return nil
}

// section is a part of a source.
type section struct {
	parts.Source
	off, size int64
}

// ReadAt implements io.ReaderAt.
func (s *section) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= s.size {
		return 0, io.EOF
	}
	if n := s.size - off; int64(len(p)) > n {
		m, err := s.Source.ReadAt(p[:n], s.off+off)
		if err == nil {
			err = io.EOF
		}
		return m, err
	}
	return s.Source.ReadAt(p, s.off+off)
}

// Size implements parts.Source.
func (s *section) Size() int64 { return s.size }

// From implements parts.Source.
func (s *section) From(off int64) io.Reader {
	return io.LimitReader(s.Source.From(s.off+off), max(0, s.size-off))
}
