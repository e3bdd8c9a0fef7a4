package gate

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"tare/internal/profile"
)

// root is why an instruction that is the same made something else.
type root struct {
	part string // Yours, Packages or Base
	// at is the instruction that was changed, or whose image moved; -1 for a file.
	at   int
	file string // path in the context
	text string // what happened
	near int    // instructions between it and what it changed
	// named says that the instruction's text names it.
	named bool
}

// graph follows what instructions stand on.
type graph struct {
	before, after *Source
	a, b          *Subject // before and after
	*pairs
	stages map[int]int
	own    map[int][]root // by index of after's lines
	handed map[int]bool   // ARGs that are the same, and were given another value
}

// roots are the reasons why an instruction of after may have made something else than
// before, the nearest first: changed instructions, files and images on which it stands. There
// are none where all of these are the same. What a COPY makes depends on what it takes, not
// on what is below.
func (g *graph) roots(n int) (out []root) {
	seen := map[int]bool{n: true}
	for at, near := []int{n}, 0; len(at) > 0; near++ {
		var next []int
		for _, i := range at {
			l := &g.after.Lines[i]
			var stands []int
			if i == n || !g.settled(i) {
				out = g.collect(out, i, n, near)
				stands = l.Needs
			}
			if l.Below >= 0 && (i != n || l.Keyword != "COPY" && l.Keyword != "ADD" && l.Keyword != "WORKDIR") {
				stands = append(slices.Clone(stands), l.Below)
			}
			for _, d := range stands {
				if d < len(g.after.Lines) && !seen[d] {
					seen[d] = true
					next = append(next, d)
				}
			}
		}
		at = next
	}
	return append(out, g.removed(n)...)
}

// collect adds the reasons that lie in instruction i to those for n.
func (g *graph) collect(out []root, i, n, near int) []root {
	if i != n && !slices.Contains(works, g.after.Lines[i].Keyword) {
		return out
	}
	for _, r := range g.itself(i) {
		if i == n && r.at == n && r.part == Yours {
			continue // that it was changed itself is known
		}
		r.near = near
		r.named = r.named && i == n || r.file != "" && mentions(g.after.Lines[n].words(), r.file)
		if !slices.ContainsFunc(out, func(o root) bool { return o.part == r.part && o.at == r.at && o.file == r.file }) {
			out = append(out, r)
		}
	}
	return out
}

// settled tells whether what an instruction made is proven to be the same, by its layers.
func (g *graph) settled(n int) bool {
	if g.was[n] < 0 {
		return false
	}
	old, new := g.before.Lines[g.was[n]].Layers, g.after.Lines[n].Layers
	if len(new) == 0 || len(old) != len(new) {
		return false
	}
	for i := range new {
		if g.a.Layers[old[i]].DiffID != g.b.Layers[new[i]].DiffID {
			return false
		}
	}
	return true
}

// itself are the reasons that lie in an instruction itself and in what it takes.
func (g *graph) itself(n int) []root {
	if list, ok := g.own[n]; ok {
		return list
	}
	var out []root
	l := &g.after.Lines[n]
	switch {
	case g.was[n] < 0:
		out = append(out, root{part: Yours, at: n, text: "is new"})
	case g.handed[n]:
		out = append(out, root{part: Yours, at: n, text: handed})
	case !g.same[n]:
		out = append(out, root{part: Yours, at: n, text: "was " + quote(g.before.Lines[g.was[n]].Text)})
	}
	out = append(out, g.settings(n)...)
	out = append(out, g.files(n)...)
	if g.was[n] >= 0 && g.moved(n) {
		out = append(out, root{part: Base, at: n, text: moved(l)})
	}
	if text := g.others(n); text != "" {
		out = append(out, root{part: Packages, at: n, text: text})
	}
	g.own[n] = out
	return out
}

// handed says of an ARG that it is the same and was given another value; which one is said
// by nobody, since it may be a secret.
const handed = "was given another value"

// works are instructions whose results others read.
var works = []string{"FROM", "RUN", "COPY", "ADD", "WORKDIR"}

