package explain

import (
	"cmp"
	"fmt"
	"slices"

	"tare/internal/compare"
	"tare/internal/packages"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

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
	now, was := units.Pair(to.Sizes.Live, from.Sizes.Live)
	text := fmt.Sprintf("%s is %s %s than %s (live: %s instead of %s; transfer: %s).", d.To, units.Bytes(abs(d.Total)), word, d.From, now, was, units.Delta(wire))
	if d.Total == 0 {
		text = fmt.Sprintf("%s and %s are equally large (live: %s; transfer: %s), but not the same.", d.From, d.To, now, units.Delta(wire))
	}
	w.say(compare.Sentence{
		Text:     text,
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
	all := Groups(d.Causes)
	var parts []string
	var evidence []compare.Evidence
	var said int64
	for i := range all {
		g := &all[i]
		if i == 4 || i > 0 && abs(g.Bytes)*50 < abs(d.Total) {
			break
		}
		verb := map[string]string{"added": "only in " + d.To, "removed": "only in " + d.From, "changed": "different"}[g.Head.Change]
		if g.Was != nil {
			verb = "replaced"
		}
		parts = append(parts, fmt.Sprintf("%s (%s, %s)", g.name(), units.Delta(g.Bytes), verb))
		said += g.Bytes
		evidence = append(evidence, compare.Evidence{What: g.name(), From: d.From, To: d.To, Measure: d.Measure, Kind: g.Head.Kind, Subject: g.Head.Subject, Value: g.Bytes})
	}
	rest := d.Total - said
	evidence = append(evidence, compare.Evidence{What: "everything else", From: d.From, To: d.To, Measure: d.Measure, Value: rest})
	text := fmt.Sprintf("Why: %s; everything else adds up to %s.", list(parts), units.Delta(rest))
	if rest == 0 {
		text = fmt.Sprintf("Why: %s; that is all of it.", list(parts))
	}
	if len(all) > 0 && all[0].Head.Kind == "package" && all[0].Was == nil && all[0].Head.Change != "changed" && all[0].Bytes*d.Total > 0 && abs(rest)*1000 < abs(d.Total) && len(parts) == 1 {
		text = fmt.Sprintf("The difference is %s: %s of %s, which only %s has; everything else adds up to %s.", all[0].name(),
			units.Bytes(abs(all[0].Bytes)), units.Bytes(abs(d.Total)), map[string]string{"added": d.To, "removed": d.From}[all[0].Head.Change], units.Delta(rest))
	}
	w.say(compare.Sentence{Text: text, Evidence: evidence})
}

// buildTools says how much of a difference are compilers, headers and the like: what
// is commonly believed to be the reason.
func (w *writer) buildTools(d *compare.Difference) {
	if d.Total == 0 {
		return
	}
	var n int64
	evidence := []compare.Evidence{}
	for _, c := range d.Causes {
		if c.Toolchain {
			n += c.Bytes
			evidence = append(evidence, compare.Evidence{What: "build tool", From: d.From, To: d.To, Measure: d.Measure, Kind: c.Kind, Subject: c.Subject, Value: c.Bytes})
		}
	}
	evidence = append(evidence, compare.Evidence{What: toolchain, From: d.From, To: d.To, Measure: d.Measure, Value: n})
	larger, _ := ends(d)
	text := fmt.Sprintf("Compilers, build tools, headers and static libraries are %s of the %s.", units.Bytes(abs(n)), units.Bytes(abs(d.Total)))
	switch {
	case n*d.Total < 0:
		text = fmt.Sprintf("Build dependencies are not the reason: %s, the larger one, has %s less of %s.", larger, units.Bytes(abs(n)), toolchain)
	case n == 0:
		text = fmt.Sprintf("Build dependencies are not the reason: %s are 0B of the %s by which %s is larger.", toolchain, units.Bytes(abs(d.Total)), larger)
	}
	w.say(compare.Sentence{Kind: BuildTools, Text: text, Evidence: evidence})
}

// toolchain is what only builds need.
const toolchain = "compilers, build tools, headers and static libraries"

// ends are the names of the larger and the smaller image of a difference.
func ends(d *compare.Difference) (larger, smaller string) {
	if d.Total < 0 {
		return d.From, d.To
	}
	return d.To, d.From
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
	evidence := []compare.Evidence{{What: "packages that the other lacks, by name", Image: more.Name, Measure: "live", Value: sum}, {What: "their number", Image: more.Name, Value: int64(len(rows))}}
	var names []string
	for _, r := range rows[:min(6, len(rows))] {
		names = append(names, fmt.Sprintf("%s (%s)", r.name, units.Bytes(r.live)))
		evidence = append(evidence, compare.Evidence{What: "package", Image: more.Name, Measure: "live", Kind: "package", Subject: r.name, Value: r.live})
	}
	text := fmt.Sprintf("%s has %s of its distribution (%s) that %s lacks", more.Name, units.Plural(len(rows), "package"), units.Bytes(sum), less.Name)
	if len(names) == len(rows) {
		text += ": " + list(names) + "."
	} else {
		text += ", the largest being " + list(names) + "."
	}
	w.say(compare.Sentence{Text: text, Evidence: evidence, Kind: MoreTools})
}

// installers says which images can install more Python or JavaScript libraries: a
// smaller image does not help whoever needs that.
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
