package layer

import (
	"bytes"
	"io"
	"strings"
)

// Bounds of what is kept, in bytes. An rpm database of a desktop has some 100 MB,
// dpkg's status of one 10 MB.
const (
	maxDatabase = 160 << 20
	maxDocument = 1 << 20
	headSize    = 64 << 10
	maxKept     = 256 << 20 // of one layer
)

// keeps says how much of the file at a path is kept: whole files of up to limit
// bytes, or the first limit bytes if head.
func keeps(name string) (limit int64, head bool) {
	dir, base := "", name
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		dir, base = name[:i], name[i+1:]
	}
	switch dir {
	case "etc", "usr/lib":
		if base == "os-release" {
			return headSize, false
		}
	case "lib/apk/db", "usr/lib/apk/db":
		if base == "installed" {
			return maxDatabase, false
		}
	case "etc/apk":
		if base == "world" {
			return maxDocument, false
		}
	case "var/lib/apt":
		if base == "extended_states" {
			return maxDatabase, false
		}
	case "var/lib/dpkg":
		if base == "status" {
			return maxDatabase, false
		}
	case "var/lib/dpkg/status.d":
		return maxDatabase, false
	case "var/lib/dpkg/info":
		if strings.HasSuffix(base, ".list") {
			return maxDatabase, false
		}
	case "var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm":
		if base == "Packages" || base == "Packages.db" || base == "rpmdb.sqlite" {
			return maxDatabase, false
		}
	case "usr/local/include/node":
		if base == "node_version.h" {
			return headSize, true
		}
	case "usr/local/go":
		if base == "VERSION" {
			return headSize, true
		}
	}
	switch {
	case strings.HasSuffix(dir, ".dist-info"):
		switch base {
		case "METADATA":
			return headSize, true // the long description at its end tells nothing
		case "RECORD", "REQUESTED", "INSTALLER":
			return maxDatabase, false
		}
	case strings.HasSuffix(dir, ".egg-info"):
		switch base {
		case "PKG-INFO":
			return headSize, true
		case "installed-files.txt", "requires.txt", "top_level.txt":
			return maxDatabase, false
		}
	case strings.HasSuffix(base, ".egg-info"):
		return headSize, true
	case base == "package.json" && (strings.HasPrefix(dir, "node_modules/") || strings.Contains(dir, "/node_modules/")):
		return maxDocument, false
	case base == "patchlevel.h" && strings.HasPrefix(dir, "usr/local/include/python3"):
		return headSize, true
	}
	return 0, false
}

// keeper reads the contents of entries: it hashes them and keeps what tells of
// packages.
type keeper struct {
	x      *Index
	buf    []byte
	region []byte // of the program that is being read
	total  int64
}

// read consumes the content of e.
func (k *keeper) read(r io.Reader, e *Entry) (Sum, error) {
	if e.Kind != File {
		return Sum{}, nil // what contents other kinds carry is skipped by the next Next
	}
	if limit, head := keeps(e.Path); limit > 0 {
		return k.keep(r, e, limit, head)
	}
	var look func(int64, []byte)
	var found func() []byte
	switch {
	case isJar(e.Path):
		k.region = k.region[:0]
		look, found = k.head, func() []byte { return jarManifest(k.region) }
	case e.Mode&0o111 != 0 && e.Size > minGo && !strings.Contains(e.Path, ".so"):
		p := &program{k: k}
		look, found = p.look, p.info
	}
	h := newHasher()
	for at := int64(0); ; {
		n, err := io.ReadFull(r, k.buf[:sumBlock])
		if n > 0 {
			_, _ = h.Write(k.buf[:n])
			if look != nil {
				look(at, k.buf[:n])
			}
			at += int64(n)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF && at == e.Size {
			break
		}
		if err != nil {
			return Sum{}, err
		}
	}
	if found != nil {
		if b := found(); b != nil {
			if k.x.Derived == nil {
				k.x.Derived = map[string][]byte{}
			}
			k.x.Derived[e.Path] = b
		}
	}
	return h.sum(), nil
}

// head collects the beginning of a file.
func (k *keeper) head(at int64, b []byte) {
	if room := headSize - len(k.region); room > 0 {
		k.region = append(k.region, b[:min(room, len(b))]...)
	}
}

// sparse consumes the content of a sparse file: r has what its pieces hold.
func (k *keeper) sparse(r io.Reader, e *Entry, list []piece) (Sum, error) {
	if e.Kind != File {
		_, err := k.skim(r, list, e.Size)
		return Sum{}, err
	}
	limit, head := keeps(e.Path)
	if limit > 0 && e.Size <= limit && k.room(e, limit, head) {
		return k.keep(&sparseFile{r: r, list: list, size: e.Size}, e, limit, head)
	}
	if limit > 0 {
		k.skip(e)
	}
	return k.skim(r, list, e.Size)
}

// room tells whether a file that belongs into Kept fits there.
func (k *keeper) room(e *Entry, limit int64, head bool) bool {
	return (head || e.Size <= limit) && k.total+min(e.Size, limit) <= maxKept
}

func (k *keeper) skip(e *Entry) {
	if k.x.Skipped == nil {
		k.x.Skipped = map[string]int64{}
	}
	k.x.Skipped[e.Path] = e.Size
}

func (k *keeper) keep(r io.Reader, e *Entry, limit int64, head bool) (Sum, error) {
	h := newHasher()
	tee := io.TeeReader(r, h)
	if !k.room(e, limit, head) {
		k.skip(e)
		_, err := io.CopyBuffer(io.Discard, tee, k.buf)
		return h.sum(), err
	}
	var b bytes.Buffer
	b.Grow(int(min(e.Size, limit)) + bytes.MinRead)
	if _, err := io.Copy(&b, io.LimitReader(tee, limit)); err != nil {
		return Sum{}, err
	}
	if _, err := io.CopyBuffer(io.Discard, tee, k.buf); err != nil {
		return Sum{}, err
	}
	k.total += int64(b.Len())
	if k.x.Kept == nil {
		k.x.Kept = map[string][]byte{}
	}
	k.x.Kept[e.Path] = b.Bytes()
	return h.sum(), nil
}
