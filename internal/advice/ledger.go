package advice

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// Ledger is what rules see of an image: its bytes in parts, and what made its layers.
type Ledger struct {
	Layers []Layer
	Parts  []Part
	// Context is what a build was sent; nil where none is known.
	Context *Context `json:",omitempty"`
}

// Layer is one layer of the image.
type Layer struct {
	Instruction string // as far as the history tells
	Line        int    `json:",omitempty"` // of the Dockerfile; 0 where it is not known
	// Base is what the layer belongs to, in words, if it is below what the image's own
	// Dockerfile made: "the base image". Nobody can change it there.
	Base string `json:",omitempty"`
}

// BaseImage is the Base of layers that are known to be below the Dockerfile's own.
const BaseImage = "the base image"

// Part are entries of one layer with one owner, class, fate and marks: what a finding
// frees is a set of parts. The parts of a ledger sum up to the layers' tars.
type Part struct {
	Layer int    // from 0
	By    int    // the layer that hides them, from 0; -1 for live ones
	Owner string `json:",omitempty"` // key of the package: "deb gcc"; "" for none
	Class weigh.Class
	Fate  tree.Class
	// Marks are what rules call the files, by the rules' IDs.
	Marks map[string]string `json:",omitempty"`
	weigh.Sums
	Largest string `json:",omitempty"` // the path of the largest file
	Most    int64  `json:",omitempty"` // its bytes
}

// Context is what a build was sent.
type Context struct {
	Sent int64 // bytes
	Used int64 // bytes of files in the layers of COPY and ADD
	Line int   // the first COPY or ADD
}

// key tells parts of a layer apart.
type key struct {
	owner, by int32
	class     weigh.Class
	fate      tree.Class
	marks     string
}

// Of is the ledger of an image. Layers up to the one that brings the distribution's
// os-release are taken for a base if others follow.
func Of(f *weigh.Facts) *Ledger {
	l := &Ledger{}
	base := -1
	for k := range f.Image.Layers {
		l.Layers = append(l.Layers, Layer{Instruction: f.Image.StepOf(k).Instruction()})
		if s := f.Image.Layers[k].Sums; base < 0 && s != nil && s.OSRelease != "" {
			base = k
		}
	}
	if base < len(l.Layers)-1 {
		for k := 0; k <= base; k++ {
			l.Layers[k].Base = "the distribution's layer"
		}
	}
	at := make([]map[key]int, len(l.Layers))
	for i := range f.Cells {
		c := &f.Cells[i]
		p := Part{Layer: c.Layer, By: int(c.By), Class: c.Class, Fate: c.Fate, Sums: c.Sums}
		if c.Owner >= 0 {
			p.Owner = f.Packages[c.Owner].Key()
		}
		if at[c.Layer] == nil {
			at[c.Layer] = map[key]int{}
		}
		at[c.Layer][key{owner: c.Owner, by: c.By, class: c.Class, fate: c.Fate}] = len(l.Parts)
		l.Parts = append(l.Parts, p)
	}
	for k := range f.Tree.Lists {
		l.files(f, k, at[k])
	}
	l.Parts = slices.DeleteFunc(l.Parts, func(p Part) bool { return p.Count == 0 && p.Tar == 0 })
	return l
}

// files goes through the files of layer k: those that a rule marks become parts of their
// own.
func (l *Ledger) files(f *weigh.Facts, k int, at map[key]int) {
	list := f.Tree.Lists[k]
	var last key
	n := -1
	for i := range list {
		e := &list[i]
		if e.Kind != layer.File {
			continue
		}
		r := tree.Ref{Layer: int32(k), Entry: int32(i)}
		s, owner := f.Tree.Bytes(r), f.OwnerID(r)
		q := key{owner: owner, by: s.By, class: f.Class(r), fate: s.Class}
		if n < 0 || q != last {
			n, last = at[q], q
		}
		in := n
		if marks := mark(File{Path: e.Path, Size: e.Size, Class: q.class, Owned: owner >= 0}); marks != nil {
			q.marks = joined(marks)
			m, ok := at[q]
			if !ok {
				m = len(l.Parts)
				at[q] = m
				own := l.Parts[n]
				own.Marks, own.Sums, own.Largest, own.Most = marks, weigh.Sums{}, "", 0
				l.Parts = append(l.Parts, own)
			}
			sums := weigh.Sums{Count: 1, Files: e.Size, Tar: e.Span, Transfer: f.Share(r)}
			l.Parts[m].Add(sums)
			l.Parts[n].Add(weigh.Sums{Count: -1, Files: -sums.Files, Tar: -sums.Tar, Transfer: -sums.Transfer})
			in = m
		}
		if p := &l.Parts[in]; e.Size > p.Most || p.Largest == "" {
			p.Largest, p.Most = e.Path, e.Size
		}
	}
}

// marking are the rules that mark files.
var marking = sync.OnceValue(func() (out []Rule) {
	for _, r := range Rules() {
		if r.Mark != nil {
			out = append(out, r)
		}
	}
	return out
})

// mark asks all rules about a file; nil if none cares.
func mark(f File) (out map[string]string) {
	for _, r := range marking() {
		if m := r.Mark(f); m != "" {
			if out == nil {
				out = map[string]string{}
			}
			out[r.ID] = m
		}
	}
	return out
}

func joined(marks map[string]string) string {
	var b strings.Builder
	for _, id := range slices.Sorted(maps.Keys(marks)) {
		b.WriteString(id + "\x00" + marks[id] + "\x00")
	}
	return b.String()
}

// Lined is the ledger with the lines of a Dockerfile: lines are those of the layers, 0 for
// one whose line is not known, and the first base layers are the base image's.
func (l *Ledger) Lined(lines []int, base int) *Ledger {
	out := *l
	out.Layers = slices.Clone(l.Layers)
	for k := range out.Layers {
		out.Layers[k].Line, out.Layers[k].Base = lines[k], ""
		if k < base {
			out.Layers[k].Base = BaseImage
		}
	}
	return &out
}

// Compact is the ledger without divisions that no finding needs: the findings are the
// same, whichever lines are known later.
func (l *Ledger) Compact() *Ledger {
	loose := *l
	loose.Layers = slices.Clone(l.Layers)
	for k := range loose.Layers {
		loose.Layers[k].Base = ""
	}
	needed := map[*Part]bool{}
	for _, r := range Rules() {
		for _, f := range r.Find(&loose) {
			for _, p := range f.frees {
				needed[p] = true
			}
		}
	}
	out := &Ledger{Layers: l.Layers, Context: l.Context}
	type rest struct{ layer, by int }
	at := map[rest]int{}
	for i := range l.Parts {
		p := &l.Parts[i]
		if needed[p] || p.Fate != tree.Live {
			out.Parts = append(out.Parts, *p)
			continue
		}
		q := rest{p.Layer, p.By}
		n, ok := at[q]
		if !ok {
			n = len(out.Parts)
			at[q] = n
			out.Parts = append(out.Parts, Part{Layer: p.Layer, By: p.By, Class: weigh.Structure, Fate: p.Fate})
		}
		out.Parts[n].Add(p.Sums)
	}
	return out
}
