package compare

import (
	"slices"

	"tare/internal/packages"
)

// pulledIn says of packages that only one image has which of them pulled the others
// in: first those that somebody asked for, then those that nothing else needs.
func pulledIn(b *book, list []Cause, change string) {
	index := map[string]int{} // key -> index in Final
	for n, id := range b.f.Final {
		index[b.f.Packages[id].Key()] = n
	}
	only := map[int]*Cause{}
	for i := range list {
		c := &list[i]
		if n, ok := index[c.Subject]; ok && c.Kind == "package" && c.Change == change {
			only[n] = c
		}
	}
	pkg := func(n int) *packages.Package { return &b.f.Packages[b.f.Final[n]] }
	needed := map[int]bool{}
	for n := range only {
		for _, m := range edges(pkg(n)) {
			needed[m] = true
		}
	}
	var roots []int
	for n := range only {
		if p := pkg(n); p.Explicit || !needed[n] {
			roots = append(roots, n)
		}
	}
	// Asked for comes first, then in the order of the list, which is that of names.
	slices.SortFunc(roots, func(x, y int) int {
		if a, b := pkg(x).Explicit, pkg(y).Explicit; a != b {
			if a {
				return -1
			}
			return 1
		}
		return x - y
	})
	isRoot := map[int]bool{}
	for _, n := range roots {
		isRoot[n] = true
	}
	seen := map[int]bool{}
	for _, root := range roots {
		for queue := []int{root}; len(queue) > 0; {
			n := queue[0]
			queue = queue[1:]
			for _, m := range edges(pkg(n)) {
				if c := only[m]; c != nil && !seen[m] && !isRoot[m] {
					seen[m] = true
					c.Via = pkg(root).Key()
					queue = append(queue, m)
				}
			}
		}
	}
}

func edges(p *packages.Package) []int { return append(slices.Clone(p.Needs), p.Wants...) }
