// Package members walks the files of image archives, and finds them by their names,
// through links.
package members

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/opencontainers/go-digest"

	"tare/internal/layer"
)

// An image has a few files for each layer, with names of at most two digests; an archive
// may have thousands of images. Names are kept in memory, so all is bounded.
const (
	maxMembers     = 500_000
	maxName        = 4096     // bytes
	maxMemberNames = 64 << 20 // bytes of all names
)

var errSparseMember = errors.New("it is stored as a sparse file, which no image tool reads so: make the archive without --sparse")

// Each walks an image archive: file gets every regular file under its clean name,
// Link every link with the clean name that it leads to. It returns how many headers there
// were. The reader of a file is good until file returns.
func Each(r io.Reader, file func(name string, size int64, r io.Reader) error, link func(name, to string)) (int, error) {
	tr := tar.NewReader(r)
	names := 0
	for n := 0; ; n++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			if n == 0 {
				return n, fmt.Errorf("not a tar archive, so not an image archive (docker save or OCI layout): %w", err)
			}
			return n, fmt.Errorf("the archive is damaged or cut short after %d files: %w", n, err)
		}
		if names += len(h.Name) + len(h.Linkname); n >= maxMembers || names > maxMemberNames {
			return n, fmt.Errorf("more than %d files, or %d bytes of names: not an image archive", maxMembers, maxMemberNames)
		}
		if most := max(len(h.Name), len(h.Linkname)); most > maxName {
			return n, fmt.Errorf("the name %s is too long: not an image archive", layer.Quote(h.Name+h.Linkname))
		}
		name := path.Clean("/" + h.Name)[1:]
		switch {
		case layer.Sparse(h):
			return n, fmt.Errorf("%s of the archive: %w", layer.Quote(name), errSparseMember)
		case h.Typeflag == tar.TypeSymlink:
			link(name, path.Clean("/" + path.Join(path.Dir(name), h.Linkname))[1:])
		case h.Typeflag == tar.TypeLink:
			link(name, path.Clean("/" + h.Linkname)[1:])
		case h.Typeflag == tar.TypeReg:
			if err := file(name, h.Size, tr); err != nil {
				return n, fmt.Errorf("%s of the archive: %w", layer.Quote(name), err)
			}
		}
	}
}

// Of are the files of an archive and where its links lead. Of two of one name the
// last stands.
type Of[T any] struct {
	Files map[string]T
	links map[string]string
}

// New are no files yet.
func New[T any]() Of[T] { return Of[T]{map[string]T{}, map[string]string{}} }

// File notes a file.
func (m Of[T]) File(name string, v T) {
	delete(m.links, name)
	m.Files[name] = v
}

// Link notes a link.
func (m Of[T]) Link(name, to string) {
	delete(m.Files, name)
	m.links[name] = to
}

// Has tells whether a name is there, be it a link that leads nowhere.
func (m Of[T]) Has(name string) bool {
	_, file := m.Files[name]
	_, link := m.links[name]
	return file || link
}

// Find is a file by its name, through links.
func (m Of[T]) Find(name string) (T, error) {
	var none T
	at := path.Clean("/" + name)[1:]
	for range 16 {
		if f, ok := m.Files[at]; ok {
			return f, nil
		}
		to, ok := m.links[at]
		if !ok {
			return none, fmt.Errorf("%s is not in the archive", layer.Quote(at))
		}
		at = to
	}
	return none, fmt.Errorf("%s is a loop of links", layer.Quote(name))
}

// Blob is the digest that a file of an OCI image layout is named by; "" for other files.
func Blob(name string) digest.Digest {
	alg, hex, ok := strings.Cut(strings.TrimPrefix(name, "blobs/"), "/")
	if d := digest.NewDigestFromEncoded(digest.Algorithm(alg), hex); ok && strings.HasPrefix(name, "blobs/") && d.Validate() == nil {
		return d
	}
	return ""
}

// Superseded tells whether a file is one of Docker's older formats: manifest.json says it
// all.
func Superseded(name string) bool {
	dir, base := path.Split(name)
	return name == "repositories" || dir != "" && (base == "VERSION" || base == "json")
}
