package layer

import (
	"archive/tar"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"
)

// Read indexes a layer in one pass. Errors name the entry at which they occurred:
// a *MismatchError for a wrong digest, a *LimitError for a layer beyond the limits,
// io.ErrUnexpectedEOF (wrapped) for one that ends too early.
func Read(r io.Reader, o Options) (*Index, error) {
	o.defaults()
	s, err := newStream(r, o)
	if err != nil {
		return nil, err
	}
	defer s.close()
	x := &Index{Sums: Sums{Compression: s.kind}}
	if err := scan(s, x, o); err != nil {
		return nil, err
	}
	if err := s.drain(); err != nil {
		return nil, fmt.Errorf("after %s: %w", x.last(), unexpected(err))
	}
	x.Transfer, x.Tar = s.src.n, s.pos
	x.Blob, x.DiffID = s.digests()
	if err := x.close(s, o.MaxEntries); err != nil {
		return nil, err
	}
	if err := s.compare(o); err != nil {
		return nil, err
	}
	return x, x.Check()
}

// scan lists the entries of the tar.
func scan(s *stream, x *Index, o Options) error {
	in := &headers{s: s, in: recorder{s: s}, slow: o.slow}
	k := &keeper{x: x, buf: make([]byte, sumBlock), sum: newHasher()}
	var discard io.Writer = onlyWriter{io.Discard} // once: each conversion is an allocation
	var end, names, unpacked int64                 // end of the entry before; bytes of all names, and of all files
	for {
		h, tr, err := in.next()
		if len(x.List) > 0 {
			// Now the padding is read, too: only here is the end known in the blob.
			prev := &x.List[len(x.List)-1]
			prev.Share = s.apportion(min(end, s.pos))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("after %s: %w", x.last(), unexpected(err))
		}
		e := in.entry(h)
		e.Offset = end
		if unpacked > o.MaxBytes-e.Size {
			return &LimitError{What: sparseBytes, Limit: o.MaxBytes}
		}
		unpacked += e.Size
		if Sparse(h) {
			var list []piece
			if list, err = pieces(h, in.read(end)); err == nil {
				e.Sum, err = k.sparse(s, &e, list)
			}
			if err == nil {
				err = s.skip((512 - s.pos%512) % 512)
			}
			in.tr = nil // it knows nothing of what was read
		} else if e.Sum, err = k.read(tr, &e); err == nil {
			_, err = io.CopyBuffer(discard, tr, k.buf) // what other kinds carry
		}
		if err != nil {
			return fmt.Errorf("entry %s: %w", Quote(h.Name), unexpected(err))
		}
		end = (s.pos + 511) &^ 511
		e.Span = end - e.Offset
		x.List = append(x.List, e)
		names += int64(len(e.Path) + len(e.Link()))
		if int64(len(x.List)) > o.MaxEntries {
			return &LimitError{What: "entries", Limit: o.MaxEntries}
		}
		if names > maxNames {
			return &LimitError{What: "bytes of file names", Limit: maxNames}
		}
	}
}

const sparseBytes = "bytes when unpacked, the holes of sparse files included"

// maxNames bounds the names of one layer, in bytes: five million entries with
// names of ordinary length.
const maxNames = 512 << 20

// last names the entry that was read last, for errors.
func (x *Index) last() string {
	if len(x.List) == 0 {
		return "the first entry"
	}
	return "entry " + Quote(x.List[len(x.List)-1].Path)
}

// Quote makes a stranger's name fit for an error: escaped, and not longer than a line.
func Quote(name string) string {
	if len(name) > 200 {
		return fmt.Sprintf("%q… (%d bytes)", name[:200], len(name))
	}
	return fmt.Sprintf("%q", name)
}

// maker makes entries of tar headers, in little memory.
type maker struct {
	extras extras
	text   text
	head   tar.Header // the one that was read last, if it was plain
}

// entry translates a tar header.
func (m *maker) entry(h *tar.Header) Entry {
	e, link := translate(h)
	if h != &m.head {
		// The header's strings are parts of larger ones.
		e.Path, link = m.text.keep(e.Path), m.text.keep(link)
	}
	e.Extra = m.extras.of(Extra{Link: link, UID: int64(h.Uid), GID: int64(h.Gid), Xattrs: xattrs(h)})
	return e
}

