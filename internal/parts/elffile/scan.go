package elffile

import (
	"errors"
	"io"
	"strings"

	"tare/internal/parts"
)

// Sums divide an ELF file by the kinds of its sections, in bytes.
type Sums struct {
	Code    int64 `json:"code,omitempty"`
	Data    int64 `json:"data,omitempty"`
	Debug   int64 `json:"debug,omitempty"`
	Symbols int64 `json:"symbols,omitempty"`
	GPU     int64 `json:"gpu,omitempty"` // sections of GPU code as a whole
	Rest    int64 `json:"rest,omitempty"`
	// Object says that it is an object file: its symbols are what it is for.
	Object bool `json:"object,omitempty"`
}

// Size is the file's.
func (s Sums) Size() int64 { return s.Code + s.Data + s.Debug + s.Symbols + s.GPU + s.Rest }

// Valid tells whether there are no negative numbers.
func (s Sums) Valid() bool {
	return min(s.Code, s.Data, s.Debug, s.Symbols, s.GPU, s.Rest) >= 0
}

// Strippable is what strip removes of a program or library.
func (s Sums) Strippable() int64 {
	if s.Object {
		return 0
	}
	return s.Debug + s.Symbols
}

// Bounds of what is kept of a file that streams past, in bytes.
const (
	scanNames = 64 << 10 // before the table of sections, where linkers put the names of sections
	scanTable = 256 << 10
)

// Scanner reads the section table of a file that streams past. It keeps the table and what
// stands just before it, nothing else; a file whose names of sections stand elsewhere tells
// nothing, unless they are still to come.
type Scanner struct {
	h      header
	size   int64
	at     int64 // how far the file went by
	kept   []window
	named  bool // the names are kept, or asked for
	broken bool
}

// window is a range of the file that is kept; b has as much of it as went by.
type window struct {
	off, end int64
	b        []byte
}

// Reset begins a file of size bytes. A scanner can be used for one after the other.
func (s *Scanner) Reset(size int64) { *s = Scanner{size: size, kept: s.kept[:0]} }

// Look gets all of the content, piece by piece; at is where b begins. The first piece has
// the whole header.
func (s *Scanner) Look(at int64, b []byte) {
	if at == 0 {
		s.begin(b)
	}
	s.at = at + int64(len(b))
	if s.broken {
		return
	}
	for i := range s.kept {
		s.kept[i].take(at, b)
	}
	if !s.named && s.at >= s.h.sections+s.h.count*s.h.entrySize {
		s.names(at, b)
	}
}

func (s *Scanner) begin(b []byte) {
	first := parts.Bytes(b[:min(len(b), 64)])
	h, ok, err := readHeader(first)
	table, row := h.count*h.entrySize, int64(40)
	if h.wide {
		row = 64
	}
	if s.broken = err != nil || !ok || h.entrySize != row || h.names >= h.count || table > scanTable || h.sections < h.size || h.sections > s.size-table; s.broken {
		return
	}
	s.h = h
	s.keep(0, h.size)
	s.keep(max(h.size, h.sections-scanNames), h.sections+table)
}

// keep makes a window, with the memory of one of an earlier file.
func (s *Scanner) keep(off, end int64) {
	n := len(s.kept)
	if n == cap(s.kept) {
		s.kept = append(s.kept, window{})
	}
	s.kept = s.kept[:n+1]
	s.kept[n] = window{off, end, s.kept[n].b[:0]}
}

// take keeps what b has of the window.
func (w *window) take(at int64, b []byte) {
	from, to := max(at, w.off), min(at+int64(len(b)), w.end)
	if from < to {
		w.b = append(w.b, b[from-at:to-at]...)
	}
}

// names asks for the names of sections, once the table is there, if they did not go by.
func (s *Scanner) names(at int64, b []byte) {
	s.named = true
	row, err := parts.Read(s, s.h.sections+s.h.names*s.h.entrySize, s.h.entrySize)
	if err != nil {
		s.broken = true
		return
	}
	x := s.h.section(row)
	n := x.inFile(s.size)
	if _, err := parts.Read(s, x.off, n); err == nil && n > 0 {
		return
	}
	if s.broken = n == 0 || n > scanNames || x.off < at; s.broken {
		return
	}
	s.keep(x.off, x.off+n)
	s.kept[len(s.kept)-1].take(at, b)
}

// Found divides the file; nil if its table of sections did not tell.
func (s *Scanner) Found() *Sums {
	if s.broken || s.at != s.size || !s.named {
		return nil
	}
	return sums(s)
}

// Size implements parts.Source.
func (s *Scanner) Size() int64 { return s.size }

// ReadAt implements parts.Source: it reads what is kept.
func (s *Scanner) ReadAt(p []byte, off int64) (int, error) {
	for _, w := range s.kept {
		if off >= w.off && off+int64(len(p)) <= w.off+int64(len(w.b)) {
			return copy(p, w.b[off-w.off:]), nil
		}
	}
	return 0, errPassed
}

// From implements parts.Source: nothing is read on.
func (s *Scanner) From(int64) io.Reader { return strings.NewReader("") }

var errPassed = errors.New("it was not kept")

// sums divides a file by its table of sections alone; nil if it has none.
func sums(s parts.Source) *Sums {
	h, ok, err := readHeader(s)
	if err != nil || !ok {
		return nil
	}
	sections, err := h.readSections(s)
	if err != nil || len(sections) == 0 {
		return nil
	}
	k := &look{Source: s, h: h, sections: sections, l: parts.New(s.Size()), out: new(File)}
	k.describe()
	k.tables(k.l)
	named, tables := false, k.strings()
	for i := range sections {
		x := &sections[i]
		named = named || x.name != ""
		k.l.Claim(x.off, x.inFile(s.Size()), x.part(int64(i) == h.names, tables[uint32(i)]))
	}
	if !named {
		return nil // which of them are debug information is not known
	}
	list := k.l.Parts()
	out := &Sums{Code: parts.Of(list, parts.Code), Data: parts.Of(list, parts.Data), Debug: parts.Of(list, parts.Debug), Symbols: parts.Of(list, parts.Symbols), GPU: parts.Of(list, parts.GPU), Object: k.out.Type == "object"}
	out.Rest = s.Size() - out.Size()
	return out
}
