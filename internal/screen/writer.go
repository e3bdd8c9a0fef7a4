package screen

import (
	"cmp"
	"io"
	"sync"
	"unicode/utf8"
)

// Writer lets text pass as Text shows it. tare's own standard output and standard error
// are such writers: what is written to them without more thought is harmless. Displays
// that draw, containers' own output and data for other programs take Raw instead, and
// answer for what they write.
type Writer struct {
	mu   sync.Mutex
	w    io.Writer
	held []byte // the begin of a character, or a carriage return, whose rest is to come
	err  error  // of the first write that failed
}

// New makes a Writer; one of a Writer is that Writer.
func New(w io.Writer) *Writer {
	if s, ok := w.(*Writer); ok {
		return s
	}
	return &Writer{w: w}
}

// Write implements io.Writer. All of p is always consumed, unless the writer below fails.
func (s *Writer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := p
	if len(s.held) > 0 {
		b = append(s.held, p...)
		s.held = nil
	}
	if n := unfinished(b); n > 0 {
		s.held = append([]byte(nil), b[len(b)-n:]...)
		b = b[:len(b)-n]
	}
	if len(b) == 0 {
		return len(p), nil
	}
	if _, err := s.w.Write(appendSafe(nil, string(b), true)); err != nil {
		s.err = cmp.Or(s.err, err)
		return 0, err
	}
	return len(p), nil
}

// Err is the error of the first write that failed: what is printed is lost from then on,
// also where nobody looked.
func (s *Writer) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Flush writes what was held back in the hope of more.
func (s *Writer) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.held) == 0 {
		return nil
	}
	b := appendSafe(nil, string(s.held), true)
	s.held = nil
	_, err := s.w.Write(b)
	return err
}

// unfinished is how many bytes at the end of b the next ones could complete.
func unfinished(b []byte) int {
	if len(b) > 0 && b[len(b)-1] == '\r' {
		return 1
	}
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

// Raw is the writer below a Writer, which passes everything; any other writer is itself.
func Raw(w io.Writer) io.Writer {
	if s, ok := w.(*Writer); ok {
		return s.w
	}
	return w
}
