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

// cutPath shortens a path to n columns: whole directories go from its middle. The first
// one and the file name stay, and as many of the last directories as there is room for.
func cutPath(s string, n int) string {
	at := strings.LastIndexByte(strings.TrimRight(s, "/"), '/')
	if at < 1 {
		return runewidth.TruncateLeft(s, width(s)-n+1, "…")
	}
	dirs := strings.SplitAfter(s[:at+1], "/") // each with its slash; the last is empty
	dirs = dirs[:len(dirs)-1]
	head, tail := "", "/"+s[at+1:]
	for _, d := range dirs[:min(2, len(dirs))] { // the root, and what stands in it
		if width(head)+width(d)+1+width(tail) <= n {
			head += d
		}
	}
	if width(head)+1+width(tail) > n {
		return runewidth.TruncateLeft(s, width(s)-n+1, "…")
	}
	for k := len(dirs) - 1; k >= 0; k-- {
		more := "/" + strings.TrimSuffix(dirs[k], "/") + tail
		if width(head)+1+width(more) > n {
			break
		}
		tail = more
	}
	return head + "…" + tail
}
