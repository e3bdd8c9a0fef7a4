package gate

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// flips gives bytes of a unit's files that are seen in one image only to the instructions
// that hide them in the other: a deletion belongs to the line that deletes. equal says that
// the unit's layers are the same, so that all of live is explained so; otherwise only lines
// that are new, gone, changed or moved are asked, and of the latter two no more is believed than
// the unit itself has gained or lost: a temporary file that grows and goes is nobody's. It
// returns what it gave away.
func (d *divider) flips(n int, live int64, equal bool) (given int64) {
	hidden := func(side int, layers []Layer, list []int) map[int]int64 {
		out := map[int]int64{}
		for _, k := range list {
			for by, bytes := range layers[k].Hidden {
				if by >= 0 && by < len(d.whose[side]) {
					out[d.whose[side][by]] += bytes
				}
			}
		}
		return out
	}
	u := &d.units[n]
	then, now := hidden(0, d.a.Layers, u.old), hidden(1, d.b.Layers, u.new)
	by := maps.Clone(then)
	maps.Copy(by, now)
	list := slices.Sorted(maps.Keys(by))
	slices.SortStableFunc(list, func(x, y int) int { return rank(d, x) - rank(d, y) })
	for _, o := range list {
		move := then[o] - now[o]
		if o < 0 || o == n || move == 0 {
			continue
		}
		other := &d.units[o]
		bound := equal
		if !equal && other.line >= 0 && d.g.was[other.line] >= 0 {
			if !d.changed(other) && !d.g.crossed(u.line, other.line) {
				continue
			}
			bound = true // of what it hid and does not hide there may be another amount now
		}
		if bound {
			if (move > 0) != (live > 0) || live == given {
				continue
			}
			if left := live - given; abs(move) > abs(left) {
				move = left
			}
		}
		given += move
		d.add(d.hider(u, other), Amounts{Live: move})
	}
	if equal && given != live { // hidden by layers of no line
		d.add(Cause{Part: Unknown, File: d.file(u), at: d.line(u), Text: "is hidden by layers of no line"}, Amounts{Live: live - given})
		given = live
	}
	return given
}

// rank puts lines that were changed first.
func rank(d *divider, n int) int {
	if n >= 0 && d.changed(&d.units[n]) {
		return 0
	}
	return 1
}

// hider is the cause that a line hides other files than before.
func (d *divider) hider(of, u *unit) Cause {
	if d.changed(u) {
		return d.cause(Yours, u)
	}
	if d.g.crossed(of.line, u.line) {
		c := d.cause(Yours, u)
		c.Text += stoodElsewhere
		return c
	}
	roots := d.g.roots(u.line)
	if r := d.choose(u, roots); r != nil {
		return *r
	}
	if first(roots, Base) != nil {
		return d.cause(Base, u)
	}
	return d.cause(Noise, u)
}

// packages takes from the difference of a unit what packages have of it whose versions are
// others than before, and tells whether there are any. What a changed file or setting pins
// is yours.
func (d *divider) packages(u *unit, roots []root, diff *Amounts) (moved bool) {
	type both struct {
		then, now []string
		was, is   Amounts
	}
	all := map[string]*both{}
	get := func(name string) *both {
		if all[name] == nil {
			all[name] = &both{}
		}
		return all[name]
	}
	for _, k := range u.old {
		for _, s := range d.a.Layers[k].Packages {
			p := get(s.Package)
			p.then, p.was = append(p.then, s.Version), p.was.plus(s.Amounts)
		}
	}
	for _, k := range u.new {
		for _, s := range d.b.Layers[k].Packages {
			p := get(s.Package)
			p.now, p.is = append(p.now, s.Version), p.is.plus(s.Amounts)
		}
	}
	pins := d.pins(roots)
	var pinned *root
	names := slices.Sorted(maps.Keys(all))
	for _, name := range names {
		p := all[name]
		slices.Sort(p.then)
		slices.Sort(p.now)
		if p.then, p.now = slices.Compact(p.then), slices.Compact(p.now); !slices.Equal(p.then, p.now) {
			if r := pins.of(name, p.then, p.now); r != nil && pinned == nil {
				pinned = r
			}
		}
	}
	for _, name := range names {
		p := all[name]
		if slices.Equal(p.then, p.now) {
			continue
		}
		c := d.cause(Packages, u)
		c.Text = strings.Join(strings.Fields(fmt.Sprintf("%s %s", name, versions(p.then, p.now))), " ")
		r := pins.of(name, p.then, p.now)
		if r == nil && (len(p.then) == 0 || len(p.now) == 0) {
			r = pinned // it came or went with what a change asked for
		}
		if r != nil {
			c = d.blame(*r)
		} else {
			moved = true
		}
		a := p.is.minus(p.was)
		d.add(c, a)
		*diff = diff.minus(a)
	}
	return moved
}

