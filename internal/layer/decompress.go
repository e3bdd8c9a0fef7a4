package layer

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
)

// Compression says how bytes are compressed.
type Compression string

// The compressions of OCI and Docker layers, and those of archives beside them.
const (
	None  Compression = "none"
	Gzip  Compression = "gzip"
	Zstd  Compression = "zstd"
	Xz    Compression = "xz"
	Bzip2 Compression = "bzip2"
)

// maxWindow bounds what a zstd frame, or the dictionary of an xz block, may ask for, in
// bytes: 128 MiB is what the zstd tool itself accepts without --long, and twice what xz -9
// makes.
const maxWindow = 128 << 20

// Decompress looks at the first bytes of r and returns a reader of the plain
// bytes. The bytes decide, not a media type. Several gzip members, zstd frames
// (skippable ones too), xz or bzip2 streams are read as one; zeros after them are
// padding, anything else is an error. Closing the reader does not close r.
func Decompress(r io.Reader) (io.ReadCloser, Compression, error) {
	return decompress(bufio.NewReaderSize(r, 64<<10))
}

// decompress is Decompress on a buffer of the caller's, who can so see how much of
// it was consumed: the decompressors read from a bufio.Reader directly.
func decompress(br *bufio.Reader) (io.ReadCloser, Compression, error) {
	magic, err := br.Peek(SniffLen)
	if err != nil && err != io.EOF {
		return nil, "", err
	}
	switch kind := Sniff(magic); kind {
	case Gzip:
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, kind, fmt.Errorf("gzip: %w", unexpected(err))
		}
		z.Multistream(false)
		return &members{br: br, z: z}, kind, nil
	case Zstd:
		in := &tail{br: br}
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, kind, fmt.Errorf("zstd: %w", err)
		}
		return &padded{r: z.IOReadCloser(), in: in, ended: func(err error) bool { return errors.Is(err, zstd.ErrMagicMismatch) }}, kind, nil
	case Xz:
		z, err := xz.NewReader(br, maxWindow)
		if err != nil {
			return nil, kind, xzError(err)
		}
		return &xzReader{z}, kind, nil
	case Bzip2:
		in := &tail{br: br}
		return &padded{r: io.NopCloser(bzip2.NewReader(in)), in: in, ended: func(err error) bool {
			return err == bzip2.StructuralError("bad magic value in continuation file") //nolint:errorlint // a string type
		}}, kind, nil
	default:
		return io.NopCloser(br), None, nil
	}
}

// SniffLen is how many bytes Sniff wants to see, if there are so many.
const SniffLen = 10

// Sniff knows a compression by its first bytes: RFC 1952 §2.3.1 for gzip,
// RFC 8878 §3.1.1 and §3.1.2 (skippable frames, 0x184D2A50 to 5F) for zstd, §2.1.1.1 of
// the .xz file format. Of bzip2 the mark of its first block is asked for, too: "BZh9"
// could begin a name in a tar.
func Sniff(b []byte) Compression {
	switch {
	case bytes.HasPrefix(b, []byte{0x1f, 0x8b}):
		return Gzip
	case bytes.HasPrefix(b, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return Zstd
	case len(b) >= 4 && b[0]&0xf0 == 0x50 && bytes.Equal(b[1:4], []byte{0x2a, 0x4d, 0x18}):
		return Zstd
	case bytes.HasPrefix(b, []byte{0xfd, '7', 'z', 'X', 'Z', 0}):
		return Xz
	case len(b) >= 10 && string(b[:3]) == "BZh" && b[3] >= '1' && b[3] <= '9' &&
		(string(b[4:10]) == "\x31\x41\x59\x26\x53\x59" || string(b[4:10]) == "\x17\x72\x45\x38\x50\x90"):
		return Bzip2
	}
	return None
}

// members reads the members of a gzip file one after another. The library's own way of
// doing so takes zeros after the last for a damaged header; gzip(1) and Docker's unpigz
// take them for the padding that a tape, or a tool that writes whole blocks, leaves.
type members struct {
	br *bufio.Reader
	z  *gzip.Reader
}

func (m *members) Read(p []byte) (int, error) {
	for {
		n, err := m.z.Read(p)
		if !errors.Is(err, io.EOF) || n > 0 {
			if errors.Is(err, io.EOF) {
				err = nil // the next Read finds it again
			}
			return n, err
		}
		next, err := m.br.Peek(2)
		if len(next) == 0 {
			return 0, err
		}
		if next[0] == 0 {
			return 0, zeros(m.br)
		}
		if Sniff(next) != Gzip {
			return 0, fmt.Errorf("gzip: %w", errTrailing)
		}
		if err := m.z.Reset(m.br); err != nil {
			return 0, fmt.Errorf("gzip: %w", unexpected(err))
		}
		m.z.Multistream(false)
	}
}

func (m *members) Close() error { return m.z.Close() }

var errTrailing = errors.New("something else follows the compressed bytes")

// zeros reads what is left: it is io.EOF if all of it is padding.
func zeros(r io.Reader) error {
	for buf := make([]byte, 4096); ; {
		n, err := r.Read(buf)
		if len(bytes.Trim(buf[:n], "\x00")) > 0 {
			return errTrailing
		}
		if err != nil {
			return err
		}
	}
}

// tail remembers the last bytes that were read.
type tail struct {
	br   *bufio.Reader
	last [4]byte
}

func (t *tail) Read(p []byte) (int, error) {
	n, err := t.br.Read(p)
	for _, c := range p[max(0, n-len(t.last)):n] {
		t.push(c)
	}
	return n, err
}

// ReadByte keeps bzip2 from reading ahead.
func (t *tail) ReadByte() (byte, error) {
	c, err := t.br.ReadByte()
	if err == nil {
		t.push(c)
	}
	return c, err
}

func (t *tail) push(c byte) {
	copy(t.last[:], t.last[1:])
	t.last[3] = c
}

// padded takes zeros after the last frame for padding: ended knows the error with which
// a decompressor refuses what follows a frame that was whole.
type padded struct {
	r     io.ReadCloser
	in    *tail
	ended func(error) bool
	err   error
}

func (z *padded) Read(p []byte) (int, error) {
	if z.err != nil {
		return 0, z.err
	}
	n, err := z.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && z.ended(err) && z.in.last[2] == 0 && z.in.last[3] == 0 {
		err = zeros(z.in.br)
	}
	z.err = err
	return n, err
}

func (z *padded) Close() error { return z.r.Close() }

type xzReader struct{ z *xz.Reader }

func (x *xzReader) Read(p []byte) (int, error) {
	n, err := x.z.Read(p)
	return n, xzError(err)
}

func (x *xzReader) Close() error { return nil }

// xzError says what the library's errors mean here.
func xzError(err error) error {
	switch {
	case err == nil, err == io.EOF: //nolint:errorlint // as readers return it
		return err
	case errors.Is(err, xz.ErrMemlimit):
		return fmt.Errorf("xz: a dictionary of more than %d MiB: compress it with xz -9 or less", maxWindow>>20)
	case errors.Is(err, xz.ErrBuf):
		return fmt.Errorf("xz: %w", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("xz: %w", err)
}
