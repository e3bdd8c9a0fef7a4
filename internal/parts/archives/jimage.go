package archives

import (
	"bytes"
	"encoding/binary"
	"slices"

	"tare/internal/parts"
)

const (
	jimageHeader = 28
	maxIndex     = 64 << 20 // bytes of the index of a jimage
)

// IsJimage tells whether a file that begins with b is the image of modules of a Java
// runtime (lib/modules).
func IsJimage(b []byte) bool {
	return bytes.HasPrefix(b, []byte("\xda\xda\xfe\xca")) || bytes.HasPrefix(b, []byte("\xca\xfe\xda\xda"))
}

// jimage is the index of such an image: package jdk.internal.jimage of the JDK tells of it.
type jimage struct {
	order     binary.ByteOrder
	locations []byte
	strings   []byte
	index     int64 // its length: resources follow
}

// Jimage divides an image of modules among the modules. The only error is parts.ErrAgain.
func Jimage(s parts.Source) ([]parts.Part, error) {
	l := parts.New(s.Size())
	j, offsets, err := readJimage(s)
	if err != nil || j == nil {
		return l.Parts(), err
	}
	l.Claim(0, j.index, parts.Part{Name: "index", Kind: parts.Headers})
	for ; len(offsets) >= 4; offsets = offsets[4:] {
		module, off, size := j.location(j.order.Uint32(offsets))
		if module != "" && off >= 0 && size >= 0 && off < s.Size() {
			l.Claim(j.index+off, size, parts.Part{Name: module, Kind: parts.Member, What: "module"})
		}
	}
	for _, g := range l.Gaps() {
		if err := l.Fill(s, g, "between resources"); err != nil {
			return nil, err
		}
	}
	return l.Parts(), nil
}

// readJimage reads the index; nil if it is none. offsets lead to the locations of resources.
func readJimage(s parts.Source) (j *jimage, offsets []byte, err error) {
	b, err := parts.Read(s, 0, jimageHeader)
	if err != nil {
		return nil, nil, again(err)
	}
	j = &jimage{order: binary.LittleEndian}
	if b[0] == 0xca {
		j.order = binary.BigEndian
	}
	o := j.order
	table, locations, text := int64(o.Uint32(b[16:])), int64(o.Uint32(b[20:])), int64(o.Uint32(b[24:]))
	j.index = jimageHeader + 8*table + locations + text
	if table > maxMembers || j.index > maxIndex || j.index > s.Size() {
		return nil, nil, nil
	}
	if b, err = parts.Read(s, 0, j.index); err != nil {
		return nil, nil, again(err)
	}
	b = b[jimageHeader+4*table:]
	offsets, b = b[:4*table], b[4*table:]
	j.locations, j.strings = b[:locations], b[locations:]
	return j, offsets, nil
}

// location reads the attributes of a resource: its module, where it begins behind the index,
// and its bytes in the file.
func (j *jimage) location(at uint32) (module string, off, size int64) {
	if int64(at) >= int64(len(j.locations)) {
		return "", 0, 0
	}
	var v [8]uint64 // by attribute: end, module, parent, base, extension, offset, compressed, uncompressed
	for b := j.locations[at:]; len(b) > 0 && b[0]>>3 > 0; {
		kind, n := b[0]>>3, int(b[0]&7)+1
		if int(kind) >= len(v) || n >= len(b) {
			return "", 0, 0
		}
		v[kind] = 0
		for _, c := range b[1 : 1+n] {
			v[kind] = v[kind]<<8 | uint64(c)
		}
		b = b[1+n:]
	}
	if v[6] == 0 {
		v[6] = v[7]
	}
	if v[1] >= uint64(len(j.strings)) || slices.Max(v[5:]) > 1<<62 {
		return "", 0, 0
	}
	name, _, _ := bytes.Cut(j.strings[v[1]:min(uint64(len(j.strings)), v[1]+256)], []byte{0})
	return string(name), int64(v[5]), int64(v[6])
}
