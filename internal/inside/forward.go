package inside

import (
	"cmp"
	"errors"
	"io"
	"slices"

	"tare/internal/parts"
)

// Bounds of what is kept of a file that goes by, in bytes.
const (
	headKept = 64 << 10
	tailKept = 1 << 20
	maxKept  = 48 << 20
	maxBlock = 300_000 // blocks
)

// errKept is for more bytes than are kept: what lies there is unknown.
var errKept = errors.New("too much of the file is asked for")

// forward is a file that is too large for memory and only goes by, once or more often. It
// keeps the head, the tail and what was asked for; for what went by and was not kept the
// file has to go by again.
type forward struct {
	size   int64
	r      io.Reader // from begin
	pos    int64     // how far it has gone by
	blocks []block   // by their offsets; they do not overlap
	kept   int64     // bytes of all blocks
	err    error     // of r: the layer cannot be read
}

type block struct {
	off int64
	b   []byte
}

// begin lets the file go by from its beginning.
func (f *forward) begin(r io.Reader) { f.r, f.pos = r, 0 }

// Size implements parts.Source.
func (f *forward) Size() int64 { return f.size }

// at is the block that has the byte at off, and else the one that follows; here tells which.
func (f *forward) at(off int64) (i int, here bool) {
	i, here = slices.BinarySearchFunc(f.blocks, off, func(b block, off int64) int { return cmp.Compare(b.off, off) })
	if here {
		return i, true
	}
	if i > 0 && off < f.blocks[i-1].off+int64(len(f.blocks[i-1].b)) {
		return i - 1, true
	}
	return i, false
}

// ReadAt implements io.ReaderAt: it keeps what it reads.
func (f *forward) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 || off >= f.size {
		return 0, io.EOF
	}
	for len(p) > 0 && off < f.size {
		i, here := f.at(off)
		if !here {
			if err := f.keep(i, off, min(int64(len(p)), f.size-off)); err != nil {
				return n, err
			}
			continue
		}
		m := copy(p, f.blocks[i].b[off-f.blocks[i].off:])
		p, off, n = p[m:], off+int64(m), n+m
	}
	if len(p) > 0 {
		return n, io.EOF
	}
	return n, nil
}

// keep reads n bytes at off, which nobody kept and behind which block i is the next. With them
// it keeps the head or the tail of the file.
func (f *forward) keep(i int, off, n int64) error {
	if off < f.pos {
		return parts.ErrAgain
	}
	from, to := off, off+n
	if off < headKept && f.pos == 0 {
		from, to = 0, max(to, min(headKept, f.size))
	}
	if tail := f.size - tailKept; to > tail && off > f.pos {
		from, to = max(f.pos, min(from, tail)), f.size
	}
	if i > 0 {
		from = max(from, f.blocks[i-1].off+int64(len(f.blocks[i-1].b)))
	}
	if i < len(f.blocks) {
		to = min(to, f.blocks[i].off)
	}
	if f.kept+to-from > maxKept || len(f.blocks) >= maxBlock {
		return errKept
	}
	if err := f.skip(from); err != nil {
		return err
	}
	b := make([]byte, to-from)
	if err := f.read(b); err != nil {
		return err
	}
	f.kept += to - from
	f.blocks = slices.Insert(f.blocks, i, block{from, b})
	return nil
}

// skip lets the file go by up to off.
func (f *forward) skip(off int64) error {
	if off < f.pos {
		return parts.ErrAgain
	}
	n, err := io.CopyN(io.Discard, f.r, off-f.pos)
	f.pos += n
	return f.fault(err)
}

func (f *forward) read(b []byte) error {
	n, err := io.ReadFull(f.r, b)
	f.pos += int64(n)
	return f.fault(err)
}

// fault notes that the layer cannot be read.
func (f *forward) fault(err error) error {
	if err != nil && f.err == nil {
		f.err = err
	}
	return err
}

// From implements parts.Source.
func (f *forward) From(off int64) io.Reader { return &passing{f, off} }

// passing reads on and keeps nothing.
type passing struct {
	f   *forward
	off int64
}

func (p *passing) Read(b []byte) (int, error) {
	f := p.f
	if p.off >= f.size {
		return 0, io.EOF
	}
	i, here := f.at(p.off)
	if here {
		n := copy(b, f.blocks[i].b[p.off-f.blocks[i].off:])
		p.off += int64(n)
		return n, nil
	}
	if err := f.skip(p.off); err != nil {
		return 0, err
	}
	most := f.size - p.off
	if i < len(f.blocks) {
		most = f.blocks[i].off - p.off
	}
	n, err := f.r.Read(b[:min(int64(len(b)), most)])
	f.pos += int64(n)
	p.off += int64(n)
	if err == io.EOF && p.off < f.size && n == 0 {
		return 0, f.fault(io.ErrUnexpectedEOF)
	}
	if err != nil && err != io.EOF {
		return n, f.fault(err)
	}
	return n, nil
}
