// Package screen is the place where text of strangers becomes text of ours: names in
// images and archives, answers of registries and daemons, Dockerfiles and what builds
// print. What a terminal could take for a command, and what makes text read other than
// it is, is shown as a visible escape instead.
//
// There are two lines of defence. Text is cleaned where it goes into a display that
// draws with escape sequences of its own (Safe, Text, Log), and everything else passes
// a Writer on its way out, so that a place that was forgotten does no harm.
package screen

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Safe makes text fit for one line or one cell: control characters (line ends and tabs
// too), invalid UTF-8, and characters that are invisible or change the direction of
// what follows become visible escapes. Safe text stays as it is.
func Safe(s string) string { return string(appendSafe(nil, s, false)) }

// Text is Safe for text of several lines: line ends and tabs stay.
func Text(s string) string { return string(appendSafe(nil, s, true)) }

// Indented is Text whose further lines are indented, so that no line of it can pass
// for one that tare prints.
func Indented(s string) string {
	lines := strings.Split(strings.TrimRight(Text(s), "\n"), "\n")
	for i, l := range lines {
		if i > 0 && l != "" && l[0] != ' ' && l[0] != '\t' {
			lines[i] = "  " + l
		}
	}
	return strings.Join(lines, "\n")
}

func appendSafe(b []byte, s string, lines bool) []byte {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b = fmt.Appendf(b, `\x%02x`, s[i])
		case lines && (r == '\n' || r == '\t'):
			b = append(b, byte(r))
		case lines && r == '\r' && strings.HasPrefix(s[i+1:], "\n"):
			// The line end of other systems.
		case unfit(r):
			b = appendEscape(b, r)
		default:
			b = append(b, s[i:i+n]...)
		}
		i += n
	}
	return b
}

func appendEscape(b []byte, r rune) []byte {
	switch {
	case r < 0xa0:
		return fmt.Appendf(b, `\x%02x`, r)
	case r > 0xffff:
		return fmt.Appendf(b, `\U%08x`, r)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}

// unfit tells which characters are not shown as they are: those that command a
// terminal (C0, DEL, C1), and those that have no shape of their own and make others
// read differently: marks of direction, separators of lines, invisible ones. Joiners
// stay: scripts and emoji need them.
func unfit(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	case r < 0x061c:
		return false
	case r == 0x061c, r == 0x200b, r == 0x200e, r == 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f,
		r == 0xfeff, r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe007f:
		return true
	}
	return false
}

// JSON makes a JSON text fit for a terminal without changing what it says: the few
// characters that encoders leave as they are, and should not reach one, are written
// as \uXXXX. They can only stand in strings.
func JSON(b []byte) []byte {
	fit := func(r rune) bool { return r == '\n' || r == '\t' || r == '\r' || !unfit(r) }
	if bytes.IndexFunc(b, func(r rune) bool { return !fit(r) }) < 0 {
		return b
	}
	var out []byte
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case fit(r):
			out = append(out, b[i:i+n]...)
		case r > 0xffff:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		i += n
	}
	return out
}
