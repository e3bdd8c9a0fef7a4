package strata

import (
	"cmp"
	"slices"
	"strings"
)

// Tree is what a picture of the strata shows: what images stand on, one on the other.
type Tree struct {
	Images int // of the fleet
	// Alone are images on nothing that others have, and Above their bytes on the average.
	Alone int
	Above int64
	Roots []*Block
}

// Block is a base in the picture.
type Block struct {
	Name   string
	Images int   // that begin with it: its width
	Bytes  int64 // of its own layers: its height
	// Direct are images with nothing else of Kids below, and Above the bytes that they have on it, on the average.
	Direct int
	Above  int64
	Kids   []*Block
}

// picture makes the tree of bases.
func (g *ground) picture() Tree {
	t := Tree{Images: len(g.leaf)}
	blocks := map[int32]*Block{}
	for n := int32(1); int(n) < len(g.parent); n++ { // a node comes after its parent
		if !g.is[n] {
			continue
		}
		on := g.below(n)
		b := &Block{Name: g.title(n), Images: int(g.through[n]), Bytes: g.bytes[n] - g.bytes[on]}
		blocks[n] = b
		if on == 0 {
			t.Roots = append(t.Roots, b)
		} else {
			blocks[on].Kids = append(blocks[on].Kids, b)
		}
	}
	for i, leaf := range g.leaf {
		on := leaf
		if !g.is[leaf] {
			on = g.below(leaf)
		}
		above := int64(0)
		for _, l := range g.f.members[i].layers[g.depth[on]:] {
			above += g.f.blobs[l].size
		}
		if on == 0 {
			t.Alone++
			t.Above += above
			continue
		}
		blocks[on].Direct++
		blocks[on].Above += above
	}
	if t.Alone > 0 {
		t.Above /= int64(t.Alone)
	}
	larger := func(a, b *Block) int {
		return cmp.Or(cmp.Compare(b.Images, a.Images), cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name))
	}
	for _, b := range blocks {
		if b.Direct > 0 {
			b.Above /= int64(b.Direct)
		}
		slices.SortStableFunc(b.Kids, larger)
	}
	slices.SortStableFunc(t.Roots, larger)
	return t
}

// title is what a base is called in the picture, where there is little room: without its registry.
func (g *ground) title(n int32) string {
	if l, ok := g.labels[n]; ok {
		return cmp.Or(bare(l.name), l.digest)
	}
	return "as " + bare(g.f.name(int(g.first[n])))
}

// bare is a name without its registry.
func bare(name string) string {
	home, rest, ok := strings.Cut(name, "/")
	if ok && (strings.ContainsAny(home, ".:") || home == "localhost") {
		return rest
	}
	return name
}
