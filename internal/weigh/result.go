package weigh

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/secret"
	"tare/internal/tree"
	"tare/internal/units"
)

// Schema names the form of Result as JSON: docs/reference/weigh.schema.json.
const Schema = "tare.weigh/v1"

// Result is what `tare weigh` tells of an image. Sizes are integer bytes.
type Result struct {
	Schema   string        `json:"schema"`
	Name     string        `json:"name"`
	ID       digest.Digest `json:"id"`
	Manifest digest.Digest `json:"manifest"`
	Platform string        `json:"platform"`
	Base     string        `json:"base"`
	// Dockerfile is the name of the file that it was built from, BaseImage what that starts
	// from, and BaseLayers how many layers are that image's, where they are known.
	Dockerfile string `json:"dockerfile,omitempty"`
	BaseImage  string `json:"baseImage,omitempty"`
	BaseLayers int    `json:"baseLayers,omitempty"`
	// Sizes has the names of docs/reference/measures.md.
	Sizes image.Sizes `json:"sizes"`
	// Waste sums up to sizes.waste.
	Waste map[string]int64 `json:"waste"`
	// Layers are bottom first; each column sums up to its size.
	Layers []Layer `json:"layers"`
	// Packages are those that are installed in the end, the largest first.
	Packages []Package `json:"packages"`
	// Classes divide the files by what they are; they sum up to sizes.files.
	Classes []ClassSum `json:"classes"`
	// Owners divide the live files by who owns them: one row for all packages of a
	// kind, one a class of what no package owns. They sum up to sizes.live.
	Owners []Owner `json:"owners"`
	// Unattributed is the part of the live files that neither a package nor a class
	// accounts for.
	Unattributed int64 `json:"unattributed"`
	// Wasted divides sizes.waste by class, by the layer that wrote the bytes and the
	// one that hid them.
	Wasted []Wasted `json:"wasted"`
	// Duplicates are contents that stand more than once in live; their extra bytes
	// sum up to sizes.duplicate if Top does not cut them.
	Duplicates []Duplicate `json:"duplicates"`
	// Largest are the largest live files, or the first ones in the order of Sorted.
	Largest []File `json:"largest"`
	// Sorted is the order of packages and files, where it is not that of their size.
	Sorted string `json:"sorted,omitempty"`
	// Findings are what costs bytes and need not, or must not be in the image; package
	// advice finds them. Savings are what they cost together.
	Findings []Finding `json:"findings"`
	Savings  *Savings  `json:"savings,omitempty"`
	Inside   *Inside   `json:"inside,omitempty"` // what programs and libraries are made of; absent without any
	Traced   *Traced   `json:"traced,omitempty"` // what a trace of the image says; absent without one
	Unread   *Unread   `json:"unread,omitempty"` // layers were not read, but their tables of contents; absent where they were
	// Problems are package databases that could not be read.
	Problems []string `json:"problems,omitempty"`
	// Warnings are claims of the manifest that the bytes refute, such as a media type.
	Warnings []string `json:"warnings,omitempty"`
}

// Layer is one layer of an image.
type Layer struct {
	Index       int           `json:"index"` // from 1, bottom first
	Digest      digest.Digest `json:"digest"`
	DiffID      digest.Digest `json:"diffID"`
	MediaType   string        `json:"mediaType"`
	Compression string        `json:"compression"`
	Instruction string        `json:"instruction"`
	Line        int           `json:"line,omitempty"` // of the Dockerfile, where it is known
	Entries     int64         `json:"entries"`
	Transfer    units.Amount  `json:"transfer"` // 0 for a blob that stands below already
	Stored      int64         `json:"stored"`   // bytes of the blob as the source has it
	// TransferFrom says how Transfer is known: "stored" (the blob is sent as it is),
	// "registry" (a registry has this blob of the layer, by its DiffID), "store" (an image
	// of the store has it), "push" (compressed as tare push does) or "unknown".
	TransferFrom image.Sent       `json:"transferFrom"`
	Tar          int64            `json:"tar"`
	Files        int64            `json:"files"`
	Overhead     int64            `json:"overhead"`
	Live         int64            `json:"live"`
	Waste        int64            `json:"waste"`
	Docker       int64            `json:"docker"`
	Disk         int64            `json:"disk"`
	WasteBy      map[string]int64 `json:"wasteByClass"`
	Touched      *Touched         `json:"touched,omitempty"` // of Live, as a trace says
}

