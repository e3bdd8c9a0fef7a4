package gate

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/containerd/platforms"

	"tare/internal/image"
	"tare/internal/weigh"
)

func platform(i *image.Image) string { return platforms.Format(i.Platform()) }

// sorted are shares with their amounts, the packages by name.
func sorted(m map[Share]Amounts) (out []Share) {
	for s, a := range m {
		s.Amounts = a
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Share) int {
		return cmp.Or(strings.Compare(a.Package, b.Package), strings.Compare(a.Version, b.Version))
	})
	return out
}

// unit is a part of an image that came about together: the layers of an instruction.
type unit struct {
	line     int   // index of after's instruction; -1 if it is only in before
	gone     int   // index of before's instruction; -1 if it is in after
	old, new []int // layers
}

// Divide divides the difference of two images into parts and causes: see Delta. The sums
// are exact; a breach is a *weigh.BrokenError.
func Divide(before, after *Subject) (*Delta, []Cause, error) {
	d := &divider{a: before, b: after, causes: map[Cause]Amounts{}}
	d.divide()
	total := Amounts{after.Sizes.Tar - before.Sizes.Tar, after.Sizes.Transfer.Minus(before.Sizes.Transfer), after.Sizes.Live - before.Sizes.Live}
	out := &Delta{Total: total}
	for _, p := range []*Amounts{&out.Yours, &out.Base, &out.Packages, &out.Noise, &out.Unknown} {
		if !total.Transfer.Known() {
			p.Transfer = total.Transfer
		}
	}
	var list []Cause
	for c, a := range d.causes {
		if !total.Transfer.Known() {
			a.Transfer = total.Transfer
		} else if a.none() {
			continue
		}
		if a.Tar == 0 && a.Live == 0 && a.Transfer.Or(0) == 0 {
			continue
		}
		c.Amounts = a
		if c.at > 0 {
			n := c.at
			c.Line, c.at = &n, 0
		}
		list = append(list, c)
		p := out.part(c.Part)
		*p = p.plus(a)
	}
	slices.SortFunc(list, func(x, y Cause) int {
		return cmp.Or(cmp.Compare(y.weight(), x.weight()), strings.Compare(x.Part, y.Part), strings.Compare(x.File, y.File), cmp.Compare(x.line(), y.line()), strings.Compare(x.Text, y.Text))
	})
	sum := out.Yours.plus(out.Base).plus(out.Packages).plus(out.Noise).plus(out.Unknown)
	if sum != total {
		return nil, nil, &weigh.BrokenError{Text: fmt.Sprintf("the parts of %s sum up to %+v, not %+v", after.Name, sum, total)}
	}
	if list == nil {
		list = []Cause{}
	}
	return out, list, nil
}

// part is the part of a name.
func (d *Delta) part(name string) *Amounts {
	switch name {
	case Yours:
		return &d.Yours
	case Base:
		return &d.Base
	case Packages:
		return &d.Packages
	case Noise:
		return &d.Noise
	}
	return &d.Unknown
}

func (c *Cause) weight() int64 {
	return max(abs(c.Tar), abs(c.Transfer.Or(0)), abs(c.Live))
}

func (c *Cause) line() int {
	if c.Line == nil {
		return 0
	}
	return *c.Line
}

func abs(n int64) int64 { return max(n, -n) }

// divider divides the difference of two images.
type divider struct {
	a, b   *Subject
	g      *graph // nil where after's Dockerfile is not known
	units  []unit
	causes map[Cause]Amounts // by part, file, line and text
	whose  [2][]int          // of before's and after's layers: the unit
}

func (d *divider) add(c Cause, a Amounts) {
	if a != (Amounts{}) {
		d.causes[c] = d.causes[c].plus(a)
	}
}

func (d *divider) divide() {
	d.align()
	for n := range d.units {
		d.unit(n)
	}
	d.rest()
	d.metadata()
}

// align makes the units.
func (d *divider) align() {
	d.whose[0], d.whose[1] = slices.Repeat([]int{-1}, len(d.a.Layers)), slices.Repeat([]int{-1}, len(d.b.Layers))
	after := d.b.Source
	if after == nil {
		return
	}
	before := d.a.Source
	if before == nil {
		if before = reconstruct(d.a, after); before == nil {
			return
		}
	}
	g := &graph{before: before, after: after, a: d.a, b: d.b, stages: stagesLike(before, after), own: map[int][]root{}, handed: map[int]bool{}}
	g.stages[-1] = -1 // what stands before the first FROM
	g.pairs = pair(before.Lines, after.Lines, g.stages)
	g.arguments()
	d.g = g
	for n := range after.Lines {
		u := unit{line: n, gone: -1, new: after.Lines[n].Layers}
		if i := g.was[n]; i >= 0 {
			u.old = before.Lines[i].Layers
		}
		d.unite(u)
	}
	for _, i := range g.gone {
		d.unite(unit{line: -1, gone: i, old: before.Lines[i].Layers})
	}
}

func (d *divider) unite(u unit) {
	if len(u.old) == 0 && len(u.new) == 0 {
		return
	}
	for side, list := range [][]int{u.old, u.new} {
		for _, k := range list {
			if k < len(d.whose[side]) {
				d.whose[side][k] = len(d.units)
			}
		}
	}
	d.units = append(d.units, u)
}

// arguments takes an ARG for a changed one that was given another value.
func (g *graph) arguments() {
	if g.before.guessed {
		return
	}
	for n := range g.after.Lines {
		l := &g.after.Lines[n]
		if l.Keyword != "ARG" {
			continue
		}
		for _, name := range variables(l.Text) {
			then, had := g.before.Args[name]
			now, has := g.after.Args[name]
			if (then != now || had != has) && g.same[n] {
				g.same[n], g.handed[n] = false, true
			}
		}
	}
}

