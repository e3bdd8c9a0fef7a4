// Package outline makes an outline of the files of an image, as a viewer shows it: all
// paths that any layer has in one table, what a range of layers leaves and hides below
// each, which of them a filter keeps, and in which order the directories that are open
// list them. Two images are joined by path in the same way. It is a pure function of facts
// and holds nothing of what a viewer has open or selected.
package outline

import (
	"strings"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// Node is a path that some layer has, or a directory that one needs: see Table.Path.
type Node struct {
	Parent int32 // of the root: -1
	End    int32 // the first node after all that is below
	inner  int32 // its place among those that something is in, and the root; of others -1
}

// Table are all paths of an image, or of two, each directory before what is in it.
type Table struct {
	Nodes []Node
	// Facts are those of the image, or of both.
	Facts []*weigh.Facts

	refs  []tree.Ref // entries by node, lowest layer first; layers of the second image follow
	first []int32    // where those of a node begin in refs
	split int32      // layers of the first image
	inner int        // nodes that something is in
}

// New makes the table of an image, or of two that are to be joined.
func New(facts ...*weigh.Facts) *Table {
	t := &Table{Facts: facts}
	var lists [][]layer.Entry
	n := 0
	for k, f := range facts {
		if k == 1 {
			t.split = int32(len(lists))
		}
		for _, l := range f.Tree.Lists {
			lists = append(lists, l)
			n = max(n, len(l)) // most paths are in one layer
			_ = l
		}
	}
	total := 0
	for _, l := range lists {
		total += len(l)
	}
	if len(facts) == 1 {
		t.split = int32(len(lists))
		n = total // few paths are in several
	}
	t.Nodes = make([]Node, 0, n+n/8+1)
	t.first = make([]int32, 0, n+n/8+2)
	t.refs = make([]tree.Ref, 0, total)
	open := []opened{{t.add(-1), ""}}
	m := newMerge(lists)
	for m.next() {
		open = t.open(open, m.path)
		t.refs = append(t.refs, m.group...)
	}
	for _, o := range open {
		t.Nodes[o.node].End = int32(len(t.Nodes))
	}
	t.first = append(t.first, int32(len(t.refs)))
	for i := range t.Nodes {
		t.Nodes[i].inner = -1
		if i == 0 || int(t.Nodes[i].End) > i+1 {
			t.Nodes[i].inner = int32(t.inner)
			t.inner++
		}
	}
	return t
}

// add appends a node whose entries begin here.
func (t *Table) add(parent int32) int32 {
	t.Nodes = append(t.Nodes, Node{Parent: parent})
	t.first = append(t.first, int32(len(t.refs)))
	return int32(len(t.Nodes) - 1)
}

// opened is a directory that is not ended yet.
type opened struct {
	node int32
	path string
}

// open makes the node of a path the last one, with the directories that lead there;
// open are those that are not ended yet.
func (t *Table) open(open []opened, path string) []opened {
	if path == "" {
		return open
	}
	for len(open) > 1 && !inside(path, open[len(open)-1].path) {
		t.Nodes[open[len(open)-1].node].End = int32(len(t.Nodes))
		open = open[:len(open)-1]
	}
	for {
		top := open[len(open)-1]
		from := len(top.path)
		if from > 0 {
			from++
		}
		n := strings.IndexByte(path[from:], '/')
		if n < 0 {
			return append(open, opened{t.add(top.node), path})
		}
		open = append(open, opened{t.add(top.node), path[:from+n]})
	}
}

func inside(p, dir string) bool {
	return len(p) > len(dir) && p[len(dir)] == '/' && p[:len(dir)] == dir
}

// Path is the path of a node; "" of the root. Its entries have it: a second copy would be
// a tenth of all memory.
func (t *Table) Path(i int32) string {
	if i == 0 {
		return ""
	}
	k := i
	for t.first[k] == t.first[k+1] {
		k++ // a directory without an entry: the next node is in it
	}
	p := t.entry(t.refs[t.first[k]]).Path
	for up := k - i; up > 0; up-- {
		p = p[:strings.LastIndexByte(p, '/')]
	}
	return p
}

// entry is the entry of refs, of either image.
func (t *Table) entry(r tree.Ref) *layer.Entry {
	if r.Layer >= t.split {
		return t.Facts[1].Tree.Entry(tree.Ref{Layer: r.Layer - t.split, Entry: r.Entry})
	}
	return t.Facts[0].Tree.Entry(r)
}

// Name is the last part of a node's path.
func (t *Table) Name(i int32) string {
	p := t.Path(i)
	return p[strings.LastIndexByte(p, '/')+1:]
}

// Depth is how many directories a node lies in; the root has 0.
func (t *Table) Depth(i int32) int {
	n := 0
	for ; i > 0; i = t.Nodes[i].Parent {
		n++
	}
	return n
}

// Find is the node of a path.
func (t *Table) Find(path string) (int32, bool) {
	lo, hi := 0, len(t.Nodes)
	for lo < hi {
		mid := (lo + hi) / 2
		if layer.ComparePaths(t.Path(int32(mid)), path) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return int32(lo), lo < len(t.Nodes) && t.Path(int32(lo)) == path
}

// Entries are those that the layers of one image (0 or 1) have for a node, lowest first.
func (t *Table) Entries(i int32, image int) []tree.Ref {
	var out []tree.Ref
	for _, r := range t.refs[t.first[i]:t.first[i+1]] {
		switch {
		case image == 0 && r.Layer < t.split:
			out = append(out, r)
		case image == 1 && r.Layer >= t.split:
			out = append(out, tree.Ref{Layer: r.Layer - t.split, Entry: r.Entry})
		}
	}
	return out
}

// Above is the nearest directory of a node that is among some, or the root.
func (t *Table) Above(i int32, among func(int32) bool) int32 {
	for i > 0 && !among(i) {
		i = t.Nodes[i].Parent
	}
	return max(i, 0)
}
