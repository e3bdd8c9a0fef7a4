package layer

import "strings"

// Extra is what few entries have, or many alike: entries of one owner share one. It is never changed.
type Extra struct {
	// Link is the target of a Symlink as written, the clean path that a hard Link
	// names, or "major:minor" of a device.
	Link     string
	UID, GID int64  // numeric owner, as the tar has it: more than a kernel's 32 bits may stand there
	Xattrs   uint64 // hash of the extended attributes; 0 if there are none
}

// Link is what Extra says, "" for nothing.
func (e *Entry) Link() string {
	if e.Extra == nil {
		return ""
	}
	return e.Extra.Link
}

// UID is the numeric owner.
func (e *Entry) UID() int64 {
	if e.Extra == nil {
		return 0
	}
	return e.Extra.UID
}

// GID is the numeric group.
func (e *Entry) GID() int64 {
	if e.Extra == nil {
		return 0
	}
	return e.Extra.GID
}

// Xattrs is a hash of the extended attributes; 0 if there are none.
func (e *Entry) Xattrs() uint64 {
	if e.Extra == nil {
		return 0
	}
	return e.Extra.Xattrs
}

// maxOwners is how many different owners of a layer are remembered: more of them, which only a
// hostile tar has, take memory for each entry.
const maxOwners = 1 << 12

// extras hands out one Extra for all entries that have the same.
type extras struct {
	last  *Extra // of the entry before: mostly the same
	known map[Extra]*Extra
	slab  []Extra // memory for the next ones, since a target is rarely seen twice
}

// of is the Extra that stands for x.
func (l *extras) of(x Extra) *Extra {
	switch {
	case x == Extra{}:
		return nil
	case x.Link != "":
		return l.new(x)
	case l.last != nil && *l.last == x:
		return l.last
	}
	p := l.known[x]
	if p == nil {
		if p = l.new(x); len(l.known) < maxOwners {
			if l.known == nil {
				l.known = map[Extra]*Extra{}
			}
			l.known[x] = p
		}
	}
	l.last = p
	return p
}

func (l *extras) new(x Extra) *Extra {
	if len(l.slab) == cap(l.slab) {
		l.slab = make([]Extra, 0, min(64, max(4, 2*cap(l.slab))))
	}
	l.slab = append(l.slab, x)
	return &l.slab[len(l.slab)-1]
}

// text keeps strings one behind the other: each alone takes up to 15 bytes more.
type text struct{ b strings.Builder }

// Bytes that are asked for at once: small layers have few names.
const (
	minText = 1 << 10
	maxText = 32 << 10
)

// keep is s in memory of its own, and nothing of what s is part of.
func (t *text) keep(s string) string {
	if len(s) > maxText/16 {
		return strings.Clone(s)
	}
	t.room(len(s))
	at := t.b.Len()
	t.b.WriteString(s)
	return t.b.String()[at:]
}

// join is a name in a directory, which may be "": both at most a header long.
func (t *text) join(dir, name []byte) string {
	t.room(len(dir) + 1 + len(name))
	at := t.b.Len()
	if len(dir) > 0 {
		t.b.Write(dir)
		t.b.WriteByte('/')
	}
	t.b.Write(name)
	return t.b.String()[at:]
}

// room makes sure that n more bytes fit.
func (t *text) room(n int) {
	if t.b.Cap()-t.b.Len() < n {
		size := min(max(minText, 2*t.b.Cap()), maxText)
		t.b.Reset()
		t.b.Grow(size)
	}
}
