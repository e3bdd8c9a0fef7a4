package tree

import (
	"path"
	"strings"

	"tare/internal/layer"
)

// maxLinks is how many symbolic links a path may lead through, as in Linux (ELOOP).
const maxLinks = 40

// Follow is the entry that a path leads to when the layers above top are away, with
// symbolic links followed as in a container, whose root they do not leave. ok is false
// if the path leads nowhere.
func (t *Tree) Follow(name string, top int) (r Ref, ok bool) {
	todo := strings.Split(name, "/")
	at, links := "", 0
	for len(todo) > 0 {
		next := todo[0]
		todo = todo[1:]
		switch next {
		case "", ".":
			continue
		case "..":
			if at = path.Dir(at); at == "." {
				at = ""
			}
			continue
		}
		here := path.Join(at, next)
		r, ok = t.At(here, top)
		if !ok {
			// A directory may have no entry of its own.
			at = here
			continue
		}
		e := t.Entry(r)
		if e.Kind != layer.Symlink {
			at = here
			continue
		}
		if links++; links > maxLinks {
			return Ref{}, false
		}
		if strings.HasPrefix(e.Link(), "/") {
			at = ""
		}
		todo = append(strings.Split(e.Link(), "/"), todo...)
	}
	return t.At(at, top)
}
