package elffile

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"
	"time"

	"tare/internal/parts"
)

const (
	alloc = elf.SHF_ALLOC
	code  = elf.SHF_ALLOC | elf.SHF_EXECINSTR
	write = elf.SHF_ALLOC | elf.SHF_WRITE
)

var hundred = bytes.Repeat([]byte("x"), 100)

// Each section has the kind of what it is for; names decide where type and flags do not.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		made
		kind parts.Kind
		what string
	}{
		{made{name: ".text", kind: elf.SHT_PROGBITS, flags: code}, parts.Code, ""},
		{made{name: ".rodata", kind: elf.SHT_PROGBITS, flags: alloc}, parts.Data, readOnly},
		{made{name: ".data", kind: elf.SHT_PROGBITS, flags: write}, parts.Data, written},
		{made{name: ".eh_frame", kind: elf.SHT_PROGBITS, flags: alloc}, parts.Data, exceptions},
		{made{name: ".gcc_except_table.f", kind: elf.SHT_PROGBITS, flags: alloc}, parts.Data, exceptions},
		{made{name: ".note.x", kind: elf.SHT_NOTE, flags: alloc}, parts.Data, notes},
		{made{name: ".comment", kind: elf.SHT_PROGBITS}, parts.Data, notes},
		{made{name: ".gnu_debuglink", kind: elf.SHT_PROGBITS}, parts.Data, notes},
		{made{name: ".debug_info", kind: elf.SHT_PROGBITS}, parts.Debug, ""},
		{made{name: ".zdebug_info", kind: elf.SHT_PROGBITS}, parts.Debug, "compressed"},
		{made{name: ".debug_str", kind: elf.SHT_PROGBITS, flags: elf.SHF_COMPRESSED}, parts.Debug, "compressed"},
		{made{name: ".rela.debug_info", kind: elf.SHT_RELA}, parts.Debug, ""},
		{made{name: ".gnu_debugdata", kind: elf.SHT_PROGBITS}, parts.Debug, ""},
		{made{name: ".symtab", kind: elf.SHT_SYMTAB, link: 2}, parts.Symbols, ""},
		{made{name: ".dynsym", kind: elf.SHT_DYNSYM, flags: alloc}, parts.Data, dynamic},
		{made{name: ".dynstr", kind: elf.SHT_STRTAB, flags: alloc}, parts.Data, dynamic},
		{made{name: ".rela.dyn", kind: elf.SHT_RELA, flags: alloc}, parts.Data, relocation},
		{made{name: ".rela.text", kind: elf.SHT_RELA}, parts.Data, relocation},
		{made{name: ".strange", kind: elf.SHT_PROGBITS}, parts.Data, notLoaded},
		{made{name: "", kind: elf.SHT_PROGBITS, flags: alloc}, parts.Data, readOnly},
	} {
		c.content = hundred
		f := read(t, compose(t, c.made, made{name: ".strings", kind: elf.SHT_STRTAB, content: hundred}))
		name := c.name
		if name == "" {
			name = "section without a name"
		}
		n, kind, what := bytesOf(f, name)
		if n != 100 || kind != c.kind || what != c.what {
			t.Errorf("%s: %d bytes of %s (%s), want %s (%s)", c.name, n, kind, what, c.kind, c.what)
		}
		if _, kind, _ = bytesOf(f, ".strings"); (kind == parts.Symbols) != (c.kind == parts.Symbols) {
			t.Errorf("%s: its strings are %s", c.name, kind)
		}
		if stripped := c.kind != parts.Debug && c.kind != parts.Symbols; f.Stripped != stripped {
			t.Errorf("%s: stripped %v", c.name, f.Stripped)
		}
	}
}

// A section may say that it lies anywhere: what it takes of the file is decided by the file.
func TestSectionsThatLie(t *testing.T) {
	for name, list := range map[string][]made{
		"over all":       {{name: ".all", kind: elf.SHT_PROGBITS, flags: alloc, off: 1, size: 1 << 40}, {name: ".text", kind: elf.SHT_PROGBITS, flags: code, content: hundred}},
		"beyond the end": {{name: ".far", kind: elf.SHT_PROGBITS, flags: alloc, off: 1 << 50, size: 10}},
		"not a number":   {{name: ".neg", kind: elf.SHT_PROGBITS, flags: alloc, off: 1 << 63, size: 1 << 63}},
		"the same twice": {{name: ".a", kind: elf.SHT_PROGBITS, flags: code, content: hundred}, {name: ".b", kind: elf.SHT_PROGBITS, flags: write, off: 64, size: 100}},
		"no bytes":       {{name: ".bss", kind: elf.SHT_NOBITS, flags: write, size: 1 << 40}},
	} {
		b := compose(t, list...)
		f := read(t, b)
		if name == "the same twice" {
			if n, _, _ := bytesOf(f, ".b"); n != 0 {
				t.Errorf("%s: the second has %d bytes", name, n)
			}
		}
		if n, _, _ := bytesOf(f, ".bss"); n != 0 {
			t.Errorf("%s: a section without bytes has %d", name, n)
		}
		if again := read(t, b); len(again.Parts) != len(f.Parts) {
			t.Errorf("%s: another answer", name)
		}
	}
}

