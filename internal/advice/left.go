package advice

import (
	"slices"

	"tare/internal/tree"
)

// group are parts with one layer where something has to be changed.
type group struct {
	layer int
	parts []*Part
}

// left finds parts of one kind that stay in the image, grouped by the layer that brought
// them. Copies that later layers make of them (a chown, an update) go with them, and so
// belong to the group. What the base brought is left out.
func (l *Ledger) left(is func(*Part) bool) []group {
	by := make([][]*Part, len(l.Layers))
	for i := range l.Parts {
		if p := &l.Parts[i]; l.Layers[p.Layer].Base == "" && is(p) {
			by[p.Layer] = append(by[p.Layer], p)
		}
	}
	// origin[k] is the lowest layer whose parts live on in layer k; -1 if nothing of k stays.
	origin := make([]int, len(by))
	kept := make([][]*Part, len(by))
	for k := len(by) - 1; k >= 0; k-- {
		origin[k] = -1
		if slices.ContainsFunc(by[k], func(p *Part) bool { return p.Fate == tree.Live }) {
			origin[k] = k
		}
		for _, p := range by[k] {
			if p.Fate == tree.Live || copied(p.Fate) && origin[p.By] >= 0 {
				origin[k] = k
				kept[k] = append(kept[k], p)
			}
		}
	}
	for k := range kept {
		for _, p := range kept[k] {
			if p.Fate != tree.Live && origin[p.By] > origin[k] {
				origin[p.By] = origin[k]
			}
		}
	}
	groups := map[int]*group{}
	var order []int
	for k, parts := range kept {
		if len(parts) == 0 {
			continue
		}
		o := origin[k]
		if groups[o] == nil {
			groups[o] = &group{layer: o}
			order = append(order, o)
		}
		groups[o].parts = append(groups[o].parts, parts...)
	}
	var out []group
	for _, o := range order {
		out = append(out, *groups[o])
	}
	return out
}

// copied tells whether what was hidden in this way stands in the layer that hid it.
func copied(c tree.Class) bool {
	return c == tree.MetadataOnly || c == tree.OverwrittenSame || c == tree.OverwrittenChanged
}

// names are the names of the packages that own parts, in order.
func names(parts []*Part) []string {
	var out []string
	for _, p := range parts {
		if name := nameOf(p.Owner); name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
