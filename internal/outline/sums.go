package outline

import (
	"runtime"
	"sync"
	"sync/atomic"

	"tare/internal/layer"
	"tare/internal/tree"
)

// Sign says what a range of layers does to a path, or how a path differs between two
// images.
type Sign uint8

// The signs.
const (
	None      Sign = iota // it is not shown
	Left                  // it is there; below the range there is nothing to compare with
	Unchanged             // it was there before, and is the same
	Added                 // it was not there before
	Changed               // something else stands there now, or below it
	Metadata              // the content is the same; mode, owner, time or attributes are not
	Removed               // it was there before, and is not any more
	Hidden                // the range wrote it and took it away again
	signs
)

var marks = [signs]string{" ", " ", " ", "+", "~", "m", "-", "x"}

var signNames = [signs]string{"", "", "unchanged", "added", "changed", "metadata only", "removed", "written and removed again"}

// Mark is the character that stands for a sign.
func (s Sign) Mark() string { return marks[s] }

// String is the sign in words; empty where there is nothing to say.
func (s Sign) String() string { return signNames[s] }

// The columns of Sums. Of two images A and B are the live bytes of either, and Less the
// difference.
const (
	Size      = 0 // bytes that the range leaves, or those of the first image
	Transfer  = 1 // the part of the blobs of the range, or the bytes of the second image
	HiddenSum = 2 // bytes that the range hides, or what the second image has more
	columns   = 3
)

// Only picks entries: those of a package, or those that one layer wrote and another hid.
type Only struct {
	Owned bool
	Owner int32 // index into Facts.Packages, or -1

	Wasted     bool
	Writer, By int32
	Fate       tree.Class
}

// View says what to show of a table.
type View struct {
	From, To int // the range of layers, from 0; of two images it is not looked at
	// Hide leaves out what has a sign, and its bytes.
	Hide   [signs]bool
	Filter *Filter // nil keeps all
	Only   Only
}

// Sums are what a view comes to, by node; directories have the sums of what is shown in
// them.
type Sums struct {
	Col   [columns][]int64
	Count []int32 // files and what else is no directory
	Sign  []Sign
	// Unknown says that the transfer of some layer in the range is not known.
	Unknown bool
	// Shown is how many nodes are shown, and Matched how many of them the filter itself
	// keeps, without the directories that lead there.
	Shown, Matched int

	match []bool
}

// Sum works out a view. It may use the memory of old sums, which nobody looks at any more.
// Where stop says so, it gives up and returns nil.
func (t *Table) Sum(v View, old *Sums, stop func() bool) *Sums {
	s := t.empty(old)
	one := t.image
	if len(t.Facts) > 1 {
		one = t.joined
	}
	if !t.matches(s, v.Filter, stop) || !t.all(stop, func(i int32) { one(s, i, &v) }) {
		return nil
	}
	if len(t.Facts) == 1 {
		for k := v.From; k <= v.To && k < len(t.Facts[0].Tree.Lists); k++ {
			s.Unknown = s.Unknown || len(t.Facts[0].Tree.Lists[k]) > 0 && !t.Facts[0].Share(tree.Ref{Layer: int32(k)}).Known()
		}
	}
	t.fold(s, &v)
	return s
}

// matches says which nodes the filter keeps; false if stop said so.
func (t *Table) matches(s *Sums, f *Filter, stop func() bool) bool {
	if f == nil {
		for i := range s.match {
			s.match[i] = true
		}
		return true
	}
	if !t.all(stop, func(i int32) { s.match[i] = f.keeps(t.Nodes[i].Path, t.Nodes[i].Parent > 0) }) {
		return false
	}
	for i := 1; i < len(t.Nodes); i++ {
		if p := t.Nodes[i].Parent; p > 0 && s.match[p] {
			s.match[i] = true
		}
	}
	s.match[0] = false
	return true
}

// all calls do for every node, on all processors; false if stop said so.
func (t *Table) all(stop func() bool, do func(i int32)) bool {
	const piece = 1 << 13
	var next atomic.Int32
	var ended atomic.Bool
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for {
				to := next.Add(piece)
				if int(to-piece) >= len(t.Nodes) || ended.Load() {
					return
				}
				if stop != nil && stop() {
					ended.Store(true)
					return
				}
				for i := to - piece; i < min(to, int32(len(t.Nodes))); i++ {
					do(i)
				}
			}
		})
	}
	wait.Wait()
	return !ended.Load()
}

