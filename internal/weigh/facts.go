// Package weigh works out where the bytes of one image sit: for each entry whether
// it is live, which package owns it and what kind of thing it is, and the sums that
// follow. All sums are checked against the whole. It is a pure function of an image
// whose layers are indexed.
package weigh

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/tree"
	"tare/internal/units"
)

// Facts are all that is known of an image, entry by entry.
type Facts struct {
	Image *image.Image
	Tree  *tree.Tree
	// Packages are all that the databases of any layer know; Final are the indexes
	// of those that are installed in the end.
	Packages []packages.Package
	Final    []int32
	// Problems are databases that could not be read, in words.
	Problems []string
	// Warnings are claims of the manifest that the bytes refute, in words.
	Warnings []string
	Sizes    image.Sizes
	Cells    []Cell

	owner [][]int32
	class [][]uint8  // places in coded: a byte an entry
	coded []Class    // those that the image has
	share [][]int64  // nil for a layer whose blob is not known
	same  []tree.Ref // live files whose content stands more than once, by content
}

// Cell is a part of the image: the entries of one layer with one owner, class and
// fate.
type Cell struct {
	Layer int
	Owner int32 // index into Packages, or -1
	Class Class
	Fate  tree.Class
	By    int32 // the layer that hides them; -1 for live ones
	Sums
}

// Sums count entries and their bytes.
type Sums struct {
	Count int64 `json:"count"` // entries
	Files int64 `json:"files"` // contents
	Tar   int64 `json:"tar"`   // with headers and padding
	// Transfer is the apportioned part of the compressed blobs, if they are known.
	Transfer units.Amount `json:"transfer"`
}

// Add adds t to s.
func (s *Sums) Add(t Sums) {
	s.Count += t.Count
	s.Files += t.Files
	s.Tar += t.Tar
	s.Transfer = s.Transfer.Plus(t.Transfer)
}

// BrokenError tells of sums that do not add up: a fault of tare's, which must never
// show itself as a wrong table.
type BrokenError struct{ Text string }

// Error implements error.
func (e *BrokenError) Error() string {
	return "internal error, please report it with the image's name: " + e.Text
}

// New works out the facts of an image that was indexed and packed. It returns a
// *BrokenError if the parts do not sum up to the whole.
func New(img *image.Image) (*Facts, error) {
	var layers []*layer.Index
	for i := range img.Layers {
		layers = append(layers, img.Layers[i].Index)
	}
	f := &Facts{Image: img, Tree: tree.New(layers), Sizes: img.Sizes()}
	// Owners need as long as all the rest.
	var rest sync.WaitGroup
	rest.Go(func() {
		f.classify()
		f.apportion()
		f.same = f.copies()
	})
	f.own()
	rest.Wait()
	f.unread()
	f.Warnings = lies(img)
	f.sum()
	f.Sizes.Live, f.Sizes.Waste = f.liveAndWaste()
	f.Sizes.Duplicate = f.duplicate()
	return f, f.check()
}

// Owner is the package that owns an entry; nil for none.
func (f *Facts) Owner(r tree.Ref) *packages.Package {
	if id := f.owner[r.Layer][r.Entry]; id >= 0 {
		return &f.Packages[id]
	}
	return nil
}

// OwnerID is the index in Packages of the package that owns an entry; -1 for none.
func (f *Facts) OwnerID(r tree.Ref) int32 { return f.owner[r.Layer][r.Entry] }

// Class is the class of an entry.
func (f *Facts) Class(r tree.Ref) Class { return f.coded[f.class[r.Layer][r.Entry]] }

// Share is the part of the compressed blob that is apportioned to an entry, in bytes, if
// the blob is known.
func (f *Facts) Share(r tree.Ref) units.Amount {
	if f.share[r.Layer] == nil {
		return units.Unknown()
	}
	return units.Known(f.share[r.Layer][r.Entry])
}

// sent is what a layer adds to transfer.
func (f *Facts) sent(k int) units.Amount {
	if f.repeated(k) {
		return units.Known(0)
	}
	return f.Image.Push.Size(k)
}

func (f *Facts) problem(k int, list []packages.Problem) {
	for _, p := range list {
		text := fmt.Sprintf("layer %d: package database %s: %v", k+1, p.Path, p.Err)
		if n := len(f.Problems); n == 0 || f.Problems[n-1] != text {
			f.Problems = append(f.Problems, text)
		}
	}
}

func (f *Facts) classify() {
	f.class, f.coded = make([][]uint8, len(f.Tree.Lists)), []Class{Structure}
	code := func(c Class) uint8 {
		n := slices.Index(f.coded, c)
		if n < 0 {
			n = len(f.coded)
			f.coded = append(f.coded, c)
		}
		return uint8(n)
	}
	for k, list := range f.Tree.Lists {
		c := classifier{workdir: strings.Trim(f.Image.Config.Config.WorkingDir, "/"), copied: k > 0 && f.Image.StepOf(k).Copies()}
		f.class[k] = make([]uint8, len(list))
		for i := range list {
			if list[i].Kind == layer.File {
				f.class[k][i] = code(c.of(list[i].Path))
			}
		}
	}
}

