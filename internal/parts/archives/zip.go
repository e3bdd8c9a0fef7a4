package archives

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"path"
	"slices"
	"strings"

	"tare/internal/parts"
)

// Signatures and lengths of zip's records: APPNOTE.TXT, 4.3.
const (
	localSig, localSize     = 0x04034b50, 30
	centralSig, centralSize = 0x02014b50, 46
	endSig, endSize         = 0x06054b50, 22
	end64Sig, end64Size     = 0x06064b50, 56
	locatorSig, locatorSize = 0x07064b50, 20
	descriptorSig           = 0x08074b50
	maxComment              = 65535
)

var le = binary.LittleEndian

// IsZip tells whether a file that begins with b is a zip archive.
func IsZip(b []byte) bool {
	return bytes.HasPrefix(b, []byte("PK\x03\x04")) || bytes.HasPrefix(b, []byte("PK\x05\x06")) || bytes.HasPrefix(b, []byte("JM\x01\x00PK\x03\x04"))
}

// member is a row of the central directory.
type member struct {
	name                 string
	flags, method        uint16
	crc                  uint32
	packed, size, header int64 // header is the offset of the local header
}

// directory is a central directory: where it stands, and by how much all offsets are off,
// since something stands before the archive.
type directory struct {
	off, size, end, shift int64
}

// Zip divides a zip archive; nil if it is none. inner looks into members; nil leaves
// that out. The only error is parts.ErrAgain.
func Zip(s parts.Source, inner Inner, budget *Budget) ([]parts.Part, error) {
	d, err := findDirectory(s)
	if err != nil || d == nil {
		return nil, again(err)
	}
	list, err := d.members(s)
	if err != nil {
		return nil, err
	}
	l := parts.New(s.Size())
	slices.SortStableFunc(list, func(a, b member) int { return cmp.Compare(a.header, b.header) })
	end := int64(0)
	for i := range list {
		m := &list[i]
		data, err := m.data(s)
		if err != nil {
			return nil, err
		}
		if data < 0 || m.packed > s.Size()-data {
			continue // what it takes is unknown
		}
		if m.header > end { // in the order of the file, which may go by
			if err := l.Fill(s, parts.Range{Off: end, Len: m.header - end}, gap(end)); err != nil {
				return nil, err
			}
		}
		l.Claim(m.header, data-m.header, headers)
		p := parts.Part{Name: m.name, Kind: parts.Member, Size: m.size, CRC32: fmt.Sprintf("%08x", m.crc)}
		if inner != nil && data >= end {
			if p.Parts, err = m.inside(s, data, inner, budget); err != nil {
				return nil, err
			}
		}
		l.Claim(data, m.packed, p)
		n, err := m.descriptor(s, data+m.packed)
		if err != nil {
			return nil, err
		}
		l.Claim(data+m.packed, n, headers)
		end = max(end, data+m.packed+n)
	}
	l.Claim(d.off, s.Size()-d.off, parts.Part{Name: "central directory", Kind: parts.Headers})
	if d.off > end {
		if err := l.Fill(s, parts.Range{Off: end, Len: d.off - end}, gap(end)); err != nil {
			return nil, err
		}
	}
	return l.Parts(), nil
}

// gap is the name of what no member claims at off.
func gap(off int64) string {
	if off == 0 {
		return "before the archive"
	}
	return "between members"
}

// findDirectory finds the central directory; nil if there is none.
func findDirectory(s parts.Source) (*directory, error) {
	n := min(s.Size(), endSize+maxComment)
	from := s.Size() - n
	b, err := parts.Read(s, from, n)
	if err != nil || n < endSize {
		return nil, err
	}
	at := -1
	for i := len(b) - endSize; i >= 0; i-- {
		if le.Uint32(b[i:]) == endSig && int(le.Uint16(b[i+20:])) == len(b)-i-endSize {
			at = i
			break
		}
	}
	if at < 0 {
		return nil, nil
	}
	d := &directory{end: from + int64(at), size: int64(le.Uint32(b[at+12:])), off: int64(le.Uint32(b[at+16:]))}
	if err := d.wide(s); err != nil {
		return nil, err
	}
	start := d.end - d.size // where it must be, if it ends where its end begins
	if d.size < 0 || d.off < 0 || start < d.off {
		return nil, nil
	}
	d.off, d.shift = start, start-d.off
	return d, nil
}

// wide corrects a directory by the records of zip64, if they are there.
func (d *directory) wide(s parts.Source) error {
	b, err := parts.Read(s, d.end-locatorSize, locatorSize)
	if err == parts.ErrAgain {
		return err
	}
	if err != nil || le.Uint32(b) != locatorSig {
		return nil
	}
	at := int64(le.Uint64(b[8:]))
	for _, off := range []int64{at, d.end - locatorSize - end64Size} { // the second if something stands before the archive
		if b, err = parts.Read(s, off, end64Size); err == parts.ErrAgain {
			return err
		}
		if err == nil && le.Uint32(b) == end64Sig {
			d.size, d.off, d.end = int64(le.Uint64(b[40:])), int64(le.Uint64(b[48:])), off
			return nil
		}
	}
	return nil
}

