package testkit

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"
)

// Section is a section of a made-up program: what it is for follows from its name.
type Section struct {
	Name string
	Size int // bytes
}

// ELF makes a program for x86-64 with these sections, the table of sections at its end: .text
// is code, .debug_* debug information, .symtab a symbol table, .nv_fatbin GPU code, all others
// are data.
func ELF(t testing.TB, sections ...Section) string {
	t.Helper()
	names, rows := []byte{0}, []elf.Section64{{}}
	body := make([]byte, 64)
	for i, s := range append(sections, Section{Name: ".shstrtab"}) {
		row := elf.Section64{Name: uint32(len(names)), Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC), Off: uint64(len(body)), Size: uint64(s.Size)}
		names = append(append(names, s.Name...), 0)
		content := bytes.Repeat([]byte{byte('a' + i%26)}, s.Size)
		switch {
		case s.Name == ".text":
			row.Flags |= uint64(elf.SHF_EXECINSTR)
		case s.Name == ".symtab":
			row.Type, row.Flags = uint32(elf.SHT_SYMTAB), 0
		case s.Name == ".shstrtab":
			row.Type, row.Flags = uint32(elf.SHT_STRTAB), 0
			content, row.Size = names, uint64(len(names))
		case len(s.Name) > 6 && s.Name[:6] == ".debug":
			row.Flags = 0
		}
		body = append(body, content...)
		rows = append(rows, row)
	}
	h := elf.Header64{Type: uint16(elf.ET_DYN), Machine: uint16(elf.EM_X86_64), Version: 1, Shoff: uint64(len(body)), Ehsize: 64, Phentsize: 56, Shentsize: 64, Shnum: uint16(len(rows)), Shstrndx: uint16(len(rows) - 1)}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1
	var head, table bytes.Buffer
	if err := binary.Write(&head, binary.LittleEndian, h); err != nil {
		t.Fatal(err)
	}
	if err := binary.Write(&table, binary.LittleEndian, rows); err != nil {
		t.Fatal(err)
	}
	copy(body, head.Bytes())
	return string(body) + table.String()
}
