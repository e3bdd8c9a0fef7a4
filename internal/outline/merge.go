package outline

import (
	"tare/internal/layer"
	"tare/internal/tree"
)

// merge walks sorted lists of entries at once, path by path.
type merge struct {
	lists [][]layer.Entry
	at    []int // list -> the next entry
	heap  []int // lists, the one with the least path on top
	path  string
	group []tree.Ref // all entries for path, lowest layer first
}

func newMerge(lists [][]layer.Entry) *merge {
	m := &merge{lists: lists, at: make([]int, len(lists))}
	for k := range lists {
		if len(lists[k]) > 0 {
			m.heap = append(m.heap, k)
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m
}

func (m *merge) less(a, b int) bool {
	c := layer.ComparePaths(m.lists[a][m.at[a]].Path, m.lists[b][m.at[b]].Path)
	return c < 0 || c == 0 && a < b
}

func (m *merge) down(i int) {
	for {
		kid := 2*i + 1
		if kid >= len(m.heap) {
			return
		}
		if kid+1 < len(m.heap) && m.less(m.heap[kid+1], m.heap[kid]) {
			kid++
		}
		if !m.less(m.heap[kid], m.heap[i]) {
			return
		}
		m.heap[i], m.heap[kid] = m.heap[kid], m.heap[i]
		i = kid
	}
}

// next gathers the entries of the next path.
func (m *merge) next() bool {
	m.group = m.group[:0]
	for len(m.heap) > 0 {
		k := m.heap[0]
		list, at := m.lists[k], m.at[k]
		if len(m.group) == 0 {
			m.path = list[at].Path
		} else if list[at].Path != m.path {
			break
		}
		for ; at < len(list) && list[at].Path == m.path; at++ {
			m.group = append(m.group, tree.Ref{Layer: int32(k), Entry: int32(at)})
		}
		if m.at[k] = at; at == len(list) {
			m.heap[0] = m.heap[len(m.heap)-1]
			m.heap = m.heap[:len(m.heap)-1]
		}
		m.down(0)
	}
	return len(m.group) > 0
}
