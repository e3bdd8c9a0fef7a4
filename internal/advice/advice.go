// Package advice finds what in an image costs bytes and need not, and what must not be in
// one. Each rule is a file; all rest on the ledger of package weigh, entry by entry, so
// that what they would save together is known to the byte.
package advice

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Image is what rules look at: an image, and what is known of how it was built.
type Image struct {
	*weigh.Facts
	// Lines are the lines of the Dockerfile that made layers, by the layer's index; nil if
	// no Dockerfile is known. Base is how many layers below them are the base image's.
	Lines map[int]int
	Base  int
	// Steps are the lines of the history's steps, by their index, as far as they are known.
	Steps map[int]int
	// Host are the layers whose COPY or ADD takes files of the build context, and Staged
	// those whose COPY takes files of a stage or an image, as far as that is known.
	Host, Staged map[int]bool
	// Installs are RUNs that install what a manifest of the build context lists.
	Installs []Install
	// Context is the build context, where a build was watched.
	Context Context

	first     int             // the lowest layer of its own
	installed map[string]bool // keys of the base image's packages; nil: not looked for yet
}

// Built is an image with what is known of its Dockerfile; d may be nil.
func Built(f *weigh.Facts, d *weigh.Dockerfile) *Image {
	img := &Image{Facts: f}
	if d != nil {
		img.Lines, img.Base, img.Host, img.Steps = d.Lines, d.Base, d.Host, d.Steps
	}
	return img
}

// Context is what was sent to a builder in vain.
type Context struct {
	Unused int64    // bytes of files that no instruction takes
	Files  int      // their number
	Paths  []string // directories and files that hold most of it, and nothing that is taken
	Line   int      // the first instruction that takes files of it; 0 for none
}

// Install is a RUN that installs what a manifest lists, after the COPY that brings the
// manifest and other files at once.
type Install struct {
	Line, Copy int // of the RUN and of the COPY
	Command    string
	Manifests  []string // paths in the context
	Others     int      // how many other files the COPY takes
	Seconds    float64  // that the RUN took when it last ran
}

// Rule finds one kind of thing. Adding a rule is adding a file that registers it, and a
// section of docs/reference/findings.md.
type Rule struct {
	ID       string // "package-cache": the heading of its section
	Title    string // what it is about, in a few words
	Severity weigh.Severity
	Find     func(*Image) []Finding
}

// Finding is a weigh.Finding and the entries that need not be in the image.
type Finding struct {
	weigh.Finding
	frees map[tree.Ref]bool
	cuts  map[tree.Ref]int64 // entries of which a part need not be there: bytes of their contents
}

var rules []Rule

func register(r Rule) { rules = append(rules, r) }

// Rules are all rules by ID.
func Rules() []Rule {
	return slices.SortedFunc(slices.Values(rules), func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
}

// Find applies all rules: secrets first, then what costs most.
func Find(img *Image) []Finding {
	img.first, img.installed = img.base(), nil
	var out []Finding
	for _, r := range Rules() {
		for _, f := range r.Find(img) {
			f.Rule, f.Title = r.ID, r.Title
			if f.Severity == "" {
				f.Severity = r.Severity
			}
			out = append(out, f)
		}
	}
	secret := func(f Finding) int {
		switch {
		case f.Severity == weigh.Secret:
			return 0
		case f.Rule == weigh.SecretFile:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(secret(a)-secret(b), cmp.Compare(b.Tar+b.Sent, a.Tar+a.Sent), cmp.Compare(b.Seconds, a.Seconds), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Layer, b.Layer))
	})
	return out
}

// edition rises when a rule finds something else than before.
const edition = 4

// Edition names the rules: what was found by others, and kept, is out of date.
func Edition() string {
	var ids []string
	for _, r := range Rules() {
		ids = append(ids, r.ID)
	}
	return fmt.Sprint(edition, " ", strings.Join(ids, " "))
}

// Of are the findings of an image as results show them, and what those save together that
// are material (weigh.Save tells for other bounds).
func Of(img *Image) ([]weigh.Finding, *weigh.Savings) {
	out := add(img, Find(img))
	return out, weigh.Save(out, img.Sizes.Tar, units.Threshold)
}

