package layer

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Compression says how bytes are compressed.
type Compression string

// The compressions of OCI and Docker layers.
const (
	None Compression = "none"
	Gzip Compression = "gzip"
	Zstd Compression = "zstd"
)

// maxWindow bounds what a zstd frame may ask for, in bytes: 128 MiB is what the
// zstd tool itself accepts without --long.
const maxWindow = 128 << 20

// Decompress looks at the first bytes of r and returns a reader of the plain
// bytes. The bytes decide, not a media type. Several gzip members or zstd
// frames (skippable ones too) are read as one stream. Closing the reader does
// not close r.
func Decompress(r io.Reader) (io.ReadCloser, Compression, error) {
	return decompress(bufio.NewReaderSize(r, 64<<10))
}

// decompress is Decompress on a buffer of the caller's, who can so see how much of
// it was consumed: the decompressors read from a bufio.Reader directly.
func decompress(br *bufio.Reader) (io.ReadCloser, Compression, error) {
	magic, err := br.Peek(4)
	if err != nil && err != io.EOF {
		return nil, "", err
	}
	switch kind := Sniff(magic); kind {
	case Gzip:
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, kind, fmt.Errorf("gzip: %w", unexpected(err))
		}
		return z, kind, nil
	case Zstd:
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, kind, fmt.Errorf("zstd: %w", err)
		}
		return z.IOReadCloser(), kind, nil
	default:
		return io.NopCloser(br), None, nil
	}
}

// Sniff knows a compression by its first bytes: RFC 1952 §2.3.1 for gzip,
// RFC 8878 §3.1.1 and §3.1.2 (skippable frames, 0x184D2A50 to 5F) for zstd.
func Sniff(b []byte) Compression {
	switch {
	case bytes.HasPrefix(b, []byte{0x1f, 0x8b}):
		return Gzip
	case bytes.HasPrefix(b, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return Zstd
	case len(b) == 4 && b[0]&0xf0 == 0x50 && bytes.Equal(b[1:], []byte{0x2a, 0x4d, 0x18}):
		return Zstd
	}
	return None
}
