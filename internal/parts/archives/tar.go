package archives

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/gzip"

	"tare/internal/parts"
)

// IsGzip tells whether a file that begins with b is compressed with gzip.
func IsGzip(b []byte) bool { return bytes.HasPrefix(b, []byte("\x1f\x8b\x08")) }

// IsTar tells whether a file that begins with b is a tar: it needs the first 512 bytes.
func IsTar(b []byte) bool { return len(b) >= 512 && bytes.Equal(b[257:262], []byte("ustar")) }

// Tar divides a tar. The only error is parts.ErrAgain.
func Tar(s parts.Source) ([]parts.Part, error) {
	t := &tarLook{l: parts.New(s.Size()), place: func(off int64) int64 { return off }}
	t.r = &counted{r: bufio.NewReaderSize(s.From(0), 64<<10), most: s.Size()}
	err := t.members()
	if err == nil {
		_, err = io.Copy(io.Discard, t.r) // what follows the end of a tar is padding, as tar writes it
		t.last = t.r.n
	}
	t.l.Rest(0, t.last, around)
	return t.l.Parts(), again(err)
}

// around is what a tar has beside its members.
var around = parts.Part{Name: "headers and padding", Kind: parts.Headers}

// Gzip divides a file that is compressed with gzip: a tar into its members, with the parts
// of the compressed bytes that are apportioned to them (members tells so). The only error is
// parts.ErrAgain.
func Gzip(s parts.Source, budget *Budget) (list []parts.Part, members bool, err error) {
	raw := &counted{r: s.From(0), most: s.Size()}
	in := bufio.NewReaderSize(raw, 64<<10)
	z, err := gzip.NewReader(in)
	if err != nil {
		return single(s), false, again(err)
	}
	most := int64(maxUnpacked)
	if budget == nil || budget.Left < most {
		most = 0
		if budget != nil {
			most = budget.Left
		}
	}
	m := &marks{r: z, at: func() int64 { return raw.n - int64(in.Buffered()) }, list: []mark{{0, raw.n - int64(in.Buffered())}}}
	out := bufio.NewReaderSize(m, 64<<10)
	if b, _ := out.Peek(512); !IsTar(b) {
		return single(s), false, again(m.err)
	}
	t := &tarLook{l: parts.New(s.Size()), r: &counted{r: out, most: most}, place: m.place}
	err = t.members()
	if err == nil {
		_, err = io.Copy(io.Discard, t.r)
	}
	if budget != nil {
		budget.Left -= t.r.n
	}
	if err == nil && t.r.n < most {
		t.last = m.place(t.r.n)
		t.l.Rest(t.last, s.Size(), parts.Part{Name: "end of gzip", Kind: parts.Headers})
	}
	t.l.Rest(0, t.last, around)
	return t.l.Parts(), true, again(err)
}

// single is a compressed file that is no archive.
func single(s parts.Source) []parts.Part {
	l := parts.New(s.Size())
	l.Claim(0, 10, parts.Part{Name: "header and end of gzip", Kind: parts.Headers})
	l.Claim(10, max(0, s.Size()-18), parts.Part{Name: "compressed content", Kind: parts.Data})
	l.Claim(max(10, s.Size()-8), 8, parts.Part{Name: "header and end of gzip", Kind: parts.Headers})
	return l.Parts()
}

// counted counts what is read, up to a bound.
type counted struct {
	r       io.Reader
	n, most int64
}

func (c *counted) Read(p []byte) (int, error) {
	if c.n >= c.most {
		return 0, io.EOF
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.most-c.n)])
	c.n += int64(n)
	return n, err
}

// mark says how much was read of the compressed bytes when so much was unpacked.
type mark struct{ out, in int64 }

// marks notes where a decompressor stands. Between two marks, which are at most a window
// apart, bytes are divided evenly.
type marks struct {
	r    io.Reader
	at   func() int64
	list []mark
	err  error // other than the end
}

func (m *marks) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if n > 0 {
		m.list = append(m.list, mark{m.list[len(m.list)-1].out + int64(n), m.at()})
	}
	if err != nil && err != io.EOF {
		m.err = err
	}
	return n, err
}

// place is where in the compressed bytes off bytes of the content end. Questions come in
// order.
func (m *marks) place(off int64) int64 {
	i := 0
	for i+1 < len(m.list) && m.list[i+1].out <= off {
		i++
	}
	m.list = m.list[i:]
	lo := m.list[0]
	if len(m.list) == 1 || m.list[1].out == lo.out {
		return lo.in
	}
	hi := m.list[1]
	return lo.in + (off-lo.out)*(hi.in-lo.in)/(hi.out-lo.out)
}

// tarLook goes through a tar.
type tarLook struct {
	r     *counted
	l     *parts.Layout
	place func(off int64) int64 // of a byte of the tar in the file
	last  int64                 // up to where all was read, in the file
}

var errTar = errors.New("too many members, or sparse ones")

// members claims the members.
func (t *tarLook) members() error {
	tr := tar.NewReader(t.r)
	for range maxMembers {
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeGNUSparse || len(h.PAXRecords["GNU.sparse.major"])+len(h.PAXRecords["GNU.sparse.map"]) > 0 {
			return errTar // holes cost nothing to write, and take any time to read
		}
		from := t.place(t.r.n)
		sum := crc32.NewIEEE()
		n, err := io.Copy(sum, tr)
		if err != nil {
			return err
		}
		t.last = t.place(t.r.n)
		if h.Typeflag == tar.TypeReg {
			t.l.Claim(from, t.last-from, parts.Part{Name: h.Name, Kind: parts.Member, Size: n, CRC32: fmt.Sprintf("%08x", sum.Sum32())})
		}
	}
	return errTar
}
