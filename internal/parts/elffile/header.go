package elffile

import (
	"bytes"
	"debug/elf"
	"encoding/binary"

	"tare/internal/parts"
)

// Bounds of what is read of a file, whatever it says.
const (
	maxSections = 65_536
	maxSegments = 4096
	maxNames    = 64 << 20 // bytes of the table of section names
	maxSection  = 256      // bytes of one name
)

// magic begins every ELF file.
var magic = []byte("\x7fELF")

// Is tells whether a file that begins with b is an ELF file.
func Is(b []byte) bool { return bytes.HasPrefix(b, magic) }

// header is what the first bytes of a file say.
type header struct {
	order   binary.ByteOrder
	wide    bool // 64 bits
	kind    elf.Type
	machine elf.Machine
	size    int64 // of the header itself

	segments, sections     int64 // offsets of the tables
	segmentSize, entrySize int64
	segmentCount, count    int64
	names                  int64 // the section with the names
}

// section is one row of the section table.
type section struct {
	name      string
	nameAt    uint32
	kind      elf.SectionType
	flags     elf.SectionFlag
	off, size int64
	link      uint32
}

// inFile is how many bytes of a file of size bytes the section takes: some have none.
func (s *section) inFile(size int64) int64 {
	if s.kind == elf.SHT_NULL || s.kind == elf.SHT_NOBITS || s.off < 0 || s.size < 0 || s.off >= size {
		return 0
	}
	return min(s.size, size-s.off)
}

// segment is one row of the program table.
type segment struct {
	kind      elf.ProgType
	flags     elf.ProgFlag
	off, size int64
}

// readHeader reads the first bytes; ok is false if they are no ELF header.
func readHeader(s parts.Source) (h header, ok bool, err error) {
	b, err := parts.Read(s, 0, min(64, s.Size()))
	if err != nil {
		return h, false, again(err)
	}
	if len(b) < 52 || !Is(b) {
		return h, false, nil
	}
	switch elf.Data(b[elf.EI_DATA]) {
	case elf.ELFDATA2LSB:
		h.order = binary.LittleEndian
	case elf.ELFDATA2MSB:
		h.order = binary.BigEndian
	default:
		return h, false, nil
	}
	o := h.order
	h.kind, h.machine = elf.Type(o.Uint16(b[16:])), elf.Machine(o.Uint16(b[18:]))
	rest := b[40:]
	switch elf.Class(b[elf.EI_CLASS]) {
	case elf.ELFCLASS64:
		if len(b) < 64 {
			return h, false, nil
		}
		h.wide, h.size, rest = true, 64, b[52:]
		h.segments, h.sections = signed(o.Uint64(b[32:])), signed(o.Uint64(b[40:]))
	case elf.ELFCLASS32:
		h.size = 52
		h.segments, h.sections = int64(o.Uint32(b[28:])), int64(o.Uint32(b[32:]))
	default:
		return h, false, nil
	}
	h.segmentSize, h.segmentCount = int64(o.Uint16(rest[2:])), int64(o.Uint16(rest[4:]))
	h.entrySize, h.count, h.names = int64(o.Uint16(rest[6:])), int64(o.Uint16(rest[8:])), int64(o.Uint16(rest[10:]))
	return h, true, nil
}

// signed is a number of the file as an offset; -1 for one that no file has.
func signed(n uint64) int64 {
	if n > 1<<62 {
		return -1
	}
	return int64(n)
}

// readSegments reads the program table as far as it is there.
func (h *header) readSegments(s parts.Source) ([]segment, error) {
	want := int64(32)
	if h.wide {
		want = 56
	}
	if h.segmentSize != want || h.segments <= 0 || h.segmentCount > maxSegments {
		return nil, nil
	}
	b, err := parts.Read(s, h.segments, h.segmentCount*want)
	if err != nil {
		return nil, again(err)
	}
	var out []segment
	for o := h.order; len(b) >= int(want); b = b[want:] {
		g := segment{kind: elf.ProgType(o.Uint32(b))}
		if h.wide {
			g.flags, g.off, g.size = elf.ProgFlag(o.Uint32(b[4:])), signed(o.Uint64(b[8:])), signed(o.Uint64(b[32:]))
		} else {
			g.flags, g.off, g.size = elf.ProgFlag(o.Uint32(b[24:])), int64(o.Uint32(b[4:])), int64(o.Uint32(b[16:]))
		}
		out = append(out, g)
	}
	return out, nil
}

// readSections reads the section table and the names of sections. It corrects the header's
// count, which stands in the table where there are many.
func (h *header) readSections(s parts.Source) ([]section, error) {
	want := int64(40)
	if h.wide {
		want = 64
	}
	if h.entrySize != want || h.sections <= 0 {
		h.count = 0
		return nil, nil
	}
	first, err := parts.Read(s, h.sections, want)
	if err != nil {
		h.count = 0
		return nil, again(err)
	}
	zero := h.section(first)
	if h.count == 0 {
		h.count = zero.size
	}
	if h.names == int64(elf.SHN_XINDEX) {
		h.names = int64(zero.link)
	}
	if h.count < 0 || h.count > maxSections {
		h.count = 0
		return nil, nil
	}
	b, err := parts.Read(s, h.sections, h.count*want)
	if err != nil {
		h.count = 0
		return nil, again(err)
	}
	out := make([]section, 0, h.count)
	for ; len(b) >= int(want); b = b[want:] {
		out = append(out, h.section(b))
	}
	return out, h.nameSections(s, out)
}

func (h *header) section(b []byte) section {
	o := h.order
	x := section{nameAt: o.Uint32(b), kind: elf.SectionType(o.Uint32(b[4:]))}
	if h.wide {
		x.flags, x.off, x.size, x.link = elf.SectionFlag(o.Uint64(b[8:])), signed(o.Uint64(b[24:])), signed(o.Uint64(b[32:])), o.Uint32(b[40:])
	} else {
		x.flags, x.off, x.size, x.link = elf.SectionFlag(o.Uint32(b[8:])), int64(o.Uint32(b[16:])), int64(o.Uint32(b[20:])), o.Uint32(b[24:])
	}
	return x
}

// nameSections gives sections their names; without a table of names they have none.
func (h *header) nameSections(s parts.Source, list []section) error {
	if h.names <= 0 || h.names >= int64(len(list)) {
		return nil
	}
	table := list[h.names]
	n := table.inFile(s.Size())
	if n == 0 || n > maxNames {
		return nil
	}
	b, err := parts.Read(s, table.off, n)
	if err != nil {
		return again(err)
	}
	for i := range list {
		if at := int64(list[i].nameAt); at < n {
			name := b[at:min(n, at+maxSection)]
			if end := bytes.IndexByte(name, 0); end >= 0 {
				name = name[:end]
			}
			list[i].name = string(name)
		}
	}
	return nil
}

// again is err if it means that the file is looked into once more; what else cannot be read
// is unknown.
func again(err error) error {
	if err == parts.ErrAgain {
		return err
	}
	return nil
}
