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
	joined := len(t.Facts) > 1
	key := func(i int32) int64 {
		switch {
		case o == ByCount:
			return int64(s.Count[i])
		case joined && o == BySize: // what differs most
			return max(s.Col[HiddenSum][i], -s.Col[HiddenSum][i])
		case joined && o == ByHidden:
			return s.Col[Size][i]
		}
		return s.Col[o][i]
	}
	slices.SortFunc(list, func(a, b int32) int {
		return cmp.Or(cmp.Compare(key(b), key(a)), cmp.Compare(a, b))
	})
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
		switch {
		case o == ByCount, o == ByName:
			return int64(s.Count[n])
		case len(t.Facts) > 1 && o == BySize:
			return max(s.Col[HiddenSum][n], -s.Col[HiddenSum][n])
		}
		return s.Col[o][n]
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
