package advice

import (
	"tare/internal/packages"
	"tare/internal/tree"
	"tare/internal/weigh"

	"tare/internal/layer"
)

// reached are the installed packages, by their place in Final, that the given ones and
// what they need need, and recommend if that is asked for.
func (img *Image) reached(from []int, recommended bool) map[int]bool {
	out := map[int]bool{}
	todo := append([]int(nil), from...)
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if out[n] {
			continue
		}
		out[n] = true
		p := img.installedAt(n)
		todo = append(todo, p.Needs...)
		if recommended {
			todo = append(todo, p.Wants...)
		}
	}
	return out
}

// installedAt is the package at a place in Final.
func (img *Image) installedAt(n int) *packages.Package { return &img.Packages[img.Final[n]] }

// belonging gathers the files of packages, by the layer that brought them, and the names
// of the packages of each.
func (img *Image) belonging(set map[int]bool) (all *heaps, names map[*heap]map[string]bool) {
	all, names = &heaps{img: img}, map[*heap]map[string]bool{}
	if len(set) == 0 {
		return all, names
	}
	ids := map[int32]bool{}
	for n := range set {
		ids[img.Final[n]] = true
	}
	img.Live(func(r tree.Ref, _ *layer.Entry) {
		if !img.own(r.Layer) || !ids[img.OwnerID(r)] || img.Class(r) == weigh.Structure || img.based(r) {
			return
		}
		first, copies := img.origin(r)
		h := all.at(first)
		h.add(copies...)
		if names[h] == nil {
			names[h] = map[string]bool{}
		}
		names[h][img.Owner(r).Name] = true
	})
	return all, names
}
