// Package parts is the model of what is inside a file: parts with names and kinds, whose
// bytes sum up to the file's, whatever the file says of itself.
package parts

import (
	"errors"
	"io"
)

// Kind says what a part is for.
type Kind string

// The kinds of parts.
const (
	Code    Kind = "code"    // machine code
	Data    Kind = "data"    // what a program reads and writes, and the contents of formats that have no members
	Debug   Kind = "debug"   // debug information: a program runs without it
	Symbols Kind = "symbols" // symbol tables that no loader reads: strip removes them
	GPU     Kind = "gpu"     // code for graphics processors, compiled or intermediate
	Member  Kind = "member"  // a member of an archive, as it is stored there
	Headers Kind = "headers" // what a format needs: headers, tables, directories
	Padding Kind = "padding" // zeros that only align what follows
	Unknown Kind = "unknown" // what does not fit the format's description
)

// Kinds are all kinds, in the order of reports.
var Kinds = []Kind{Code, Data, Debug, Symbols, GPU, Member, Headers, Padding, Unknown}

// Part is a part of a file. Sizes are in bytes.
type Part struct {
	// Name is the section, or the member of an archive. Parts of one name, kind and
	// architecture that are no members are one part.
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// What tells parts of a kind apart in words, such as "read-only data" or "exception
	// tables".
	What string `json:"what,omitempty"`
	Arch string `json:"arch,omitempty"` // of GPU code, such as "sm_89"
	// Bytes are those of the file that the part takes; all together are the file.
	Bytes int64 `json:"bytes"`
	// Size is that of a member when unpacked, CRC32 its checksum; absent for other parts.
	Size  int64  `json:"size,omitempty"`
	CRC32 string `json:"crc32,omitempty"`
	// Parts divide Size where a member has an inside of its own: a jar in a jar, a library
	// in a wheel.
	Parts []Part `json:"parts,omitempty"`
}

// Sum are the bytes of parts.
func Sum(list []Part) (n int64) {
	for i := range list {
		n += list[i].Bytes
	}
	return n
}

// Of are the bytes of the parts of a kind.
func Of(list []Part, k Kind) (n int64) {
	for i := range list {
		if list[i].Kind == k {
			n += list[i].Bytes
		}
	}
	return n
}

// Source is a file that is looked into.
type Source interface {
	// ReaderAt reads what is small; a source may keep it.
	io.ReaderAt
	// Size is the file's, in bytes.
	Size() int64
	// From reads on from an offset to the end, and keeps nothing.
	From(off int64) io.Reader
}

// ErrAgain is what a source that only reads forward returns for bytes that went by: the
// file is looked into once more, from the beginning.
var ErrAgain = errors.New("these bytes went by")

// Bytes is a source in memory.
type Bytes []byte

// ReadAt implements io.ReaderAt.
func (b Bytes) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= int64(len(b)) {
		return 0, io.EOF
	}
	n := copy(p, b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Size implements Source.
func (b Bytes) Size() int64 { return int64(len(b)) }

// From implements Source.
func (b Bytes) From(off int64) io.Reader {
	return io.NewSectionReader(b, off, max(0, int64(len(b))-off))
}

// Read reads n bytes at an offset. It fails if they are not all there.
func Read(s Source, off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || off > s.Size() || n > s.Size()-off {
		return nil, io.ErrUnexpectedEOF
	}
	b := make([]byte, n)
	if n == 0 {
		return b, nil
	}
	m, err := s.ReadAt(b, off)
	if int64(m) == n {
		return b, nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return nil, err
}
