package layer

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// archive/tar reads the holes of a sparse file as zeros, one by one: a terabyte of them
// in two kilobytes of tar. So where a header says sparse, its map is read once more here,
// from the bytes of the header, and the pieces of data that the tar has are taken from
// the stream itself. Go has checked the map before; what it refuses never gets here.

// Sparse tells whether a header is that of a sparse file: old GNU, or PAX 0.0, 0.1, 1.0.
func Sparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	major, minor := h.PAXRecords["GNU.sparse.major"], h.PAXRecords["GNU.sparse.minor"]
	switch {
	case major == "0" && (minor == "0" || minor == "1"), major == "1" && minor == "0":
		return true
	case major != "" || minor != "":
		return false
	}
	return h.PAXRecords["GNU.sparse.map"] != ""
}

// piece is a part of a sparse file that has data.
type piece struct{ at, size int64 }

// recorder keeps the bytes of headers as they pass.
type recorder struct {
	s   *stream
	on  bool
	buf []byte
}

// maxHeader bounds what is recorded: archive/tar reads at most a mebibyte of records, of
// each long name, and of a sparse map.
const maxHeader = 8 << 20

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.s.Read(p)
	if r.on && len(r.buf)+n <= maxHeader {
		r.buf = append(r.buf, p[:n]...)
	}
	return n, err
}

var errSparse = errors.New("damaged header of a sparse file")

// pieces reads the map of a sparse file. head are the bytes from its first header on, up
// to where its data begin.
func pieces(h *tar.Header, head []byte) ([]piece, error) {
	main, rest, err := mainHeader(head)
	if err != nil {
		return nil, err
	}
	stored, err := number(main[124:136])
	if v := h.PAXRecords["size"]; v != "" {
		stored, err = strconv.ParseInt(v, 10, 64)
	}
	if err != nil || stored < 0 {
		return nil, errSparse
	}
	var list []piece
	switch {
	case h.Typeflag == tar.TypeGNUSparse:
		list, rest, err = gnuMap(main, rest)
	case h.PAXRecords["GNU.sparse.major"] == "1":
		list, err = textMap(strings.FieldsFunc(string(rest), func(r rune) bool { return r == '\n' }), true)
		stored -= int64(len(rest))
		rest = nil
	default:
		list, err = textMap(strings.Split(h.PAXRecords["GNU.sparse.map"], ","), false)
	}
	if err != nil || len(rest) > 0 {
		return nil, errSparse
	}
	var end int64
	for _, p := range list {
		if p.at < end || p.size < 0 || p.at > h.Size-p.size {
			return nil, errSparse
		}
		end = p.at + p.size
		stored -= p.size
	}
	if stored != 0 {
		return nil, fmt.Errorf("%w: its map and its size differ by %d bytes", errSparse, stored)
	}
	return list, nil
}

// mainHeader passes over the headers that only speak of the next one.
func mainHeader(b []byte) (main, rest []byte, err error) {
	for len(b) >= 512 {
		main, b = b[:512], b[512:]
		switch main[156] {
		case tar.TypeXHeader, tar.TypeGNULongName, tar.TypeGNULongLink:
			n, err := number(main[124:136])
			if n = (n + 511) &^ 511; err != nil || n < 0 || n > int64(len(b)) {
				return nil, nil, errSparse
			}
			b = b[n:]
		default:
			return main, b, nil
		}
	}
	return nil, nil, errSparse
}

// gnuMap reads the old GNU format: four pieces in the header, 21 in each that follows.
func gnuMap(main, rest []byte) ([]piece, []byte, error) {
	var list []piece
	table, more := main[386:482], main[482] != 0
	for {
		for ; len(table) >= 24 && table[0] != 0; table = table[24:] {
			at, err1 := number(table[:12])
			size, err2 := number(table[12:24])
			if err := errors.Join(err1, err2); err != nil {
				return nil, nil, err
			}
			list = append(list, piece{at, size})
		}
		if !more {
			return list, rest, nil
		}
		if len(rest) < 512 {
			return nil, nil, errSparse
		}
		table, more, rest = rest[:504], rest[504] != 0, rest[512:]
	}
}

// textMap reads pairs of decimal numbers, with their count before them if counted.
func textMap(words []string, counted bool) ([]piece, error) {
	if len(words) == 1 && words[0] == "" && !counted {
		return nil, nil
	}
	var n []int64
	want := len(words)
	for i := 0; i < want; i++ {
		if i >= len(words) {
			return nil, errSparse
		}
		v, err := strconv.ParseInt(words[i], 10, 64)
		if err != nil || v < 0 {
			return nil, errSparse
		}
		if i == 0 && counted {
			if v > int64(len(words)) {
				return nil, errSparse
			}
			want = int(v)*2 + 1
			continue
		}
		n = append(n, v)
	}
	if len(n)%2 != 0 {
		return nil, errSparse
	}
	var list []piece
	for i := 0; i < len(n); i += 2 {
		list = append(list, piece{n[i], n[i+1]})
	}
	return list, nil
}

// number reads a numeric field of a tar header: octal, or base 256 where the highest bit
// is set.
func number(b []byte) (int64, error) {
	if b[0]&0x80 != 0 {
		var n int64
		for i, c := range b {
			if i == 0 {
				if c&0x40 != 0 {
					return 0, errSparse // negative
				}
				c &= 0x3f
			}
			if n >= 1<<55 {
				return 0, errSparse
			}
			n = n<<8 | int64(c)
		}
		return n, nil
	}
	s := strings.Trim(string(b), " \x00")
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 8, 64)
	if err != nil || n < 0 {
		return 0, errSparse
	}
	return n, nil
}

// sparseFile is a sparse file with its holes as zeros, for those that are kept.
type sparseFile struct {
	r    io.Reader // the data
	list []piece
	size int64
	at   int64
}

func (f *sparseFile) Read(p []byte) (int, error) {
	if f.at == f.size {
		return 0, io.EOF
	}
	for len(f.list) > 0 && f.list[0].at+f.list[0].size <= f.at {
		f.list = f.list[1:]
	}
	end := f.size
	if len(f.list) > 0 {
		if next := f.list[0]; next.at <= f.at {
			n, err := f.r.Read(p[:min(int64(len(p)), next.at+next.size-f.at)])
			f.at += int64(n)
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
		end = f.list[0].at
	}
	n := int(min(int64(len(p)), end-f.at))
	clear(p[:n])
	f.at += int64(n)
	return n, nil
}

// skim hashes a sparse file without looking at its holes.
func (k *keeper) skim(r io.Reader, list []piece, size int64) (Sum, error) {
	h := k.sum.reset()
	for _, p := range list {
		h.hole(p.at - h.at)
		if n, err := io.CopyBuffer(onlyWriter{h}, io.LimitReader(r, p.size), k.buf); err != nil || n < p.size {
			return Sum{}, unexpected(errors.Join(err, shortOf(n, p.size)))
		}
	}
	h.hole(size - h.at)
	return h.sum(), nil
}

func shortOf(n, want int64) error {
	if n < want {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// onlyWriter keeps io.CopyBuffer to its buffer.
type onlyWriter struct{ io.Writer }