// files are the changed files that an instruction takes of the context.
func (g *graph) files(n int) (out []root) {
	if !g.after.Known {
		return nil
	}
	if !g.before.Known {
		return g.contents(n)
	}
	seen := map[string]bool{}
	for _, t := range g.after.Lines[n].Takes {
		then, now := profile.Taken(t, g.before.Files), profile.Taken(t, g.after.Files)
		for _, p := range slices.Concat(now, then) {
			if seen[p] {
				continue
			}
			seen[p] = true
			_, had := slices.BinarySearch(then, p)
			_, has := slices.BinarySearch(now, p)
			if text := differs(g.before.Files[p], g.after.Files[p], had, has); text != "" && !repository(p) && (had || !g.ignored(p)) {
				out = append(out, root{part: Yours, at: -1, file: p, text: text})
			}
		}
	}
	return out
}

// contents are the files that a COPY took and that have another content in its layer than
// before: all that is known where before's files are not.
func (g *graph) contents(n int) (out []root) {
	l := &g.after.Lines[n]
	if g.was[n] < 0 || !l.copies() || g.settled(n) {
		return nil
	}
	then := g.before.Lines[g.was[n]].Layers
	if len(then) != 1 || len(l.Layers) != 1 {
		return nil
	}
	by := map[string][]string{}
	for _, t := range l.Takes {
		for _, p := range profile.Taken(t, g.after.Files) {
			by[path.Base(p)] = append(by[path.Base(p)], p)
		}
	}
	old, new := g.a.Layers[then[0]].Entries, g.b.Layers[l.Layers[0]].Entries
	for _, p := range slices.Sorted(maps.Keys(new)) {
		a, b := old[p], new[p]
		if a.Sum == b.Sum || repository(p) {
			continue
		}
		if f := nearest(p, by[path.Base(p)]); f != "" && !slices.ContainsFunc(out, func(r root) bool { return r.file == f }) {
			out = append(out, root{part: Yours, at: -1, file: f, text: "changed"})
		}
	}
	return out
}

// repository tells whether a file is the repository's own: every commit changes those,
// whatever it is about.
func repository(p string) bool { return slices.Contains(strings.Split(p, "/"), ".git") }

// ignored tells whether a file is in no commit: what before had of it is not known from one.
func (g *graph) ignored(p string) bool {
	return slices.ContainsFunc(g.after.Ignored, func(i string) bool {
		return i == p || strings.HasSuffix(i, "/") && strings.HasPrefix(p, i)
	})
}

// differs says what happened to a file; "" if it is the same as git sees it. Directories
// change with what is in them.
func differs(then, now profile.File, had, has bool) string {
	a, b := fs.FileMode(then.Mode), fs.FileMode(now.Mode)
	switch {
	case had && a.IsDir() && (!has || b.IsDir()), has && b.IsDir() && !had:
		return ""
	case !had:
		return "is new"
	case !has:
		return "is gone"
	case a.Type() != b.Type(), then.Link != now.Link:
		return "is of another kind"
	case then.Sum != now.Sum || then.Size != now.Size:
		return "changed"
	case a&0o100 != b&0o100:
		return "has another mode"
	}
	return ""
}

// moved tells whether an image that an instruction names is another one than before: by
// the digests, where both are known, else by the layers.
func (g *graph) moved(n int) bool {
	old, new := &g.before.Lines[g.was[n]], &g.after.Lines[n]
	known := func(list []string) bool {
		return len(list) > 0 && !slices.ContainsFunc(list, func(s string) bool { return !strings.Contains(s, "@") })
	}
	if new.Keyword == "FROM" && len(new.Layers) > 0 { // the triggers of the base (ONBUILD) are among its layers
		return !g.settled(n) && (!known(old.Images) || !slices.Equal(old.Images, new.Images))
	}
	if len(new.Images) == 0 {
		return false
	}
	if known(old.Images) && known(new.Images) {
		return !slices.Equal(old.Images, new.Images)
	}
	return g.before.guessed || !known(old.Images) // it may be
}

func moved(l *Line) string {
	if l.Keyword == "FROM" {
		return "has other layers"
	}
	return "takes files of an image that may be another one"
}

// where is the instruction of after in whose place one of before stood: the one before it,
// else the first of the stage.
func (g *graph) where(i int) int {
	for k := i - 1; k >= 0; k-- {
		if j, ok := g.next[k]; ok && g.before.Lines[k].Stage == g.before.Lines[i].Stage {
			return j
		}
	}
	for j := range g.after.Lines {
		if s, ok := g.stages[g.after.Lines[j].Stage]; ok && s == g.before.Lines[i].Stage {
			return j
		}
	}
	return 0
}

// mentions tells whether a text names a file.
func mentions(text, file string) bool { return strings.Contains(text, path.Base(file)) }

func quote(text string) string {
	const most = 120
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return fmt.Sprintf("%q", text)
}
