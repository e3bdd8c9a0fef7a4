package advice

import (
	"cmp"
	"fmt"
	"path"
	"slices"

	"tare/internal/secret"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// heap are entries that belong to one finding.
type heap struct {
	img   *Image
	layer int32 // where to change something
	refs  map[tree.Ref]bool
	files map[string]int64 // content by path, each once
}

// heaps gathers entries by layer.
type heaps struct {
	img  *Image
	list []*heap
}

func (h *heaps) at(layer int32) *heap {
	for _, x := range h.list {
		if x.layer == layer {
			return x
		}
	}
	x := &heap{img: h.img, layer: layer, refs: map[tree.Ref]bool{}, files: map[string]int64{}}
	h.list = append(h.list, x)
	return x
}

// add adds entries that are one file.
func (x *heap) add(refs ...tree.Ref) {
	for _, r := range refs {
		e := x.img.Tree.Entry(r)
		x.refs[r] = true
		x.files[e.Path] = max(x.files[e.Path], e.Size)
	}
}

// size is the content of the files, each path once, in words: "5MB in 3 files".
func (x *heap) size() string {
	return units.Bytes(x.bytes()) + " in " + units.Plural(len(x.files), "file")
}

// bytes are those of the content of the files, each path once.
func (x *heap) bytes() (n int64) {
	for _, s := range x.files {
		n += s
	}
	return n
}

// copies says what the files take with the copies that later layers hold of them; empty
// if there are none.
func (x *heap) copies() string {
	var n int64
	for r := range x.refs {
		n += x.img.Tree.Entry(r).Size
	}
	if n == x.bytes() {
		return ""
	}
	return ", and with the copies in later layers " + units.Bytes(n)
}

// finding is what the entries come to.
func (x *heap) finding(text, remedy string) Finding {
	f := Finding{frees: x.refs, Finding: weigh.Finding{Line: x.img.Lines[int(x.layer)], Layer: int(x.layer) + 1, Text: text, Remedy: remedy,
		Instruction: secret.Mask(x.img.Image.StepOf(int(x.layer)).Instruction()), Paths: x.largest(3)}}
	for r := range x.refs {
		e := x.img.Tree.Entry(r)
		f.Tar += e.Span
		f.Transfer = f.Transfer.Plus(x.img.Share(r))
		if x.img.Tree.Bytes(r).Class == tree.Live {
			f.Live += e.Size
		}
	}
	return f
}

// largest are the paths of the n largest files.
func (x *heap) largest(n int) []string {
	larger := func(a, b string) int { return cmp.Or(cmp.Compare(x.files[b], x.files[a]), cmp.Compare(a, b)) }
	var out []string
	for p := range x.files {
		if len(out) < n || larger(p, out[n-1]) < 0 {
			at, _ := slices.BinarySearchFunc(out, p, larger)
			out = slices.Insert(out, at, p)
			out = out[:min(n, len(out))]
		}
	}
	return out
}

// top is the directory, of those that cut gives for each file, that holds most.
func (x *heap) top(cut func(file string) string) string {
	sums := map[string]int64{}
	best := ""
	for p, n := range x.files {
		sums[cut(p)] += n + 1
	}
	for d, n := range sums {
		if best == "" || n > sums[best] || n == sums[best] && d < best {
			best = d
		}
	}
	return best
}

// depth cuts a path after n directories.
func depth(n int) func(string) string {
	return func(p string) string {
		dir, left := path.Dir(p), n
		for i := range len(dir) {
			if dir[i] == '/' {
				if left--; left == 0 {
					return dir[:i]
				}
			}
		}
		return dir
	}
}

// place names a layer as a reader knows it: by its line, or by its number.
func (img *Image) place(k int32) string {
	if l := img.Lines[int(k)]; l > 0 {
		return fmt.Sprintf("line %d", l)
	}
	return fmt.Sprintf("layer %d", k+1)
}

// places names layers: "lines 3 and 5".
func (img *Image) places(layers map[int32]bool) string {
	var list []int32
	for k := range layers {
		list = append(list, k)
	}
	slices.Sort(list)
	out := img.place(list[0])
	for n, k := range list[1:] {
		sep := ", "
		if n == len(list)-2 {
			sep = " and "
		}
		out += sep + img.place(k)
	}
	return out
}

// copies tells whether a COPY or ADD made a layer.
func (img *Image) copies(k int32) bool { return img.Image.StepOf(int(k)).Copies() }
