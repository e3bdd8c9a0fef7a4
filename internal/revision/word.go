// Package revision reads the files of commits from a git repository: which commit a word
// means, and its files in a directory of their own, to be built. No checkout is touched,
// nothing is fetched, and nothing that the repository configures runs: no hooks, no
// filters, no file system monitor.
package revision

import "strings"

// Scheme is what a word for a commit begins with.
const Scheme = "git:"

// Word is git:REF[:DIR], read.
type Word struct {
	Ref string // what git calls a revision: HEAD~1, main, v1.2, 1a2b3c4
	Dir string // "" for none
}

// Parse reads a word; ok is false if it does not begin with git:. git://… is an address.
func Parse(text string) (w Word, ok bool) {
	rest, ok := strings.CutPrefix(text, Scheme)
	if !ok || strings.HasPrefix(rest, "//") {
		return Word{}, false
	}
	depth := 0 // HEAD@{2026-01-02 10:00} has colons of its own
	for n, r := range rest {
		switch {
		case r == '{':
			depth++
		case r == '}':
			depth--
		case r == ':' && depth <= 0:
			return Word{Ref: rest[:n], Dir: rest[n+1:]}, true
		}
	}
	return Word{Ref: rest}, true
}

// String is the word as it is written.
func (w Word) String() string {
	if w.Dir == "" {
		return Scheme + w.Ref
	}
	return Scheme + w.Ref + ":" + w.Dir
}
