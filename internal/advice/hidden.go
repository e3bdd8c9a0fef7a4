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
// them: those of the base are counted apart, since nothing frees them.
func (l *Ledger) stays(g group, verb, stay, fix string) []Finding {
	var own, base []*Part
	for _, p := range g.parts {
		if l.Layers[p.Layer].Base != "" {
			base = append(base, p)
		} else {
			own = append(own, p)
		}
	}
	what := func(parts []*Part) (string, int) {
		from, one := l.from(parts)
		return verb + " " + amount(parts) + " from " + from + example(parts), one
	}
	var out []Finding
	if sumOf(own).Tar > 0 {
		f := l.finding(g.layer, own)
		f.Text, f.Other = what(own)
		f.Text, f.Fix = f.Text+", "+stay, fix
		out = append(out, f)
	}
	if n := sumOf(base).Tar; n > 0 {
		f := l.finding(g.layer, nil)
		f.Severity, f.Base = Note, n
		f.Text, _ = what(base)
		f.Text += ", which frees nothing"
		f.Fix = "use a smaller base, or copy what is needed into a stage that starts from scratch"
		out = append(out, f)
	}
	return out
}

// brought tells whether a COPY or ADD brought what layer k holds: k is one, or holds only
// copies that a chown or the like made of what one brought.
func (l *Ledger) brought(k int) bool {
	if l.copies(k) {
		return true
	}
	var files, copied int64
	from := map[int]bool{}
	for i := range l.Parts {
		p := &l.Parts[i]
		if p.Layer == k {
			files += p.Files
		}
		if p.By == k && p.Layer != k && p.Fate == tree.MetadataOnly {
			copied += p.Files
			from[p.Layer] = true
		}
	}
	if copied == 0 || copied != files {
		return false
	}
	for layer := range from {
		if l.Layers[layer].Base != "" || !l.brought(layer) {
			return false
		}
	}
	return true
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
