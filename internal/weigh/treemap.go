package weigh

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tare/internal/packages"
	"tare/internal/secret"
	"tare/internal/tree"
)

// Node is a part of an image's files: the image, a layer, a package or class, a
// directory, a file. The parts of a node sum up to it.
type Node struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`           // of files
	Waste int64  `json:"waste,omitempty"` // the part of Bytes that no container sees
	Parts []Node `json:"parts,omitempty"` // the largest first
}

// grower is a Node while it is put together.
type grower struct {
	bytes, waste int64
	kids         map[string]*grower
}

func (g *grower) kid(name string) *grower {
	if g.kids == nil {
		g.kids = map[string]*grower{}
	}
	k := g.kids[name]
	if k == nil {
		k = &grower{}
		g.kids[name] = k
	}
	return k
}

// Map divides the files of an image by layer, then by package or class, then by
// directory. What is smaller than one part in parts of the whole is taken together
// with its like, so that the map of an image with very many files stays small.
func (f *Facts) Map(name string, parts int) Node {
	root := &grower{}
	for k, list := range f.Tree.Lists {
		for i := range list {
			e := &list[i]
			if e.Size == 0 { // only files have contents
				continue
			}
			waste := int64(0)
			if f.Tree.Bytes(tree.Ref{Layer: int32(k), Entry: int32(i)}).Class != tree.Live {
				waste = e.Size
			}
			owner := string(f.coded[f.class[k][i]])
			if id := f.owner[k][i]; id >= 0 {
				owner = packageTitle(&f.Packages[id])
			}
			path := append([]string{fmt.Sprintf("%d %s", k+1, secret.Mask(f.Image.StepOf(k).Instruction())), owner}, strings.Split(e.Path, "/")...)
			at := root
			at.add(e.Size, waste)
			for _, p := range path {
				at = at.kid(p)
				at.add(e.Size, waste)
			}
		}
	}
	return root.node(name, root.bytes/int64(max(1, parts)))
}

func packageTitle(p *packages.Package) string { return p.Name + " " + p.Version }

func (g *grower) add(bytes, waste int64) { g.bytes += bytes; g.waste += waste }

// node makes a Node; parts of at most least bytes are taken together, and directories
// with nothing but one directory in them become one.
func (g *grower) node(name string, least int64) Node {
	n := Node{Name: name, Bytes: g.bytes, Waste: g.waste}
	rest, count := Node{}, 0
	for kid, k := range g.kids {
		for len(k.kids) == 1 {
			for only, next := range k.kids {
				kid, k = kid+"/"+only, next
			}
		}
		if k.bytes <= least {
			rest.Bytes += k.bytes
			rest.Waste += k.waste
			count++
			continue
		}
		n.Parts = append(n.Parts, k.node(kid, least))
	}
	slices.SortFunc(n.Parts, func(a, b Node) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), strings.Compare(a.Name, b.Name))
	})
	if count > 0 && len(n.Parts) > 0 {
		rest.Name = fmt.Sprintf("%d smaller", count)
		n.Parts = append(n.Parts, rest)
	}
	return n
}
