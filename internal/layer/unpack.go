package layer

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Unpacked is what becomes of a layer that is unpacked alone, entry by entry in the
// order of its tar: the way of Docker's graph drivers.
type Unpacked struct {
	// Docker is what a graph driver (overlay2) reports for the layer: each inode that
	// still has a name counted once, with a file's size and a symbolic link's length;
	// all else 0. So a hard link to a file of the same layer adds nothing, and a name
	// that is written twice counts once.
	Docker int64
	// Paths says where each entry of the list really is written, since it may lead
	// through symbolic links of its own layer; nil if all are where they say.
	Paths []string
	// Targets has for each entry of the list that is a hard link the entry whose inode
	// it names: NoTarget where the layer has none at that moment, Unlinkable where a
	// directory stands there. Nil if every target is the only entry at its path.
	Targets []int32
}

// What Targets has for hard links to no entry of their own layer.
const (
	NoTarget   = -1
	Unlinkable = -2
)

// Unpack unpacks a list sorted by ComparePaths and Offset in memory. The ordinary
// layer, in which no entry replaces another and none leads through a link, needs no
// more than a look at it.
func Unpack(list []Entry) Unpacked {
	u, _ := unpack(list, math.MaxInt)
	return u
}

// unpack is Unpack for at most a number of directories; ok is false for more.
func unpack(list []Entry, directories int) (u Unpacked, ok bool) {
	if n, ok := plainSize(list); ok {
		return Unpacked{Docker: n}, true
	}
	return unpackAll(list, directories)
}

func unpackAll(list []Entry, directories int) (out Unpacked, ok bool) {
	order := make([]int32, len(list))
	for i := range list {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(list[a].Offset, list[b].Offset) })
	u := &unpacking{list: list, root: &node{kids: map[string]*node{}}, hops: maxFollowed, bytes: maxRenamed}
	u.out = Unpacked{Paths: make([]string, len(list)), Targets: make([]int32, len(list))}
	for _, i := range order {
		u.out.Paths[i] = u.add(i)
		if u.directories > directories {
			return out, false
		}
	}
	for i := range u.inodes {
		if u.inodes[i].names > 0 {
			u.out.Docker += u.inodes[i].size
		}
	}
	return u.out, true
}

// unpacking is a layer unpacked in memory.
type unpacking struct {
	list   []Entry
	out    Unpacked
	root   *node
	inodes []inode
	hops   int // components of link targets that may still be walked
	bytes  int // bytes of paths that differ from what is written, as long
	// directories is how many were made.
	directories int
	// last is the directory that was looked for last; it holds until a name goes.
	last struct {
		path, real string
		node       *node
	}
}

// node is what a name stands for: a directory, or what carries an inode.
type node struct {
	kids  map[string]*node // of a directory
	inode int32
}

type inode struct {
	size  int64
	names int32
	entry int32 // the one that made it
}

// maxHops is Linux's limit of symbolic links in one path, and maxTarget that of a
// link's length. maxFollowed, in parts of paths, and maxRenamed, in bytes, bound what all
// links of a layer may cost: beyond them links are not followed.
const (
	maxHops     = 40
	maxTarget   = 4096
	maxFollowed = 1 << 25
	maxRenamed  = 128 << 20
)

// add unpacks the next entry of the tar, and says where.
func (u *unpacking) add(i int32) string {
	e := &u.list[i]
	u.out.Targets[i] = NoTarget
	if e.Path == "" {
		return ""
	}
	if e.Kind == Opaque {
		if real, ok := u.leaf(e.Path); ok {
			return real // a marker in what is not a directory marks nothing of this layer
		}
		_, real := u.directory(e.Path)
		return real
	}
	at := strings.LastIndexByte(e.Path, '/')
	dir, real := u.root, ""
	if at > 0 {
		dir, real = u.directory(e.Path[:at])
	}
	base := e.Path[at+1:]
	if real != "" {
		real += "/"
	}
	path := e.Path
	if len(path) != len(real)+len(base) || !strings.HasPrefix(path, real) {
		path = real + base
		u.bytes -= len(path)
	}
	switch e.Kind {
	case Whiteout, Meta:
	case Dir:
		if n := dir.kids[base]; n == nil || n.kids == nil {
			u.remove(dir, base)
			u.mkdir(dir, base)
		}
	case Link:
		to := int32(-1)
		if n := u.find(e.Link()); n != nil && n.kids == nil {
			to = n.inode
		} else if n != nil {
			u.out.Targets[i] = Unlinkable
		}
		if to >= 0 {
			u.inodes[to].names++ // before the old name goes: it may be the same file's
			u.out.Targets[i] = u.inodes[to].entry
		} else {
			// In a lower layer, which a layer that is unpacked alone lacks.
			u.inodes = append(u.inodes, inode{names: 1, entry: i})
			to = int32(len(u.inodes) - 1)
		}
		u.remove(dir, base)
		dir.kids[base] = &node{inode: to}
		u.last.node = nil // what it names may be a symbolic link
	default:
		u.remove(dir, base)
		size := e.Size
		if e.Kind == Symlink {
			size = int64(len(e.Link()))
		}
		if e.Kind == Symlink {
			u.last.node = nil // it may lead elsewhere now, by way of a link to what was not there
		}
		u.inodes = append(u.inodes, inode{size: size, names: 1, entry: i})
		dir.kids[base] = &node{inode: int32(len(u.inodes) - 1)}
	}
	return path
}