// translate says what a header makes, and the link's target.
func translate(h *tar.Header) (e Entry, link string) {
	e = Entry{Path: clean(h.Name), Mtime: h.ModTime.Unix(), Nsec: int32(h.ModTime.Nanosecond()), Mode: uint16(h.Mode & 0o7777)}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		e.Kind, e.Size = File, h.Size
	case tar.TypeDir:
		e.Kind = Dir
	case tar.TypeSymlink:
		e.Kind, link = Symlink, h.Linkname
	case tar.TypeLink:
		e.Kind, link = Link, clean(h.Linkname)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		e.Kind, link = Device, fmt.Sprintf("%c %d:%d", h.Typeflag, h.Devmajor, h.Devminor)
	default:
		e.Kind = Meta
	}
	if h.Typeflag == tar.TypeXGlobalHeader {
		e.Path = "" // it has a name, but nothing is made there, nor are its parents
		return e, link
	}
	if e.Path == "" && e.Kind != Dir {
		// Nothing can take the root's place: unpackers pass over it.
		e.Kind, e.Size, link = Meta, 0, ""
	}
	dir, base := path.Split(e.Path)
	// The name makes a whiteout, whatever the type: Docker, containerd and umoci ask for
	// nothing else.
	if hidden, ok := strings.CutPrefix(base, whiteoutPrefix); ok {
		e.Size, link = 0, ""
		switch {
		case base == opaqueMarker:
			e.Kind, e.Path = Opaque, strings.TrimSuffix(dir, "/")
		case strings.HasPrefix(hidden, whiteoutPrefix), hidden == "", hidden == ".", hidden == "..":
			e.Kind = Meta // AUFS's own, or an attempt to hide a parent
		default:
			e.Kind, e.Path = Whiteout, dir+hidden
		}
	}
	return e, link
}

// OCI image spec, "Whiteouts".
const (
	whiteoutPrefix = ".wh."
	opaqueMarker   = ".wh..wh..opq"
)

// xattrs hashes the extended attributes, whatever their order; 0 for none.
func xattrs(h *tar.Header) uint64 {
	var names []string
	for name := range h.PAXRecords {
		if strings.HasPrefix(name, "SCHILY.xattr.") {
			names = append(names, name)
		}
	}
	if names == nil {
		return 0
	}
	slices.Sort(names)
	x := xxh3.New()
	for _, name := range names {
		v := h.PAXRecords[name]
		_ = binary.Write(x, binary.LittleEndian, [2]int64{int64(len(name)), int64(len(v))})
		_, _ = x.WriteString(name)
		_, _ = x.WriteString(v)
	}
	return max(1, x.Sum64())
}

// close sorts the list and works out the sums; Tar and Transfer are known.
func (x *Index) close(s *stream, maxEntries int64) error {
	for i := range x.List {
		e := &x.List[i]
		// Padding that is missing at the very end of the tar.
		if over := e.Offset + e.Span - x.Tar; over > 0 {
			e.Span -= over
		}
	}
	return x.sum(x.Transfer-s.lastIn, maxEntries)
}

// sum is close for a list whose spans are known, and what is apportioned to the end.
func (x *Index) sum(trailerShare, maxEntries int64) error {
	x.Entries = int64(len(x.List))
	x.Trailer, x.TrailerShare = x.Tar, trailerShare
	for i := range x.List {
		x.Trailer -= x.List[i].Span
		x.Files += x.List[i].Size
	}
	byPath := func(a, b Entry) int { return cmp.Or(ComparePaths(a.Path, b.Path), cmp.Compare(a.Offset, b.Offset)) }
	if !slices.IsSortedFunc(x.List, byPath) { // most tools write a directory's entries in order
		slices.SortFunc(x.List, byPath)
	}
	x.Disk = diskSize(x.List)
	for _, name := range []string{"etc/os-release", "usr/lib/os-release"} {
		if b, ok := x.Kept[name]; ok {
			x.OSRelease = string(b)
			break
		}
	}
	directories := max(1<<18, maxEntries/16)
	u, ok := unpack(x.List, int(directories))
	if !ok {
		return &LimitError{What: "directories", Limit: directories}
	}
	x.Docker = u.Docker
	return nil
}

// Check tells whether the parts of the layer sum up to the whole; an error is a
// fault of tare's.
func (x *Index) Check() error {
	span, share, files := x.Trailer, x.TrailerShare, int64(0)
	for i := range x.List {
		e := &x.List[i]
		span, share, files = span+e.Span, share+e.Share, files+e.Size
		if e.Span < 0 || e.Share < 0 || e.Size < 0 {
			return fmt.Errorf("internal error, please report it: entry %s has a negative size", Quote(e.Path))
		}
	}
	if span != x.Tar || share != x.Transfer || files != x.Files || x.Trailer < 0 || x.TrailerShare < 0 {
		return fmt.Errorf("internal error, please report it: entries sum up to %d of %d tar, %d of %d transfer, %d of %d files",
			span, x.Tar, share, x.Transfer, files, x.Files)
	}
	return nil
}

// clean makes a tar's name comparable: no leading "./" or "/", no ".." that leads
// out of the root.
func clean(name string) string {
	s := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	if s != "" && s[0] != '/' && s[0] != '.' && s[len(s)-1] != '/' && !strings.Contains(s, "//") && !strings.Contains(s, "/.") {
		return s
	}
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

// unexpected turns the clean end of a stream into one that came too early.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
