// Package elffile divides ELF files (programs, libraries, objects) by their sections.
package elffile

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/hex"
	"slices"
	"strings"

	"tare/internal/parts"
	"tare/internal/parts/fatbin"
)

// File is what an ELF file says of itself.
type File struct {
	Type    string // "program", "library", "object", "core" or "ELF file"
	Machine string // such as "x86-64"
	// Stripped says that it has neither a symbol table nor debug information.
	Stripped bool
	BuildID  string // in hexadecimal; "" if there is none
	Go       *Go    // nil if it was not made by Go
	Parts    []parts.Part
}

// Bounds of what is looked at of one file, in sections.
const (
	maxNotes = 64
	maxGPU   = 64
)

// look is one look into a file.
type look struct {
	parts.Source
	h        header
	sections []section
	segments []segment
	l        *parts.Layout
	out      *File

	jobs          []job
	gpu           []parts.Range // sections that are divided
	notes         int           // sections of notes that are read
	built, tabled bool          // what Go writes is read
	code          []function
}

// Read divides a file; nil if it is no ELF file. The only error is parts.ErrAgain.
func Read(s parts.Source) (*File, error) {
	k := &look{Source: s, l: parts.New(s.Size()), out: new(File)}
	h, ok, err := readHeader(s)
	if err != nil || !ok {
		return nil, err
	}
	if k.segments, err = h.readSegments(s); err != nil {
		return nil, err
	}
	if k.sections, err = h.readSections(s); err != nil {
		return nil, err
	}
	k.h = h
	k.describe()
	if err := k.claim(); err != nil {
		return nil, err
	}
	k.modules()
	k.out.Parts = k.l.Parts()
	return k.out, nil
}

// describe says what kind of file it is.
func (k *look) describe() {
	o := k.out
	o.Machine = machine(k.h.machine)
	o.Type = map[elf.Type]string{elf.ET_REL: "object", elf.ET_EXEC: "program", elf.ET_DYN: "library", elf.ET_CORE: "core"}[k.h.kind]
	if k.h.kind == elf.ET_DYN && slices.ContainsFunc(k.segments, func(g segment) bool { return g.kind == elf.PT_INTERP }) {
		o.Type = "program"
	}
	o.Type = cmp.Or(o.Type, "ELF file")
	o.Stripped = !slices.ContainsFunc(k.sections, func(s section) bool {
		return s.kind == elf.SHT_SYMTAB || s.flags&elf.SHF_ALLOC == 0 && isDebug(s.name)
	})
}

// machine is the name of a processor, in lower case.
func machine(m elf.Machine) string {
	switch m {
	case elf.EM_X86_64:
		return "x86-64"
	case elf.EM_386:
		return "x86"
	}
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(m.String(), "EM_"), "_", "-"))
}

// tables claims the headers.
func (k *look) tables(l *parts.Layout) {
	h := &k.h
	l.Claim(0, h.size, parts.Part{Name: "ELF header", Kind: parts.Headers})
	l.Claim(h.segments, int64(len(k.segments))*h.segmentSize, parts.Part{Name: "program headers", Kind: parts.Headers})
	l.Claim(h.sections, int64(len(k.sections))*h.entrySize, parts.Part{Name: "section headers", Kind: parts.Headers})
}

// claim divides the file among its sections, or else its segments; what is left is padding
// or unknown.
func (k *look) claim() error {
	cover := parts.New(k.Size()) // of all sections, also of those that are divided later
	k.tables(cover)
	k.tables(k.l)
	strings := k.strings()
	for i := range k.sections {
		s := &k.sections[i]
		n := s.inFile(k.Size())
		if n == 0 {
			continue
		}
		p := s.part(int64(i) == k.h.names, strings[uint32(i)])
		cover.Claim(s.off, n, p)
		if p.Kind == parts.GPU && k.divide(s, n) {
			continue
		}
		k.l.Claim(s.off, n, p)
		k.read(s, n)
	}
	if len(k.sections) == 0 {
		for i := range k.segments {
			if g := &k.segments[i]; g.kind == elf.PT_LOAD {
				cover.Claim(g.off, g.size, g.part())
				k.l.Claim(g.off, g.size, g.part())
			}
		}
	}
	for _, g := range cover.Gaps() {
		name := "between sections"
		if g.Off+g.Len == k.Size() {
			name = "appended data"
		}
		k.job(g.Off, func() error { return k.l.Fill(k.Source, g, name) })
	}
	slices.SortStableFunc(k.jobs, func(a, b job) int { return cmp.Compare(a.off, b.off) })
	for _, j := range k.jobs {
		if err := j.do(); err != nil {
			return err
		}
	}
	return nil
}

// job is something to do at a place of the file: jobs are done in its order, since the file
// may be one that only goes by.
type job struct {
	off int64
	do  func() error
}

func (k *look) job(off int64, do func() error) { k.jobs = append(k.jobs, job{off, do}) }

// divide has a section of GPU code divided. It is false if that cannot be: each byte is
// looked at once, whatever the section table says.
func (k *look) divide(s *section, n int64) bool {
	if s.flags&elf.SHF_COMPRESSED != 0 || len(k.gpu) >= maxGPU {
		return false
	}
	for _, r := range k.gpu {
		if s.off < r.Off+r.Len && r.Off < s.off+n {
			return false
		}
	}
	k.gpu = append(k.gpu, parts.Range{Off: s.off, Len: n})
	k.job(s.off, func() error { return fatbin.Walk(k.Source, s.off, n, s.name, k.l) })
	return true
}

// read has what a section says of the file read.
func (k *look) read(s *section, n int64) {
	switch {
	case s.kind == elf.SHT_NOTE && k.notes < maxNotes:
		k.notes++
		k.job(s.off, func() error { return k.note(s.off, n) })
	case s.name == ".go.buildinfo" && !k.built:
		k.built = true
		k.job(s.off, func() error { return k.buildInfo(s.off, n) })
	case strings.HasSuffix(s.name, ".gopclntab") && !k.tabled:
		k.tabled = true
		k.job(s.off, func() error { return k.functions(s.off, n) })
	}
}

// strings are the sections that hold the strings of symbol tables.
func (k *look) strings() map[uint32]bool {
	out := map[uint32]bool{}
	for i := range k.sections {
		if s := &k.sections[i]; s.kind == elf.SHT_SYMTAB {
			out[s.link] = true
		}
	}
	return out
}

// note looks for the build ID among notes.
func (k *look) note(off, n int64) error {
	if k.out.BuildID != "" {
		return nil
	}
	b, err := parts.Read(k.Source, off, min(n, 64<<10))
	if err != nil {
		return again(err)
	}
	for o := k.h.order; len(b) >= 12; {
		name, desc, kind := uint64(o.Uint32(b)), uint64(o.Uint32(b[4:])), o.Uint32(b[8:])
		from := 12 + (name+3)&^3
		to := from + desc
		if to > uint64(len(b)) {
			return nil
		}
		if kind == 3 && bytes.Equal(b[12:12+name], []byte("GNU\x00")) && desc <= 64 {
			k.out.BuildID = hex.EncodeToString(b[from:to])
			return nil
		}
		b = b[min(uint64(len(b)), (to+3)&^3):]
	}
	return nil
}