// Package is an installed package and its bytes.
type Package struct {
	Type     packages.Type `json:"type"`
	Name     string        `json:"name"`
	Version  string        `json:"version"`
	Arch     string        `json:"arch,omitempty"`
	Source   string        `json:"source,omitempty"`
	Location string        `json:"location"`
	// Explicit says whether it was installed by name; absent where the manager has not
	// written that down. What every system of the distribution has is not.
	Explicit *bool `json:"explicit,omitempty"`
	// Live, Waste and Transfer are measured, Declared is what the package says.
	Live     int64        `json:"live"`
	Waste    int64        `json:"waste"`
	Transfer units.Amount `json:"transfer"`
	Declared int64        `json:"declared"`
	Count    int64        `json:"files"`
	// Layers hold its files.
	Layers []int `json:"layers"`
	// PartOf is the package of another kind that owns its files: a library that came
	// as a system package.
	PartOf   string          `json:"partOf,omitempty"`
	Needs    []string        `json:"needs"`
	NeededBy []string        `json:"neededBy"`
	Classes  map[Class]int64 `json:"classes"`           // its live bytes by class
	Touched  *Touched        `json:"touched,omitempty"` // of Live, as a trace says
	Contains []string        `json:"contains,omitempty"`
}

// ClassSum are the files of one class.
type ClassSum struct {
	Class    Class        `json:"class"`
	Count    int64        `json:"count"`
	Files    int64        `json:"files"`
	Live     int64        `json:"live"`
	Waste    int64        `json:"waste"`
	Transfer units.Amount `json:"transfer"`
	// Unowned is the part of Live that no package owns.
	Unowned int64 `json:"unowned"`
}

// Owner is a part of the live files.
type Owner struct {
	Kind     string       `json:"kind"`    // "package" or "class"
	Subject  string       `json:"subject"` // the kind of package, or the class
	Count    int64        `json:"count"`
	Live     int64        `json:"live"`
	Transfer units.Amount `json:"transfer"`
}

// Wasted are hidden bytes with one class, writer and destroyer.
type Wasted struct {
	Class     string `json:"class"`
	Writer    int    `json:"writer"`    // layer, from 1
	Destroyer int    `json:"destroyer"` // layer, from 1
	WrittenBy string `json:"writtenBy"` // instructions
	HiddenBy  string `json:"hiddenBy"`
	Count     int64  `json:"count"`
	Files     int64  `json:"files"`
	// Transfer is what leaving them out would save of the blobs: apportioned.
	Transfer units.Amount `json:"transfer"`
	Largest  []File       `json:"largest"`
}

// Duplicate is one content that stands more than once.
type Duplicate struct {
	Size  int64    `json:"size"`
	Extra int64    `json:"extra"` // bytes beyond the first copy
	Paths []string `json:"paths"`
}

// File is one file.
type File struct {
	Path     string       `json:"path"`
	Size     int64        `json:"size"`
	Transfer units.Amount `json:"transfer"` // apportioned
	Layer    int          `json:"layer"`    // from 1
	Owner    string       `json:"owner,omitempty"`
	Class    Class        `json:"class"`
}

// version is part of Key: it rises whenever Report tells something else of the same
// image.
const version = 5

// Key names what Report tells of an image, for a cache: it is the same for images with
// the same layers, in the form in which they are pushed, and the same configuration.
// The image is packed; its layers need not be known.
func Key(img *image.Image) digest.Digest {
	h := digest.SHA256.Digester()
	say := func(v ...any) { _, _ = fmt.Fprintln(h.Hash(), v...) }
	say(version, layer.EncodingVersion, packages.Edition(), img.ConfigID.Digest, img.Manifest.Digest, img.Push.Manifest.Size, img.Target.Digest)
	for i, l := range img.Layers {
		say(l.DiffID, l.Digest, l.Size, img.Push.Layers[i].Digest, img.Push.How(i))
	}
	return h.Digest()
}

