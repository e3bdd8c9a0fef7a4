package outline

import (
	"tare/internal/layer"
	"tare/internal/tree"
)

// joined fills in what a node of two images comes to by itself.
func (t *Table) joined(s *Sums, i int32, v *View) {
	if !s.match[i] {
		return
	}
	var seen [2]*layer.Entry
	var bytes [2]int64
	for _, r := range t.refs[t.first[i]:t.first[i+1]] {
		n := 0
		if r.Layer >= t.split {
			n, r.Layer = 1, r.Layer-t.split
		}
		f := t.Facts[n]
		e := f.Tree.Entry(r)
		if e.Kind == layer.File && f.Tree.Bytes(r).Class == tree.Live {
			bytes[n] += e.Size
		}
		if f.Tree.Seen(r, len(f.Tree.Lists)-1) {
			seen[n] = f.Tree.Content(r)
		}
	}
	sign := differ(seen[0], seen[1])
	if bytes != [2]int64{} && sign == None {
		sign = Unchanged // a hidden name of a file that has others
		if bytes[0] != bytes[1] {
			sign = Changed
		}
	}
	if sign == None || v.Hide[sign] {
		return
	}
	s.Sign[i] = sign
	s.Col[Size][i], s.Col[Transfer][i], s.Col[HiddenSum][i] = bytes[0], bytes[1], bytes[1]-bytes[0]
	for _, e := range seen {
		if e != nil && e.Kind != layer.Dir {
			s.Count[i] = 1
		}
	}
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
		if a.Mode != b.Mode || a.UID != b.UID || a.GID != b.GID || a.Xattrs != b.Xattrs {
			return Metadata
		}
		return Unchanged
	case a.Kind != b.Kind, a.Size != b.Size, a.Sum != b.Sum, a.Link != b.Link:
		return Changed
	case a.Mode != b.Mode, a.UID != b.UID, a.GID != b.GID, a.Xattrs != b.Xattrs:
		return Metadata
	}
	return Unchanged
}
