package elffile

import (
	"debug/elf"
	"slices"
	"strings"

	"tare/internal/parts"
	"tare/internal/parts/fatbin"
)

// What parts are, in words.
const (
	readOnly   = "read-only data"
	written    = "data"
	exceptions = "exception tables"
	notes      = "notes"
	dynamic    = "dynamic linking"
	relocation = "relocations"
	notLoaded  = "not loaded"
)

// packed is SHT_RELR, which package debug/elf does not name.
const packed = elf.SectionType(19)

// unwinding are the sections of exception tables.
var unwinding = []string{".eh_frame", ".eh_frame_hdr", ".gcc_except_table", ".ARM.exidx", ".ARM.extab", ".sframe"}

// debugging are the beginnings of the names of sections with debug information.
var debugging = []string{".debug", ".zdebug", ".stab", ".gdb_index", ".gnu_debug", ".ctf", ".SUNW_ctf", ".BTF", ".line", ".gnu.debuglto_"}

// links are sections that say where a debugger finds what was stripped.
var links = []string{".gnu_debuglink", ".gnu_debugaltlink"}

// isDebug tells whether a section holds debug information, or relocations of it.
func isDebug(name string) bool {
	if slices.Contains(links, name) {
		return false
	}
	for _, prefix := range []string{".rela", ".rel"} {
		name = strings.TrimPrefix(name, prefix)
	}
	return slices.ContainsFunc(debugging, func(p string) bool { return strings.HasPrefix(name, p) })
}

// part is what a section is for, by its type and flags, and by its name where those do not
// say. names tells that it holds the names of sections, strs the strings of a symbol table.
func (s *section) part(names, strs bool) parts.Part {
	p := parts.Part{Name: s.name}
	if p.Name == "" {
		p.Name = "section without a name"
	}
	loaded := s.flags&elf.SHF_ALLOC != 0
	switch {
	case slices.Contains(fatbin.Sections, s.name):
		p.Kind = parts.GPU
	case slices.Contains(unwinding, s.name) || strings.HasPrefix(s.name, ".gcc_except_table"):
		p.Kind, p.What = parts.Data, exceptions
	case s.kind == elf.SHT_NOTE || s.name == ".comment":
		p.Kind, p.What = parts.Data, notes
	case slices.Contains(links, s.name):
		p.Kind, p.What = parts.Data, notes
	case !loaded && isDebug(s.name):
		p.Kind = parts.Debug
		if s.flags&elf.SHF_COMPRESSED != 0 || strings.HasPrefix(s.name, ".zdebug") {
			p.What = "compressed"
		}
	case !loaded && (s.kind == elf.SHT_SYMTAB || s.kind == elf.SHT_STRTAB && strs || s.kind == elf.SHT_SYMTAB_SHNDX):
		p.Kind = parts.Symbols
	case !loaded && (names || s.kind == elf.SHT_STRTAB):
		p.Kind, p.What = parts.Headers, "names of sections"
	case s.kind == elf.SHT_GROUP:
		p.Kind, p.What = parts.Headers, "groups of sections"
	case s.kind == elf.SHT_REL || s.kind == elf.SHT_RELA || s.kind == packed:
		p.Kind, p.What = parts.Data, relocation
	case loaded && linking(s.kind):
		p.Kind, p.What = parts.Data, dynamic
	case loaded && s.flags&elf.SHF_EXECINSTR != 0:
		p.Kind = parts.Code
	case loaded && s.flags&elf.SHF_WRITE != 0:
		p.Kind, p.What = parts.Data, written
	case loaded:
		p.Kind, p.What = parts.Data, readOnly
	default:
		p.Kind, p.What = parts.Data, notLoaded
	}
	return p
}

// linking tells whether the dynamic linker reads sections of a type.
func linking(t elf.SectionType) bool {
	switch t {
	case elf.SHT_DYNSYM, elf.SHT_DYNAMIC, elf.SHT_HASH, elf.SHT_GNU_HASH, elf.SHT_GNU_VERDEF, elf.SHT_GNU_VERNEED, elf.SHT_GNU_VERSYM, elf.SHT_STRTAB:
		return true
	}
	return false
}

// part is what a segment of a file without sections is for.
func (g *segment) part() parts.Part {
	switch {
	case g.flags&elf.PF_X != 0:
		return parts.Part{Name: "executable segment", Kind: parts.Code}
	case g.flags&elf.PF_W != 0:
		return parts.Part{Name: "writable segment", Kind: parts.Data, What: written}
	}
	return parts.Part{Name: "read-only segment", Kind: parts.Data, What: readOnly}
}
