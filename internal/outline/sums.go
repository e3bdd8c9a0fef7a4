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

// The columns of Values. Of two images A and B are the live bytes of either, and Less the
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

// Values are what a node comes to; a directory's are the sums of what is shown in it.
type Values struct {
	Col   [columns]int64
	Count int32 // files and what else is no directory
}

// Sums are what a view comes to, by node. Directories' values are kept; those of a file are
// worked out when somebody asks, since few of them are ever on a screen: see Table.Values.
type Sums struct {
	Sign []Sign
	// Unknown says that the transfer of some layer in the range is not known.
	Unknown bool
	// Shown is how many nodes are shown, and Matched how many of them the filter itself
	// keeps, without the directories that lead there.
	Shown, Matched int

	view  View
	inner []Values
	match []bool
	has   []uint8 // bits, whatever is shown
}

// What is known of a node and all that is below, whatever the view shows.
const (
	before    uint8 = 1 << iota // it was there below the range, or in the first image
	after                       // it is there when the range is done, or in the second image
	shown                       // something below is shown
	different                   // and is not unchanged
	folder                      // the entry that stands for it is a directory; of the node alone
)

// Sum works out a view. It may use the memory of old sums, which nobody looks at any more.
// Where stop says so, it gives up and returns nil.
func (t *Table) Sum(v View, old *Sums, stop func() bool) *Sums {
	s := t.empty(old)
	s.view = v
	one := t.image
	if len(t.Facts) > 1 {
		one = t.joined
	}
	if !t.matches(s, v.Filter, stop) || !t.all(stop, func(i int32) {
		if one(s, i, &v); s.Sign[i] != None {
			t.addUp(s, i)
		}
	}) {
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
	if !t.all(stop, func(i int32) { s.match[i] = f.keeps(t.Path(i), t.Nodes[i].Parent > 0) }) {
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
		return &Sums{Sign: make([]Sign, n), match: make([]bool, n), has: make([]uint8, n), inner: make([]Values, t.inner)}
	}
	clear(s.Sign)
	clear(s.has)
	clear(s.inner)
	s.Unknown, s.Shown, s.Matched = false, 0, 0
	return s
}

// addUp adds what a node comes to by itself to its directory's values, or to its own. Several
// processors do so at once.
func (t *Table) addUp(s *Sums, i int32) {
	own := t.own(s, i)
	n := t.Nodes[i].inner
	if n < 0 {
		n = t.Nodes[t.Nodes[i].Parent].inner
	}
	sum := &s.inner[n]
	for c, b := range own.Col {
		if b != 0 {
			atomic.AddInt64(&sum.Col[c], b)
		}
	}
	if own.Count != 0 {
		atomic.AddInt32(&sum.Count, own.Count)
	}
}

// own is what a node that is shown comes to by itself.
func (t *Table) own(s *Sums, i int32) (v Values) {
	if s.has[i]&folder == 0 {
		v.Count = 1
	}
	if len(t.Facts) > 1 {
		a, b := t.sizes(i)
		v.Col = [columns]int64{a, b, b - a}
		return v
	}
	t.bytes(&v, i, &s.view)
	return v
}

// Values are what a node comes to in a view; nothing where it is not shown.
func (t *Table) Values(s *Sums, i int32) Values {
	switch n := t.Nodes[i].inner; {
	case n >= 0:
		return s.inner[n]
	case s.Sign[i] == None:
		return Values{}
	}
	return t.own(s, i)
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
	var was, is, within *layer.Entry
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
			was, class = e, f.Tree.Name(r).Class
			s.has[i] |= before
		}
		if f.Tree.Seen(r, v.To) {
			is, fresh = e, int(r.Layer) >= v.From
			s.has[i] |= after
		} else if int(r.Layer) >= v.From {
			within = e
		}
	}
	sign := None
	switch {
	case is != nil && v.From == 0:
		sign = Left
	case is != nil && was == nil:
		sign = Added
	case is != nil && (within == nil || within.Kind == layer.Dir) && (!fresh || is.Kind == layer.Dir && was.Kind == layer.Dir):
		sign = Unchanged // a directory is changed by what changes in it
	case is != nil:
		sign = Changed
		if class == tree.MetadataOnly || class == tree.OverwrittenSame {
			sign = Metadata
		}
	case was != nil:
		sign = Removed
	case within != nil:
		sign = Hidden
	}
	if sign == None || v.Hide[sign] || !s.match[i] || !picked {
		return
	}
	s.Sign[i] = sign
	if e := first(is, was, within); e.Kind == layer.Dir {
		s.has[i] |= folder
	}
}

func first(list ...*layer.Entry) *layer.Entry {
	for _, e := range list {
		if e != nil {
			return e
		}
	}
	return nil
}

// bytes adds the bytes of a node's entries in an image.
func (t *Table) bytes(out *Values, i int32, v *View) {
	f := t.Facts[0]
	for _, r := range t.refs[t.first[i]:t.first[i+1]] {
		if int(r.Layer) > v.To || !v.Only.picked(t, r) {
			continue
		}
		e, own := f.Tree.Entry(r), int(r.Layer) >= v.From
		if own {
			out.Col[Transfer] += f.Share(r).Or(0)
		}
		if e.Kind != layer.File {
			continue
		}
		switch b := f.Tree.Bytes(r); {
		case b.Class == tree.Live || int(b.By) > v.To:
			if own || !v.Hide[Unchanged] {
				out.Col[Size] += e.Size
			}
		case int(b.By) >= v.From:
			out.Col[HiddenSum] += e.Size
		}
	}
}

// fold adds what is below to the directories, and keeps of those only what something
// shown is in or what is shown itself.
func (t *Table) fold(s *Sums, v *View) {
	for i := len(t.Nodes) - 1; i >= 0; i-- {
		s.Sign[i] = t.sign(s, i, v)
		if i == 0 {
			return
		}
		p := t.Nodes[i].Parent
		s.has[p] |= s.has[i] &^ folder
		if s.Sign[i] == None {
			continue
		}
		s.Shown++
		if s.match[i] {
			s.Matched++
		}
		if s.has[p] |= shown; s.Sign[i] != Unchanged {
			s.has[p] |= different
		}
		if n := t.Nodes[i].inner; n >= 0 {
			from, to := &s.inner[n], &s.inner[t.Nodes[p].inner]
			for c, b := range from.Col {
				to.Col[c] += b
			}
			to.Count += from.Count
		}
	}
}

// sign is a node's, now that all below is known: directories need have no entry, and what
// stands in one place as a file and in the other as such a directory has changed.
func (t *Table) sign(s *Sums, i int, v *View) Sign {
	has, lowest := s.has[i], len(t.Facts) == 1 && v.From == 0
	sign := s.Sign[i]
	if has&folder != 0 && (sign == Added && has&before != 0 || sign == Removed && has&after != 0) {
		// Only one of both has an entry for a directory that both have.
		if sign = Unchanged; v.Hide[Unchanged] && has&shown == 0 {
			return None
		}
	}
	switch {
	case sign == None && has&shown == 0:
		return None
	case sign == None && lowest && has&after != 0:
		return Left
	case sign == None && has&(before|after) == 0:
		return Hidden
	case sign == None && has&before == 0:
		return Added
	case sign == None && has&after == 0:
		return Removed
	case sign == None && has&different == 0:
		return Unchanged
	case sign == None, sign == Unchanged && has&different != 0, sign == Added && has&before != 0, sign == Removed && has&after != 0:
		return Changed
	default:
		return sign
	}
}