func (u *unpacking) mkdir(dir *node, name string) *node {
	n := &node{kids: map[string]*node{}}
	dir.kids[name] = n
	u.directories++
	return n
}

// remove drops a name and, for a directory, all below it.
func (u *unpacking) remove(dir *node, name string) {
	n := dir.kids[name]
	if n == nil {
		return
	}
	delete(dir.kids, name)
	u.last.node = nil
	for pending := []*node{n}; len(pending) > 0; {
		n := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if n.kids == nil {
			u.inodes[n.inode].names--
			continue
		}
		for _, kid := range n.kids {
			pending = append(pending, kid)
		}
	}
}

// link is the target of a node that is a symbolic link that can be followed; "" else.
func (u *unpacking) link(n *node) string {
	if n == nil || n.kids != nil || u.bytes < 0 || u.hops < 0 {
		return ""
	}
	e := &u.list[u.inodes[n.inode].entry]
	if e.Kind != Symlink || len(e.Link()) >= maxTarget {
		return ""
	}
	return e.Link()
}

// directory is the one at a path, through links, made with its parents where it is
// missing and in place of what is none; and its real path.
func (u *unpacking) directory(path string) (*node, string) {
	if u.last.node != nil && u.last.path == path {
		return u.last.node, u.last.real
	}
	parts := u.follow(path)
	n := u.root
	for _, name := range parts {
		n = u.step(n, name)
	}
	real := path
	if !written(path, parts) {
		real = strings.Join(parts, "/")
		u.bytes -= len(real)
	}
	u.last.path, u.last.real, u.last.node = path, real, n
	return n, real
}

// written tells whether a path is just these parts.
func written(path string, parts []string) bool {
	for i, name := range parts {
		if i > 0 {
			if path == "" || path[0] != '/' {
				return false
			}
			path = path[1:]
		}
		if !strings.HasPrefix(path, name) {
			return false
		}
		path = path[len(name):]
	}
	return path == ""
}

// step is a child that is a directory, whatever was there.
func (u *unpacking) step(n *node, name string) *node {
	if kid := n.kids[name]; kid != nil && kid.kids != nil {
		return kid
	}
	u.remove(n, name)
	return u.mkdir(n, name)
}

// find is what stands at a path, not following its last part; nil for nothing.
func (u *unpacking) find(path string) *node {
	at := strings.LastIndexByte(path, '/')
	n := u.root
	if at > 0 {
		for _, name := range u.follow(path[:at]) {
			if n = n.kids[name]; n == nil || n.kids == nil {
				return nil
			}
		}
	}
	return n.kids[path[at+1:]]
}

// leaf tells whether something that is not a directory stands at a path, links followed;
// and its real path.
func (u *unpacking) leaf(path string) (string, bool) {
	parts := u.follow(path)
	n := u.root
	for i, name := range parts {
		if n = n.kids[name]; n == nil || n.kids == nil {
			return strings.Join(parts, "/"), n != nil && i == len(parts)-1
		}
	}
	return "", false
}

// follow is a path from the root with its links followed as the kernel does: part by
// part, ".." never above the root. In a loop of links it stays as it is written.
func (u *unpacking) follow(path string) []string {
	type place struct {
		name string
		n    *node // nil: nothing, or what is not a directory
	}
	var at []place
	hops := 0
	for rest := []string{path}; len(rest) > 0; {
		name, tail, more := strings.Cut(rest[len(rest)-1], "/")
		rest[len(rest)-1] = tail
		if !more {
			rest = rest[:len(rest)-1]
		}
		if hops > 0 {
			u.hops--
		}
		if u.hops < 0 || hops > maxHops {
			return strings.Split(path, "/")
		}
		switch name {
		case "", ".":
			continue
		case "..":
			at = at[:max(0, len(at)-1)]
			continue
		}
		in := u.root
		if len(at) > 0 {
			in = at[len(at)-1].n
		}
		var kid *node
		if in != nil {
			kid = in.kids[name]
		}
		if to := u.link(kid); to != "" {
			hops++
			if strings.HasPrefix(to, "/") {
				at = at[:0]
			}
			rest = append(rest, to)
			continue
		}
		if kid != nil && kid.kids == nil {
			kid = nil
		}
		at = append(at, place{name, kid})
	}
	parts := make([]string, len(at))
	for i, p := range at {
		parts[i] = p.name
	}
	return parts
}
