package outline

import (
	"cmp"
	"slices"
)

// Order is how the entries of a directory are sorted.
type Order int

// The orders; all but names have the largest first.
const (
	BySize Order = iota
	ByTransfer
	ByHidden
	ByName
	ByCount
	Orders // their number
)

// Children lists what is shown in a directory, appended to rows.
func (t *Table) Children(rows []int32, i int32, s *Sums, o Order) []int32 {
	from := len(rows)
	for c := i + 1; c < t.Nodes[i].End; c = t.Nodes[c].End {
		if s.Sign[c] != None {
			rows = append(rows, c)
		}
	}
	t.sort(rows[from:], s, o)
	return rows
}

func (t *Table) sort(list []int32, s *Sums, o Order) {
	if o == ByName || len(list) < 2 {
		return // nodes are in the order of their paths
	}
	type keyed struct {
		key  int64
		node int32
	}
	keys := make([]keyed, len(list))
	for n, i := range list {
		keys[n] = keyed{t.key(s, i, o), i}
	}
	slices.SortFunc(keys, func(a, b keyed) int { return cmp.Or(cmp.Compare(b.key, a.key), cmp.Compare(a.node, b.node)) })
	for n := range keys {
		list[n] = keys[n].node
	}
}

// key is what a node is sorted by: the largest first.
func (t *Table) key(s *Sums, i int32, o Order) int64 {
	v := t.Values(s, i)
	switch joined := len(t.Facts) > 1; {
	case o == ByCount, o == ByName:
		return int64(v.Count)
	case joined && o == BySize: // what differs most
		return max(v.Col[HiddenSum], -v.Col[HiddenSum])
	case joined && o == ByHidden:
		return v.Col[Size]
	}
	return v.Col[o]
}

// Rows lists what is shown below a directory, with what is in directories that are open.
func (t *Table) Rows(rows []int32, i int32, s *Sums, o Order, open func(int32) bool) []int32 {
	for _, c := range t.Children(nil, i, s, o) {
		rows = append(rows, c)
		if t.Nodes[c].End > c+1 && open(c) {
			rows = t.Rows(rows, c, s, o, open)
		}
	}
	return rows
}

// Parent tells whether something is shown in a node.
func (t *Table) Parent(i int32, s *Sums) bool {
	for c := i + 1; c < t.Nodes[i].End; c = t.Nodes[c].End {
		if s.Sign[c] != None {
			return true
		}
	}
	return false
}

// matters is the part of the whole that a directory must hold for Heavy to open it.
const matters = 0.05

// Heavy finds where the bytes of an order are: the directories that hold a twentieth of
// what is below i, and the last node of the heaviest path, which goes on as long as one
// entry holds at least a third of its directory.
func (t *Table) Heavy(i int32, s *Sums, o Order) (open []int32, heaviest int32) {
	weight := func(n int32) int64 {
		if o == ByHidden && len(t.Facts) > 1 {
			return t.Values(s, n).Col[HiddenSum]
		}
		return t.key(s, n, o)
	}
	least := int64(float64(weight(i)) * matters)
	for c := i + 1; c < t.Nodes[i].End; {
		if s.Sign[c] == None || weight(c) < max(least, 1) || t.Nodes[c].End == c+1 {
			c = t.Nodes[c].End
			continue
		}
		open = append(open, c)
		c++
	}
	heaviest = i
	for {
		best := int32(-1)
		for c := heaviest + 1; c < t.Nodes[heaviest].End; c = t.Nodes[c].End {
			if s.Sign[c] != None && (best < 0 || weight(c) > weight(best)) {
				best = c
			}
		}
		if best < 0 || weight(best) == 0 || heaviest != i && weight(best)*3 < weight(heaviest) {
			return open, heaviest
		}
		heaviest = best
	}
}

// Found lists what a filter keeps by itself: of a directory that it keeps, not what is in
// it. The list is sorted.
func (t *Table) Found(s *Sums, o Order) []int32 {
	var rows []int32
	for i := int32(1); i < int32(len(t.Nodes)); {
		if s.Sign[i] == None {
			i = t.Nodes[i].End
			continue
		}
		if s.match[i] {
			rows = append(rows, i)
			i = t.Nodes[i].End
			continue
		}
		i++
	}
	t.sort(rows, s, o)
	return rows
}
