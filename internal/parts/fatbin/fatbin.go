// Package fatbin divides GPU code among the architectures that it is for: the containers of
// CUDA's .nv_fatbin sections, and the bundles of clang's .hip_fatbin.
//
// Nvidia does not describe its containers; others have, from what they found. So nothing is
// believed that does not add up: a container counts only if its entries fill it to the byte.
package fatbin

import (
	"encoding/binary"
	"fmt"

	"tare/internal/parts"
)

// What is known of CUDA's containers, in bytes: a header (magic, version, its own length, the
// length of all entries), then entries, each a header that says its length, and a payload that
// is padded to eight bytes.
const (
	magic       = 0xba55ed50
	headerSize  = 16
	entrySize   = 64 // at least; newer compilers write more
	maxEntry    = 4096
	maxEntries  = 1 << 18 // of one section, containers counted, too
	minArch     = 10
	maxArch     = 999
	kindPTX     = 1
	kindELF     = 2
	kindELFOnly = 16 // the same, marked otherwise
)

// Sections are the names of the sections that hold CUDA's containers.
var Sections = []string{".nv_fatbin", "__nv_relfatbin"}

// walker goes through one section.
type walker struct {
	s     parts.Source
	l     *parts.Layout
	name  string // of the section
	count int    // containers and entries so far
}

// entry is a part of a container.
type entry struct {
	off, len int64 // with its header
	kind     uint16
	arch     uint32
}

// Walk claims what is in a section of CUDA containers. What does not fit is not claimed
// as GPU code but as unknown. The only error is parts.ErrAgain.
func Walk(s parts.Source, off, n int64, name string, l *parts.Layout) error {
	w := &walker{s: s, l: l, name: name}
	end := off + n
	for off < end {
		size, err := w.container(off, end)
		if err != nil {
			return err
		}
		if size > 0 {
			off += size
			continue
		}
		if size, err = w.zeros(off, end); err != nil {
			return err
		}
		if size == 0 {
			w.unknown(off, end-off)
			return nil
		}
		l.Claim(off, size, parts.Part{Name: "padding", Kind: parts.Padding})
		off += size
	}
	return nil
}

func (w *walker) unknown(off, n int64) {
	w.l.Claim(off, n, parts.Part{Name: w.name, Kind: parts.Unknown, What: "no known container"})
}

// container claims the container that begins at off, and returns its length; 0 if there is none.
func (w *walker) container(off, end int64) (int64, error) {
	if w.count++; end-off < headerSize || w.count > maxEntries {
		return 0, nil
	}
	b, err := parts.Read(w.s, off, headerSize)
	if err != nil {
		return 0, again(err)
	}
	head, body := int64(binary.LittleEndian.Uint16(b[6:])), binary.LittleEndian.Uint64(b[8:])
	if binary.LittleEndian.Uint32(b) != magic || binary.LittleEndian.Uint16(b[4:]) != 1 || head < headerSize || head > end-off || body > uint64(end-off-head) {
		return 0, nil
	}
	size := head + int64(body)
	list, fits, err := w.entries(off+head, off+size)
	if err != nil {
		return 0, err
	}
	if !fits {
		w.unknown(off, size)
		return size, nil
	}
	w.l.Claim(off, head, parts.Part{Name: w.name, Kind: parts.GPU, What: "container headers"})
	for _, e := range list {
		w.l.Claim(e.off, e.len, e.part(w.name))
	}
	return size, nil
}

// entries are those from off to end; fits tells whether they fill that.
func (w *walker) entries(off, end int64) (list []entry, fits bool, err error) {
	for off < end {
		if w.count++; end-off < entrySize || w.count > maxEntries {
			return nil, false, nil
		}
		b, err := parts.Read(w.s, off, entrySize)
		if err != nil {
			return nil, false, again(err)
		}
		head, payload := int64(binary.LittleEndian.Uint32(b[4:])), binary.LittleEndian.Uint64(b[8:])
		if head < entrySize || head > maxEntry || head > end-off || payload > uint64(end-off-head) {
			return nil, false, nil
		}
		e := entry{off, head + int64(payload), binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint32(b[28:])}
		list = append(list, e)
		off += e.len
	}
	return list, true, nil
}

// part is what an entry is: known kinds for known architectures are GPU code.
func (e entry) part(section string) parts.Part {
	known := e.arch >= minArch && e.arch <= maxArch
	arch := fmt.Sprintf("sm_%d", e.arch)
	switch {
	case known && e.kind == kindPTX:
		return parts.Part{Name: "PTX " + arch, Kind: parts.GPU, What: "PTX", Arch: arch}
	case known && (e.kind == kindELF || e.kind == kindELFOnly):
		return parts.Part{Name: "SASS " + arch, Kind: parts.GPU, What: "SASS", Arch: arch}
	}
	return parts.Part{Name: section, Kind: parts.Unknown, What: "entries of unknown kinds"}
}

// zeros is how many zeros there are at off.
func (w *walker) zeros(off, end int64) (n int64, err error) {
	for off+n < end {
		b, err := parts.Read(w.s, off+n, min(4096, end-off-n))
		if err != nil {
			return n, again(err)
		}
		for _, c := range b {
			if c != 0 {
				return n, nil
			}
			n++
		}
	}
	return n, nil
}

// again is err if it means that the file is looked into once more; what else cannot be read
// is unknown.
func again(err error) error {
	if err == parts.ErrAgain {
		return err
	}
	return nil
}
