package outline

import (
	"tare/internal/layer"
	"tare/internal/tree"
)

// joined fills in what a node of two images comes to by itself.
func (t *Table) joined(s *Sums, i int32, v *View) {
	var seen [2]*layer.Entry
	for _, r := range t.refs[t.first[i]:t.first[i+1]] {
		n := 0
		if r.Layer >= t.split {
			n, r.Layer = 1, r.Layer-t.split
		}
		f := t.Facts[n]
		if f.Tree.Seen(r, len(f.Tree.Lists)-1) {
			seen[n] = f.Tree.Content(r)
			s.has[i] |= before << n
		}
	}
	sign := differ(seen[0], seen[1])
	if sign == None {
		if a, b := t.sizes(i); a != 0 || b != 0 {
			sign = Unchanged // a hidden name of a file that has others
			if a != b {
				sign = Changed
			}
		}
	}
	if sign == None || v.Hide[sign] || !s.match[i] {
		return
	}
	s.Sign[i] = sign
	if e := first(seen[1], seen[0]); e != nil && e.Kind == layer.Dir {
		s.has[i] |= folder
	}
}

// sizes are the live bytes of a node's entries in either image.
func (t *Table) sizes(i int32) (a, b int64) {
	for _, r := range t.refs[t.first[i]:t.first[i+1]] {
		f, sum := t.Facts[0].Tree, &a
		if r.Layer >= t.split {
			f, sum, r.Layer = t.Facts[1].Tree, &b, r.Layer-t.split
		}
		if e := f.Entry(r); e.Kind == layer.File && f.Bytes(r).Class == tree.Live {
			*sum += e.Size
		}
	}
	return a, b
}

// differ says how what stands at a path differs between two images. Times are no
// difference: builds set them.
func differ(a, b *layer.Entry) Sign {
	switch {
	case a == nil && b == nil:
		return None
	case a == nil:
		return Added
	case b == nil:
		return Removed
	case a.Kind == layer.Dir && b.Kind == layer.Dir:
		if a.Mode != b.Mode || a.UID() != b.UID() || a.GID() != b.GID() || a.Xattrs() != b.Xattrs() {
			return Metadata
		}
		return Unchanged
	case a.Kind != b.Kind, a.Size != b.Size, a.Sum != b.Sum, a.Link() != b.Link():
		return Changed
	case a.Mode != b.Mode, a.UID() != b.UID(), a.GID() != b.GID(), a.Xattrs() != b.Xattrs():
		return Metadata
	}
	return Unchanged
}
