// Package toc reads the table of contents of a layer that has one: eStargz and zstd:chunked. A few parts of the blob are asked for, never
// the whole.
package toc

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Names of the formats.
const (
	EStargz = "eStargz"
	Chunked = "zstd:chunked"
)

// Annotations of a layer's descriptor. A table that none of them vouches for is not used: everything that is told from it would be the word
// of whoever sends the blob.
const (
	// DigestAnnotation has the digest of an eStargz table, uncompressed.
	DigestAnnotation = "containerd.io/snapshot/stargz/toc.digest"
	// checksum and position are where a zstd:chunked table lies, and the digest of it as it is stored; each tool has names of its own.
	checksum = "zstd-chunked.manifest-checksum"
	position = "zstd-chunked.manifest-position"
)

var prefixes = []string{"io.github.containers.", "io.containers."}

// Bounds of a table. That of an image of 6 GB with 200,000 files has 60 MB.
const (
	maxStored  = 64 << 20  // bytes, compressed
	maxTable   = 160 << 20 // bytes, uncompressed
	maxEntries = 2_000_000 // chunks included
)

// At reads n bytes of a blob from a place on.
type At func(off, n int64) ([]byte, error)

// Table is a table of contents whose digest was checked.
type Table struct {
	Format  string
	Digest  digest.Digest // that the annotation names
	Entries []Entry       // in the order of the tar, chunks included
	// Bytes are those of the blob that were read for it: the table and what leads to it.
	Bytes int64
	// Begin is where the table lies in the blob: all before it is content.
	Begin int64
	// Own is the table's own entry in the tar; nil if it has none.
	Own *tar.Header
}

// ErrNone says that a layer's annotations tell of no table.
var ErrNone = errors.New("no table of contents is annotated")

// UnusableError is a table that is annotated and cannot be used: it is not there, not what its digest says, or no table.
type UnusableError struct{ Why string }

// Error implements error.
func (e *UnusableError) Error() string { return "its table of contents is not used: " + e.Why }

func unusable(format string, args ...any) error {
	return &UnusableError{fmt.Sprintf(format, args...)}
}

// Annotated is the format of the table that a layer's annotations tell of; "" for none.
func Annotated(d ocispec.Descriptor) string {
	if _, _, ok := chunked(d); ok {
		return Chunked
	}
	if d.Annotations[DigestAnnotation] != "" {
		return EStargz
	}
	return ""
}

// Read reads the table of a layer. It returns ErrNone, an *UnusableError, or an error of at.
func Read(d ocispec.Descriptor, at At) (*Table, error) {
	t, stored, most, err := fetch(d, at)
	if err != nil {
		return nil, err
	}
	raw, err := t.unpack(stored, most)
	if err != nil {
		return nil, unusable("%s", err)
	}
	if t.Format == EStargz && digest.FromBytes(raw) != t.Digest {
		return nil, unusable("it is not what its annotation says (%s)", DigestAnnotation)
	}
	if t.Entries, err = decode(bytes.NewReader(raw), maxEntries); err != nil {
		return nil, unusable("%s", err)
	}
	if err := t.check(d.Size); err != nil {
		return nil, unusable("%s", err)
	}
	return t, nil
}

// fetch asks for the table as it is stored, which has at most so many bytes when it is unpacked.
func fetch(d ocispec.Descriptor, at At) (t *Table, stored []byte, most int64, err error) {
	if where, sum, ok := chunked(d); ok {
		return fetchChunked(d, where, sum, at)
	}
	want := digest.Digest(d.Annotations[DigestAnnotation])
	if want == "" {
		return nil, nil, 0, ErrNone
	}
	if want.Validate() != nil || want.Algorithm() != digest.SHA256 {
		return nil, nil, 0, unusable("its annotation is no sha256 digest")
	}
	if d.Size < footerSize {
		return nil, nil, 0, unusable("the blob is too short to have one")
	}
	tail, err := at(d.Size-footerSize, footerSize)
	if err != nil {
		return nil, nil, 0, err
	}
	begin, size, err := footer(tail)
	if err != nil {
		return nil, nil, 0, unusable("%s", err)
	}
	n := d.Size - size - begin
	if begin < 0 || n <= 0 || begin > d.Size {
		return nil, nil, 0, unusable("it would begin at %d of %d bytes", begin, d.Size)
	}
	if n > maxStored {
		return nil, nil, 0, unusable("%d bytes are more than a table may have", n)
	}
	stored, err = at(begin, n)
	return &Table{Format: EStargz, Digest: want, Bytes: footerSize + n, Begin: begin}, stored, maxTable, err
}

// chunked are the annotations of zstd:chunked; ok is false where one is missing.
func chunked(d ocispec.Descriptor) (where, sum string, ok bool) {
	for _, p := range prefixes {
		where, sum = d.Annotations[p+position], d.Annotations[p+checksum]
		if where != "" && sum != "" {
			return where, sum, true
		}
	}
	return "", "", false
}

// fetchChunked asks for a zstd:chunked table. where is OFFSET:BYTES:UNCOMPRESSED:TYPE.
func fetchChunked(d ocispec.Descriptor, where, sum string, at At) (t *Table, stored []byte, most int64, err error) {
	var v [4]int64
	parts := strings.Split(where, ":")
	if len(parts) != len(v) {
		return nil, nil, 0, unusable("its position is not four numbers")
	}
	for i, p := range parts {
		n, err := strconv.ParseInt(p, 10, 64)
		if err != nil || n < 0 {
			return nil, nil, 0, unusable("its position is not four numbers")
		}
		v[i] = n
	}
	begin, n := v[0], v[1]
	switch {
	case v[3] != 1:
		return nil, nil, 0, unusable("it is of type %d, which is not known", v[3])
	case n == 0 || begin > d.Size || n > d.Size-begin:
		return nil, nil, 0, unusable("it would begin at %d and have %d of the blob's %d bytes", begin, n, d.Size)
	case n > maxStored || v[2] > maxTable:
		return nil, nil, 0, unusable("%d bytes are more than a table may have", max(n, v[2]))
	}
	want := digest.Digest(sum)
	if want.Validate() != nil || want.Algorithm() != digest.SHA256 {
		return nil, nil, 0, unusable("its annotation is no sha256 digest")
	}
	stored, err = at(begin, n)
	if err != nil {
		return nil, nil, 0, err
	}
	if digest.FromBytes(stored) != want {
		return nil, nil, 0, unusable("it is not what its annotation says (%s)", checksum)
	}
	return &Table{Format: Chunked, Digest: want, Bytes: n, Begin: begin}, stored, v[2], nil
}

// limited reads all of r, and refuses more than it may have.
func limited(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("it has more than %d bytes", most)
	}
	return b, err
}