// Trim bounds the lists of files and duplicates; 0 means all.
func (r *Result) Trim(top int) {
	if top <= 0 {
		return
	}
	r.Largest, r.Duplicates = r.Largest[:min(top, len(r.Largest))], r.Duplicates[:min(top, len(r.Duplicates))]
	r.Inside.trim(top)
	for i := range r.Duplicates {
		d := &r.Duplicates[i]
		d.Paths = d.Paths[:min(top, len(d.Paths))]
	}
	for i := range r.Wasted {
		w := &r.Wasted[i]
		w.Largest = w.Largest[:min(top, len(w.Largest))]
	}
}

// Report sums the facts up under a name; top bounds the lists of files and
// duplicates, 0 means all.
func (f *Facts) Report(name string, top int) *Result {
	img := f.Image
	r := &Result{Schema: Schema, Name: name, ID: img.ID(), Manifest: img.Manifest.Digest, Platform: platforms.Format(img.Platform()), Base: img.Base(), Sizes: f.Sizes,
		Problems: f.Problems, Warnings: f.Warnings, Layers: []Layer{}, Duplicates: []Duplicate{}, Largest: []File{}, Findings: []Finding{}}
	f.layers(r)
	f.packages(r)
	f.classes(r)
	f.wasted(r, top)
	for _, c := range f.Duplicates(top) {
		paths := c.Paths
		if top > 0 {
			paths = paths[:min(top, len(paths))]
		}
		r.Duplicates = append(r.Duplicates, Duplicate{c.Size, c.Extra(), paths})
	}
	r.Largest, r.Inside = f.Files(top, nil), f.inside(top)
	return r
}

func (f *Facts) layers(r *Result) {
	r.Waste = f.WasteByClass()
	for k, l := range f.Image.Layers {
		s := l.Sums
		row := Layer{Index: k + 1, Digest: f.Image.Push.Layers[k].Digest, DiffID: l.DiffID, MediaType: f.Image.Push.Layers[k].MediaType, Compression: string(s.Compression),
			Transfer: f.sent(k), Stored: l.Size, TransferFrom: f.Image.Push.How(k),
			Instruction: secret.Mask(f.Image.StepOf(k).Instruction()), Entries: s.Entries, Tar: s.Tar, Files: s.Files, Overhead: s.Overhead(), Docker: s.Docker, Disk: s.Disk, WasteBy: map[string]int64{}}
		r.Layers = append(r.Layers, row)
	}
	for i := range f.Cells {
		c := &f.Cells[i]
		row := &r.Layers[c.Layer]
		if c.Fate == tree.Live {
			row.Live += c.Files
			continue
		}
		row.Waste += c.Files
		row.WasteBy[c.Fate.String()] += c.Files
	}
}

func (f *Facts) classes(r *Result) {
	by := map[Class]*ClassSum{}
	owners := map[string]*Owner{}
	for i := range f.Cells {
		c := &f.Cells[i]
		if c.Class == Structure {
			continue
		}
		s := by[c.Class]
		if s == nil {
			s = &ClassSum{Class: c.Class}
			by[c.Class] = s
		}
		s.Count += c.Count
		s.Files += c.Files
		s.Transfer = s.Transfer.Plus(c.Transfer)
		if c.Fate != tree.Live {
			s.Waste += c.Files
			continue
		}
		s.Live += c.Files
		o := Owner{Kind: "class", Subject: string(c.Class)}
		if c.Owner == noOwner {
			s.Unowned += c.Files
			if c.Class == Unknown {
				r.Unattributed += c.Files
			}
		} else {
			o = Owner{Kind: "package", Subject: string(f.Packages[c.Owner].Type)}
		}
		have := owners[o.Kind+o.Subject]
		if have == nil {
			have = &o
			owners[o.Kind+o.Subject] = have
		}
		have.Count += c.Count
		have.Live += c.Files
		have.Transfer = have.Transfer.Plus(c.Transfer)
	}
	r.Classes, r.Owners = []ClassSum{}, []Owner{}
	for _, s := range by {
		r.Classes = append(r.Classes, *s)
	}
	slices.SortFunc(r.Classes, func(a, b ClassSum) int { return cmp.Or(cmp.Compare(b.Files, a.Files), cmp.Compare(a.Class, b.Class)) })
	for _, o := range owners {
		r.Owners = append(r.Owners, *o)
	}
	slices.SortFunc(r.Owners, func(a, b Owner) int { return cmp.Or(cmp.Compare(b.Live, a.Live), cmp.Compare(a.Subject, b.Subject)) })
}

