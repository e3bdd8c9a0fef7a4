package report

import (
	"fmt"
	"slices"
	"strings"
)

// View chooses what of a document is shown.
type View struct {
	Full bool     // everything, not only the first screen
	Show []string // only these parts, in full
}

// PartError says that a report has no part of a name.
type PartError struct {
	Part string
	Have []string
}

// Error names the parts that there are.
func (e *PartError) Error() string {
	return fmt.Sprintf("--show %q: the parts are %s", e.Part, strings.Join(e.Have, ", "))
}

// Check returns a *PartError for the first part that is not among those of a report.
func (v View) Check(parts []string) error {
	for _, s := range v.Show {
		if !slices.Contains(parts, s) {
			return &PartError{s, parts}
		}
	}
	return nil
}

// Parts are the names of the document's parts, in its order.
func (d Document) Parts() []string {
	var out []string
	for _, b := range d {
		if p := b.At().Part; p != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// Rest says what a format does with what is not on the first screen.
type Rest int

// A format leaves the rest out, folds it away, or writes everything.
const (
	Drop Rest = iota
	Fold
	Keep
)

// View is the part of the document that is shown, by a format that treats the rest
// like that. One that folds it needs no line that says how to get it. A part that was asked for and is empty is said to be so.
func (d Document) View(v View, rest Rest) Document {
	out := Document{}
	if len(v.Show) > 0 {
		for _, b := range d {
			at := b.At()
			if slices.Contains(v.Show, at.Part) && (at.Weight != Brief || !d.fuller(at.Part)) {
				out = append(out, b.put(Place{at.Part, Always}))
			}
		}
		for _, p := range v.Show {
			if !slices.Contains(out.Parts(), p) {
				out = append(out, Para{Place: Place{Part: p}, Dim: true, Text: "Nothing to show: " + p + "."})
			}
		}
		return out
	}
	for _, b := range d {
		at := b.At()
		switch {
		case v.Full || rest == Keep:
			if at.Weight == Brief {
				continue
			}
			at.Weight = Always
		case at.Weight == Full && rest == Drop, at == Place{Weight: Brief} && rest == Fold:
			continue
		}
		out = append(out, b.put(at))
	}
	return out
}

// fuller tells whether a part has more than what is on the first screen only.
func (d Document) fuller(part string) bool {
	return slices.ContainsFunc(d, func(b Block) bool { return b.At().Part == part && b.At().Weight != Brief })
}