// members reads the directory, as far as it is one.
func (d *directory) members(s parts.Source) ([]member, error) {
	if d.size > maxDirectory {
		return nil, nil
	}
	b, err := parts.Read(s, d.off, d.size)
	if err != nil {
		return nil, again(err)
	}
	var out []member
	for len(b) >= centralSize && le.Uint32(b) == centralSig && len(out) < maxMembers {
		name, extra, comment := int(le.Uint16(b[28:])), int(le.Uint16(b[30:])), int(le.Uint16(b[32:]))
		if centralSize+name+extra+comment > len(b) {
			break
		}
		m := member{name: string(b[centralSize : centralSize+name]), flags: le.Uint16(b[8:]), method: le.Uint16(b[10:]), crc: le.Uint32(b[16:]),
			packed: int64(le.Uint32(b[20:])), size: int64(le.Uint32(b[24:])), header: int64(le.Uint32(b[42:]))}
		m.wide(b[centralSize+name : centralSize+name+extra])
		if m.packed >= 0 && m.size >= 0 && m.header >= 0 && m.header <= s.Size()-d.shift {
			m.header += d.shift
			out = append(out, m)
		}
		b = b[centralSize+name+extra+comment:]
	}
	return out, nil
}

// wide takes the sizes of zip64 from a member's extra fields.
func (m *member) wide(extra []byte) {
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			return
		}
		field := extra[:n]
		extra = extra[n:]
		if id != 1 {
			continue
		}
		for _, v := range []*int64{&m.size, &m.packed, &m.header} {
			if *v == 0xffffffff && len(field) >= 8 {
				*v, field = int64(le.Uint64(field)), field[8:]
			}
		}
		return
	}
}

// data is where the bytes of a member begin, by its local header; -1 if that is none.
func (m *member) data(s parts.Source) (int64, error) {
	b, err := parts.Read(s, m.header, localSize)
	if err != nil {
		return -1, again(err)
	}
	if le.Uint32(b) != localSig {
		return -1, nil
	}
	at := m.header + localSize + int64(le.Uint16(b[26:])) + int64(le.Uint16(b[28:]))
	if at > s.Size() {
		return -1, nil
	}
	return at, nil
}

// descriptor is the length of the record behind a member that was written as a stream.
func (m *member) descriptor(s parts.Source, off int64) (int64, error) {
	if m.flags&8 == 0 {
		return 0, nil
	}
	for _, n := range []int64{24, 16, 20, 12} { // with 64 or 32 bits, with a signature or without
		b, err := parts.Read(s, off, n)
		if err == parts.ErrAgain {
			return 0, err
		}
		if err != nil {
			continue
		}
		if n == 24 || n == 16 {
			if le.Uint32(b) != descriptorSig {
				continue
			}
			b = b[4:]
		}
		if le.Uint32(b) != m.crc {
			continue
		}
		if len(b) == 20 && int64(le.Uint64(b[4:])) == m.packed && int64(le.Uint64(b[12:])) == m.size ||
			len(b) == 12 && int64(le.Uint32(b[4:])) == m.packed&0xffffffff && int64(le.Uint32(b[8:])) == m.size&0xffffffff {
			return n, nil
		}
	}
	return 0, nil
}

// divisible are the endings of names of members that may have an inside.
var divisible = []string{".jar", ".war", ".ear", ".zip", ".whl", ".so", ".a", ".node", ".gz", ".tgz", ".jnilib"}

// inside looks into a member.
func (m *member) inside(s parts.Source, data int64, inner Inner, budget *Budget) ([]parts.Part, error) {
	base := strings.ToLower(path.Base(m.name))
	if m.size > maxInner || m.flags&1 != 0 || !slices.Contains(divisible, path.Ext(base)) && !strings.Contains(base, ".so.") {
		return nil, nil
	}
	var r io.Reader = io.NewSectionReader(s, data, m.packed)
	switch m.method {
	case 0:
		if m.packed != m.size {
			return nil, nil
		}
	case 8:
		r = flate.NewReader(r)
	default:
		return nil, nil
	}
	if !budget.take(m.size) {
		return nil, nil
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(r, m.size+1)); err != nil {
		return nil, again(err)
	}
	if int64(b.Len()) != m.size || crc32.ChecksumIEEE(b.Bytes()) != m.crc {
		return nil, nil
	}
	return inner(m.name, parts.Bytes(b.Bytes())), nil
}