func versions(then, now []string) string {
	switch {
	case len(then) == 0:
		return strings.Join(now, ", ") + " is new"
	case len(now) == 0:
		return strings.Join(then, ", ") + " is gone"
	}
	return strings.Join(then, ", ") + " → " + strings.Join(now, ", ")
}

// remainder gives what packages do not explain of an unchanged instruction to what it stands
// on.
func (d *divider) remainder(u *unit, roots []root, moved bool, diff Amounts) {
	if c := d.choose(u, roots); c != nil {
		d.add(*c, diff)
		return
	}
	l := &d.g.after.Lines[u.line]
	switch {
	case moved:
		c := d.cause(Packages, u)
		c.Text = "what the package manager writes besides, of " + l.Text
		d.add(c, diff)
	case first(roots, Base) != nil:
		part := Base
		if d.a.Source == nil && !d.sameBase() {
			part = Unknown
		}
		d.add(d.cause(part, u), diff)
	case first(roots, Packages) != nil:
		d.add(d.drifted(u, first(roots, Packages)), diff)
	case d.reordered(u, diff):
	case d.foreign(u.line):
		d.add(d.cause(Unknown, u), diff)
	default:
		d.add(d.cause(Noise, u), diff)
	}
}

// foreign tells whether an instruction may have had other inputs, of which nothing is known:
// stages and files that are in no layer.
func (d *divider) foreign(n int) bool {
	if d.a.Source != nil && d.g.before.Known && d.g.after.Known {
		return false
	}
	l := &d.g.after.Lines[n]
	if len(l.Takes) > 0 && (!d.g.before.Known || !d.g.after.Known) {
		return true
	}
	return d.a.Source == nil && slices.ContainsFunc(l.Needs, func(i int) bool {
		return len(d.g.after.Lines[i].Layers) == 0 && d.g.after.Lines[i].Keyword != "FROM" && d.g.after.Lines[i].Keyword != "WORKDIR"
	})
}

// choose is the one of several reasons of yours that is blamed: the nearest; of several as
// near the one that the instruction names, else the instruction itself. It is nil if none
// is yours.
func (d *divider) choose(u *unit, roots []root) *Cause {
	var near []root
	for _, r := range roots {
		if r.part == Yours && (len(near) == 0 || r.near == near[0].near) {
			near = append(near, r)
		}
	}
	if len(near) == 0 {
		return nil
	}
	pick := near[0]
	if len(near) > 1 {
		var named []root
		for _, r := range near {
			if r.named {
				named = append(named, r)
			}
		}
		if len(named) == 0 {
			c := d.cause(Yours, u)
			var list []string
			for _, r := range near[:min(3, len(near))] {
				c := d.blame(r)
				list = append(list, c.label())
			}
			if more := len(near) - len(list); more > 0 {
				list = append(list, fmt.Sprintf("%d more", more))
			}
			c.Text += ", for which these changed: " + strings.Join(list, ", ")
			return &c
		}
		pick = named[0]
	}
	c := d.blame(pick)
	if pick.at != u.line {
		c.Text += fmt.Sprintf("; line %d (%s) makes something else of it", d.g.after.Lines[u.line].Line, clip(d.g.after.Lines[u.line].Text))
	}
	return &c
}

