package elffile

import (
	"debug/elf"
	"os"
	"testing"

	"tare/internal/parts"
)

// scan lets a file stream past in pieces of step bytes.
func scan(s *Scanner, b []byte, step int) *Sums {
	s.Reset(int64(len(b)))
	for at := 0; at < len(b); at += step {
		s.Look(int64(at), b[at:min(len(b), at+step)])
	}
	return s.Found()
}

// What streams past is divided as what is read, whatever the pieces; and most real files are.
func TestScanner(t *testing.T) {
	var s Scanner
	all, told := 0, 0
	for _, file := range binaries(t) {
		b, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		all++
		want := sums(parts.Bytes(b))
		for _, step := range []int{64 << 10, 100_003} {
			got := scan(&s, b, step)
			if got == nil {
				continue
			}
			if want == nil || *got != *want {
				t.Errorf("%s: %+v, read at once %+v", file, got, want)
			}
			if step == 64<<10 {
				told++
			}
		}
		f := read(t, b)
		if want == nil {
			t.Errorf("%s: nothing", file)
			continue
		}
		of := func(k parts.Kind) int64 { return parts.Of(f.Parts, k) }
		if want.Size() != int64(len(b)) || want.Code != of(parts.Code) || want.Data != of(parts.Data) || want.Debug != of(parts.Debug) || want.Symbols != of(parts.Symbols) {
			t.Errorf("%s: %+v is not what the parts are", file, want)
		}
		if (want.Debug+want.Symbols == 0) != f.Stripped {
			t.Errorf("%s: %+v, stripped %v", file, want, f.Stripped)
		}
	}
	t.Logf("%d of %d files", told, all)
	if told*10 < all*8 {
		t.Errorf("only %d of %d files tell what they are made of", told, all)
	}
}

// Names of sections that stand in front of the table, far before it or behind it.
func TestScannerFindsNames(t *testing.T) {
	var s Scanner
	b := compose(t, made{name: ".text", kind: elf.SHT_PROGBITS, flags: code, content: hundred}, made{name: ".debug_info", kind: elf.SHT_PROGBITS, content: hundred})
	if got := scan(&s, b, 64); got == nil || got.Code != 100 || got.Debug != 100 || got.Size() != int64(len(b)) || got.Strippable() != 100 {
		t.Errorf("%+v", got)
	}
	for n := range b { // what is cut tells nothing that is not so
		if got := scan(&s, b[:n], 64); got != nil && got.Size() != int64(n) {
			t.Errorf("cut at %d: %+v", n, got)
		}
	}
	far := compose(t, made{name: ".text", kind: elf.SHT_PROGBITS, flags: code, content: hundred}, made{name: ".big", kind: elf.SHT_PROGBITS, content: make([]byte, 2*scanNames)})
	if got := scan(&s, far, 64<<10); got == nil || got.Code != 100 {
		t.Errorf("names just before the table: %+v", got)
	}
	if (Sums{Debug: 5, Symbols: 3, Object: true}).Strippable() != 0 || (Sums{Code: -1}).Valid() || !(Sums{}).Valid() {
		t.Error("an object is not stripped, and sums are not negative")
	}
}

func FuzzScanner(f *testing.F) {
	f.Add(compose(f, made{name: ".text", kind: elf.SHT_PROGBITS, flags: code, content: hundred}, made{name: ".symtab", kind: elf.SHT_SYMTAB, link: 1}), uint16(64))
	f.Fuzz(func(t *testing.T, b []byte, step uint16) {
		var s Scanner
		got := scan(&s, b, 64+int(step))
		if got == nil {
			return
		}
		if want := sums(parts.Bytes(b)); want == nil || *want != *got || got.Size() != int64(len(b)) || !got.Valid() {
			t.Fatalf("%+v, read at once %+v", got, want)
		}
	})
}
