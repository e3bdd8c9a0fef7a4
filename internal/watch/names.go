// Package watch watches the programs of a container: every call that names a file is
// notified to a process of its own before the kernel carries it out (seccomp user
// notification), and resolved there in memory against the names of the image.
package watch

import (
	"bytes"

	"tare/internal/engine"
)

// node is a name: of the image, or one that the run made.
type node struct {
	up   *node
	name string
	kids map[string]*node
	link string // target of a symbolic link
	kind engine.NameKind
	// image tells that the image has it, exec that somebody may execute it.
	image, exec bool
	// changed says that the run made or took away what stands here: only the kernel knows
	// what is there now. covered says that something else is mounted here.
	changed, covered bool
	from             *node // what of the image was renamed or linked to here
	use              engine.Use
	interp           *interpreter // of a program, once it was read
}

// path is the node's path, with a leading slash.
func (n *node) path() string {
	if n.up == nil {
		return "/"
	}
	if n.up.up == nil {
		return "/" + n.name
	}
	return n.up.path() + "/" + n.name
}

func (n *node) kid(name string) *node {
	k := n.kids[name]
	if k == nil {
		k = &node{up: n, name: name, kind: engine.DirName}
		if n.kids == nil {
			n.kids = map[string]*node{}
		}
		n.kids[name] = k
	}
	return k
}

// names are the names of an image and what became of them in one run.
type names struct {
	root *node
	now  kernel
	// lost is told where the names cannot be followed any more.
	lost func(why string)
}

// kernel tells what stands at a path, without following a symbolic link there, where the
// run may have changed something. Paths begin with a slash, and lead through no links.
type kernel interface {
	// look is the state, and the target of a link, as the calling thread finds them.
	look(thread int, path string) (s state, link string)
	// own tells whether what stands there is the run's own and not the image's.
	own(path string) bool
}

// newNames puts the names of an image into a tree. Directories that have no name of their
// own in the image are there because of what is in them.
func newNames(list []engine.Name, now kernel) *names {
	t := &names{root: &node{kind: engine.DirName, image: true}, now: now, lost: func(string) {}}
	for i := range list {
		n := t.root
		for rest := list[i].Path; rest != ""; {
			var c string
			c, rest = cut(rest)
			if n = n.kid(c); rest != "" {
				n.image = true
			}
		}
		n.image, n.kind, n.link, n.exec = true, list[i].Kind, list[i].Link, list[i].Exec
	}
	return t
}

// cut takes the first name off a path.
func cut(path string) (name, rest string) {
	for i := range len(path) {
		if path[i] == '/' {
			return path[:i], path[i+1:]
		}
	}
	return path, ""
}

// parent is the directory of the image in which the last name of a query stands, and that
// name; nil where the directory is not of the image, or there is none.
func (t *names) parent(w *walk, q *query) (dir *node, last string) {
	name := bytes.TrimRight(q.name, "/")
	i := bytes.LastIndexByte(name, '/')
	last = string(name[i+1:])
	if last == "" || last == "." || last == ".." {
		return nil, ""
	}
	above := *q
	if above.name, above.follow = name[:i+1], true; i < 0 {
		above.name = []byte(".")
	}
	a := t.find(w, &above)
	if a.at == nil || a.at.kind != engine.DirName {
		return nil, ""
	}
	return a.at, last
}

// change notes that the run made, replaced or took away a name. from is what was there
// under another name before.
func (t *names) change(dir *node, last string, from *node) {
	if dir == nil {
		return
	}
	k := dir.kid(last)
	k.changed, k.from = true, from
}

// cover notes that something is mounted at a path, which hides what the image has there.
func (t *names) cover(path string) {
	var w walk
	a := t.find(&w, &query{root: "/", base: "/", name: []byte(path), follow: true})
	switch {
	case a.at != nil:
		a.at.covered = true
	case a.dir != nil:
		a.dir.kid(a.last).covered = true
	default:
		n := t.root
		for rest := path; rest != ""; {
			var c string
			if c, rest = cut(rest); c != "" {
				if n = n.kid(c); rest != "" && !n.image {
					n.changed = true // the runtime makes it
				}
			}
		}
		n.covered = true
	}
}

// each calls f for every name of the image that was used.
func (n *node) each(f func(path string, use engine.Use)) {
	if n.use != 0 && n.image {
		f(n.path()[1:], n.use)
	}
	for _, k := range n.kids {
		k.each(f)
	}
}
