package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tare/internal/compare"
	"tare/internal/packages"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// group is a package with what it pulled in.
type group struct {
	root   string // key; or the subject of a cause that is no package
	kind   string
	more   int // packages pulled in
	bytes  int64
	change string
}

// groups puts packages that came or went together under the one that pulled them in.
func groups(causes []compare.Cause) []group {
	at := map[string]int{}
	var out []group
	add := func(root string, c compare.Cause) *group {
		id := c.Kind + "\x00" + root + "\x00" + c.Change
		n, ok := at[id]
		if !ok {
			n = len(out)
			at[id] = n
			out = append(out, group{root: root, kind: c.Kind, change: c.Change})
		}
		return &out[n]
	}
	for _, c := range causes {
		root := c.Subject
		if c.Via != "" {
			root = c.Via
		}
		g := add(root, c)
		g.bytes += c.Bytes
		if c.Via != "" {
			g.more++
		}
	}
	slices.SortStableFunc(out, func(a, b group) int { return cmp.Compare(abs(b.bytes), abs(a.bytes)) })
	return out
}

func abs(n int64) int64 { return max(n, -n) }

func (g *group) String() string {
	name := g.root
	if g.kind == "package" {
		_, name, _ = strings.Cut(g.root, " ")
		if g.more > 0 {
			return fmt.Sprintf("%s and the %s that it pulls in", name, units.Plural(g.more, "package"))
		}
		return name
	}
	switch g.kind {
	case "base":
		return "the distribution " + name
	case "waste":
		return "waste (" + name + ")"
	case "overhead", "metadata", "compression", "links", "blocks", "blobs", "duplicate":
		return name
	}
	return name + " files that no package owns"
}

// pair explains one difference in what a container sees.
func (w *writer) pair(d *compare.Difference) {
	a, b := d.Ends()
	from, to := &w.r.Images[a], &w.r.Images[b]
	if d.Total == 0 && len(d.Causes) == 0 {
		w.say(compare.Sentence{Text: fmt.Sprintf("%s and %s hold the same, byte for byte, as far as a container can see (live %s).", d.From, d.To, units.Bytes(from.Sizes.Live)),
			Evidence: []compare.Evidence{{What: "difference of live", From: d.From, To: d.To, Measure: "live", Value: 0}}})
		return
	}
	word := "larger"
	if d.Total < 0 {
		word = "smaller"
	}
	wire := to.Sizes.Transfer - from.Sizes.Transfer
	w.say(compare.Sentence{
		Text: fmt.Sprintf("%s is %s %s than %s in what a container sees (%s instead of %s), and %s on the wire.", d.To, units.Bytes(abs(d.Total)), word, d.From,
			units.Bytes(to.Sizes.Live), units.Bytes(from.Sizes.Live), units.Delta(wire)),
		Evidence: []compare.Evidence{{What: "difference of live", From: d.From, To: d.To, Measure: "live", Value: d.Total}, {What: "difference of transfer", From: d.From, To: d.To, Measure: "transfer", Value: wire}},
	})
	w.why(d)
	w.buildTools(d)
	if from.Base != to.Base {
		w.carries(d)
	}
}

// why names the causes that make up most of a difference, and the rest.
func (w *writer) why(d *compare.Difference) {
	all := groups(d.Causes)
	var parts []string
	var evidence []compare.Evidence
	var said int64
	for i := range all {
		g := &all[i]
		if i == 4 || i > 0 && abs(g.bytes)*50 < abs(d.Total) {
			break
		}
		verb := map[string]string{"added": "only in " + d.To, "removed": "only in " + d.From, "changed": "different"}[g.change]
		parts = append(parts, fmt.Sprintf("%s (%s, %s)", g, units.Delta(g.bytes), verb))
		said += g.bytes
		evidence = append(evidence, compare.Evidence{What: g.String(), From: d.From, To: d.To, Measure: d.Measure, Kind: g.kind, Subject: g.root, Value: g.bytes})
	}
	rest := d.Total - said
	evidence = append(evidence, compare.Evidence{What: "everything else", From: d.From, To: d.To, Measure: d.Measure, Value: rest})
	text := fmt.Sprintf("Why: %s; everything else adds up to %s.", list(parts), units.Delta(rest))
	if len(all) > 0 && all[0].kind == "package" && all[0].bytes*d.Total > 0 && abs(rest)*1000 < abs(d.Total) && len(parts) == 1 {
		text = fmt.Sprintf("The difference is %s: %s of %s, which only %s has; everything else adds up to %s.", &all[0],
			units.Bytes(abs(all[0].bytes)), units.Bytes(abs(d.Total)), map[string]string{"added": d.To, "removed": d.From, "changed": "one"}[all[0].change], units.Delta(rest))
	}
	w.say(compare.Sentence{Text: text, Evidence: evidence})
}

