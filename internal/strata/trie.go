package strata

// trie has a node for each sequence of layers that images begin with. Node 0 is no layer at all.
type trie struct {
	f       *fleetOf
	parent  []int32
	depth   []int32 // layers
	bytes   []int64 // of the layers' blobs, as the first image has them
	through []int32 // images that begin so
	ends    []int32 // images that have these layers and no others
	last    []int32 // the blob of the highest layer, as the first image has it
	split   []bool  // some of the images go on differently: no longer sequence has as many
	leaf    []int32 // of each image
	order   []int32 // images in the order of their layers, so that those that begin alike follow one another
}

func (f *fleetOf) trie() *trie {
	t := &trie{f: f, parent: []int32{-1}, depth: []int32{0}, bytes: []int64{0}, through: []int32{0}, ends: []int32{0}, last: []int32{-1}}
	next := map[[2]int32]int32{}
	for n := range f.members {
		m := &f.members[n]
		at := int32(0)
		t.through[0]++
		for k, d := range m.diffs {
			step := [2]int32{at, d}
			kid, ok := next[step]
			if !ok {
				kid = int32(len(t.parent))
				next[step] = kid
				t.parent, t.depth = append(t.parent, at), append(t.depth, int32(k)+1)
				t.bytes, t.last = append(t.bytes, t.bytes[at]+f.blobs[m.layers[k]].size), append(t.last, m.layers[k])
				t.through, t.ends = append(t.through, 0), append(t.ends, 0)
			}
			t.through[kid]++
			at = kid
		}
		t.ends[at]++
		t.leaf = append(t.leaf, at)
	}
	most := make([]int32, len(t.parent))
	for n := 1; n < len(t.parent); n++ {
		most[t.parent[n]] = max(most[t.parent[n]], t.through[n])
	}
	t.split = make([]bool, len(t.parent))
	for n := range t.split {
		t.split[n] = most[n] < t.through[n]
	}
	t.walk()
	return t
}

// walk puts the images in the order of a walk over the trie.
func (t *trie) walk() {
	kids := make([][]int32, len(t.parent))
	for n := 1; n < len(t.parent); n++ {
		kids[t.parent[n]] = append(kids[t.parent[n]], int32(n))
	}
	here := make([][]int32, len(t.parent))
	for n, leaf := range t.leaf {
		here[leaf] = append(here[leaf], int32(n))
	}
	for todo := []int32{0}; len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		t.order = append(t.order, here[n]...)
		for k := len(kids[n]) - 1; k >= 0; k-- {
			todo = append(todo, kids[n][k])
		}
	}
}

// begins tells whether the layers of one node are the lowest of another's.
func (t *trie) begins(base, n int32) bool {
	for t.depth[n] > t.depth[base] {
		n = t.parent[n]
	}
	return n == base
}

// common is the longest sequence that two nodes begin with.
func (t *trie) common(a, b int32) int32 {
	for a != b {
		if t.depth[a] < t.depth[b] {
			a, b = b, a
		}
		a = t.parent[a]
	}
	return a
}
