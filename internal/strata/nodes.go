package strata

import (
	"slices"
	"strings"
)

// held counts distinct blobs.
type held struct {
	f    *fleetOf
	seen []int32 // who has counted the blob last
	who  int32
}

func (f *fleetOf) held() *held { return &held{f: f, seen: make([]int32, len(f.blobs))} }

// again begins to count anew.
func (h *held) again() { h.who++ }

// has tells whether a blob was counted.
func (h *held) has(b int32) bool { return h.seen[b] == h.who }

// take counts a blob, and is its bytes if it was not counted before.
func (h *held) take(b int32) int64 {
	if h.seen[b] == h.who {
		return 0
	}
	h.seen[b] = h.who
	return h.f.blobs[b].size
}

// nodes are what each machine of the cluster holds.
func (f *fleetOf) nodes(g *ground) []Node {
	out := []Node{}
	together, _ := f.blobLevel().Together.Int()
	all, bases := f.held(), f.held()
	for i := range f.plan.Nodes {
		p := &f.plan.Nodes[i]
		n := Node{Name: p.Name}
		all.again()
		bases.again()
		for _, d := range p.Images {
			at, ok := f.at[d]
			if !ok {
				n.Missing++
				continue
			}
			n.Images++
			n.Separately += f.transfer(int(at))
			for _, b := range f.members[at].blobs {
				n.Holds += all.take(b)
			}
			for _, b := range f.members[at].layers[:g.depth[g.baseOf(int(at))]] {
				n.Bases += bases.take(b)
			}
		}
		n.Lacks = together - n.Holds
		out = append(out, n)
	}
	slices.SortStableFunc(out, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	return out
}
