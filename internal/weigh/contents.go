package weigh

import (
	"cmp"
	"slices"

	"tare/internal/layer"
	"tare/internal/tree"
)

// Content identifies the content of a file.
type Content struct {
	Sum  layer.Sum
	Size int64
}

func (f *Facts) each(live, hidden func(tree.Ref, *layer.Entry)) {
	for k := range f.Tree.Lists {
		for i := range f.Tree.Lists[k] {
			e := &f.Tree.Lists[k][i]
			if e.Kind != layer.File {
				continue
			}
			r := tree.Ref{Layer: int32(k), Entry: int32(i)}
			if f.Tree.Bytes(r).Class == tree.Live {
				live(r, e)
			} else if hidden != nil {
				hidden(r, e)
			}
		}
	}
}

// Live calls f for every file whose bytes are live.
func (f *Facts) Live(do func(tree.Ref, *layer.Entry)) { f.each(do, nil) }

// Hidden calls f for every file whose bytes are waste.
func (f *Facts) Hidden(do func(tree.Ref, *layer.Entry)) {
	f.each(func(tree.Ref, *layer.Entry) {}, do)
}

// duplicate is what copies of live contents take beyond the first, in bytes. Hard
// links are one copy.
func (f *Facts) duplicate() int64 {
	seen := make(map[Content]struct{}, 1024)
	var n int64
	f.Live(func(_ tree.Ref, e *layer.Entry) {
		if e.Size == 0 {
			return
		}
		c := Content{e.Sum, e.Size}
		if _, ok := seen[c]; ok {
			n += e.Size
		}
		seen[c] = struct{}{}
	})
	return n
}

// Copies are the live files that share one content.
type Copies struct {
	Content
	Paths []string // in order
}

// Extra is what the copies take beyond the first, in bytes.
func (c *Copies) Extra() int64 { return c.Size * int64(len(c.Paths)-1) }

// Duplicates lists contents that stand more than once, the costliest first.
func (f *Facts) Duplicates() []Copies {
	count := map[Content]int{}
	f.Live(func(_ tree.Ref, e *layer.Entry) {
		if e.Size > 0 {
			count[Content{e.Sum, e.Size}]++
		}
	})
	by := map[Content]*Copies{}
	f.Live(func(_ tree.Ref, e *layer.Entry) {
		c := Content{e.Sum, e.Size}
		if count[c] > 1 {
			if by[c] == nil {
				by[c] = &Copies{Content: c}
			}
			by[c].Paths = append(by[c].Paths, e.Path)
		}
	})
	var out []Copies
	for _, c := range by {
		slices.Sort(c.Paths)
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Copies) int {
		return cmp.Or(cmp.Compare(b.Extra(), a.Extra()), cmp.Compare(a.Paths[0], b.Paths[0]))
	})
	return out
}
