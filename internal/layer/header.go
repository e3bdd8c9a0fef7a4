package layer

import (
	"archive/tar"
	"bytes"
	"io"
	"time"
)

// headerSize is the unit of a tar, in bytes.
const headerSize = 512

// plainHeader reads a header that says all itself: of a file, directory or link, in the formats ustar and GNU, with
// numbers in octal digits. ok is false for all else, whether archive/tar understands it or not: that decides then.
// It takes no memory, where archive/tar makes 13 pieces for each entry: half the time of a layer with many small files.
// What is made of it must be what archive/tar makes of it; a fuzz test holds them together. Why: docs/decisions/0140-headers.md.
func (m *maker) plainHeader(b []byte) (h *tar.Header, ok bool) {
	b = b[:headerSize]
	var prefix []byte
	switch {
	case bytes.Equal(b[257:265], []byte("ustar\x0000")) && !bytes.Equal(b[508:512], []byte("tar\x00")):
		prefix = untilZero(b[345:500])
	case bytes.Equal(b[257:265], []byte("ustar  \x00")) && b[345] == 0 && b[357] == 0: // no times that could be a name
	default:
		return nil, false
	}
	switch b[156] {
	case tar.TypeReg, tar.TypeDir, tar.TypeSymlink, tar.TypeLink:
	default:
		return nil, false
	}
	var n [8]int64 // mode, uid, gid, size, mtime, checksum, devmajor, devminor
	for i, f := range [...][2]int{{100, 108}, {108, 116}, {116, 124}, {124, 136}, {136, 148}, {148, 156}, {329, 337}, {337, 345}} {
		if n[i], ok = octal(b[f[0]:f[1]]); !ok {
			return nil, false
		}
	}
	if n[5] != checksum(b) {
		return nil, false
	}
	m.head = tar.Header{
		Typeflag: b[156], Name: m.text.join(prefix, untilZero(b[:100])), Linkname: m.text.join(nil, untilZero(b[157:257])),
		Mode: n[0], Uid: int(n[1]), Gid: int(n[2]), Size: n[3], ModTime: time.Unix(n[4], 0),
	}
	return &m.head, true
}

// untilZero is a field's text.
func untilZero(b []byte) []byte {
	if n := bytes.IndexByte(b, 0); n >= 0 {
		return b[:n]
	}
	return b
}

// octal reads digits, and nothing but spaces and zero bytes after them.
func octal(b []byte) (n int64, ok bool) {
	i := 0
	for ; i < len(b) && b[i] >= '0' && b[i] <= '7'; i++ {
		n = n<<3 | int64(b[i]-'0')
	}
	for ; i < len(b); i++ {
		if b[i] != 0 && b[i] != ' ' {
			return 0, false
		}
	}
	return n, true
}

// checksum is the sum of a header's bytes, with spaces in place of itself.
func checksum(b []byte) int64 {
	n := int64(8 * ' ')
	for _, c := range b[:148] {
		n += int64(c)
	}
	for _, c := range b[156:headerSize] {
		n += int64(c)
	}
	return n
}

// body is the content of an entry with a plain header.
type body struct {
	s    *stream
	left int64
}

// Read implements io.Reader, with the errors of archive/tar.
func (f *body) Read(p []byte) (n int, err error) {
	if int64(len(p)) > f.left {
		p = p[:f.left]
	}
	if len(p) > 0 {
		n, err = f.s.Read(p)
		f.left -= int64(n)
	}
	switch {
	case err == io.EOF && f.left > 0:
		return n, io.ErrUnexpectedEOF
	case err == nil && f.left == 0:
		return n, io.EOF
	}
	return n, err
}

// part is the next part of r, as much as buf has room for, with the errors of io.ReadFull. It lies in buf, or where it
// was decompressed if it lies there in one piece: until r is read again.
func part(r io.Reader, buf []byte) ([]byte, error) {
	if f, ok := r.(*body); ok && f.left > 0 {
		n := min(f.left, int64(len(buf)))
		if b := f.s.ready(); int64(len(b)) >= n {
			f.s.pass(int(n))
			f.left -= n
			if n < int64(len(buf)) {
				return b[:n], io.ErrUnexpectedEOF
			}
			return b[:n], nil
		}
	}
	n, err := io.ReadFull(r, buf)
	return buf[:n], err
}

// headers reads the headers of a stream one by one.
type headers struct {
	maker
	s     *stream
	in    recorder    // what tr reads from
	tr    *tar.Reader // nil if it does not know where the stream is
	begin int64       // where the last Next of tr began to read
	body  body
	slow  bool // archive/tar reads them all
}

// next is the next header, and its content. The end is io.EOF.
func (r *headers) next() (*tar.Header, io.Reader, error) {
	padding := int(-r.s.pos & (headerSize - 1))
	if b := r.s.ready(); !r.slow && len(b) >= padding+headerSize {
		if h, ok := r.plainHeader(b[padding:]); ok {
			r.s.pass(padding + headerSize)
			r.tr, r.body = nil, body{s: r.s}
			if h.Typeflag == tar.TypeReg {
				r.body.left = h.Size
			}
			return h, &r.body, nil
		}
	}
	if r.tr == nil {
		if err := r.s.skip(int64(padding)); err != nil {
			return nil, nil, err
		}
		r.tr = tar.NewReader(&r.in)
	}
	r.in.buf, r.in.on, r.begin = r.in.buf[:0], true, r.s.pos
	h, err := r.tr.Next()
	r.in.on = false
	return h, r.tr, err
}

// read are the bytes of the header that tr has read last, which begins at a place in the tar.
func (r *headers) read(from int64) []byte {
	return r.in.buf[min(from-r.begin, int64(len(r.in.buf))):]
}
