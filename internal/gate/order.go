package gate

import (
	"fmt"
	"slices"
	"strings"
)

// removed are the instructions that are gone and on whose results instruction n stood.
func (g *graph) removed(n int) (out []root) {
	if g.was[n] < 0 || g.after.Lines[n].Keyword == "WORKDIR" {
		return nil
	}
	for i, near := range g.before.below(g.was[n]) {
		s := &g.before.Lines[i]
		if _, stays := g.next[i]; stays || !slices.Contains([]string{"RUN", "COPY", "ADD"}, s.Keyword) {
			continue
		}
		out = append(out, root{part: Yours, at: g.where(i), text: "removed: " + s.Text, near: near, named: false})
	}
	slices.SortFunc(out, func(a, b root) int {
		if a.near != b.near {
			return a.near - b.near
		}
		return strings.Compare(a.text, b.text)
	})
	return out
}

// below are the instructions on whose results one stands, with how many are between them. What
// a COPY makes depends on what it takes, not on what is below.
func (s *Source) below(n int) map[int]int {
	out := map[int]int{}
	if s.guessed { // a history is a list
		for i := range n {
			if l := &s.Lines[i]; l.Stage == s.Lines[n].Stage && !copying(s.Lines[n].Keyword) && l.Keyword != "FROM" {
				out[i] = n - i
			}
		}
		return out
	}
	for at, near := []int{n}, 1; len(at) > 0; near++ {
		var next []int
		for _, i := range at {
			l := &s.Lines[i]
			stands := slices.Clone(l.Needs)
			if l.Below >= 0 && (i != n || !copying(l.Keyword)) {
				stands = append(stands, l.Below)
			}
			for _, d := range stands {
				if _, seen := out[d]; !seen && d != n && d < len(s.Lines) {
					out[d] = near
					next = append(next, d)
				}
			}
		}
		at = next
	}
	return out
}

// copying tells whether instructions of a keyword make the same of the same inputs, whatever
// they stand on.
func copying(keyword string) bool {
	return keyword == "COPY" || keyword == "ADD" || keyword == "WORKDIR"
}

// passed is the instruction that was moved from below to above instruction n, or the other
// way: its results are not inputs of n any more, or are now. If n is the one that moved it is
// n; -1 if none did. All of them are the same as before.
func (g *graph) passed(n int) int {
	if g.was[n] < 0 {
		return -1
	}
	then, now := g.before.below(g.was[n]), g.after.below(n)
	for i := range g.after.Lines {
		if i == n || g.was[i] < 0 || !slices.Contains([]string{"RUN", "COPY", "ADD"}, g.after.Lines[i].Keyword) {
			continue
		}
		_, had := then[g.was[i]]
		_, has := now[i]
		switch {
		case had == has:
		case g.shifted[i]:
			return i
		case g.shifted[n]:
			return n
		}
	}
	return -1
}

// crossed tells whether two instructions have changed places.
func (g *graph) crossed(n, o int) bool {
	return n >= 0 && o >= 0 && g.was[n] >= 0 && g.was[o] >= 0 && (g.was[n] < g.was[o]) != (n < o) && (g.shifted[n] || g.shifted[o])
}

// others says what an instruction that is the same has fetched or installed otherwise than
// before; "" if it has not, or if that is not known.
func (g *graph) others(n int) string {
	l := &g.after.Lines[n]
	if g.was[n] < 0 || !g.same[n] || len(l.Layers) == 0 || g.settled(n) {
		return ""
	}
	if len(l.Fetches) > 0 {
		return "what it fetches is not what it was"
	}
	versions := func(layers []Layer, list []int) (out []string) {
		for _, k := range list {
			for _, s := range layers[k].Packages {
				out = append(out, s.Package+" "+s.Version)
			}
		}
		slices.Sort(out)
		return out
	}
	if l.Keyword == "RUN" && !slices.Equal(versions(g.a.Layers, g.before.Lines[g.was[n]].Layers), versions(g.b.Layers, l.Layers)) {
		return "packages of it have other versions"
	}
	return ""
}

// drifted is the cause that an instruction, or one on which it stands, fetched or installed
// otherwise than before.
func (d *divider) drifted(u *unit, r *root) Cause {
	c := d.cause(Packages, u)
	if r.at == u.line {
		c.Text += ": " + r.text
	} else {
		c.Text += fmt.Sprintf(", on line %d: %s", d.g.after.Lines[r.at].Line, r.text)
	}
	return c
}

// stoodElsewhere follows the text of an instruction that was moved past another one.
const stoodElsewhere = " (it was moved)"

// reordered gives the difference of an instruction that nothing else explains to the move of
// it, or of one on which it stood. Where it wrote as many bytes as before, the order made no
// difference: to move a line is not to change it.
func (d *divider) reordered(u *unit, diff Amounts) bool {
	i := d.g.passed(u.line)
	if i < 0 || diff.Tar == 0 && diff.Live == 0 {
		return false
	}
	l := &d.g.after.Lines[i]
	c := Cause{Part: Yours, File: d.file(u), at: l.Line, Text: l.Text + stoodElsewhere}
	if i != u.line {
		c.Text += fmt.Sprintf("; line %d (%s) makes something else of it", d.line(u), clip(d.g.after.Lines[u.line].Text))
	}
	d.add(c, diff)
	return true
}

// drift are the bytes that a unit has gained in live by packages whose versions are others than
// before: no line that deletes something else has brought them to light.
func (d *divider) drift(u *unit) (live int64) {
	type both struct {
		then, now []string
		live      int64
	}
	all := map[string]*both{}
	take := func(s *Share, sign int64) *both {
		p := all[s.Package]
		if p == nil {
			p = &both{}
			all[s.Package] = p
		}
		p.live += sign * s.Live
		return p
	}
	for _, k := range u.old {
		for i := range d.a.Layers[k].Packages {
			s := &d.a.Layers[k].Packages[i]
			p := take(s, -1)
			p.then = append(p.then, s.Version)
		}
	}
	for _, k := range u.new {
		for i := range d.b.Layers[k].Packages {
			s := &d.b.Layers[k].Packages[i]
			p := take(s, 1)
			p.now = append(p.now, s.Version)
		}
	}
	for _, p := range all {
		slices.Sort(p.then)
		slices.Sort(p.now)
		if !slices.Equal(slices.Compact(p.then), slices.Compact(p.now)) {
			live += p.live
		}
	}
	return live
}
