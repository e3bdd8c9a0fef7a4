package elffile

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"

	"tare/internal/parts"
)

// made is a section of a made-up file.
type made struct {
	name    string
	kind    elf.SectionType
	flags   elf.SectionFlag
	content []byte
	off     uint64 // 0: where it is
	size    uint64 // 0: as long as it is
	link    uint32
}

// compose makes an ELF file for x86-64: header, sections each aligned to 16 bytes, the names
// of sections, the section table.
func compose(t testing.TB, list ...made) []byte {
	t.Helper()
	var out bytes.Buffer
	out.Write(make([]byte, 64))
	names := []byte{0}
	rows := []elf.Section64{{}}
	list = append(list, made{name: ".shstrtab", kind: elf.SHT_STRTAB})
	for i, m := range list {
		for out.Len()%16 != 0 {
			out.WriteByte(0)
		}
		row := elf.Section64{Name: uint32(len(names)), Type: uint32(m.kind), Flags: uint64(m.flags), Off: uint64(out.Len()), Size: uint64(len(m.content)), Link: m.link}
		names = append(append(names, m.name...), 0)
		if i == len(list)-1 {
			m.content = names
			row.Size = uint64(len(names))
		}
		out.Write(m.content)
		if m.off != 0 {
			row.Off = m.off
		}
		if m.size != 0 {
			row.Size = m.size
		}
		rows = append(rows, row)
	}
	h := elf.Header64{Type: uint16(elf.ET_DYN), Machine: uint16(elf.EM_X86_64), Version: 1, Shoff: uint64(out.Len()), Ehsize: 64, Phentsize: 56, Shentsize: 64, Shnum: uint16(len(rows)), Shstrndx: uint16(len(rows) - 1)}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1
	for _, r := range rows {
		if err := binary.Write(&out, binary.LittleEndian, r); err != nil {
			t.Fatal(err)
		}
	}
	var head bytes.Buffer
	if err := binary.Write(&head, binary.LittleEndian, h); err != nil {
		t.Fatal(err)
	}
	b := out.Bytes()
	copy(b, head.Bytes())
	return b
}

// read divides a file and checks that its parts are the file.
func read(t testing.TB, b []byte) *File {
	t.Helper()
	f, err := Read(parts.Bytes(b))
	if err != nil {
		t.Fatal(err)
	}
	if f == nil {
		return nil
	}
	if n := parts.Sum(f.Parts); n != int64(len(b)) {
		t.Fatalf("%d bytes of %d: %+v", n, len(b), f.Parts)
	}
	if g := f.Go; g != nil {
		n := g.Std + g.Other
		for _, m := range g.Modules {
			n += m.Code
		}
		if n != g.Code {
			t.Fatalf("modules sum up to %d bytes of code of %d", n, g.Code)
		}
	}
	return f
}

// bytesOf are the bytes of the parts with a name.
func bytesOf(f *File, name string) (n int64, kind parts.Kind, what string) {
	for _, p := range f.Parts {
		if p.Name == name {
			n, kind, what = n+p.Bytes, p.Kind, p.What
		}
	}
	return n, kind, what
}
