package advice

import (
	"strings"

	"tare/internal/tree"
)

// hidden groups the parts that were hidden in a way by the layer that hid them. What the
// base hides of itself is left out, and what a layer holds twice.
func (l *Ledger) hidden(is func(*Part) bool) []group {
	at := map[int]int{}
	var out []group
	for i := range l.Parts {
		p := &l.Parts[i]
		if p.Fate == tree.Live || p.By == p.Layer || l.Layers[p.By].Base != "" || !is(p) {
			continue
		}
		n, ok := at[p.By]
		if !ok {
			n = len(out)
			at[p.By] = n
			out = append(out, group{layer: p.By})
		}
		out[n].parts = append(out[n].parts, p)
	}
	return out
}

// stays makes a finding of bytes that a layer hides and that stay in the layers that wrote
// them: those of the base are counted apart, since they stay in any case.
func (l *Ledger) stays(g group, say func(what string) string, fix string) []Finding {
	var own, base []*Part
	for _, p := range g.parts {
		if l.Layers[p.Layer].Base != "" {
			base = append(base, p)
		} else {
			own = append(own, p)
		}
	}
	var out []Finding
	if sumOf(own).Tar > 0 {
		f := l.finding(g.layer, own)
		from, one := l.from(own)
		f.Other, f.Text, f.Fix = one, say(amount(own)+" from "+from+example(own)), fix
		out = append(out, f)
	}
	if n := sumOf(base).Tar; n > 0 {
		f := l.finding(g.layer, nil)
		from, _ := l.from(base)
		f.Severity, f.Base = Note, n
		f.Text, f.Fix = say(amount(base)+" from "+from+example(base)), "this frees nothing: use a smaller base, or copy what is needed into a stage that starts from scratch"
		out = append(out, f)
	}
	return out
}

// deleted tells whether a part was deleted, in whatever way.
func deleted(c tree.Class) bool {
	return c == tree.DeletedFile || c == tree.DeletedDir || c == tree.Opaque
}

// nameOf is the name in a package's key.
func nameOf(owner string) string {
	_, name, _ := strings.Cut(owner, " ")
	return name
}
