package layer

import (
	"bytes"
	"io"

	"tare/internal/packages"
	"tare/internal/parts/elffile"
	"tare/internal/secret"
)

// maxKept bounds what is kept of one layer, in bytes.
const maxKept = 256 << 20

// wanted says what is kept of the file at an entry.
func wanted(e *Entry) packages.Want {
	if e.Path == "etc/os-release" || e.Path == "usr/lib/os-release" {
		return packages.Want{Limit: 64 << 10}
	}
	return packages.Wanted(e.Path, e.Mode, e.Size)
}

// keeper reads the contents of entries: it hashes them, keeps what tells of packages, and
// marks what holds a secret.
type keeper struct {
	x     *Index
	buf   []byte
	sum   *hasher // of the file that is being read
	total int64
	elf   elffile.Scanner
}

// Smaller programs and libraries are not divided, and no more of them of one layer.
const (
	minInside = 256 << 10 // bytes
	maxInside = 50_000
)

// read consumes the content of e, and marks it.
func (k *keeper) read(r io.Reader, e *Entry) (Sum, error) {
	if e.Kind != File {
		return Sum{}, nil // what contents other kinds carry is skipped by the next Next
	}
	w := wanted(e)
	if w.Limit > 0 {
		return k.keep(r, e, w)
	}
	var scan packages.Scanner
	if w.Scan != nil {
		scan = w.Scan()
	}
	h, sum, divide := k.sum.reset(), Sum{}, false
	for at := int64(0); ; {
		b, err := part(r, k.buf[:sumBlock])
		if len(b) == sumBlock {
			_, _ = h.Write(b)
		} else {
			sum = h.end(b)
		}
		if len(b) > 0 {
			if at == 0 {
				e.Mark = secret.Look(e.Path, b)
				if divide = e.Size >= minInside && elffile.Is(b); divide {
					k.elf.Reset(e.Size)
				}
			}
			if divide {
				k.elf.Look(at, b)
			}
			if scan != nil {
				scan.Look(at, b)
			}
			at += int64(len(b))
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF && at == e.Size {
			break
		}
		if err != nil {
			return Sum{}, err
		}
	}
	if scan != nil {
		if b := scan.Found(); b != nil {
			if k.x.Derived == nil {
				k.x.Derived = map[string][]byte{}
			}
			k.x.Derived[e.Path] = b
		}
	}
	if divide && len(k.x.Inside) < maxInside {
		if s := k.elf.Found(); s != nil {
			if k.x.Inside == nil {
				k.x.Inside = map[string]elffile.Sums{}
			}
			k.x.Inside[e.Path] = *s
		}
	}
	return sum, nil
}

// sparse consumes the content of a sparse file: r has what its pieces hold.
func (k *keeper) sparse(r io.Reader, e *Entry, list []piece) (Sum, error) {
	if e.Kind != File {
		_, err := k.skim(r, list, e.Size)
		return Sum{}, err
	}
	w := wanted(e)
	if w.Limit > 0 && e.Size <= w.Limit && k.room(e, w) {
		return k.keep(&sparseFile{r: r, list: list, size: e.Size}, e, w)
	}
	if w.Limit > 0 {
		k.skip(e)
	}
	return k.skim(r, list, e.Size)
}

// room tells whether a file that belongs into Kept fits there.
func (k *keeper) room(e *Entry, w packages.Want) bool {
	return (w.Head || e.Size <= w.Limit) && k.total+min(e.Size, w.Limit) <= maxKept
}

func (k *keeper) skip(e *Entry) {
	if k.x.Skipped == nil {
		k.x.Skipped = map[string]int64{}
	}
	k.x.Skipped[e.Path] = e.Size
}

func (k *keeper) keep(r io.Reader, e *Entry, w packages.Want) (Sum, error) {
	h := k.sum.reset()
	tee := io.TeeReader(r, h)
	if !k.room(e, w) {
		k.skip(e)
		_, err := io.CopyBuffer(io.Discard, tee, k.buf)
		return h.sum(), err
	}
	var b bytes.Buffer
	b.Grow(int(min(e.Size, w.Limit)) + bytes.MinRead)
	if _, err := io.Copy(&b, io.LimitReader(tee, w.Limit)); err != nil {
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
