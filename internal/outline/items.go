package outline

import (
	"strings"

	"tare/internal/layer"
	"tare/internal/tree"
)

// Item is an entry to be read.
type Item struct {
	Path string // below the directory that was asked for, with its own name first (the root's is "")
	Ref  tree.Ref
}

// Version is the entry that stands for a node of an image (0 or 1) when the layers above
// top are away: what a container sees, or else what was there last.
func (t *Table) Version(i int32, image, top int) (r tree.Ref, ok bool) {
	f := t.Facts[image].Tree
	for _, e := range t.Entries(i, image) {
		if k := f.Entry(e).Kind; int(e.Layer) > top || k == layer.Whiteout || k == layer.Opaque || k == layer.Meta {
			continue
		}
		if r, ok = e, true; f.Seen(e, top) {
			return e, true
		}
	}
	return r, ok
}

// Items are what a container sees of a node of an image and below, when the layers above
// top are away. Of a file that was removed it is the last version.
func (t *Table) Items(i int32, image, top int) []Item {
	path := t.Path(i)
	from := strings.LastIndexByte(path, '/') + 1
	if r, ok := t.Version(i, image, top); ok && t.Facts[image].Tree.Entry(r).Kind != layer.Dir {
		return []Item{{path[from:], r}}
	}
	var out []Item
	for c := i; c < t.Nodes[i].End; c++ {
		if r, ok := t.Version(c, image, top); ok && t.Facts[image].Tree.Seen(r, top) {
			name := t.Path(c)[from:]
			if i == 0 && c > 0 {
				name = "/" + name
			}
			out = append(out, Item{name, r})
		}
	}
	return out
}
