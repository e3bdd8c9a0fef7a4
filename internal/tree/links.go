package tree

import (
	"cmp"
	"slices"

	"tare/internal/layer"
)

// resolveLinks finds the file that each hard link names: in its own layer what stood
// there when the link was made, else what the layers below show. They are taken as they
// were made: what a link to a link names is known by then.
func (t *Tree) resolveLinks() {
	for k, list := range t.Lists {
		var links []int32
		for i := range list {
			if list[i].Kind == layer.Link {
				links = append(links, int32(i))
			}
		}
		slices.SortFunc(links, func(a, b int32) int { return cmp.Compare(list[a].Offset, list[b].Offset) })
		for _, i := range links {
			r := Ref{int32(k), i}
			if to, ok := t.target(r); ok {
				t.links[r] = to
			}
		}
	}
}

func (t *Tree) target(link Ref) (Ref, bool) {
	best, ok := t.own(link)
	if best.Entry == layer.Unlinkable {
		return Ref{}, false
	}
	if !ok {
		if best, ok = t.At(t.Entry(link).Link(), int(link.Layer)-1); !ok {
			return Ref{}, false
		}
	}
	if t.Entry(best).Kind == layer.File {
		return best, true
	}
	to, ok := t.links[best]
	return to, ok
}

// own is what a hard link names in its own layer: what stood there when it was made.
func (t *Tree) own(link Ref) (Ref, bool) {
	if list := t.targets[link.Layer]; list != nil {
		to := list[link.Entry]
		return Ref{link.Layer, to}, to >= 0
	}
	lo, hi := t.find(int(link.Layer), t.Entry(link).Link())
	for i := lo; i < hi; i++ {
		if r := (Ref{link.Layer, int32(i)}); r != link && shows(t.Entry(r).Kind) {
			return r, true
		}
	}
	return Ref{}, false
}

// joinNames decides for files with several names: the bytes are live while any name
// is; else the name that was hidden last decides, in a tie the file's own, then the first
// reason, whatever order names are looked at in.
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
		case name.By > now.By, name.By == now.By && now.By != own.By && name.Class < now.Class:
			t.bytes[file] = name
		}
	}
}

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
