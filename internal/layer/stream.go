package layer

import (
	"bufio"
	_ "crypto/sha512" // digests may be made with it
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/opencontainers/go-digest"
)

// chunkSize is how much is decompressed before it is hashed and parsed: small
// enough for a processor's cache, large enough that switching costs nothing.
const chunkSize = 256 << 10

// window is how much is asked for at once: gzip's decompressor yields its window of
// 32 KiB at each flush. A chunk ends where less is free, so that a Read is a flush.
// What is not compressed is read by chunks, past the buffer.
const window = 32 << 10

// stored counts and hashes the bytes of the blob.
type stored struct {
	r io.Reader
	h hash.Hash
	n int64
}

func (s *stored) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if s.h != nil {
		s.h.Write(p[:n])
	}
	s.n += int64(n)
	return n, err
}

// mark says how much of the blob was consumed when the decompressor had written
// out bytes of the tar.
type mark struct{ out, in int64 }

// chunk is a piece of the uncompressed tar.
type chunk struct {
	b     []byte
	n     int
	marks []mark
	err   error
}

// stream is the uncompressed tar, and knows the positions in the blob.
type stream struct {
	src   *stored
	br    *bufio.Reader
	plain io.ReadCloser
	kind  Compression

	diff hash.Hash // of the tar
	algs struct{ blob, diff digest.Algorithm }
	out  int64 // decompressed so far
	max  int64

	cur *chunk
	off int   // consumed of cur
	pos int64 // consumed in all

	ahead chan *chunk // nil: decompress when needed
	free  chan *chunk
	stop  chan struct{}

	marks  []mark
	lastIn int64
}

func newStream(r io.Reader, o Options) (*stream, error) {
	s := &stream{max: o.MaxBytes, marks: []mark{{}}}
	var err error
	if s.algs.blob, err = algorithm("digest", o.Blob); err != nil {
		return nil, err
	}
	if s.algs.diff, err = algorithm("diff_id", o.DiffID); err != nil {
		return nil, err
	}
	s.src, s.diff = &stored{r: r, h: s.algs.blob.Hash()}, s.algs.diff.Hash()
	s.br = bufio.NewReaderSize(s.src, 64<<10)
	if s.plain, s.kind, err = decompress(s.br); err != nil {
		return nil, err
	}
	if s.kind == None && s.algs.blob == s.algs.diff {
		// One hash for both digests; of what br has read ahead nothing is lost, since the
		// tar is hashed as it is handed on.
		s.src.h = nil
	}
	s.cur = &chunk{b: make([]byte, chunkSize)}
	if o.Ahead {
		s.ahead, s.free, s.stop = make(chan *chunk, 2), make(chan *chunk, 3), make(chan struct{})
		s.free <- &chunk{b: make([]byte, chunkSize)}
		s.free <- &chunk{b: make([]byte, chunkSize)}
		go s.run()
	}
	return s, nil
}

// algorithm is that of the digest which is expected; without one it is the usual one.
func algorithm(what string, d digest.Digest) (digest.Algorithm, error) {
	if d == "" {
		return digest.Canonical, nil
	}
	if err := d.Validate(); err != nil {
		return "", fmt.Errorf("%s %s: %w", what, Quote(string(d)), err)
	}
	return d.Algorithm(), nil
}

// close ends the goroutine that decompresses ahead, and waits for it.
func (s *stream) close() {
	if s.ahead != nil {
		close(s.stop)
		for range s.ahead { //nolint:revive // until the other side has closed it
		}
	}
	_ = s.plain.Close()
}

func (s *stream) run() {
	defer close(s.ahead)
	for {
		select {
		case <-s.stop:
			return
		case c := <-s.free:
			s.fill(c)
			last := c.err != nil
			select {
			case s.ahead <- c:
			case <-s.stop:
				return
			}
			if last {
				return
			}
		}
	}
}

// fill decompresses the next chunk.
func (s *stream) fill(c *chunk) {
	c.n, c.marks, c.err = 0, c.marks[:0], nil
	for c.err == nil && len(c.b)-c.n >= window {
		step := window
		if s.kind == None {
			step = len(c.b) - c.n
		}
		var n int
		n, c.err = s.plain.Read(c.b[c.n : c.n+step])
		c.n += n
		s.out += int64(n)
		if n > 0 && s.kind != None {
			c.marks = push(c.marks, mark{s.out, s.src.n - int64(s.br.Buffered())})
		}
		if s.out > s.max && c.err == nil {
			c.err = &LimitError{What: "bytes when uncompressed", Limit: s.max}
		}
	}
	if s.kind == None {
		s.diff.Write(c.b[:c.n]) // ahead, there is nothing but this to do
	}
}

// push adds a mark. Output that came without further input belongs to the piece
// before: zstd's blocks are larger than one Read.
func push(list []mark, m mark) []mark {
	if n := len(list); n > 0 && list[n-1].in == m.in && m.in > 0 {
		list[n-1].out = m.out
		return list
	}
	return append(list, m)
}

// Read yields the tar, for archive/tar.
func (s *stream) Read(p []byte) (int, error) {
	for s.off == s.cur.n {
		if s.cur.err != nil {
			return 0, s.cur.err
		}
		s.next()
	}
	n := copy(p, s.cur.b[s.off:s.cur.n])
	s.off += n
	s.pos += int64(n)
	return n, nil
}

// ready is what was decompressed and not read yet: the next part of the tar, maybe nothing.
func (s *stream) ready() []byte {
	if s.off == s.cur.n && s.cur.err == nil {
		s.next()
	}
	return s.cur.b[s.off:s.cur.n]
}

// pass reads n bytes that are ready.
func (s *stream) pass(n int) {
	s.off += n
	s.pos += int64(n)
}

// skip passes over padding; a tar may end without it.
func (s *stream) skip(n int64) error {
	_, err := io.CopyN(io.Discard, s, n)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (s *stream) next() {
	if s.ahead == nil {
		s.fill(s.cur)
	} else {
		s.free <- s.cur
		s.cur = <-s.ahead
	}
	s.off = 0
	if s.kind != None {
		s.diff.Write(s.cur.b[:s.cur.n]) // here: decompressing takes longer than parsing
	}
	for _, m := range s.cur.marks {
		s.marks = push(s.marks, m)
	}
}

// drain reads what the tar reader left: it belongs to both digests.
func (s *stream) drain() error {
	if _, err := io.Copy(io.Discard, s); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, s.br)
	return err
}

// apportion returns the part of the blob between the position of the previous call
// and that of out bytes of the tar: between two flushes of the decompressor it is
// divided evenly. Parts are integers that sum up to what was consumed.
func (s *stream) apportion(out int64) int64 {
	at := out
	if s.kind != None {
		i := 0
		for i+1 < len(s.marks) && s.marks[i+1].out <= out {
			i++
		}
		lo := s.marks[i]
		at = lo.in
		if i+1 < len(s.marks) && out > lo.out {
			hi := s.marks[i+1]
			at += (out - lo.out) * (hi.in - lo.in) / (hi.out - lo.out)
		}
		at = max(at, s.lastIn) // a mark that moved on in between
		s.marks = append(s.marks[:0], s.marks[i:]...)
	}
	share := at - s.lastIn
	s.lastIn = at
	return share
}

// digests are those of the blob and of the tar; valid after drain.
func (s *stream) digests() (blob, diff digest.Digest) {
	diff = digest.NewDigest(s.algs.diff, s.diff)
	if s.src.h == nil {
		return diff, diff
	}
	return digest.NewDigest(s.algs.blob, s.src.h), diff
}
