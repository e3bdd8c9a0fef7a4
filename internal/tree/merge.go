package tree

import (
	"container/heap"
	"math"

	"tare/internal/layer"
)

// merge walks all lists at once, path by path in order, such that a directory comes
// before what is in it. Memory is a few words a layer and the barriers of the
// directories that lead to the current path.
type merge struct {
	t        *Tree
	at       []int // layer -> the next entry
	heap     []int // layers, the one with the least path on top
	path     string
	group    []Ref       // all entries for path, lowest layer first, in the order of the tar
	dead     []bool      // of group: swept away in its own layer
	stands   []bool      // of group: what its layer alone has in the end
	parts    []part      // what each layer has in group
	below    []lastBelow // by layer
	barriers []barrier
	pending  []pending
}

// barrier cuts off what lower layers have below a path.
type barrier struct {
	path   string
	layer  int32
	lower  bool  // cuts off lower layers
	before int64 // cuts off entries of the same layer that come earlier in its tar
	class  Class
}

// pending is an entry hidden by another whose class waits for hard links.
type pending struct{ hidden, by Ref }

func newMerge(t *Tree) *merge {
	m := &merge{t: t, at: make([]int, len(t.Lists)), below: make([]lastBelow, len(t.Lists))}
	for k := range t.Lists {
		if len(t.Lists[k]) > 0 {
			m.heap = append(m.heap, k)
		}
	}
	heap.Init(m)
	return m
}

// Len, Less, Swap, Push and Pop implement heap.Interface.

func (m *merge) Len() int { return len(m.heap) }

func (m *merge) Less(i, j int) bool {
	a, b := m.heap[i], m.heap[j]
	c := layer.ComparePaths(m.t.Lists[a][m.at[a]].Path, m.t.Lists[b][m.at[b]].Path)
	return c < 0 || c == 0 && a < b
}

func (m *merge) Swap(i, j int) { m.heap[i], m.heap[j] = m.heap[j], m.heap[i] }

func (m *merge) Push(k any) { m.heap = append(m.heap, k.(int)) }

func (m *merge) Pop() any {
	m.heap = m.heap[:len(m.heap)-1]
	return nil // it was looked at before
}

// next gathers the entries of the next path.
func (m *merge) next() bool {
	if len(m.heap) == 0 {
		return false
	}
	m.group = m.group[:0]
	for len(m.heap) > 0 {
		k := m.heap[0]
		list := m.t.Lists[k]
		p := list[m.at[k]].Path
		if len(m.group) == 0 {
			m.path = p
		} else if p != m.path {
			break
		}
		for m.at[k] < len(list) && list[m.at[k]].Path == m.path {
			m.group = append(m.group, Ref{int32(k), int32(m.at[k])})
			m.at[k]++
		}
		if m.at[k] < len(list) {
			heap.Fix(m, 0)
			continue
		}
		heap.Pop(m)
	}
	return true
}

// within tells whether the layer has something below the current path that comes
// after an offset in its tar: then it makes a directory there, entry or not.
func (m *merge) within(k int, offset int64) bool {
	if m.below[k].path != m.path || !m.below[k].known {
		b := &m.below[k]
		b.path, b.known, b.last = m.path, true, -1
		list := m.t.Lists[k]
		for i := m.at[k]; i < len(list) && inside(list[i].Path, m.path); i++ {
			b.last = max(b.last, list[i].Offset)
		}
	}
	return m.below[k].last > offset
}

// lastBelow is the offset of the last thing that a layer has below a path.
type lastBelow struct {
	path  string
	known bool
	last  int64
}

func inside(p, dir string) bool {
	if dir == "" {
		return p != ""
	}
	return len(p) > len(dir) && p[len(dir)] == '/' && p[:len(dir)] == dir
}

// judge decides what becomes of the entries of the current path.
func (m *merge) judge() {
	for n := len(m.barriers); n > 0 && !inside(m.path, m.barriers[n-1].path); n-- {
		m.barriers = m.barriers[:n-1]
	}
	m.dead, m.stands = m.dead[:0], m.stands[:0]
	for _, r := range m.group {
		m.dead = append(m.dead, m.swept(r))
	}
	for n := range m.group {
		m.stands = append(m.stands, m.standing(n))
	}
	m.sumUp()
	for n, r := range m.group {
		e := m.t.Entry(r)
		if shows(e.Kind) {
			*m.t.state(r) = m.fate(n, r, e)
		} else {
			*m.t.state(r) = State{Live, -1} // it is overhead; nothing hides it
		}
	}
	m.raise()
}

// part is what one layer has at the current path.
type part struct {
	layer         int32
	last, stands  int // of group: its last entry that was not swept away, and what stands in the end; -1 for none
	white, opaque bool
}

