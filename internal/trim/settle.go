package trim

import (
	"path"
	"strings"

	"tare/internal/layer"
	"tare/internal/tree"
)

// order are the layers as they lie on one another after the edits.
func (m *model) order() []int32 {
	if m.stack != nil {
		return m.stack
	}
	moved := map[int32]bool{}
	for _, list := range m.first {
		for _, k := range list {
			moved[k] = true
		}
	}
	m.stack = []int32{}
	for k := range int32(len(m.p.Facts.Tree.Lists)) {
		if !m.gone[k] && !moved[k] {
			m.stack = append(append(m.stack, m.first[k]...), k)
		}
	}
	return m.stack
}

// lowest is the place in the order from which on the layers are no longer what they were.
func (m *model) lowest() int {
	for n, k := range m.order() {
		if _, changed := m.layers[k]; changed || int(k) != n {
			return n
		}
	}
	return len(m.stack)
}

// below is what the layers below k show at a path after the edits; nil for nothing.
func (m *model) below(k int32, file string) *layer.Entry {
	order, at := m.order(), -1
	for n, j := range order {
		if j == k {
			at = n
		}
	}
	if at < 0 { // it is merged into another layer: what was below it
		for at = len(order); at > 0 && order[at-1] >= k; at-- {
		}
	}
	low := m.lowest()
	for n := at - 1; n >= 0; n-- {
		j := order[n]
		if n < low {
			if r, ok := m.p.Facts.Tree.At(file, int(j)); ok {
				return m.p.Facts.Tree.Entry(r)
			}
			return nil
		}
		if l, changed := m.layers[j]; changed {
			if c, ok := l[file]; ok {
				return c.entry
			}
			if _, ok := l[file+"\x00-"]; ok || m.hidden(l, file) {
				return nil
			}
			continue
		}
		if r, ok := m.p.Facts.Tree.In(int(j), file); ok {
			return m.p.Facts.Tree.Entry(r)
		}
		if m.p.hides(j, file) {
			return nil
		}
	}
	return nil
}

// marks are the paths that a layer hides of those below it, by what hides them.
func (p *Project) marks(k int32) map[string]layer.Kind {
	if out, ok := p.marked[k]; ok {
		return out
	}
	out := map[string]layer.Kind{}
	for n := range p.Facts.Tree.Lists[k] {
		if e := &p.Facts.Tree.Lists[k][n]; e.Kind == layer.Whiteout || e.Kind == layer.Opaque {
			out[e.Path] = e.Kind
		}
	}
	if p.marked == nil {
		p.marked = map[int32]map[string]layer.Kind{}
	}
	p.marked[k] = out
	return out
}

// hides tells whether a layer hides what is below it at a path.
func (p *Project) hides(k int32, file string) bool {
	marks := p.marks(k)
	if len(marks) == 0 {
		return false
	}
	if marks[file] == layer.Whiteout {
		return true
	}
	for dir := path.Dir(file); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if _, ok := marks[dir]; ok {
			return true
		}
	}
	return false
}

// settle lets the layers follow what an edit changed below them: what hides something that
// is not there any more is not written, nor is a directory that is then as it is below and
// in which nothing changed.
func (m *model) settle() {
	order := m.order()
	for n := m.lowest(); n < len(order); n++ {
		k := order[n]
		for file, kind := range m.p.marks(k) {
			if _, was := m.p.Facts.Tree.At(file, int(k)-1); was && m.below(k, file) == nil {
				delete(m.at(k), key(&layer.Entry{Path: file, Kind: kind}))
			}
		}
		if _, changed := m.layers[k]; changed || m.agrees(k) {
			m.at(k)
			m.prune(k)
		}
	}
}

// agrees tells whether a layer has a directory that is now as it is below, and was not.
func (m *model) agrees(k int32) bool {
	for n := range m.p.Facts.Tree.Lists[k] {
		e := &m.p.Facts.Tree.Lists[k][n]
		if e.Kind != layer.Dir {
			continue
		}
		if r, ok := m.p.Facts.Tree.At(e.Path, int(k)-1); (!ok || !alike(m.p.Facts.Tree.Entry(r), e)) && alike(m.below(k, e.Path), e) {
			return true
		}
	}
	return false
}

// prune drops directories that are as they are below and in which nothing changed.
func (m *model) prune(k int32) {
	l := m.layers[k]
	needed := map[string]bool{}
	for name, c := range l {
		file := pathOf(name)
		if c.kind == layer.Dir && m.unchanged(k, file, c) {
			continue
		}
		if name != file && c.kind == layer.Opaque {
			needed[file] = true
		}
		for dir := path.Dir(file); dir != "." && dir != "/"; dir = path.Dir(dir) {
			needed[dir] = true
		}
	}
	for name, c := range l {
		if c.kind == layer.Dir && !needed[name] && !strings.Contains(name, "\x00") && m.unchanged(k, name, c) {
			delete(l, name)
		}
	}
}

func (m *model) unchanged(k int32, file string, c cell) bool {
	return c.entry != nil && alike(m.below(k, file), c.entry)
}

// alike tells whether two directories have the same owner, permissions and attributes.
func alike(a, b *layer.Entry) bool {
	return a != nil && b != nil && a.Kind == layer.Dir && b.Kind == layer.Dir && a.Mode == b.Mode && a.UID() == b.UID() && a.GID() == b.GID() && a.Xattrs() == b.Xattrs()
}

// as lets a layer have a directory as an entry of another layer has it: the step that makes
// it gives it that owner and these permissions.
func (m *model) as(k int32, r tree.Ref) {
	e := m.p.Facts.Tree.Entry(r)
	if c, ok := m.at(k)[e.Path]; ok && c.kind == layer.Dir {
		c.entry = e
		m.at(k)[e.Path] = c
	}
}
