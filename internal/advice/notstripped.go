package advice

import (
	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "not-stripped", Title: "debug information", Severity: weigh.Note, Find: notStripped})
}

// notStripped: debug information and symbol tables of programs and libraries, which they run
// without. What a distribution's package manager installs is as the distribution wants it, and
// objects are nothing without their symbols.
func notStripped(img *Image) (out []Finding) {
	all, golang := &heaps{img: img}, map[*heap]int{}
	img.Live(func(r tree.Ref, e *layer.Entry) {
		s, ok := img.Sections(r)
		if !ok || s.Strippable() == 0 || !img.own(r.Layer) || temporary(e.Path) || img.Class(r) == weigh.Debug || img.based(r) {
			return
		}
		p := img.Owner(r)
		if p != nil && p.Type.System() {
			return
		}
		first, copies := img.origin(r)
		h := all.at(first)
		h.add(copies...)
		if p != nil && p.Type == packages.Go {
			golang[h]++
		}
	})
	for _, h := range all.list {
		out = append(out, h.cutting(golang[h]))
	}
	return out
}

// cutting is what stripping the files of a heap comes to, some of which Go made.
func (x *heap) cutting(golang int) Finding {
	cuts, most := map[tree.Ref]int64{}, map[string]int64{}
	for r := range x.refs {
		if s, ok := x.img.Sections(r); ok && s.Strippable() > 0 {
			cuts[r] = s.Strippable()
			p := x.img.Tree.Entry(r).Path
			most[p] = max(most[p], cuts[r])
		}
	}
	x.files = most // what can go of each, not all that they have
	remedy := "strip --strip-unneeded them where they are built, before they are copied"
	switch golang {
	case 0:
	case len(x.files):
		remedy = `go build -ldflags="-s -w"`
	default:
		remedy = `go build -ldflags="-s -w" for what Go builds, strip --strip-unneeded for the rest`
	}
	f := x.finding("leaves "+x.size()+" of debug information and symbol tables that they run without, most in /"+x.top(depth(4))+x.more(cuts), remedy)
	f.frees, f.cuts, f.Tar, f.Live, f.Transfer = nil, cuts, 0, 0, units.Known(0)
	for r, n := range cuts {
		f.Tar += n
		f.Transfer = f.Transfer.Plus(x.img.shareOf(r, n))
		if x.img.Tree.Bytes(r).Class == tree.Live {
			f.Live += n
		}
	}
	return f
}

// more says what can go with the copies that later layers hold; empty if there are none.
func (x *heap) more(cuts map[tree.Ref]int64) string {
	var n int64
	for _, c := range cuts {
		n += c
	}
	if n == x.bytes() {
		return ""
	}
	return ", and with the copies in later layers " + units.Bytes(n)
}
