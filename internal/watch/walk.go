package watch

import (
	"bytes"

	"tare/internal/engine"
)

// maxLinks is how many symbolic links a path may lead through, as in Linux (ELOOP).
const maxLinks = 40

// query is a name as a system call has it.
type query struct {
	root, base string // directories that names begin at, absolute and without links
	name       []byte
	follow     bool // a symbolic link at the end
	noLinks    bool // openat2: a link anywhere is an error
	beneath    bool // openat2: base is not left
	inRoot     bool // openat2: base is the root
	thread     int
}

// answer is what a query found.
type answer struct {
	// found tells that something stands there. at is what of the image it is; nil for what
	// is not of the image. path is where it stands, if the kernel had to be asked.
	found bool
	at    *node
	path  string
	// dir and last name what is missing, where all but the last name was found in the image.
	dir  *node
	last string
	must bool // a trailing slash: it must be a directory
}

// place is where a walk stands: at a node, or, where nothing of the image is, at a path.
type place struct {
	n    *node
	path string // if n is nil, or the kernel was asked
}

func (p *place) String() string {
	if p.n != nil {
		return p.n.path()
	}
	return p.path
}

// walk is one query under way. It is used again, so that the ordinary call makes no garbage.
type walk struct {
	t     *names
	q     *query
	links []*node // of the image, on the way
	count int
	floor string // what ".." does not leave
}

// find resolves a name. links are the symbolic links of the image on the way.
func (t *names) find(w *walk, q *query) answer {
	w.t, w.q, w.links, w.count, w.floor = t, q, w.links[:0], 0, q.root
	start := q.base
	if q.inRoot || q.beneath {
		w.floor = q.base
	}
	if len(q.name) > 0 && q.name[0] == '/' {
		if q.beneath {
			return answer{}
		}
		start = w.floor
	}
	return w.walk(t.stand(start), q.name)
}

// stand is the place of a path without links.
func (t *names) stand(path string) place {
	n := t.root
	for rest := path; rest != ""; {
		var c string
		if c, rest = cut(rest); c == "" {
			continue
		}
		k := n.kids[c]
		if k == nil || k.covered || k.changed && !t.restored(k) {
			return place{path: path}
		}
		n = k
	}
	return place{n: n}
}

// restored asks the kernel of a changed name of the image: what the run tried to take away
// may still stand there.
func (t *names) restored(n *node) bool {
	if !n.image {
		return false
	}
	p := n.path()
	s, link := t.now.look(0, p)
	if s != stateOf(n.kind) || link != n.link || t.now.own(p) {
		return false
	}
	n.changed = false
	return true
}

func (w *walk) walk(at place, name []byte) answer {
	for {
		c, rest, more := bytes.Cut(name, slash)
		if !more && len(c) == 0 {
			return w.end(at, len(name) == 0)
		}
		name = rest
		switch {
		case len(c) == 0 || len(c) == 1 && c[0] == '.':
			if !more {
				return w.end(at, true)
			}
			continue
		case len(c) == 2 && c[0] == '.' && c[1] == '.':
			var ok bool
			if at, ok = w.up(at); !ok {
				return answer{}
			}
			if !more {
				return w.end(at, true)
			}
			continue
		}
		last := len(bytes.Trim(rest, "/")) == 0
		next, link, state := w.step(at, c)
		switch {
		case state == absent:
			a := answer{}
			if last && at.n != nil {
				a.dir, a.last, a.must = at.n, string(c), more
			}
			return a
		case state == isLink && (!last || more || w.q.follow):
			if w.count++; w.count > maxLinks || w.q.noLinks {
				return answer{}
			}
			if next.n != nil {
				w.links = append(w.links, next.n)
			}
			if link == "" {
				return answer{}
			}
			if link[0] == '/' {
				if w.q.beneath {
					return answer{}
				}
				at = w.t.stand(w.floor)
			}
			joined := make([]byte, 0, len(link)+1+len(rest))
			joined = append(joined, link...)
			if more {
				joined = append(append(joined, '/'), rest...)
			}
			name = joined
			continue
		case state == jump: // a link of /proc that leads to an open file
			if !more && !w.q.follow {
				return answer{found: true, path: next.path}
			}
			if link == "" { // a pipe, a socket, or what was deleted
				return answer{found: !more, path: next.path}
			}
			next = w.t.stand(link)
		case state == isFile && more:
			return answer{}
		}
		at = next
		if !more {
			return w.end(at, false)
		}
	}
}

var slash = []byte("/")

// end makes the answer of where a walk ended.
func (w *walk) end(at place, dir bool) answer {
	if at.n == nil {
		return answer{found: true, path: at.path, must: dir}
	}
	a := answer{found: true, at: at.n, path: at.path, must: dir}
	if dir && at.n.kind != engine.DirName {
		return answer{}
	}
	return a
}

// up is the directory above, but not above the floor.
func (w *walk) up(at place) (place, bool) {
	if at.n == w.t.root || w.floor != "/" && at.String() == w.floor {
		return at, !w.q.beneath
	}
	if at.n != nil {
		return place{n: at.n.up}, true
	}
	p := at.path
	for len(p) > 1 && p[len(p)-1] != '/' {
		p = p[:len(p)-1]
	}
	if len(p) > 1 {
		p = p[:len(p)-1]
	}
	return w.t.stand(p), true
}

type state int

const (
	absent state = iota
	isFile
	isDir
	isLink
	jump
)

func stateOf(k engine.NameKind) state {
	switch k {
	case engine.DirName:
		return isDir
	case engine.LinkName:
		return isLink
	}
	return isFile
}

// step goes to a name in a directory. Links are not followed.
func (w *walk) step(at place, c []byte) (next place, link string, s state) {
	if at.n != nil {
		if at.n.kind != engine.DirName {
			return place{}, "", absent
		}
		k := at.n.kids[string(c)] // makes no string
		switch {
		case k == nil:
			return place{}, "", absent
		case !k.covered && !k.changed:
			return place{n: k}, k.link, stateOf(k.kind)
		case !k.covered && w.t.restored(k):
			return place{n: k}, k.link, stateOf(k.kind)
		}
		next = place{path: k.path()}
		s, link = w.t.now.look(w.q.thread, next.path)
		if s == absent || k.from == nil || k.covered {
			return next, link, s
		}
		if s == isDir {
			w.t.lost("the run renamed a directory of the image: " + k.from.path())
		}
		if s == stateOf(k.from.kind) {
			return place{n: k.from}, k.from.link, s
		}
		return next, link, s
	}
	if len(at.path) > 1 {
		next.path = at.path + "/" + string(c)
	} else {
		next.path = "/" + string(c)
	}
	s, link = w.t.now.look(w.q.thread, next.path)
	return next, link, s
}