// label is a cause in a list.
func (c *Cause) label() string {
	if c.at > 0 {
		return fmt.Sprintf("line %d", c.at)
	}
	return c.File
}

// blame is the cause that a reason is.
func (d *divider) blame(r root) Cause {
	if r.at < 0 {
		return Cause{Part: r.part, File: d.context(r.file), Text: r.text}
	}
	l := &d.g.after.Lines[r.at]
	text := l.Text
	switch {
	case strings.HasPrefix(r.text, "removed: "):
		text = r.text
	case strings.HasPrefix(r.text, "was "), r.text == handed:
		text += " (" + r.text + ")"
	}
	return Cause{Part: r.part, File: d.g.after.Dockerfile, at: l.Line, Text: text}
}

// cause is a unit's own line.
func (d *divider) cause(part string, u *unit) Cause {
	c := Cause{Part: part, File: d.file(u), at: d.line(u)}
	if u.line < 0 {
		c.Text = "removed: " + d.g.before.Lines[u.gone].Text
		return c
	}
	c.Text = d.g.after.Lines[u.line].Text
	if part == Yours && d.g.handed[u.line] {
		c.Text += " (" + handed + ")"
	} else if part == Yours && d.g.was[u.line] >= 0 && !d.g.same[u.line] {
		if was := d.g.before.Lines[d.g.was[u.line]].Text; was != c.Text {
			c.Text += " (was " + quote(was) + ")"
		}
	}
	return c
}

func clip(text string) string {
	const most = 60
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

func (d *divider) file(*unit) string {
	if d.g == nil {
		return ""
	}
	return d.g.after.Dockerfile
}

func (d *divider) line(u *unit) int {
	if u.line < 0 {
		return d.g.after.Lines[d.g.where(u.gone)].Line
	}
	return d.g.after.Lines[u.line].Line
}

// context is where a file of the build context lies.
func (d *divider) context(file string) string { return path.Join(d.g.after.Context, file) }

// rest is what layers of no unit make: those that no line is known of.
func (d *divider) rest() {
	var diff Amounts
	for side, layers := range [][]Layer{d.a.Layers, d.b.Layers} {
		for k := range layers {
			if d.whose[side][k] >= 0 {
				continue
			}
			if side == 0 {
				diff = diff.minus(layers[k].Amounts)
			} else {
				diff = diff.plus(layers[k].Amounts)
			}
		}
	}
	file := ""
	if d.b.Source != nil {
		file = d.b.Source.Dockerfile
	}
	d.add(Cause{Part: Unknown, File: file, Text: "layers that no line of a Dockerfile is known of"}, diff)
}

// metadata is what manifest and configuration make: yours where an instruction changed,
// else the base's where that moved; their digits otherwise vary with times.
func (d *divider) metadata() {
	n := d.b.Metadata - d.a.Metadata
	if n == 0 {
		return
	}
	c := Cause{Part: Noise, Text: "manifest and configuration"}
	if d.g == nil {
		c.Part = Unknown
	} else {
		c.File = d.g.after.Dockerfile
		if line, ok := d.edited(); ok {
			c.Part, c.at = Yours, line
		} else if d.baseMoved() {
			c.Part = Base
		}
	}
	d.add(c, Amounts{Transfer: known(n)})
}

// edited is the first line of the Dockerfile that was changed.
func (d *divider) edited() (line int, ok bool) {
	for n := range d.g.after.Lines {
		if d.g.was[n] < 0 || !d.g.same[n] {
			return d.g.after.Lines[n].Line, true
		}
	}
	for _, i := range d.g.gone {
		return d.g.after.Lines[d.g.where(i)].Line, true
	}
	return 0, false
}

func (d *divider) baseMoved() bool {
	for n := range d.g.after.Lines {
		if l := &d.g.after.Lines[n]; l.Keyword == "FROM" && d.g.was[n] >= 0 && len(l.Layers) > 0 && d.g.moved(n) {
			return true
		}
	}
	return false
}
