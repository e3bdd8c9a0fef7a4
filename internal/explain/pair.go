package explain

import (
	"fmt"

	"tare/internal/compare"
	"tare/internal/units"
)

// pair explains one difference in what a container sees.
func (w *writer) pair(d *compare.Difference) {
	a, b := d.Ends()
	from, to := &w.r.Images[a], &w.r.Images[b]
	wire := to.Sizes.Transfer.Minus(from.Sizes.Transfer)
	evidence := []compare.Evidence{{What: "difference of live", From: d.From, To: d.To, Measure: "live", Value: d.Bytes()}}
	if n, ok := wire.Int(); ok {
		evidence = append(evidence, compare.Evidence{What: "difference of transfer", From: d.From, To: d.To, Measure: "transfer", Value: n})
	}
	if d.Bytes() == 0 {
		text, counted := Equal(d, from.Sizes.Live, wire)
		w.say(compare.Sentence{Text: text, Evidence: append(evidence, counted...)})
	} else {
		word := "larger"
		if d.Bytes() < 0 {
			word = "smaller"
		}
		now, was := units.Pair(to.Sizes.Live, from.Sizes.Live)
		w.say(compare.Sentence{Text: fmt.Sprintf("%s is %s %s than %s (live: %s instead of %s%s).", d.To, units.Bytes(abs(d.Bytes())), word, d.From, now, was, andTransfer(wire)), Evidence: evidence})
	}
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
		if i == 4 || g.Bytes == 0 || i > 0 && abs(g.Bytes)*50 < abs(d.Bytes()) {
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
	if len(parts) == 0 {
		return
	}
	rest := d.Bytes() - said
	evidence = append(evidence, compare.Evidence{What: "everything else", From: d.From, To: d.To, Measure: d.Measure, Value: rest})
	text := fmt.Sprintf("Why: %s; everything else adds up to %s.", inWords(parts), units.Delta(rest))
	if all[0].Head.Kind == "package" && all[0].Was == nil && all[0].Head.Change != "changed" && abs(rest)*1000 < abs(d.Bytes()) && len(parts) == 1 {
		text = fmt.Sprintf("The difference is %s: %s of %s, which only %s has; everything else adds up to %s.", all[0].name(),
			units.Bytes(abs(all[0].Bytes)), units.Bytes(abs(d.Bytes())), map[string]string{"added": d.To, "removed": d.From}[all[0].Head.Change], units.Delta(rest))
	}
	w.say(compare.Sentence{Text: text, Evidence: evidence})
}

// buildTools says how much of a difference are compilers, headers and the like, where
// that matters. The course, whose readers believe that they are the reason, gets it for
// every pair that differs.
func (w *writer) buildTools(d *compare.Difference) {
	a, b := d.Ends()
	n := w.r.Images[b].Toolchain - w.r.Images[a].Toolchain
	if d.Bytes() == 0 || !w.material(n, d.Bytes()) {
		return
	}
	larger, smaller := ends(d)
	evidence := []compare.Evidence{}
	for _, i := range []*compare.Image{&w.r.Images[a], &w.r.Images[b]} {
		evidence = append(evidence, compare.Evidence{What: toolchain, Image: i.Name, Measure: "live", Value: i.Toolchain})
	}
	evidence = append(evidence, compare.Evidence{What: toolchain, From: d.From, To: d.To, Measure: d.Measure, Value: n})
	have, whole := units.Bytes(abs(n)), units.Bytes(abs(d.Bytes()))
	var text string
	switch {
	case n == 0:
		text = fmt.Sprintf("Build dependencies are not the reason: %s are 0B of the %s by which %s is larger.", toolchain, whole, larger)
	case (n > 0) != (d.Bytes() > 0):
		text = fmt.Sprintf("Build dependencies are not the reason: %s, the larger one, has %s less of %s.", larger, have, toolchain)
	case abs(n) > abs(d.Bytes()):
		text = fmt.Sprintf("%s has %s more of %s than %s: more than the %s by which it is larger.", larger, have, toolchain, smaller, whole)
	default:
		text = fmt.Sprintf("Compilers, build tools, headers and static libraries are %s of the %s by which %s is larger.", have, whole, larger)
	}
	w.say(compare.Sentence{Kind: BuildTools, Text: text, Evidence: evidence})
}

// toolchain is what only builds need.
const toolchain = "compilers, build tools, headers and static libraries"

// ends are the names of the larger and the smaller image of a difference.
func ends(d *compare.Difference) (larger, smaller string) {
	if d.Bytes() < 0 {
		return d.From, d.To
	}
	return d.To, d.From
}
