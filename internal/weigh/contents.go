package weigh

import (
	"bytes"
	"cmp"
	"encoding/binary"
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

// copies sorts the live files by content, so that equal ones stand together. A map
// would take five times the memory.
func (f *Facts) copies() []tree.Ref {
	type item struct {
		key uint64
		ref tree.Ref
	}
	n := 0
	f.Live(func(_ tree.Ref, e *layer.Entry) {
		if e.Size > 0 {
			n++
		}
	})
	items := make([]item, 0, n)
	f.Live(func(r tree.Ref, e *layer.Entry) {
		if e.Size > 0 {
			items = append(items, item{binary.LittleEndian.Uint64(e.Sum[:]), r})
		}
	})
	slices.SortFunc(items, func(a, b item) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		x, y := f.Tree.Entry(a.ref), f.Tree.Entry(b.ref)
		return cmp.Or(bytes.Compare(x.Sum[:], y.Sum[:]), cmp.Compare(x.Size, y.Size), layer.ComparePaths(x.Path, y.Path), cmp.Compare(a.ref.Layer, b.ref.Layer))
	})
	var out []tree.Ref
	for i := 0; i < len(items); {
		x := f.Tree.Entry(items[i].ref)
		n := i + 1
		for n < len(items) && items[n].key == items[i].key {
			if y := f.Tree.Entry(items[n].ref); y.Sum != x.Sum || y.Size != x.Size {
				break
			}
			n++
		}
		if n > i+1 {
			for _, it := range items[i:n] {
				out = append(out, it.ref)
			}
		}
		i = n
	}
	return out
}

// eachCopies calls do with the live files of each content that stands more than once,
// in order of their paths. Hard links are one copy.
func (f *Facts) eachCopies(do func([]tree.Ref)) {
	list := f.same
	for len(list) > 0 {
		x := f.Tree.Entry(list[0])
		n := 1
		for n < len(list) && f.Tree.Entry(list[n]).Sum == x.Sum && f.Tree.Entry(list[n]).Size == x.Size {
			n++
		}
		do(list[:n])
		list = list[n:]
	}
}

// duplicate is what copies of live contents take beyond the first, in bytes.
func (f *Facts) duplicate() (n int64) {
	f.eachCopies(func(refs []tree.Ref) { n += f.Tree.Entry(refs[0]).Size * int64(len(refs)-1) })
	return n
}

// Copies are the live files that share one content.
type Copies struct {
	Content
	Paths []string // in order
}

// Extra is what the copies take beyond the first, in bytes.
func (c *Copies) Extra() int64 { return c.Size * int64(len(c.Paths)-1) }

// Duplicates lists contents that stand more than once, the costliest first; top bounds
// their number, 0 means all.
func (f *Facts) Duplicates(top int) []Copies {
	type run struct {
		extra int64
		refs  []tree.Ref
	}
	var runs []run
	f.eachCopies(func(refs []tree.Ref) { runs = append(runs, run{f.Tree.Entry(refs[0]).Size * int64(len(refs)-1), refs}) })
	slices.SortFunc(runs, func(a, b run) int {
		return cmp.Or(cmp.Compare(b.extra, a.extra), cmp.Compare(f.Tree.Entry(a.refs[0]).Path, f.Tree.Entry(b.refs[0]).Path))
	})
	if top > 0 {
		runs = runs[:min(top, len(runs))]
	}
	var out []Copies
	for _, r := range runs {
		e := f.Tree.Entry(r.refs[0])
		c := Copies{Content: Content{e.Sum, e.Size}}
		for _, ref := range r.refs {
			c.Paths = append(c.Paths, f.Tree.Entry(ref).Path)
		}
		out = append(out, c)
	}
	return out
}
