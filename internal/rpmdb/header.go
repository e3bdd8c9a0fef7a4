package rpmdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"tare/internal/packages"
)

// The tags of a package header that are read (rpm/include/rpm/rpmtag.h).
const (
	tagName        = 1000
	tagVersion     = 1001
	tagRelease     = 1002
	tagEpoch       = 1003
	tagSize        = 1009
	tagArch        = 1022
	tagSource      = 1044
	tagProvides    = 1047
	tagRequires    = 1049
	tagDirIndexes  = 1116
	tagBaseNames   = 1117
	tagDirNames    = 1118
	tagLongSize    = 5009
	typeInt32      = 4
	typeInt64      = 5
	typeString     = 6
	typeStrings    = 8
	maxTags        = 0xffff // rpm/lib/header.cc, HEADER_TAGS_MAX
	headerEntry    = 16
	headerPreamble = 8
)

// header is a package header: an index of tags, and the data that it leads into. All
// numbers are big-endian.
type header struct {
	tags map[uint32][]byte // entries of the index, by tag: type, offset, count
	data []byte
}

func parseHeader(b []byte) (header, error) {
	h := header{tags: map[uint32][]byte{}}
	if len(b) < headerPreamble {
		return h, errors.New("its header is cut short")
	}
	tags, size := int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:]))
	from := headerPreamble + tags*headerEntry
	if tags == 0 || tags > maxTags || from+size > int64(len(b)) {
		return h, fmt.Errorf("its header has %d tags with %d bytes in %d", tags, size, len(b))
	}
	for i := range tags {
		e := b[headerPreamble+i*headerEntry:][:headerEntry]
		h.tags[binary.BigEndian.Uint32(e)] = e[4:] // one that was changed later stands behind
	}
	h.data = b[from : from+size]
	return h, nil
}

// find is the data of a tag from its beginning, if it is there with the type, and its
// count of values.
func (h header) find(tag, kind uint32) ([]byte, int) {
	e := h.tags[tag]
	if e == nil || binary.BigEndian.Uint32(e) != kind {
		return nil, 0
	}
	at, n := int64(binary.BigEndian.Uint32(e[4:])), int64(binary.BigEndian.Uint32(e[8:]))
	if at > int64(len(h.data)) || n > int64(len(h.data)) {
		return nil, 0
	}
	return h.data[at:], int(n)
}

func (h header) text(tag uint32) string {
	b, _ := h.find(tag, typeString)
	end := bytes.IndexByte(b, 0)
	return string(b[:max(end, 0)])
}

func (h header) texts(tag uint32) []string {
	b, n := h.find(tag, typeStrings)
	var out []string
	for range n {
		end := bytes.IndexByte(b, 0)
		if end < 0 {
			break
		}
		out = append(out, string(b[:end]))
		b = b[end+1:]
	}
	return out
}

func (h header) numbers(tag uint32) []uint32 {
	b, n := h.find(tag, typeInt32)
	var out []uint32
	for ; n > 0 && len(b) >= 4; n-- {
		out = append(out, binary.BigEndian.Uint32(b))
		b = b[4:]
	}
	return out
}

// number is the only value of a tag, 0 if there is none.
func (h header) number(tag uint32) int64 {
	if list := h.numbers(tag); len(list) > 0 {
		return int64(list[0])
	}
	if b, _ := h.find(tag, typeInt64); len(b) >= 8 {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// record is what is needed of a package; see files for left.
func record(b []byte, left *int) (packages.RPMRecord, error) {
	h, err := parseHeader(b)
	if err != nil {
		return packages.RPMRecord{}, err
	}
	r := packages.RPMRecord{Name: h.text(tagName), Version: h.text(tagVersion), Arch: h.text(tagArch), Source: h.text(tagSource), Size: max(h.number(tagSize), h.number(tagLongSize)),
		Requires: h.texts(tagRequires), Provides: h.texts(tagProvides)}
	if release := h.text(tagRelease); release != "" {
		r.Version += "-" + release
	}
	if epoch := h.number(tagEpoch); epoch > 0 {
		r.Version = strconv.FormatInt(epoch, 10) + ":" + r.Version
	}
	if r.Source == "(none)" {
		r.Source = ""
	}
	r.Files, r.Problem = h.files(left)
	return r, nil
}

// files are the paths in a header: names in directories, of at most *left bytes.
func (h header) files(left *int) ([]string, error) {
	bases, dirs, indexes := h.texts(tagBaseNames), h.texts(tagDirNames), h.numbers(tagDirIndexes)
	if len(bases) == 0 || len(dirs) == 0 {
		return nil, nil
	}
	if len(indexes) < len(bases) {
		return nil, fmt.Errorf("%d names, but directories of %d", len(bases), len(indexes))
	}
	out := make([]string, 0, len(bases))
	for i, base := range bases {
		if int64(indexes[i]) >= int64(len(dirs)) {
			return nil, fmt.Errorf("directory %d of %d", indexes[i], len(dirs))
		}
		p := dirs[indexes[i]] + base
		if *left -= len(p); *left < 0 {
			return nil, fmt.Errorf("more than %d bytes of paths in the database", maxPaths)
		}
		out = append(out, p)
	}
	return out, nil
}

// maxPaths bounds the paths of a database, in bytes: a long directory may have many short
// names.
const maxPaths = 128 << 20