// 65,000 sections of GPU code and notes over the same bytes take no time: each byte is
// looked at once.
func TestManySectionsTakeNoTime(t *testing.T) {
	content := make([]byte, 4<<20)
	for i := 0; i+12 < len(content); i += 12 {
		binary.LittleEndian.PutUint32(content[i+8:], 7) // empty notes
	}
	list := []made{{name: ".first", kind: elf.SHT_PROGBITS, content: content}}
	for range 20_000 {
		list = append(list, made{name: ".nv_fatbin", kind: elf.SHT_PROGBITS, flags: alloc, off: 64, size: 4 << 20},
			made{name: ".note.x", kind: elf.SHT_NOTE, off: 64, size: 4 << 20}, made{name: ".symtab", kind: elf.SHT_SYMTAB, link: 3})
	}
	b := compose(t, list...)
	begin := time.Now()
	read(t, b)
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
}

// What no section claims is padding if it is zeros, and unknown if it is not.
func TestGaps(t *testing.T) {
	b := compose(t, made{name: ".text", kind: elf.SHT_PROGBITS, flags: code, content: hundred[:90]})
	if n, kind, _ := bytesOf(read(t, b), "padding"); n == 0 || kind != parts.Padding {
		t.Errorf("%d bytes of padding", n)
	}
	b[64+95] = 1
	if n, kind, _ := bytesOf(read(t, b), "between sections"); n == 0 || kind != parts.Unknown {
		t.Errorf("%d bytes that are not zeros", n)
	}
	if n, kind, _ := bytesOf(read(t, append(b, "appended"...)), "appended data"); n != 8 || kind != parts.Unknown {
		t.Errorf("%d bytes of %s appended", n, kind)
	}
}

// Files that are cut anywhere, or whose header says anything, are divided all the same.
func TestBrokenHeaders(t *testing.T) {
	b := compose(t, made{name: ".text", kind: elf.SHT_PROGBITS, flags: code, content: hundred}, made{name: ".debug_info", kind: elf.SHT_PROGBITS, content: hundred})
	for n := range b {
		read(t, b[:n])
	}
	for i := range 64 {
		for _, v := range []byte{0, 1, 0x7f, 0xff} {
			c := bytes.Clone(b)
			c[i] = v
			read(t, c)
		}
	}
	if read(t, []byte("\x7fELF")) != nil || read(t, []byte("#!/bin/sh\n")) != nil || read(t, nil) != nil {
		t.Error("what is no ELF file was divided")
	}
}

// A file without a section table is divided by its segments.
func TestSegments(t *testing.T) {
	b := make([]byte, 64+3*56+300)
	h := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_AARCH64), Phoff: 64, Phentsize: 56, Phnum: 3}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	var head bytes.Buffer
	for _, v := range []any{h, elf.Prog64{Type: 1, Flags: 5, Off: 232, Filesz: 100}, elf.Prog64{Type: 1, Flags: 6, Off: 332, Filesz: 100}, elf.Prog64{Type: 1, Flags: 4, Off: 432, Filesz: 50}} {
		if err := binary.Write(&head, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	copy(b, head.Bytes())
	b[500] = 1
	f := read(t, b)
	for name, want := range map[string]int64{"executable segment": 100, "writable segment": 100, "read-only segment": 50, "appended data": 50, "program headers": 168} {
		if n, _, _ := bytesOf(f, name); n != want {
			t.Errorf("%s: %d bytes, want %d", name, n, want)
		}
	}
	if f.Type != "program" || f.Machine != "aarch64" || !f.Stripped {
		t.Errorf("%+v", f)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(compose(f, made{name: ".text", kind: elf.SHT_PROGBITS, flags: code, content: hundred}, made{name: ".note.gnu.build-id", kind: elf.SHT_NOTE, content: hundred}, made{name: ".symtab", kind: elf.SHT_SYMTAB, link: 1}))
	f.Add(compose(f, made{name: ".nv_fatbin", kind: elf.SHT_PROGBITS, flags: alloc, content: hundred}, made{name: ".go.buildinfo", kind: elf.SHT_PROGBITS, content: append([]byte("\xff Go buildinf:\x08\x02"), hundred...)}))
	f.Add(compose(f, made{name: ".gopclntab", kind: elf.SHT_PROGBITS, flags: alloc, content: append([]byte("\xf1\xff\xff\xff\x00\x00\x01\x08"), hundred...)}, made{name: ".go.buildinfo", kind: elf.SHT_PROGBITS, content: hundred}))
	f.Fuzz(func(t *testing.T, b []byte) { read(t, b) })
}