// buildTools says how much of a difference are compilers, headers and the like: what
// is commonly believed to be the reason.
func (w *writer) buildTools(d *compare.Difference) {
	var n int64
	evidence := []compare.Evidence{}
	for _, c := range d.Causes {
		if c.Toolchain {
			n += c.Bytes
			evidence = append(evidence, compare.Evidence{What: "build tool", From: d.From, To: d.To, Measure: d.Measure, Kind: c.Kind, Subject: c.Subject, Value: c.Bytes})
		}
	}
	evidence = append(evidence, compare.Evidence{What: "compilers, build tools, headers and static libraries", From: d.From, To: d.To, Measure: d.Measure, Value: n})
	larger, smaller := d.To, d.From
	if d.Total < 0 {
		larger, smaller = d.From, d.To
	}
	claim := fmt.Sprintf("%s is larger than %s because of build dependencies", larger, smaller)
	text := fmt.Sprintf("Compilers, build tools, headers and static libraries are %s of the %s.", units.Bytes(abs(n)), units.Bytes(abs(d.Total)))
	if n*d.Total <= 0 {
		text = fmt.Sprintf("Build dependencies are not the reason: compilers, build tools, headers and static libraries are 0B of the %s by which %s is larger.", units.Bytes(abs(d.Total)), larger)
		if n != 0 {
			text = fmt.Sprintf("Build dependencies are not the reason: %s, the larger one, has %s less of compilers, build tools, headers and static libraries.", larger, units.Bytes(abs(n)))
		}
	}
	w.say(compare.Sentence{Text: text, Evidence: evidence, Claim: claim, Verdict: verdict(n*d.Total > 0 && abs(n)*2 >= abs(d.Total))})
}

// carries names what the larger image of two on different distributions has and the
// other lacks, by the names of packages.
func (w *writer) carries(d *compare.Difference) {
	a, b := d.Ends()
	if d.Total > 0 {
		a, b = b, a
	}
	more, less := w.r.Subjects[a], w.r.Subjects[b]
	have := map[string]bool{}
	for _, id := range less.Facts.Final {
		have[less.Facts.Packages[id].Name] = true
	}
	type row struct {
		name string
		live int64
	}
	live := map[int32]int64{}
	for i := range more.Facts.Cells {
		if c := &more.Facts.Cells[i]; c.Owner >= 0 && c.Fate == tree.Live && c.Class != weigh.Structure {
			live[c.Owner] += c.Files
		}
	}
	var rows []row
	var sum int64
	for _, id := range more.Facts.Final {
		p := &more.Facts.Packages[id]
		if have[p.Name] || !p.Type.System() {
			continue
		}
		rows = append(rows, row{p.Name, live[id]})
		sum += live[id]
	}
	if len(rows) == 0 {
		return
	}
	slices.SortFunc(rows, func(x, y row) int { return cmp.Or(cmp.Compare(y.live, x.live), cmp.Compare(x.name, y.name)) })
	evidence := []compare.Evidence{{What: "packages that the other has not, by name", Image: more.Name, Measure: "live", Value: sum}, {What: "their number", Image: more.Name, Value: int64(len(rows))}}
	var names []string
	for _, r := range rows[:min(6, len(rows))] {
		names = append(names, fmt.Sprintf("%s (%s)", r.name, units.Bytes(r.live)))
		evidence = append(evidence, compare.Evidence{What: "package", Image: more.Name, Measure: "live", Kind: "package", Subject: r.name, Value: r.live})
	}
	text := fmt.Sprintf("%s carries %s of its distribution (%s) that %s has not", more.Name, units.Plural(len(rows), "package"), units.Bytes(sum), less.Name)
	if len(names) == len(rows) {
		text += ": " + list(names) + "."
	} else {
		text += ", the largest being " + list(names) + "."
	}
	w.say(compare.Sentence{Text: text, Evidence: evidence, Claim: more.Name + " is larger but includes more tools", Verdict: Supported})
}

// installers says which images can install more Python or JavaScript libraries: a
// smaller image is no gain to who needs that.
func (w *writer) installers() {
	for _, kind := range packages.Kinds() {
		name := kind.Installer
		if name == "" {
			continue
		}
		var with, without []string
		var evidence []compare.Evidence
		for _, s := range w.r.Subjects {
			version := ""
			for _, id := range s.Facts.Final {
				p := &s.Facts.Packages[id]
				if p.Name == name && p.Type == kind.Type {
					version = p.Version
				}
			}
			n := int64(0)
			if version != "" {
				n = 1
				with = append(with, s.Name+" ("+version+")")
			} else {
				without = append(without, s.Name)
			}
			evidence = append(evidence, compare.Evidence{What: "copies of " + name, Image: s.Name, Kind: "package", Subject: name, Value: n})
		}
		if len(with) > 0 && len(without) > 0 {
			w.say(compare.Sentence{Text: fmt.Sprintf("%s is in %s but not in %s.", name, list(with), list(without)), Evidence: evidence})
		}
	}
}
