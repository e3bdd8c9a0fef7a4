package tree

import (
	"cmp"
	"slices"

	"tare/internal/layer"
)

// resolveLinks finds the file that each hard link names: in its own layer what stood
// there when the link was made, else what the layers below show.
func (t *Tree) resolveLinks() {
	for k := range t.Lists {
		for i := range t.Lists[k] {
			if t.Lists[k][i].Kind == layer.Link {
				r := Ref{int32(k), int32(i)}
				if to, ok := t.target(r, 0); ok {
					t.links[r] = to
				}
			}
		}
	}
}

// maxChain bounds hard links to hard links; more is a loop.
const maxChain = 64

func (t *Tree) target(link Ref, depth int) (Ref, bool) {
	if to, ok := t.links[link]; ok {
		return to, true
	}
	if depth > maxChain {
		return Ref{}, false
	}
	best, ok := t.own(link)
	if best.Entry == layer.Unlinkable {
		return Ref{}, false
	}
	if !ok {
		if best, ok = t.At(t.Entry(link).Link, int(link.Layer)-1); !ok {
			return Ref{}, false
		}
	}
	switch t.Entry(best).Kind {
	case layer.File:
		return best, true
	case layer.Link:
		return t.target(best, depth+1)
	}
	return Ref{}, false
}

// own is what a hard link names in its own layer: what stood there when it was made.
func (t *Tree) own(link Ref) (Ref, bool) {
	if list := t.targets[link.Layer]; list != nil {
		to := list[link.Entry]
		return Ref{link.Layer, to}, to >= 0
	}
	lo, hi := t.find(int(link.Layer), t.Entry(link).Link)
	for i := lo; i < hi; i++ {
		if r := (Ref{link.Layer, int32(i)}); r != link && shows(t.Entry(r).Kind) {
			return r, true
		}
	}
	return Ref{}, false
}

// joinNames decides for files with several names: the bytes are live while any name
// is; else the name that was hidden last decides, in a tie the file's own.
func (t *Tree) joinNames() {
	for link, file := range t.links {
		name, now := *t.state(link), t.Bytes(file)
		if now.Class == Live {
			continue
		}
		own := *t.state(file)
		switch {
		case name.Class == Live:
			t.bytes[file] = name
		case name.By > now.By, name.By == now.By && now.By != own.By && order(name.Class) < order(now.Class):
			t.bytes[file] = name
		}
	}
}

// order makes one reason of several that are equally late, whatever order names are
// looked at in.
func order(c Class) int { return rank(c)*int(Classes) + int(c) }

// unpacked returns the list as the layer is unpacked where it writes through symbolic
// links that it made before ("d -> e", then "d/x"), and for that case each entry's place
// in the original; and for each hard link what it names in its own layer, if that takes
// more than a look at the path.
func unpacked(list []layer.Entry) (out []layer.Entry, moved, targets []int32) {
	u := layer.Unpack(list)
	if u.Paths == nil {
		return list, nil, nil
	}
	same := true
	for i := range list {
		same = same && list[i].Path == u.Paths[i]
	}
	if same {
		return list, nil, u.Targets
	}
	moved = make([]int32, len(list))
	for i := range moved {
		moved[i] = int32(i)
	}
	slices.SortFunc(moved, func(a, b int32) int {
		return cmp.Or(layer.ComparePaths(u.Paths[a], u.Paths[b]), cmp.Compare(list[a].Offset, list[b].Offset))
	})
	out, targets = make([]layer.Entry, len(list)), make([]int32, len(list))
	places := make([]int32, len(list))
	for i, from := range moved {
		out[i] = list[from]
		out[i].Path = u.Paths[from]
		places[from] = int32(i)
	}
	for i, from := range moved {
		if targets[i] = u.Targets[from]; targets[i] >= 0 {
			targets[i] = places[targets[i]]
		}
	}
	return out, moved, targets
}
