// Package tree lays layers on top of one another and says of every entry whether a
// container sees it and, if not, which layer hides it and how. It follows the OCI
// image spec and the kernel's overlay file system; the rules are in
// docs/reference/measures.md. It is a pure function of the layers' indexes.
package tree

import (
	"fmt"
	"slices"

	"tare/internal/layer"
)

// Class says whether an entry is seen and, if not, in which way it was hidden.
type Class uint8

// The classes. All but Live are waste. Of several reasons that one layer has to hide an
// entry the first counts.
const (
	Live               Class = iota
	OverwrittenSame          // by an entry with the same content and metadata
	MetadataOnly             // by the same content with other permissions, owner, time or attributes
	OverwrittenChanged       // by other content
	DeletedFile              // by a whiteout of its own path
	DeletedDir               // by a whiteout of a parent directory, or something else in its place
	Opaque                   // by an opaque marker in a parent directory
	Classes                  // their number
)

var classNames = [Classes]string{"live", "overwritten-same", "metadata-only", "overwritten-changed", "deleted-file", "deleted-dir", "opaque"}

// String is the name of the class in reports.
func (c Class) String() string {
	if c < Classes {
		return classNames[c]
	}
	return fmt.Sprintf("class %d", c)
}

// State is what became of an entry.
type State struct {
	Class Class
	By    int32 // the layer that hid it; -1 for Live
}

// Ref names an entry: List[Entry] of a layer.
type Ref struct{ Layer, Entry int32 }

// Tree is a stack of layers.
type Tree struct {
	// Lists are the layers' entries, bottom first, sorted by path. They are those of
	// the indexes, but where a layer writes through a symbolic link of its own.
	Lists [][]layer.Entry
	names [][]State
	bytes map[Ref]State // of files with several names, where it differs from the name's
	links map[Ref]Ref   // hard link -> the file that it names
	moved [][]int32     // for a list that differs: its entries' places in the index
	// targets are what hard links name in their own layer, where that is not simply what
	// stands at the path: -1 for nothing.
	targets [][]int32
}

// New lays layers on top of one another, bottom first.
func New(layers []*layer.Index) *Tree {
	t := &Tree{bytes: map[Ref]State{}, links: map[Ref]Ref{}, moved: make([][]int32, len(layers)), targets: make([][]int32, len(layers))}
	for k, x := range layers {
		list, moved, targets := unpacked(x.List)
		t.Lists, t.moved[k], t.targets[k] = append(t.Lists, list), moved, targets
		t.names = append(t.names, make([]State, len(list)))
	}
	m := newMerge(t)
	for m.next() {
		m.judge()
	}
	t.resolveLinks()
	for _, p := range m.pending {
		t.state(p.hidden).Class = t.overwritten(p.hidden, p.by)
	}
	t.joinNames()
	return t
}

// Entry is the entry that r names.
func (t *Tree) Entry(r Ref) *layer.Entry { return &t.Lists[r.Layer][r.Entry] }

// Place is where in the layer's index the entry stands.
func (t *Tree) Place(r Ref) int {
	if m := t.moved[r.Layer]; m != nil {
		return int(m[r.Entry])
	}
	return int(r.Entry)
}

// Moved tells whether a layer's list differs from its index.
func (t *Tree) Moved(k int) bool { return t.moved[k] != nil }

func (t *Tree) state(r Ref) *State { return &t.names[r.Layer][r.Entry] }

// Name says whether the entry's own name is seen.
func (t *Tree) Name(r Ref) State { return *t.state(r) }

// Bytes says whether the content that the entry carries is seen: a file with several
// names is live while any of them is.
func (t *Tree) Bytes(r Ref) State {
	if s, ok := t.bytes[r]; ok {
		return s
	}
	return *t.state(r)
}

// Target is the file that a hard link names; false if there is none.
func (t *Tree) Target(link Ref) (Ref, bool) {
	r, ok := t.links[link]
	return r, ok
}

// Seen tells whether the entry's name is seen when the layers above top are away.
func (t *Tree) Seen(r Ref, top int) bool {
	s := t.state(r)
	return int(r.Layer) <= top && (s.Class == Live || int(s.By) > top) && shows(t.Entry(r).Kind)
}

// shows tells whether an entry of the kind is something that a container could see.
func shows(k layer.Kind) bool { return k != layer.Whiteout && k != layer.Opaque && k != layer.Meta }

// At is the entry at path that is seen when the layers above top are away.
func (t *Tree) At(path string, top int) (Ref, bool) {
	for k := top; k >= 0; k-- {
		if r, ok := t.In(k, path); ok && t.Seen(r, top) {
			return r, true
		}
	}
	return Ref{}, false
}

// In is the entry at path that stands in the end in a layer by itself.
func (t *Tree) In(k int, path string) (Ref, bool) {
	lo, hi := t.find(k, path)
	for i := hi - 1; i >= lo; i-- {
		if r := (Ref{int32(k), int32(i)}); t.Seen(r, k) {
			return r, true
		}
	}
	return Ref{}, false
}

// find is the range of entries for a path in a layer.
func (t *Tree) find(k int, path string) (lo, hi int) {
	list := t.Lists[k]
	lo, _ = slices.BinarySearchFunc(list, path, func(e layer.Entry, p string) int { return layer.ComparePaths(e.Path, p) })
	for hi = lo; hi < len(list) && list[hi].Path == path; hi++ {
	}
	return lo, hi
}

// overwritten compares an entry with the one that hides it at the same path.
func (t *Tree) overwritten(old, by Ref) Class {
	a, b := t.Content(old), t.Content(by)
	switch {
	case a.Kind != b.Kind, a.Size != b.Size, a.Sum != b.Sum, a.Link() != b.Link():
		return OverwrittenChanged
	case a.Mode != b.Mode, a.UID() != b.UID(), a.GID() != b.GID(), a.Mtime != b.Mtime, a.Nsec != b.Nsec, a.Xattrs() != b.Xattrs():
		return MetadataOnly
	}
	return OverwrittenSame
}

// Content is the entry that a hard link stands for; other entries are themselves.
func (t *Tree) Content(r Ref) *layer.Entry {
	if to, ok := t.links[r]; ok {
		return t.Entry(to)
	}
	return t.Entry(r)
}