// add says of each finding what it adds to those before it: an entry that several are
// about counts at the first, and so does a part of one.
func add(img *Image, list []Finding) []weigh.Finding {
	out := make([]weigh.Finding, len(list))
	gone, cut := map[tree.Ref]bool{}, map[tree.Ref]int64{}
	for n, f := range list {
		out[n] = f.Finding
		note := func(r tree.Ref, tar, live int64, transfer units.Amount) {
			out[n].AddsTar += tar
			out[n].AddsTransfer = out[n].AddsTransfer.Plus(transfer)
			if img.Tree.Bytes(r).Class == tree.Live {
				out[n].AddsLive += live
			}
		}
		for r := range f.frees {
			if !gone[r] {
				gone[r] = true
				e := img.Tree.Entry(r)
				note(r, e.Span-cut[r], e.Size-cut[r], img.Share(r).Minus(img.shareOf(r, cut[r])))
			}
		}
		for r, bytes := range f.cuts {
			if more := bytes - cut[r]; !gone[r] && more > 0 {
				note(r, more, more, img.shareOf(r, bytes).Minus(img.shareOf(r, cut[r])))
				cut[r] = bytes
			}
		}
	}
	return out
}

// shareOf is the part of a blob that is apportioned to so many bytes of a file's content.
func (img *Image) shareOf(r tree.Ref, bytes int64) units.Amount {
	n, ok := img.Share(r).Int()
	switch size := img.Tree.Entry(r).Size; {
	case !ok:
		return units.Unknown()
	case bytes == 0:
		return units.Known(0)
	default:
		return units.Known(int64(float64(n) * float64(bytes) / float64(size)))
	}
}

// own tells whether a layer was made by the Dockerfile, or else, where none is known,
// whether it may have been: the layer of the distribution and those below it were not, if
// others follow.
func (img *Image) own(k int32) bool { return int(k) >= img.first }

// base is how many layers are not the image's own.
func (img *Image) base() int {
	if img.Lines != nil {
		return img.Base
	}
	list := img.Image.Layers
	for k := range list[:max(0, len(list)-1)] { // an image may have no layer at all
		if list[k].Sums.OSRelease != "" {
			return k + 1
		}
	}
	return 0
}

// based tells whether a file is the base image's: a package of the base's is, in any
// version, and else what has the same content there. What the Dockerfile's layers hold of
// it is a copy.
func (img *Image) based(r tree.Ref) bool {
	if p := img.Owner(r); p != nil && p.Type.System() && img.baseHas(p) {
		return true
	}
	e := img.Tree.Entry(r)
	for k := img.first - 1; k >= 0; k-- {
		if below, ok := img.Tree.In(k, e.Path); ok {
			b := img.Tree.Entry(below)
			return b.Kind == layer.File && b.Size == e.Size && b.Sum == e.Sum
		}
	}
	return false
}

// baseHas tells whether the base image has installed a package of that name.
func (img *Image) baseHas(p *packages.Package) bool {
	if img.installed == nil {
		img.installed = map[string]bool{}
		for k := range img.first {
			for i := range img.Tree.Lists[k] {
				if o := img.Owner(tree.Ref{Layer: int32(k), Entry: int32(i)}); o != nil {
					img.installed[o.Key()] = true
				}
			}
		}
	}
	return img.installed[p.Key()]
}

// temporary tells whether a file lies in a directory for temporary ones: it is not there
// as what it is, but as what was forgotten.
func temporary(file string) bool {
	return strings.HasPrefix(file, "tmp/") || strings.HasPrefix(file, "var/tmp/")
}

// origin is the lowest layer of the Dockerfile's that wrote a file at the path of an
// entry, and all that such layers wrote there, the entry included.
func (img *Image) origin(r tree.Ref) (first int32, all []tree.Ref) {
	first = r.Layer
	for k := r.Layer - 1; k >= 0; k-- {
		if !img.own(k) {
			continue
		}
		if below, ok := img.Tree.In(int(k), img.Tree.Entry(r).Path); ok && img.Tree.Entry(below).Kind == layer.File {
			first, all = k, append(all, below)
		}
	}
	return first, append(all, r)
}
