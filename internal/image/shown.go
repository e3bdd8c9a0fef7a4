package image

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/opencontainers/go-digest"
)

// maxShown is how much of a stranger's text an error shows, in bytes.
const maxShown = 200

// shown is a digest for an error: as it is if it is one, else the escaped beginning of
// whatever stands in its place.
func shown(d digest.Digest) string {
	if d.Validate() == nil {
		return d.String()
	}
	return shownText(strconv.Quote(string(d)))
}

// shownText is a stranger's text for an error: as it is if it is short and nothing in it
// does more than show.
func shownText(s string) string {
	more := ""
	if len(s) > maxShown {
		s, more = s[:maxShown], fmt.Sprintf("… (%d bytes)", len(s))
	}
	if utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return s + more
	}
	return strconv.Quote(s) + more
}

// notJSON is why a document could not be read. Its text may hold the document's own.
type notJSON struct{ err error }

func (e *notJSON) Error() string {
	text := e.err.Error()
	if len(text) > 2*maxShown {
		text = fmt.Sprintf("%s… (%d bytes)", text[:2*maxShown], len(text))
	}
	return "not valid JSON: " + text
}

func (e *notJSON) Unwrap() error { return e.err }