// unread names what would be a package database if it were not too large.
func (f *Facts) unread() {
	for k := range f.Image.Layers {
		skipped := f.Image.Layers[k].Index.Skipped
		for _, path := range slices.Sorted(maps.Keys(skipped)) {
			f.Problems = append(f.Problems, fmt.Sprintf("layer %d: %s has %d bytes: too large to be read as a package database", k+1, path, skipped[path]))
		}
	}
}

// apportion puts the shares of the blobs in the order of the tree's lists. A blob
// that stands twice counts at its first layer.
func (f *Facts) apportion() {
	f.share = make([][]int64, len(f.Tree.Lists))
	for k, list := range f.Tree.Lists {
		if !f.sent(k).Known() {
			continue
		}
		if shares := f.Image.Layers[k].Shares; !f.repeated(k) && !f.Tree.Moved(k) {
			f.share[k] = shares.List
			continue
		}
		f.share[k] = make([]int64, len(list))
		if f.repeated(k) {
			continue
		}
		for i := range list {
			f.share[k][i] = f.Image.Layers[k].Shares.List[f.Tree.Place(tree.Ref{Layer: int32(k), Entry: int32(i)})]
		}
	}
}

// repeated tells whether the blob of layer k stands in the manifest before.
func (f *Facts) repeated(k int) bool {
	for i := range k {
		if f.Image.Push.Layers[i].Digest == f.Image.Push.Layers[k].Digest {
			return true
		}
	}
	return false
}

func (f *Facts) sum() {
	type key struct {
		owner, by int32
		class     Class
		fate      tree.Class
	}
	for k, list := range f.Tree.Lists {
		at := map[key]int{}
		cell := func(q key) *Cell {
			i, ok := at[q]
			if !ok {
				i = len(f.Cells)
				at[q] = i
				f.Cells = append(f.Cells, Cell{Layer: k, Owner: q.owner, Class: q.class, Fate: q.fate, By: q.by})
			}
			return &f.Cells[i]
		}
		var last key // no entry has this one: it lacks a class
		var c *Cell
		for i := range list {
			r := tree.Ref{Layer: int32(k), Entry: int32(i)}
			s := f.Tree.Bytes(r)
			q := key{f.owner[k][i], s.By, f.coded[f.class[k][i]], s.Class}
			if list[i].Kind != layer.File {
				q.fate, q.by = tree.Live, -1 // no contents to waste
			}
			if q != last {
				c, last = cell(q), q
			}
			c.Add(Sums{1, list[i].Size, list[i].Span, f.Share(r)})
		}
		x := f.Image.Layers[k].Index
		end := Sums{Tar: x.Trailer}
		switch {
		case f.share[k] == nil:
			end.Transfer = units.Unknown()
		case !f.repeated(k):
			end.Transfer = units.Known(f.Image.Layers[k].Shares.Trailer)
		}
		cell(key{noOwner, -1, Structure, tree.Live}).Add(end)
	}
}

// WasteByClass divides the waste; classes without any are there with 0.
func (f *Facts) WasteByClass() map[string]int64 {
	out := map[string]int64{}
	for c := tree.Live + 1; c < tree.Classes; c++ {
		out[c.String()] = 0
	}
	for i := range f.Cells {
		if c := &f.Cells[i]; c.Fate != tree.Live {
			out[c.Fate.String()] += c.Files
		}
	}
	return out
}

func (f *Facts) liveAndWaste() (live, waste int64) {
	for i := range f.Cells {
		if f.Cells[i].Fate == tree.Live {
			live += f.Cells[i].Files
		} else {
			waste += f.Cells[i].Files
		}
	}
	return live, waste
}

// check holds the cells against what each layer says of itself.
func (f *Facts) check() error {
	var all Sums
	per := make([]Sums, len(f.Tree.Lists))
	for i := range f.Cells {
		all.Add(f.Cells[i].Sums)
		per[f.Cells[i].Layer].Add(f.Cells[i].Sums)
	}
	for k, s := range per {
		x := f.Image.Layers[k].Sums
		if s.Files != x.Files || s.Tar != x.Tar || s.Count != x.Entries {
			return &BrokenError{fmt.Sprintf("layer %d sums up to %+v, but has %+v", k+1, s, *x)}
		}
		if s.Transfer != f.sent(k) {
			return &BrokenError{fmt.Sprintf("layer %d sums up to %v of transfer, but has %v", k+1, s.Transfer, f.sent(k))}
		}
	}
	z := f.Sizes
	switch {
	case all.Tar != z.Tar, all.Files != z.Files:
		return &BrokenError{fmt.Sprintf("cells sum up to %d tar and %d files of %d and %d", all.Tar, all.Files, z.Tar, z.Files)}
	case z.Tar != z.Files+z.Overhead:
		return &BrokenError{fmt.Sprintf("tar %d is not files %d + overhead %d", z.Tar, z.Files, z.Overhead)}
	case z.Files != z.Live+z.Waste:
		return &BrokenError{fmt.Sprintf("files %d is not live %d + waste %d", z.Files, z.Live, z.Waste)}
	case all.Transfer.Plus(units.Known(f.Image.Push.Manifest.Size+f.Image.ConfigID.Size)) != z.Transfer:
		return &BrokenError{fmt.Sprintf("shares of %v, manifest of %d and config of %d are not transfer %v", all.Transfer, f.Image.Push.Manifest.Size, f.Image.ConfigID.Size, z.Transfer)}
	}
	return nil
}
