package tree

import (
	"cmp"
	"path"
	"slices"
	"strings"

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
	e := t.Entry(link)
	lo, hi := t.find(int(link.Layer), e.Link)
	best := Ref{-1, -1}
	for i := lo; i < hi; i++ {
		r := Ref{link.Layer, int32(i)}
		o := t.Entry(r)
		if r == link || !shows(o.Kind) {
			continue
		}
		// The last one before the link; if there is none, the first after it.
		if o.Offset < e.Offset || best.Layer < 0 {
			best = r
		}
	}
	if best.Layer < 0 {
		var ok bool
		if best, ok = t.At(e.Link, int(link.Layer)-1); !ok {
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

// throughLinks returns the list as the layer is unpacked where it writes through
// symbolic links that it made before ("d -> e", then "d/x"), and for that case each
// entry's place in the original.
func throughLinks(list []layer.Entry) ([]layer.Entry, []int32) {
	links := map[string]*layer.Entry{}
	leaf := -1
	for i := range list {
		e := &list[i]
		if leaf >= 0 && inside(e.Path, list[leaf].Path) && e.Offset > list[leaf].Offset {
			links[list[leaf].Path] = &list[leaf]
			continue
		}
		if e.Kind == layer.Symlink {
			leaf = i
		}
	}
	if len(links) == 0 {
		return list, nil
	}
	type placed struct {
		layer.Entry
		place int32
	}
	all := make([]placed, len(list))
	for i, e := range list {
		e.Path = through(links, e)
		all[i] = placed{e, int32(i)}
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(layer.ComparePaths(a.Path, b.Path), cmp.Compare(a.Offset, b.Offset))
	})
	out, moved := make([]layer.Entry, len(all)), make([]int32, len(all))
	for i, p := range all {
		out[i], moved[i] = p.Entry, p.place
	}
	return out, moved
}

// maxHops is Linux's limit of symbolic links in one path.
const maxHops = 40

// through replaces the parents of an entry that are links; in a loop the path stays.
func through(links map[string]*layer.Entry, e layer.Entry) string {
	p := e.Path
	for range maxHops {
		hit := false
		for k := 1; k < len(p) && !hit; k++ {
			if p[k] != '/' {
				continue
			}
			if l := links[p[:k]]; l != nil && l.Offset < e.Offset {
				to := l.Link
				if !strings.HasPrefix(to, "/") {
					to = "/" + path.Join(path.Dir(l.Path), to)
				}
				p, hit = strings.TrimPrefix(path.Clean(to+"/"+p[k+1:]), "/"), true
			}
		}
		if !hit {
			return p
		}
	}
	return e.Path
}