func (f *Facts) wasted(r *Result, top int) {
	type key struct {
		class      tree.Class
		writer, by int32
	}
	at := map[key]int{}
	r.Wasted = []Wasted{}
	for i := range f.Cells {
		c := &f.Cells[i]
		if c.Fate == tree.Live {
			continue
		}
		q := key{c.Fate, int32(c.Layer), c.By}
		n, ok := at[q]
		if !ok {
			n = len(r.Wasted)
			at[q] = n
			r.Wasted = append(r.Wasted, Wasted{Class: c.Fate.String(), Writer: c.Layer + 1, Destroyer: int(c.By) + 1,
				WrittenBy: secret.Mask(f.Image.StepOf(c.Layer).Instruction()), HiddenBy: secret.Mask(f.Image.StepOf(int(c.By)).Instruction()), Largest: []File{}})
		}
		w := &r.Wasted[n]
		w.Count += c.Count
		w.Files += c.Files
		w.Transfer = w.Transfer.Plus(c.Transfer)
	}
	hidden := make([][]tree.Ref, len(r.Wasted))
	f.Hidden(func(ref tree.Ref, _ *layer.Entry) {
		s := f.Tree.Bytes(ref)
		n := at[key{s.Class, ref.Layer, s.By}]
		hidden[n] = append(hidden[n], ref)
	})
	for n, list := range hidden {
		r.Wasted[n].Largest = f.files(list, top)
	}
	slices.SortStableFunc(r.Wasted, func(a, b Wasted) int { return cmp.Compare(b.Files, a.Files) })
}

// Files describes the files that pick chooses, the largest first; top bounds their
// number, 0 means all.
func (f *Facts) Files(top int, pick func(tree.Ref, *layer.Entry) bool) []File {
	best := largest{f: f, top: top}
	f.Live(func(r tree.Ref, e *layer.Entry) {
		if pick == nil || pick(r, e) {
			best.add(r)
		}
	})
	return f.files(best.list, top)
}

// largest keeps the largest of many files, without keeping all.
type largest struct {
	f    *Facts
	top  int // 0: all
	list []tree.Ref
	min  int64 // smaller files are not among them
}

func (l *largest) add(r tree.Ref) {
	if l.f.Tree.Entry(r).Size < l.min {
		return
	}
	l.list = append(l.list, r)
	if l.top == 0 || len(l.list) < 4*l.top {
		return
	}
	// Keep the better quarter. The order is total, so that of many files of one size
	// no more are kept, whatever the order in which they come.
	slices.SortFunc(l.list, l.f.larger)
	l.list = l.list[:l.top]
	l.min = l.f.Tree.Entry(l.list[l.top-1]).Size
}

// larger orders files: by size, then by path and layer.
func (f *Facts) larger(a, b tree.Ref) int {
	x, y := f.Tree.Entry(a), f.Tree.Entry(b)
	return cmp.Or(cmp.Compare(y.Size, x.Size), layer.ComparePaths(x.Path, y.Path), cmp.Compare(a.Layer, b.Layer))
}

func (f *Facts) files(list []tree.Ref, top int) []File {
	slices.SortFunc(list, f.larger)
	if top > 0 {
		list = list[:min(top, len(list))]
	}
	out := make([]File, 0, len(list))
	for _, r := range list {
		file := File{Path: f.Tree.Entry(r).Path, Size: f.Tree.Entry(r).Size, Transfer: f.Share(r), Layer: int(r.Layer) + 1, Class: f.Class(r)}
		if p := f.Owner(r); p != nil {
			file.Owner = Describe(p)
		}
		out = append(out, file)
	}
	return out
}
