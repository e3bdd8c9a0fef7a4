// Package layer reads a layer blob in one streaming pass and says what is in it.
// Nothing is extracted to disk.
package layer

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/opencontainers/go-digest"
)

// Index is what one pass over a layer finds. All sizes are in bytes.
type Index struct {
	Blob        digest.Digest `json:"blob"`        // sha256 of the bytes as stored
	DiffID      digest.Digest `json:"diffID"`      // sha256 of the uncompressed tar
	Compression Compression   `json:"compression"` // what the bytes are compressed with, whatever the media type says
	Transfer    int64         `json:"transfer"`    // bytes of the blob as stored
	Tar         int64         `json:"tar"`         // bytes of the uncompressed tar, trailer included
	Files       int64         `json:"files"`       // sum of the regular files' sizes when unpacked; hard links add 0
	Docker      int64         `json:"docker"`      // what a Docker graph driver counts for the layer, see dockerSize
	Entries     int64         `json:"entries"`     // tar entries
	// Kept are the small files that tell what the image is made of, in full, by
	// path: a cached index must answer without the layer.
	Kept map[string][]byte `json:"kept,omitempty"`
}

// keep lists the paths that are kept, and maxKept the size, in bytes, above which
// they are not.
var keep = map[string]bool{"etc/os-release": true, "usr/lib/os-release": true}

const maxKept = 64 << 10

// Overhead is what the tar has beyond the files' content: headers, padding,
// trailer. It is negative for sparse files, whose holes count as content.
func (x *Index) Overhead() int64 { return x.Tar - x.Files }

// MismatchError says that bytes do not have the digest that they were asked for by.
type MismatchError struct {
	What      string        // "blob" or "uncompressed tar"
	Want, Got digest.Digest // expected and found
}

// Error implements error.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("%s has %s instead of %s", e.What, e.Got, e.Want)
}

// Want names the digests that a layer must have; an empty one is not checked.
type Want struct {
	Blob, DiffID digest.Digest
}

// Read indexes the layer blob r. It reads r to its end. Errors name the entry
// that could not be read; a *MismatchError is returned where the bytes do not
// have a digest of want.
func Read(r io.Reader, want Want) (*Index, error) {
	blob := &counter{r: r, h: sha256.New()}
	plain, kind, err := Decompress(blob)
	if err != nil {
		return nil, err
	}
	defer func() { _ = plain.Close() }()
	diff := &counter{r: plain, h: sha256.New()}
	x := &Index{Compression: kind}
	size := newDockerSize()
	tr := tar.NewReader(diff)
	last := "the first entry"
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("after %s: %w", last, unexpected(err))
		}
		last = fmt.Sprintf("entry %q", h.Name)
		x.Entries++
		size.add(h)
		if h.Typeflag == tar.TypeReg || h.Typeflag == tar.TypeGNUSparse {
			x.Files += h.Size
			if name := clean(h.Name); keep[name] && h.Size <= maxKept {
				b, err := io.ReadAll(tr)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", last, unexpected(err))
				}
				if x.Kept == nil {
					x.Kept = map[string][]byte{}
				}
				x.Kept[name] = b
			}
		}
	}
	// Whatever follows the first zero block belongs to the tar and to both digests.
	for _, rest := range []io.Reader{diff, blob} {
		if _, err := io.Copy(io.Discard, rest); err != nil {
			return nil, fmt.Errorf("after %s: %w", last, unexpected(err))
		}
	}
	x.Transfer, x.Tar, x.Docker = blob.n, diff.n, size.total()
	x.Blob, x.DiffID = digest.NewDigest(digest.SHA256, blob.h), digest.NewDigest(digest.SHA256, diff.h)
	if want.Blob != "" && want.Blob != x.Blob {
		return nil, &MismatchError{What: "blob", Want: want.Blob, Got: x.Blob}
	}
	if want.DiffID != "" && want.DiffID != x.DiffID {
		return nil, &MismatchError{What: "uncompressed tar", Want: want.DiffID, Got: x.DiffID}
	}
	return x, nil
}

// unexpected turns an end of file in the middle into the error that says so.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

type counter struct {
	r io.Reader
	h hash.Hash
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.h.Write(p[:n])
	c.n += int64(n)
	return n, err
}