func (t *Table) empty(old *Sums) *Sums {
	n := len(t.Nodes)
	s := old
	if s == nil || len(s.Sign) != n {
		s = &Sums{Count: make([]int32, n), Sign: make([]Sign, n), match: make([]bool, n)}
		for c := range s.Col {
			s.Col[c] = make([]int64, n)
		}
		return s
	}
	for c := range s.Col {
		clear(s.Col[c])
	}
	clear(s.Count)
	clear(s.Sign)
	s.Unknown, s.Shown, s.Matched = false, 0, 0
	return s
}

// picked tells whether an entry is among those that the view is about.
func (o *Only) picked(t *Table, r tree.Ref) bool {
	if o.Owned && t.Facts[0].OwnerID(r) != o.Owner {
		return false
	}
	if !o.Wasted {
		return true
	}
	s := t.Facts[0].Tree.Bytes(r)
	return r.Layer == o.Writer && s.By == o.By && s.Class == o.Fate && t.Facts[0].Tree.Entry(r).Kind == layer.File
}

// image fills in what a node of an image comes to by itself.
func (t *Table) image(s *Sums, i int32, v *View) {
	f := t.Facts[0]
	var before, after, inside *layer.Entry
	fresh, picked := false, false
	var class tree.Class
	for _, r := range t.refs[t.first[i]:t.first[i+1]] {
		if int(r.Layer) > v.To {
			break
		}
		e := f.Tree.Entry(r)
		if e.Kind == layer.Whiteout || e.Kind == layer.Opaque || e.Kind == layer.Meta {
			continue
		}
		picked = picked || v.Only.picked(t, r)
		if f.Tree.Seen(r, v.From-1) {
			before, class = e, f.Tree.Name(r).Class
		}
		if f.Tree.Seen(r, v.To) {
			after, fresh = e, int(r.Layer) >= v.From
		} else if int(r.Layer) >= v.From {
			inside = e
		}
	}
	sign := None
	switch {
	case after != nil && v.From == 0:
		sign = Left
	case after != nil && before == nil:
		sign = Added
	case after != nil && (!fresh || after.Kind == layer.Dir):
		sign = Unchanged // a directory is changed by what changes in it
	case after != nil:
		sign = Changed
		if class == tree.MetadataOnly || class == tree.OverwrittenSame {
			sign = Metadata
		}
	case before != nil:
		sign = Removed
	case inside != nil:
		sign = Hidden
	}
	if sign == None || v.Hide[sign] || !s.match[i] || !picked {
		return
	}
	s.Sign[i] = sign
	if e := first(after, before, inside); e.Kind != layer.Dir {
		s.Count[i] = 1
	}
	t.bytes(s, i, v)
}

func first(list ...*layer.Entry) *layer.Entry {
	for _, e := range list {
		if e != nil {
			return e
		}
	}
	return nil
}

// bytes adds the bytes of a node's entries to its sums.
func (t *Table) bytes(s *Sums, i int32, v *View) {
	f := t.Facts[0]
	for _, r := range t.refs[t.first[i]:t.first[i+1]] {
		if int(r.Layer) > v.To || !v.Only.picked(t, r) {
			continue
		}
		e, own := f.Tree.Entry(r), int(r.Layer) >= v.From
		if own {
			s.Col[Transfer][i] += f.Share(r).Or(0)
		}
		if e.Kind != layer.File {
			continue
		}
		switch b := f.Tree.Bytes(r); {
		case b.Class == tree.Live || int(b.By) > v.To:
			if own || !v.Hide[Unchanged] {
				s.Col[Size][i] += e.Size
			}
		case int(b.By) >= v.From:
			s.Col[HiddenSum][i] += e.Size
		}
	}
}

// fold adds what is below to the directories, and keeps of those only what something
// shown is in or what is shown itself.
func (t *Table) fold(s *Sums, v *View) {
	lower := Unchanged
	if len(t.Facts) == 1 && v.From == 0 {
		lower = Left
	}
	for i := len(t.Nodes) - 1; i > 0; i-- {
		if s.Sign[i] == None {
			continue
		}
		s.Shown++
		if s.match[i] {
			s.Matched++
		}
		p := t.Nodes[i].Parent
		for c := range s.Col {
			s.Col[c][p] += s.Col[c][i]
		}
		s.Count[p] += s.Count[i]
		switch sign := s.Sign[i]; {
		case s.Sign[p] == None:
			// A directory that only leads here; whether it is there does not matter.
			if s.Sign[p] = lower; lower == Unchanged && sign != Unchanged {
				s.Sign[p] = Changed
			}
		case s.Sign[p] == Unchanged && sign != Unchanged:
			s.Sign[p] = Changed
		}
	}
}