// changed tells whether a unit's instruction is new, gone or another one.
func (d *divider) changed(u *unit) bool {
	return u.line < 0 || d.g.was[u.line] < 0 || !d.g.same[u.line]
}

// unit divides the difference of one unit.
func (d *divider) unit(n int) {
	u := &d.units[n]
	diff := sumOf(d.b.Layers, u.new).minus(sumOf(d.a.Layers, u.old))
	if d.equal(u) {
		live := diff.Live
		diff.Live = 0
		d.add(Cause{Part: Noise, File: d.file(u), at: d.line(u), Text: "compressed differently"}, diff)
		d.flips(n, live, true)
		return
	}
	diff.Live -= d.flips(n, diff.Live-d.drift(u), false)
	if d.changed(u) {
		d.add(d.cause(Yours, u), diff)
		return
	}
	l := &d.g.after.Lines[u.line]
	roots := d.g.roots(u.line)
	if l.copies() || l.Keyword == "FROM" {
		d.plain(u, l, roots, diff)
		return
	}
	moved := d.packages(u, roots, &diff)
	d.remainder(u, roots, moved, diff)
}

// plain divides the difference of a FROM, or of a COPY that takes nothing but files of the
// context.
func (d *divider) plain(u *unit, l *Line, roots []root, diff Amounts) {
	if l.Keyword == "FROM" {
		for _, r := range roots {
			if r.part == Yours {
				d.add(d.blame(r), diff)
				return
			}
		}
		part := Base
		switch {
		case d.a.Source == nil && !d.sameBase():
			part = Unknown // its FROM may have been another one
		case d.a.Source != nil && !d.g.moved(u.line):
			part = Noise // what a trigger of the same base made
		}
		c := d.cause(part, u)
		if part != Noise {
			c.Text += " " + moved(l)
		}
		d.add(c, diff)
		return
	}
	rest := d.copied(u, roots, diff)
	if yours := first(roots, Yours); yours != nil {
		d.add(d.blame(*yours), rest)
		return
	}
	part := Noise
	if !d.g.before.Known || !d.g.after.Known {
		part = Yours // a COPY of the context has no other inputs
	}
	d.add(d.cause(part, u), rest)
}

// BaseLabel is the label that names the base image.
const BaseLabel = "org.opencontainers.image.base.name"

// sameBase tells whether both images say that they stand on the same base.
func (d *divider) sameBase() bool { return d.a.Base != "" && d.a.Base == d.b.Base }

func first(roots []root, part string) *root {
	for n := range roots {
		if roots[n].part == part {
			return &roots[n]
		}
	}
	return nil
}

// copied divides the difference of a copied layer by its files, as far as these are files of
// the context that changed, and returns what is left.
func (d *divider) copied(u *unit, roots []root, diff Amounts) Amounts {
	by := map[string][]string{} // by base name
	note := func(f string) { by[path.Base(f)] = append(by[path.Base(f)], f) }
	said := map[string]string{}
	for _, r := range roots {
		if r.file != "" {
			said[r.file] = r.text
			note(r.file)
		}
	}
	// Files of which no reason is known: before's are not known, or they are in no commit.
	any := d.g.before.guessed || !d.g.before.Known
	for _, s := range []*Source{d.g.before, d.g.after} {
		for f := range s.Files {
			if said[f] == "" && (any || repository(f) || d.g.ignored(f)) {
				note(f)
			}
		}
	}
	if len(by) == 0 || len(u.old) != 1 || len(u.new) != 1 {
		return diff
	}
	for _, list := range by {
		slices.Sort(list)
	}
	old, new := d.a.Layers[u.old[0]].Entries, d.b.Layers[u.new[0]].Entries
	take := func(p string, a Amounts) {
		if a == (Amounts{}) || !a.Transfer.Known() && diff.Transfer.Known() {
			return
		}
		f := nearest(p, by[path.Base(p)])
		if f == "" {
			return
		}
		c := Cause{Part: Yours, File: d.context(f), Text: cmp.Or(said[f], "changed")}
		switch {
		case repository(p) || repository(f):
			c = Cause{Part: Noise, File: d.file(u), at: d.line(u), Text: "copies the repository itself (.git), which every commit changes"}
		case said[f] == "" && d.g.ignored(f) && d.g.before.Rebuilt:
			c = Cause{Part: Noise, File: d.file(u), at: d.line(u), Text: "copies files that are in no commit, since git ignores them"}
		}
		d.add(c, a)
		diff = diff.minus(a)
	}
	for p, a := range new {
		take(p, a.minus(old[p].Amounts))
	}
	for p, a := range old {
		if _, has := new[p]; !has {
			take(p, Amounts{}.minus(a.Amounts))
		}
	}
	return diff
}

// nearest is the file of a context that was copied to a path: the one that has most of it.
func nearest(p string, files []string) (best string) {
	most := -1
	for _, f := range files {
		a, b := strings.Split(p, "/"), strings.Split(f, "/")
		n := 0
		for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
			n++
		}
		if n > most {
			best, most = f, n
		}
	}
	return best
}

func sumOf(layers []Layer, list []int) (out Amounts) {
	for _, k := range list {
		out = out.plus(layers[k].Amounts)
	}
	return out
}

// equal tells whether the layers of a unit are the same on both sides.
func (d *divider) equal(u *unit) bool {
	return slices.EqualFunc(u.old, u.new, func(i, j int) bool { return d.a.Layers[i].DiffID == d.b.Layers[j].DiffID })
}
