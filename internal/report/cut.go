package report

import (
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

func width(s string) int { return runewidth.StringWidth(s) }

func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-width(s))) }

func padLeft(s string, n int) string { return strings.Repeat(" ", max(0, n-width(s))) + s }

// shorten cuts s to n columns in the given way.
func shorten(s string, n int, how Cut) string {
	if width(s) <= n {
		return s
	}
	switch how {
	case End:
		return runewidth.Truncate(s, n, "…")
	case Path:
		return cutPath(s, n)
	}
	return clip(s, n)
}

// clip shortens s to n columns; the middle goes, since ends of names tell most.
func clip(s string, n int) string {
	if width(s) <= n || n < 3 {
		return s
	}
	head, tail := "", ""
	for width(head)+width(tail)+1 < n {
		r, size := utf8.DecodeRuneInString(s[len(head):])
		if width(head)+width(tail)+1+width(string(r)) > n {
			break
		}
		head += s[len(head) : len(head)+size]
		if width(head)+width(tail)+1 >= n {
			break
		}
		r, size = utf8.DecodeLastRuneInString(s[:len(s)-len(tail)])
		if width(head)+width(tail)+1+width(string(r)) > n {
			break
		}
		tail = s[len(s)-len(tail)-size:]
	}
	return head + "…" + tail
}

// cutPath shortens a path to n columns: whole directories go, the file name stays, and
// as many of the first directories as there is room for.
func cutPath(s string, n int) string {
	at := strings.LastIndexByte(strings.TrimRight(s, "/"), '/')
	if at < 1 {
		return runewidth.TruncateLeft(s, width(s)-n+1, "…")
	}
	name := s[at:] // with the slash before it
	if width(name)+1 > n {
		return runewidth.TruncateLeft(s, width(s)-n+1, "…")
	}
	head := ""
	for dir := range strings.SplitAfterSeq(s[:at], "/") {
		if width(head)+width(dir)+1+width(name) > n {
			break
		}
		head += dir
	}
	return head + "…" + name
}
