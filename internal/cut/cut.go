// Package cut fits text into columns of a terminal, where wide characters take two.
package cut

import (
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// Width is how many columns a text takes.
func Width(s string) int { return runewidth.StringWidth(s) }

// Pad fills a text up to n columns with spaces.
func Pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-Width(s))) }

// PadLeft fills a text up to n columns with spaces before it.
func PadLeft(s string, n int) string { return strings.Repeat(" ", max(0, n-Width(s))) + s }

// Way says which part of a long text tells least.
type Way int

// Ways to cut: in the middle (names), at the end (instructions), among the directories
// (paths).
const (
	Middle Way = iota
	End
	Path
)

// To cuts s to n columns in the given way.
func To(s string, n int, how Way) string {
	if Width(s) <= n {
		return s
	}
	switch how {
	case End:
		return runewidth.Truncate(s, n, "…")
	case Path:
		return cutPath(s, n)
	}
	return Clip(s, n)
}

// Clip shortens s to n columns; the middle goes, since ends of names tell most.
func Clip(s string, n int) string {
	if Width(s) <= n || n < 3 {
		return s
	}
	head, tail := "", ""
	for Width(head)+Width(tail)+1 < n {
		r, size := utf8.DecodeRuneInString(s[len(head):])
		if Width(head)+Width(tail)+1+Width(string(r)) > n {
			break
		}
		head += s[len(head) : len(head)+size]
		if Width(head)+Width(tail)+1 >= n {
			break
		}
		r, size = utf8.DecodeLastRuneInString(s[:len(s)-len(tail)])
		if Width(head)+Width(tail)+1+Width(string(r)) > n {
			break
		}
		tail = s[len(s)-len(tail)-size:]
	}
	return head + "…" + tail
}

// cutPath shortens a path to n columns: whole directories go from its middle. The first
// one and the file name stay, and as many of the last directories as there is room for.
func cutPath(s string, n int) string {
	at := strings.LastIndexByte(strings.TrimRight(s, "/"), '/')
	if at < 1 {
		return runewidth.TruncateLeft(s, Width(s)-n+1, "…")
	}
	dirs := strings.SplitAfter(s[:at+1], "/") // each with its slash; the last is empty
	dirs = dirs[:len(dirs)-1]
	head, tail := "", "/"+s[at+1:]
	for _, d := range dirs[:min(2, len(dirs))] { // the root, and what stands in it
		if Width(head)+Width(d)+1+Width(tail) <= n {
			head += d
		}
	}
	if Width(head)+1+Width(tail) > n {
		return runewidth.TruncateLeft(s, Width(s)-n+1, "…")
	}
	for k := len(dirs) - 1; k >= 0; k-- {
		more := "/" + strings.TrimSuffix(dirs[k], "/") + tail
		if Width(head)+1+Width(more) > n {
			break
		}
		tail = more
	}
	return head + "…" + tail
}
