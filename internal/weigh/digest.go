package weigh

import (
	"cmp"
	"slices"
	"strings"

	"tare/internal/packages"
	"tare/internal/units"
)

// What is less than negligible bytes and less than a hundredth of the whole does not
// matter to who looks for the first time.
const negligible = 100_000

// Share is a part of an image: layers, or files of a kind.
type Share struct {
	Name string // in words; of one layer its instruction
	// First and Last are layers, from 1; 0 for files, and for layers that are not
	// neighbours.
	First, Last int
	Line        int   // of the Dockerfile; 0 if it is not known
	Files       int64 // bytes, as in Layer
	Live        int64
	Transfer    units.Amount
	Waste       int64
}

func (s *Share) add(l *Layer) {
	s.Files += l.Files
	s.Live += l.Live
	s.Transfer = s.Transfer.Plus(l.Transfer)
	s.Waste += l.Waste
}

// Origins are the layers that matter, at most as many as most, in their order: those of
// the base image as one, and the smaller ones as one at the end. They sum up to all layers.
func (r *Result) Origins(most int) []Share {
	var out []Share
	if n := r.BaseLayers; n > 0 {
		base := Share{Name: strings.TrimSpace("base "+r.BaseImage) + " (" + units.Plural(n, "layer") + ")", First: 1, Last: n}
		for k := range r.Layers[:n] {
			base.add(&r.Layers[k])
		}
		out = append(out, base)
	}
	show := r.largestLayers(r.BaseLayers, most-len(out))
	rest, left := Share{}, 0
	for k := r.BaseLayers; k < len(r.Layers); k++ {
		l := &r.Layers[k]
		if !show[k] {
			rest.add(l)
			left++
			continue
		}
		one := Share{Name: l.Instruction, First: l.Index, Last: l.Index, Line: l.Line}
		one.add(l)
		out = append(out, one)
	}
	if left > 0 {
		rest.Name = units.Plural(left, "smaller layer")
		out = append(out, rest)
	}
	return out
}

// largestLayers are the layers from an index on that matter, at most as many as most:
// those where something can be saved, and the largest of the others.
func (r *Result) largestLayers(from, most int) map[int]bool {
	saves := func(k int) bool { return r.Savings != nil && slices.Contains(r.Savings.Layers, k+1) }
	var order []int
	for k := from; k < len(r.Layers); k++ {
		if l := &r.Layers[k]; saves(k) || l.Files >= negligible || l.Files*100 >= r.Sizes.Files {
			order = append(order, k)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.Layers[b].Files, r.Layers[a].Files) })
	out := map[int]bool{}
	for _, k := range order[:max(0, min(most, len(order)))] {
		out[k] = true
	}
	if len(r.Layers)-from-len(out) == 1 && len(out) < most { // a row that says "1 smaller" may as well be it
		for k := range r.Layers[from:] {
			out[from+k] = true
		}
	}
	return out
}

// Contents are the kinds of live files that matter, the largest first, at most as many as
// most and the rest as one. They sum up to all live files. Build tools are apart from the
// other packages of their kind.
func (r *Result) Contents(most int) []Share {
	sums := map[string]int64{}
	for _, o := range r.Owners {
		sums[o.Title()] += o.Live
	}
	for i := range r.Packages {
		if p := &r.Packages[i]; packages.BuildTool(string(p.Type) + " " + p.Name) {
			sums[p.Type.Kind().Title] -= p.Live
			sums["build tools"] += p.Live
		}
	}
	var out []Share
	for name, n := range sums {
		if n > 0 {
			out = append(out, Share{Name: strings.TrimPrefix(name, unpackaged), Live: n})
		}
	}
	slices.SortFunc(out, func(a, b Share) int { return cmp.Or(cmp.Compare(b.Live, a.Live), strings.Compare(a.Name, b.Name)) })
	keep := 0
	for keep < min(most, len(out)) && (out[keep].Live >= negligible || out[keep].Live*100 >= r.Sizes.Live) {
		keep++
	}
	rest := Share{Name: "everything else"}
	for _, s := range out[keep:] {
		rest.Live += s.Live
	}
	if out = out[:keep]; rest.Live > 0 {
		out = append(out, rest)
	}
	return out
}

const unpackaged = "unpackaged: "

// Title says in words what owns files.
func (o *Owner) Title() string {
	if o.Kind == "class" {
		return unpackaged + Class(o.Subject).Title()
	}
	return packages.Type(o.Subject).Kind().Title
}

// titles say what files of a class are.
var titles = map[Class]string{
	Bytecode: "compiled Python", VCS: "version control data", Database: "package databases", Cache: "caches", Docs: "documentation",
	Locale: "translations", TimeZones: "time zones", Tests: "tests of libraries", Stubs: "type stubs", SourceMaps: "source maps", Debug: "debug symbols", Development: "headers and static libraries", Log: "logs", Config: "files in /etc",
	App: "app files", Local: "files in /usr/local", System: "system files", State: "files in /var",
}

// Title says in words what files of the class are.
func (c Class) Title() string { return cmp.Or(titles[c], string(c)) }
