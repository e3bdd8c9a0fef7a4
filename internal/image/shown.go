package image

import (
	"fmt"

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
	if len(d) > maxShown {
		return fmt.Sprintf("%q… (%d bytes)", string(d[:maxShown]), len(d))
	}
	return fmt.Sprintf("%q", string(d))
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
