package report

import (
	"fmt"
	"slices"

	"tare/internal/compare"
	"tare/internal/explain"
	"tare/internal/units"
)

// chosen are the differences of the first screen: between neighbours, where the
// baseline is the first, else those from the baseline. Those that lead to the smallest
// image come first.
func chosen(r *compare.Result, measure string) []*compare.Difference {
	base := r.BaselineIndex()
	least := 0
	for i := range r.Images {
		if !r.Images[i].Sizes.Transfer.Known() {
			least = -1 // of these nobody knows it
			break
		}
		if r.Images[i].Sizes.Transfer.Compare(r.Images[least].Sizes.Transfer) < 0 {
			least = i
		}
	}
	index := map[string]int{}
	for i := range r.Images {
		index[r.Images[i].Name] = i
	}
	var first, rest []*compare.Difference
	for i := range r.Differences {
		d := &r.Differences[i]
		from, to := index[d.From], index[d.To]
		switch {
		case d.Measure != measure || base == 0 && to != from+1 || base != 0 && from != base:
		case to == least || from == least:
			first = append(first, d)
		default:
			rest = append(rest, d)
		}
	}
	return append(first, rest...)
}

// pairs are the differences of the first screen, each with its main causes, in about
// the given number of lines.
func pairs(r *compare.Result, z sizes, measure string, lines int) Document {
	if measure == "all" {
		measure = "live"
	}
	list := chosen(r, measure)
	if len(list) == 0 {
		return nil
	}
	const least = 5 // lines: a title, two causes, the rest, an empty one
	shown := min(len(list), max(1, lines/least))
	rows := min(8, max(3, lines/shown-2))
	var d Document
	for _, diff := range list[:shown] {
		d = append(d, pair(r, diff, z, rows)...)
	}
	if more := len(list) - shown; more > 0 {
		d = append(d, Para{Dim: true, Text: fmt.Sprintf("%s of neighbours: --show causes", units.Plural(more, "more pair")), Page: units.Plural(more, "more pair") + " of neighbours: see all causes"})
	}
	return in("pairs", Brief, d...)
}

// pair is one difference in at most as many rows. They sum up to it, to the byte. Of
// images of equally many live bytes it is said how far they are the same.
func pair(r *compare.Result, d *compare.Difference, z sizes, rows int) (out Document) {
	title := pairName(d) + ": " + d.Total.Text(z.signed) + " " + d.Measure
	if !d.Total.Known() {
		return append(out, Para{Text: pairName(d) + ": the difference of " + d.Measure + " is not known"})
	}
	if d.Measure == "live" {
		pull := r.Image(d.To).Sizes.Transfer.Minus(r.Image(d.From).Sizes.Transfer)
		title = pairName(d) + ": " + z.signed(d.Bytes()) + " live"
		if pull.Known() {
			title = pairName(d) + ": " + pull.Text(z.signed) + " to pull, " + z.signed(d.Bytes()) + " live"
		}
		if d.Bytes() == 0 {
			text, _ := explain.Equal(d, r.Image(d.To).Sizes.Live, pull)
			out = append(out, Para{Text: Safe(text)})
		}
	}
	if !slices.ContainsFunc(d.Causes, func(c compare.Cause) bool { return c.Bytes != 0 }) {
		if out == nil {
			out = append(out, Para{Text: title + ": as many bytes, of every cause"})
		}
		return out
	}
	t := Table{Title: title, Subject: pairName(d), Bare: true, Columns: []Column{number(d.Measure), text("cause").label().cut(End), text("line").spare(1)}}
	groups := explain.Groups(d.Causes)
	most := max(groups[0].Bytes, -groups[0].Bytes)
	keep := explain.Fold(groups, rows)
	rest, causes := int64(0), 0
	for i := range groups {
		g := &groups[i]
		if i >= keep {
			rest += g.Bytes
			causes += g.Causes()
			continue
		}
		t.add(z.change(g.Bytes), words(Safe(g.String())), words(lineOf(r, d, g))).Bar = part(max(g.Bytes, -g.Bytes), most)
	}
	if causes > 0 {
		t.add(z.change(rest), words(fmt.Sprintf("everything else (%s)", units.Plural(causes, "cause")))).Bar = part(max(rest, -rest), most)
	}
	return append(out, t)
}

// lineOf is the line of a Dockerfile that a group comes from; empty if it is not known.
func lineOf(r *compare.Result, d *compare.Difference, g *explain.Group) string {
	name := d.To
	if g.Head.Bytes < 0 {
		name = d.From
	}
	at := slices.IndexFunc(r.Images, func(i compare.Image) bool { return i.Name == name })
	if at < 0 || g.Head.Layer == 0 || g.Head.Layer > len(r.Images[at].Stack) {
		return ""
	}
	i := &r.Images[at]
	if line := i.Stack[g.Head.Layer-1].Line; line > 0 {
		return fmt.Sprintf("%s:%d", Safe(i.Dockerfile), line)
	}
	return ""
}

// telling are the sentences of the first screen.
func telling(r *compare.Result, most int) Document {
	var d Document
	for _, s := range explain.Telling(r, most) {
		d = append(d, Item{Text: Safe(s.Text)})
	}
	return in("sentences", Brief, d...)
}
