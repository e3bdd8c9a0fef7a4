// Package layer reads one layer of an image: a tar, compressed or not. One pass
// over the bytes verifies both digests and makes an Index of all entries; nothing
// is extracted.
package layer

import (
	"fmt"

	"github.com/opencontainers/go-digest"

	"tare/internal/parts/elffile"
	"tare/internal/secret"
)

// Sums are what is known of a layer as a whole.
type Sums struct {
	Blob        digest.Digest `json:"blob"`        // digest of the bytes as stored
	DiffID      digest.Digest `json:"diffID"`      // digest of the uncompressed tar
	Compression Compression   `json:"compression"` // what the bytes are compressed with, whatever the media type says
	Transfer    int64         `json:"transfer"`    // bytes of the blob as stored
	Tar         int64         `json:"tar"`         // bytes of the uncompressed tar, trailer included
	Files       int64         `json:"files"`       // sum of the regular files' sizes when unpacked; hard links add 0
	Docker      int64         `json:"docker"`      // what a Docker graph driver counts for the layer, see Unpacked
	Disk        int64         `json:"disk"`        // the layer unpacked alone in 4 KiB blocks, see diskSize
	Entries     int64         `json:"entries"`     // tar entries
	// OSRelease is the layer's own os-release file, "" if it has none.
	OSRelease string `json:"osRelease,omitempty"`
}

// Overhead is what the tar has beyond the files' contents, in bytes: headers,
// padding, trailer, whiteouts. Sparse files can make it negative.
func (s *Sums) Overhead() int64 { return s.Tar - s.Files }

// Index is all that tare knows of a layer; it answers every question without the
// layer's bytes.
type Index struct {
	Sums
	// List are the entries, sorted by ComparePaths and then by Offset.
	List []Entry
	// Trailer is what follows the last entry, in bytes of the tar, and TrailerShare
	// the part of the blob that is apportioned to it.
	Trailer, TrailerShare int64
	// Kept are package databases and the like in full, by path.
	Kept map[string][]byte
	// Derived tells what programs are made of, by path: for those made by Go the
	// text of their build info after a line with Go's version, for Java archives
	// their manifest.
	Derived map[string][]byte
	// Inside divides larger programs and libraries (ELF) by the kinds of their sections, by
	// path: those whose table of sections could be read as they streamed past.
	Inside map[string]elffile.Sums
	// Skipped are files that would belong into Kept and are too large, by path,
	// with their sizes in bytes.
	Skipped map[string]int64
}

// Kind is what an entry of a tar makes.
type Kind uint8

// The kinds of entries.
const (
	File     Kind = iota // a regular file
	Dir                  // a directory
	Symlink              // a symbolic link
	Link                 // a hard link
	Device               // a device, FIFO or socket
	Whiteout             // hides Path in lower layers
	Opaque               // hides all that lower layers have in the directory Path
	Meta                 // nothing that an unpacked layer shows: PAX global headers, AUFS's own files, unknown types
)

var kindNames = [...]string{"file", "directory", "symbolic link", "hard link", "device", "whiteout", "opaque whiteout", "metadata"}

// String is the kind in words.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", k)
}

// Entry is one entry of a layer's tar.
type Entry struct {
	// Path is clean and has no leading slash; "" is the root. Of a Whiteout it is
	// the path that is hidden, of an Opaque the directory.
	Path string
	// Extra is nil for what belongs to root and has neither a target nor attributes: most entries.
	Extra  *Extra
	Mtime  int64  // seconds since 1970
	Nsec   int32  // and nanoseconds
	Mode   uint16 // permission bits with set-uid, set-gid and sticky (07777)
	Kind   Kind
	Mark   secret.Mark // what the name and the first bytes of a File tell of a secret
	Size   int64       // bytes of a File when unpacked, holes included; else 0
	Span   int64       // bytes in the tar: headers, contents and padding
	Offset int64       // where in the tar the first header begins
	Share  int64       // part of the compressed blob that is apportioned to the entry, in bytes
	Sum    Sum         // content of a File
}

// Sum is the XXH3-128 hash of a file's contents. It finds equal contents; it is no
// proof against somebody who makes collisions on purpose (the digests of blobs and
// layers are sha256).
type Sum [16]byte

// Overhead is what the entry costs in the tar beyond its contents, in bytes.
func (e *Entry) Overhead() int64 { return e.Span - e.Size }

// MismatchError tells that a layer's bytes are not what its digest says.
type MismatchError struct {
	What      string        // "blob" or "uncompressed tar"
	Want, Got digest.Digest // expected and found
}

// Error implements error.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("%s has %s instead of %s", e.What, e.Got, e.Want)
}

// LimitError tells that a layer goes beyond a limit of Options.
type LimitError struct {
	What  string // what there is too much of
	Limit int64
}

// Error implements error.
func (e *LimitError) Error() string {
	return fmt.Sprintf("more than %d %s: if that is meant, raise the limit (TARE_MAX_LAYER bytes, TARE_MAX_ENTRIES)", e.Limit, e.What)
}

// Options say what is expected of a layer and how far to go.
type Options struct {
	Blob, DiffID digest.Digest // expected digests; "" is not checked
	MaxBytes     int64         // of the uncompressed tar; 0 means DefaultMaxBytes
	MaxEntries   int64         // 0 means DefaultMaxEntries
	// Ahead decompresses in a goroutine of its own: for when there are fewer
	// layers to read than processors.
	Ahead bool
	// slow has every header read by archive/tar, for tests.
	slow bool
}

// Limits that stop decompression bombs and no known image.
const (
	DefaultMaxBytes   = 256 << 30
	DefaultMaxEntries = 5_000_000
)

// ComparePaths orders clean paths such that a directory is followed by all that is
// in it: byte by byte, with the slash before every other byte.
func ComparePaths(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if x == '/' || y != '/' && x < y {
			return -1
		}
		return 1
	}
	return len(a) - len(b)
}
