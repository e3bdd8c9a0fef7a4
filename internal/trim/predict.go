package trim

import (
	"path"
	"slices"
	"strings"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/units"
)

// header is what a tar entry without content takes, in bytes: a whiteout, a directory.
const header = 512

// descriptor is about what a layer takes in manifest and configuration, in bytes: its
// descriptor, its DiffID, its line of the history.
const descriptor = 450

// empty is the tar of a layer without entries, in bytes: two blocks of zeros.
const empty = 1024

// model is what layers hold, entry by entry, to work out what they would hold after an edit.
// It follows what BuildKit writes of an overlay: a directory that is as it is below, and in
// which nothing changed, is not written; what a step removed of a lower layer is a whiteout,
// what it made and removed itself is nothing.
type model struct {
	p      *Project
	layers map[int32]map[string]cell // those that an edit changes
	gone   map[int32]bool            // those that are not there any more
	first  map[int32][]int32         // layers above a layer whose steps an edit moves before its step
	stack  []int32                   // the layers as they lie on one another then; nil: not known yet
}

type cell struct {
	kind  layer.Kind
	span  int64
	share units.Amount
	entry *layer.Entry
}

func (p *Project) model() *model {
	return &model{p: p, layers: map[int32]map[string]cell{}, gone: map[int32]bool{}, first: map[int32][]int32{}}
}

// key tells entries of one path apart: what is there, and what hides what is below.
func key(e *layer.Entry) string {
	switch e.Kind {
	case layer.Whiteout:
		return e.Path + "\x00-"
	case layer.Opaque:
		return e.Path + "\x00="
	}
	return e.Path
}

// pathOf is the path of a key.
func pathOf(key string) string {
	file, _, _ := strings.Cut(key, "\x00")
	return file
}

// at is a layer, to be changed.
func (m *model) at(k int32) map[string]cell {
	if l, ok := m.layers[k]; ok {
		return l
	}
	l := map[string]cell{}
	for n := range m.p.Facts.Tree.Lists[k] {
		e := &m.p.Facts.Tree.Lists[k][n]
		l[key(e)] = cell{e.Kind, e.Span, m.p.Facts.Share(tree.Ref{Layer: k, Entry: int32(n)}), e}
	}
	m.layers[k], m.stack = l, nil
	return l
}

// never takes entries out: the step does not write them.
func (m *model) never(refs ...tree.Ref) *model {
	for _, r := range refs {
		delete(m.at(r.Layer), key(m.p.Facts.Tree.Entry(r)))
	}
	return m
}

// vanish takes paths out of a layer with all that is in them, and the directories above that
// the step made for them alone: it does not write them.
func (m *model) vanish(k int32, paths ...string) *model {
	l := m.at(k)
	for _, top := range paths {
		for name := range l {
			if under(pathOf(name), top) {
				delete(l, name)
			}
		}
		for dir := path.Dir(top); dir != "." && dir != "/" && m.below(k, dir) == nil; dir = path.Dir(dir) {
			alone := true
			for name := range l {
				alone = alone && (name == dir || !under(pathOf(name), dir))
			}
			if !alone {
				break
			}
			delete(l, dir)
		}
	}
	return m
}

// drop takes a whole layer out: its step is not there any more.
func (m *model) drop(k int32) *model {
	m.gone[k], m.stack = true, nil
	delete(m.layers, k)
	return m
}

// remove takes paths out of a layer, as rm -rf at the end of its step does.
func (m *model) remove(k int32, paths ...string) *model {
	l := m.at(k)
	for _, top := range paths {
		for name := range l {
			if under(pathOf(name), top) {
				delete(l, name)
			}
		}
		if m.below(k, top) != nil && !m.hidden(l, top) {
			l[top+"\x00-"] = cell{layer.Whiteout, header, units.Known(0), nil}
		}
	}
	return m
}

// hidden tells whether a layer hides a parent of a path already.
func (m *model) hidden(l map[string]cell, file string) bool {
	for dir := path.Dir(file); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if _, ok := l[dir+"\x00-"]; ok {
			return true
		}
		if _, ok := l[dir+"\x00="]; ok {
			return true
		}
	}
	return false
}

// merge makes one layer of those from a to b, but for those of steps that are moved before a:
// what the upper ones hide of the lower ones was never there.
func (m *model) merge(a, b int32, moved ...int32) *model {
	m.first[a], m.stack = moved, nil
	low := m.at(a)
	for k := a + 1; k <= b; k++ {
		if slices.Contains(moved, k) {
			continue
		}
		for _, name := range sorted(m.at(k)) {
			c := m.at(k)[name]
			file := pathOf(name)
			switch c.kind {
			case layer.Whiteout:
				m.at(a)
				m.remove(a, file)
			case layer.Opaque:
				for n := range low {
					if under(n, file) && n != file {
						delete(low, n)
					}
				}
				if m.below(a, file) != nil {
					low[name] = c
				}
			default:
				if old, ok := low[file]; ok && old.kind == layer.Dir && c.kind != layer.Dir {
					m.remove(a, file)
				}
				if _, ok := low[file+"\x00-"]; ok && c.kind != layer.Dir { // made again
					delete(low, file+"\x00-")
				}
				low[file] = c
			}
		}
		m.gone[k], m.stack = true, nil
		delete(m.layers, k)
	}
	return m
}

func sorted(l map[string]cell) []string {
	var out []string
	for n := range l {
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b string) int { // whiteouts before what a step made in their place
		x, y := strings.Contains(a, "\x00"), strings.Contains(b, "\x00")
		if x != y {
			if x {
				return -1
			}
			return 1
		}
		return layer.ComparePaths(a, b)
	})
	return out
}

// saves is what the image becomes smaller by.
func (m *model) saves() *Saves {
	out := &Saves{}
	out.Transfer = units.Known(0)
	m.settle()
	for k, l := range m.layers {
		ix := &m.p.Facts.Image.Layers[k]
		after, share := int64(empty), units.Known(0)
		for _, c := range l {
			after += c.span
			share = share.Plus(c.share)
		}
		before := units.Known(0)
		for n := range m.p.Facts.Tree.Lists[k] {
			before = before.Plus(m.p.Facts.Share(tree.Ref{Layer: k, Entry: int32(n)}))
		}
		out.Tar += ix.Sums.Tar - after
		out.Transfer = out.Transfer.Plus(before.Minus(share))
	}
	for k := range m.gone {
		out.Tar += m.p.Facts.Image.Layers[k].Sums.Tar
		out.Transfer = out.Transfer.Plus(units.Known(descriptor))
		for n := range m.p.Facts.Tree.Lists[k] {
			out.Transfer = out.Transfer.Plus(m.p.Facts.Share(tree.Ref{Layer: k, Entry: int32(n)}))
		}
	}
	return out
}

// under tells whether a path is a directory's or in it.
func under(file, dir string) bool {
	return file == dir || strings.HasPrefix(file, dir+"/")
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
