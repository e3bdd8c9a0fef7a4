package trim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tare/internal/report"
	"tare/internal/units"
)

// Parts are the parts of a Document.
var Parts = []string{"verdict", "kept", "patch", "left", "notes"}

// Document lays a result out: what the patch saves, its edits, the patch itself, and why
// other edits were not kept.
func Document(r *Result, exact bool) report.Document {
	size := units.Bytes
	if exact {
		size = units.Exact
	}
	out := report.Document{report.Para{Place: report.Place{Part: "verdict"}, Text: headline(r, size), Heading: true}}
	for _, s := range proof(r, size) {
		out = append(out, report.Item{Place: report.Place{Part: "verdict"}, Text: s})
	}
	kept, left := table(r, true, size), table(r, false, size)
	if len(kept.Rows) > 0 {
		out = append(out, kept)
	}
	if r.Patch != "" {
		out = append(out, report.Para{Place: report.Place{Part: "patch"}, Text: shown(r.Patch), Verbatim: true})
	}
	if len(left.Rows) > 0 {
		out = append(out, left)
	}
	for _, n := range r.Notes {
		out = append(out, report.Item{Place: report.Place{Part: "notes"}, Text: report.Safe(n)})
	}
	if s := spent(r.Seconds); s != "" {
		out = append(out, report.Item{Place: report.Place{Part: "notes"}, Text: s})
	}
	return out
}

// spent says what a run took, and what for; "" where it was not measured.
func spent(s Seconds) string {
	if s.Total <= 0 {
		return ""
	}
	of := func(seconds float64) string { return units.Seconds(time.Duration(seconds * float64(time.Second))) }
	return fmt.Sprintf("It took %s: %s in builds, %s in checks, %s of tare's own.", of(s.Total), of(s.Builds), of(s.Checks), of(s.Own))
}

// shown is a patch as a terminal may show it, line by line.
func shown(patch string) string {
	var lines []string
	for line := range strings.Lines(patch) {
		lines = append(lines, report.Safe(strings.TrimRight(line, "\r\n")))
	}
	return strings.Join(lines, "\n")
}

// headline is the answer in one sentence.
func headline(r *Result, size func(int64) string) string {
	name := report.Safe(r.Name)
	kept := r.Kept()
	switch {
	case len(r.Candidates) == 0:
		return name + ": no rule finds an edit that would make it smaller"
	case len(kept) == 0:
		return fmt.Sprintf("%s: nothing is kept of %s that %s tried", name, units.Plural(len(r.Candidates), "edit"), were(len(r.Candidates)))
	}
	saved := fmt.Sprintf("%s of %s", size(r.Saved()), size(r.Before.Sizes.Tar))
	if r.Saved() <= 0 && slices.ContainsFunc(kept, func(v Verdict) bool { return v.Rebuild != nil }) {
		return fmt.Sprintf("%s: %s, measured: no bytes saved, but work of rebuilds after a change of the source", name, units.Plural(len(kept), "edit"))
	}
	out := fmt.Sprintf("%s: %s, measured: %s", name, units.Plural(len(kept), "edit"), "save "+saved)
	if len(kept) == 1 {
		out = fmt.Sprintf("%s: 1 edit, measured: saves %s", name, saved)
	}
	b, ok := r.Before.Sizes.Transfer.Int()
	a, also := r.After.Sizes.Transfer.Int()
	if ok && also {
		out += fmt.Sprintf(", %s less to pull", size(b-a))
		if a > b {
			out = strings.TrimSuffix(out, fmt.Sprintf(", %s less to pull", size(b-a))) + fmt.Sprintf(", %s more to pull", size(a-b))
		}
	}
	for _, c := range kept {
		if c.Secret {
			out += "; a secret leaves the image"
			break
		}
	}
	return out
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// proof says what was proven, and how far it goes.
func proof(r *Result, size func(int64) string) []string {
	kept := r.Kept()
	if len(kept) == 0 {
		return nil
	}
	same := true
	for _, c := range kept {
		same = same && c.Same
	}
	var out []string
	if same {
		out = append(out, "Built from scratch with all edits: a container sees the same files, but for caches, logs, package lists, byte code and times (docs/reference/trim.md).")
	} else {
		out = append(out, "Built from scratch with all edits. What went away is listed under Kept; no check touches it.")
	}
	for _, c := range kept {
		if w := c.Rebuild; w != nil {
			out = append(out, fmt.Sprintf("After a change of %s, line %d comes from the cache; as the Dockerfile is, it runs again. One rebuild each: %s instead of %s, and %s to pull instead of %s.", report.Safe(w.File), w.Line,
				units.Seconds(time.Duration(w.After.Seconds*float64(time.Second))), units.Seconds(time.Duration(w.Before.Seconds*float64(time.Second))), size(w.After.Bytes), size(w.Before.Bytes)))
		}
	}
	switch n := len(r.Checks); {
	case n > 0:
		out = append(out, fmt.Sprintf("It passes %s: %s.", units.Plural(n, "check"), report.Safe(strings.Join(r.Checks, "; "))))
	default:
		out = append(out, "No check was run: there is no tare.yaml, and no --check.")
	}
	return out
}

// table are the candidates that were kept, or those that were not.
func table(r *Result, kept bool, size func(int64) string) report.Table {
	t := report.Table{Place: report.Place{Part: "kept"}, Title: "KEPT", Columns: []report.Column{{Title: "RULE", Key: true}, {Title: "LINE", Right: true, Key: true}, {Title: "PREDICTED", Right: true, Spare: 1}, {Title: "MEASURED", Right: true}, {Title: "TO PULL", Right: true, Spare: 2}, {Title: "EDIT", Label: true}}}
	if !kept {
		t = report.Table{Place: report.Place{Part: "left"}, Title: "NOT KEPT", Columns: []report.Column{{Title: "RULE", Key: true}, {Title: "LINE", Right: true, Key: true}, {Title: "PREDICTED", Right: true}, {Title: "WHY", Label: true}}}
	}
	for _, c := range r.Candidates {
		if c.Kept != kept {
			continue
		}
		line := report.Cell{Text: "–"}
		if c.Line > 0 {
			line = report.Cell{Text: fmt.Sprint(c.Line), Number: report.Number{Known: true, Int: int64(c.Line)}}
		}
		row := report.Row{Cells: []report.Cell{{Text: c.Rule}, line, amount(c.Predicted, size, !c.Exact)}}
		if !kept {
			row.Cells = append(row.Cells, report.Cell{Text: report.Safe(c.Why)})
		} else {
			pull := report.Cell{Text: "–"}
			if c.Measured != nil {
				if n, ok := c.Measured.Transfer.Int(); ok {
					pull = report.Cell{Text: size(n), Number: report.Number{Known: true, Int: n}}
				}
			}
			row.Cells = append(row.Cells, amount(c.Measured, size, false), pull, report.Cell{Text: report.Safe(c.What)})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// amount is what an edit saves in the tar; what is not known to the byte is marked.
func amount(s *Saves, size func(int64) string, about bool) report.Cell {
	if s == nil {
		return report.Cell{Text: "–"}
	}
	text := size(s.Tar)
	if about {
		text = "~" + text
	}
	return report.Cell{Text: text, Number: report.Number{Known: true, Int: s.Tar}}
}
