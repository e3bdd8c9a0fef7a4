package screen_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"tare/internal/screen"
)

func TestSafe(t *testing.T) {
	for in, want := range map[string]string{
		"plain é 日本 👩‍🚀":         "plain é 日本 👩‍🚀",
		"a\x1b[2Jb":              `a\x1b[2Jb`,
		"a\x9b2Jb":               `a\x9b2Jb`, // a raw C1 byte
		"a\u009b2Jb":             `a\x9b2Jb`,
		"a\u009d0;t\u009c":       `a\x9d0;t\x9c`,
		"a\nb\tc\rd":             `a\x0ab\x09c\x0dd`,
		"a\x7fb\x00":             `a\x7fb\x00`,
		"a\u202eb\u2066c\u200f":  `a\u202eb\u2066c\u200f`,
		"\u2028\ufeff\U000e0041": `\u2028\ufeff\U000e0041`,
		"cut \xe2\x82":           `cut \xe2\x82`,
		"\ufffd":                 "\ufffd",
	} {
		if got := screen.Safe(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if got := screen.Safe(want); got != want {
			t.Errorf("%q does not stay: %q", want, got)
		}
	}
	if got := screen.Text("a\r\nb\tc\rd\x1b"); got != "a\nb\tc"+`\x0dd\x1b` {
		t.Errorf("%q", got)
	}
	if got := screen.Indented("a\ntare: b\n  c\n"); got != "a\n  tare: b\n  c" {
		t.Errorf("%q", got)
	}
}

// Whatever the pieces that a text is written in, the same arrives.
func TestWriterInPieces(t *testing.T) {
	text := "a é\u009b \x9b \xc2 \u202e 日\r\nx\ry\x1b]0;t\x07 \xe2\x82"
	want := screen.Text(text)
	for n := 1; n <= len(text); n++ {
		var b bytes.Buffer
		w := screen.New(&b)
		for rest := text; rest != ""; {
			m := min(n, len(rest))
			if _, err := w.Write([]byte(rest[:m])); err != nil {
				t.Fatal(err)
			}
			rest = rest[m:]
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if b.String() != want {
			t.Errorf("pieces of %d: %q, want %q", n, b.String(), want)
		}
	}
	if w := screen.New(&bytes.Buffer{}); screen.New(w) != w {
		t.Error("a writer of a writer")
	}
}

func TestLog(t *testing.T) {
	for in, want := range map[string]string{
		"a\x1b[31mred\x1b[0m\n":                 "a\x1b[31mred\x1b[0m\x1b[0m\n",
		"\x1b[38:5:1mx\ny":                      "\x1b[38:5:1mx\x1b[0m\ny",
		"50%\r100%\r\ndone":                     "50%\n100%\ndone",
		"\x1b[2Jx\x1b[1;1H":                     `\x1b[2Jx\x1b[1;1H`,
		"\x1b]0;title\x07":                      `\x1b]0;title\x07`,
		"\x1bP1$r\x1b\\":                        `\x1bP1$r\x1b\`,
		"\x1bc\x9b31m\u009b31m":                 `\x1bc\x9b31m\x9b31m`,
		"\x1b[8mhidden":                         "\x1b[8mhidden\x1b[0m",
		"\x1b[?25l\x1b[>4;1m\x1b[31":            `\x1b[?25l\x1b[>4;1m\x1b[31`,
		"\x1b[" + strings.Repeat("1", 99) + "m": `\x1b[` + strings.Repeat("1", 99) + "m",
		"é\xe2\x82":                             `é\xe2\x82`,
	} {
		for n := 1; n <= len(in); n++ {
			var l screen.Log
			var out []byte
			for rest := []byte(in); len(rest) > 0; {
				m := min(n, len(rest))
				out = append(out, l.Clean(rest[:m])...)
				rest = rest[m:]
			}
			out = append(out, l.End()...)
			if string(out) != want {
				t.Errorf("%q in pieces of %d: %q, want %q", in, n, out, want)
			}
		}
	}
}

// JSON says the same, and nothing in it commands a terminal.
func FuzzJSON(f *testing.F) {
	f.Add("a\u009b\u202e\x7f\U000e0041\x1b")
	f.Fuzz(func(t *testing.T, s string) {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var from, to string
		got := screen.JSON(b)
		if err := json.Unmarshal(b, &from); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got, &to); err != nil || from != to {
			t.Fatalf("%q: %q became %q (%v)", s, from, to, err)
		}
		harmless(t, got)
	})
}

// FuzzLog: whatever a program prints, in whatever pieces, only colours arrive.
func FuzzLog(f *testing.F) {
	f.Add([]byte("a\x1b[31mb\x1b[2J\r\n\x9b\xc2\x9b"), uint8(2))
	f.Add([]byte("\x1b[\x1b[1;2m\x1b\x1b["), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		var l screen.Log
		var out []byte
		for len(b) > 0 {
			m := min(int(n)+1, len(b))
			out = append(out, l.Clean(b[:m])...)
			b = b[m:]
		}
		out = append(out, l.End()...)
		for {
			i := bytes.IndexByte(out, 0x1b)
			if i < 0 {
				break
			}
			j := bytes.IndexByte(out[i:], 'm')
			if j < 0 || bytes.ContainsFunc(out[i+2:i+j], func(r rune) bool { return !strings.ContainsRune("0123456789;:", r) }) || out[i+1] != '[' {
				t.Fatalf("%q is no colour", out[i:])
			}
			out = append(out[:i:i], out[i+j+1:]...)
		}
		harmless(t, out)
	})
}

func harmless(t *testing.T, b []byte) {
	t.Helper()
	if !utf8.Valid(b) {
		t.Fatalf("%q is not UTF-8", b)
	}
	for _, r := range string(b) {
		if r != '\n' && r != '\t' && r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			t.Fatalf("%q has %q", b, r)
		}
	}
}

// A write that failed is remembered: not everybody looks.
func TestWriterErr(t *testing.T) {
	r, w := io.Pipe()
	s := screen.New(w)
	go func() { _, _ = io.ReadAll(io.LimitReader(r, 4)); _ = r.CloseWithError(io.ErrShortBuffer) }()
	_, _ = io.WriteString(s, "good")
	if err := s.Err(); err != nil {
		t.Error(err)
	}
	_, _ = io.WriteString(s, "lost")
	_ = r.CloseWithError(io.ErrNoProgress)
	_, _ = io.WriteString(s, "lost, too")
	if err := s.Err(); err != io.ErrShortBuffer {
		t.Errorf("%v", err)
	}
}