func (m *merge) sumUp() {
	m.parts = m.parts[:0]
	for n, r := range m.group {
		if k := len(m.parts); k == 0 || m.parts[k-1].layer != r.Layer {
			m.parts = append(m.parts, part{layer: r.Layer, last: -1, stands: -1})
		}
		p := &m.parts[len(m.parts)-1]
		switch kind := m.t.Entry(r).Kind; {
		case kind == layer.Whiteout:
			p.white = true
		case m.dead[n]:
		case kind == layer.Opaque:
			p.opaque = true
		case shows(kind):
			p.last = n
			if m.stands[n] {
				p.stands = n
			}
		}
	}
}

// swept tells whether the entry went with a parent that its own layer replaced: then
// it hides nothing either. But whiteouts and opaque markers speak of the layers below,
// whatever becomes of the directory that they lie in.
func (m *merge) swept(r Ref) bool {
	for _, b := range m.barriers {
		if b.layer == r.Layer && m.t.Entry(r).Offset < b.before {
			return true
		}
	}
	return false
}

// fate finds the first layer that hides an entry, and the first of its reasons.
func (m *merge) fate(n int, r Ref, e *layer.Entry) State {
	const never = math.MaxInt32
	by, class, marked := int32(never), Live, int32(never)
	hide := func(k int32, c Class) {
		if k < by || k == by && c < class {
			by, class = k, c
		}
	}
	over := Ref{-1, -1} // the entry of that layer at this path, which stands there in the end
	for _, p := range m.parts {
		if p.layer < r.Layer {
			continue
		}
		if p.layer > by {
			break
		}
		own := p.layer == r.Layer
		if p.white && !own {
			hide(p.layer, DeletedFile)
		}
		if p.opaque && !own {
			marked = min(marked, p.layer) // it makes a directory
		}
		if own && p.last > n || !own && p.stands >= 0 {
			hide(p.layer, OverwrittenChanged)
			if p.stands > n {
				over = m.group[p.stands]
			}
		}
	}
	for _, b := range m.barriers {
		if b.lower && b.layer > r.Layer || b.layer == r.Layer && e.Offset < b.before {
			hide(b.layer, b.class)
		}
	}
	if e.Kind != layer.Dir {
		// A directory without an entry is the last reason that a layer may give.
		if k, ok := m.implicit(r, e, min(by, marked)); ok {
			hide(k, OverwrittenChanged)
		} else if marked < by {
			hide(marked, OverwrittenChanged)
		}
	}
	switch {
	case by == never:
		return State{Live, -1}
	case over.Layer == by: // then it is the first reason
		if e.Kind == layer.Link || m.t.Entry(over).Kind == layer.Link {
			m.pending = append(m.pending, pending{r, over})
		} else {
			class = m.t.overwritten(r, over)
		}
	}
	return State{class, by}
}

// implicit is the first layer, below limit, that makes a directory at the path of
// something that is none, by having entries below it but none for it.
func (m *merge) implicit(r Ref, e *layer.Entry, limit int32) (int32, bool) {
	for k := r.Layer; int(k) < len(m.at) && k < limit; k++ {
		after := int64(-1)
		if k == r.Layer {
			after = e.Offset
		}
		for _, b := range m.barriers {
			if b.layer == k {
				after = max(after, b.before) // what was swept away makes nothing
			}
		}
		if m.within(int(k), after) {
			return k, true
		}
	}
	return 0, false
}

// raise adds the barriers that the current path makes for what is below it.
func (m *merge) raise() {
	if len(m.heap) == 0 {
		return
	}
	if k := m.heap[0]; !inside(m.t.Lists[k][m.at[k]].Path, m.path) {
		return // no layer has anything below
	}
	// One barrier for each layer and kind is enough, whatever number of entries it has.
	var b, opaque barrier
	none := barrier{path: m.path, layer: -1}
	b, opaque = none, none
	flush := func() {
		if b.layer >= 0 {
			m.barriers = append(m.barriers, b)
		}
		if opaque.layer >= 0 {
			m.barriers = append(m.barriers, opaque)
		}
		b, opaque = none, none
	}
	for n, r := range m.group {
		if n > 0 && m.group[n-1].Layer != r.Layer {
			flush()
		}
		e := m.t.Entry(r)
		switch e.Kind {
		case layer.Dir, layer.Meta:
		case layer.Whiteout:
			b.layer, b.lower, b.class = r.Layer, true, DeletedDir
		case layer.Opaque:
			opaque.layer, opaque.lower, opaque.class = r.Layer, true, Opaque
		default:
			// What its own layer has put below so far goes; what lower layers have,
			// only if it is not a directory again in the end.
			b.layer, b.class, b.before = r.Layer, DeletedDir, max(b.before, e.Offset)
			b.lower = b.lower || m.stands[n]
		}
	}
	flush()
}

// standing tells whether an entry is what its layer, unpacked alone, has at the path
// in the end: no later entry stands there, nor does a directory that something below
// made in its place.
func (m *merge) standing(n int) bool {
	r := m.group[n]
	e := m.t.Entry(r)
	if m.dead[n] {
		return false
	}
	for _, o := range m.group[n+1:] {
		if o.Layer == r.Layer && shows(m.t.Entry(o).Kind) {
			return false
		}
	}
	return e.Kind == layer.Dir || !m.within(int(r.Layer), e.Offset)
}
