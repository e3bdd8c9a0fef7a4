package layer

import (
	"crypto/sha256"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// packLevel is gzip's level for layers that tare built: 6, the default of gzip
// and of Docker's builders.
const packLevel = 6

// Pack compresses the plain tar r into w as `tare push` does and returns the
// descriptor of the result. The same tar always gives the same bytes.
func Pack(w io.Writer, r io.Reader) (ocispec.Descriptor, error) {
	h := sha256.New()
	n := &writeCounter{w: io.MultiWriter(w, h)}
	z, err := gzip.NewWriterLevel(n, packLevel)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	if _, err := io.Copy(z, r); err != nil {
		return ocispec.Descriptor{}, err
	}
	if err := z.Close(); err != nil {
		return ocispec.Descriptor{}, err
	}
	return ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayerGzip, Digest: digest.NewDigest(digest.SHA256, h), Size: n.n}, nil
}

// Bounded reads r up to a number of bytes; a *LimitError tells of more.
func Bounded(r io.Reader, limit int64) io.Reader { return &bounded{r, limit, limit} }

type bounded struct {
	r           io.Reader
	left, limit int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, &LimitError{What: "bytes when uncompressed", Limit: b.limit}
	}
	return n, err
}

type writeCounter struct {
	w io.Writer
	n int64
}

func (c *writeCounter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
