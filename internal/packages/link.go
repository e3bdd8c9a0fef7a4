package packages

import (
	"slices"
	"strings"
)

// link turns the names of what packages need into indexes. A name may be that of a
// package or of something that one provides.
func link(list []Package) {
	byName := map[Type]map[string][]int{}
	for i := range list {
		p := &list[i]
		m := byName[p.Type]
		if m == nil {
			m = map[string][]int{}
			byName[p.Type] = m
		}
		m[p.Name] = append(m[p.Name], i)
		for _, v := range p.provides {
			if v != p.Name {
				m[v] = append(m[v], i)
			}
		}
	}
	for i := range list {
		p := &list[i]
		m := byName[p.Type]
		find := func(alternatives []string) []int {
			var out []int
			for _, a := range alternatives {
				for one := range strings.SplitSeq(a, "|") {
					if hit := m[one]; len(hit) > 0 {
						out = append(out, hit[0])
						break
					}
				}
			}
			slices.Sort(out)
			out = slices.Compact(out)
			return slices.DeleteFunc(out, func(n int) bool { return n == i })
		}
		p.Needs, p.Wants = append(p.Needs, find(p.needs)...), append(p.Wants, find(p.wants)...)
		for _, trigger := range p.needsAll {
			// It came because all of these are there: each of them pulled it in.
			for _, n := range find(trigger) {
				list[n].Wants = append(list[n].Wants, i)
			}
		}
		p.needs, p.wants, p.provides, p.needsAll = nil, nil, nil, nil
	}
	for i := range list {
		slices.Sort(list[i].Wants)
		list[i].Wants = slices.Compact(list[i].Wants)
	}
}
