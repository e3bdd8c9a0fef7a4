package report

import (
	"fmt"
	"strconv"
	"strings"

	"tare/internal/advice"
	"tare/internal/units"
)

// savings says what all findings save together, of an image of these bytes, and where.
func savings(s advice.Savings, list []advice.Finding, tar, transfer int64, z sizes) Para {
	small := ""
	if s.SmallTar > 0 {
		small = fmt.Sprintf("%s of tar in %s", z.text(s.SmallTar), units.Plural(s.Small, "place"))
	}
	switch {
	case s.Tar == 0 && small == "" && len(list) > 0:
		return Para{Text: "Nothing found to save in the image."}
	case s.Tar == 0 && small == "":
		return Para{Text: fmt.Sprintf("Nothing found to save: none of the %d rules applies.", len(advice.Rules()))}
	case s.Tar == 0:
		return Para{Text: "Nothing found to save but " + small + "."}
	}
	what, where := "line", s.Lines
	for i := range list {
		if f := &list[i]; f.Frees() && f.Matters(tar) && f.Line == 0 {
			what, where = "layer", s.Layers
		}
	}
	var numbers []string
	for _, n := range where {
		numbers = append(numbers, strconv.Itoa(n))
	}
	these := what + " " + strings.Join(numbers, "")
	if len(where) > 1 {
		these = "these " + units.Plural(len(where), what)
		if len(where) <= 10 {
			these += " (" + strings.Join(numbers, ", ") + ")"
		}
	}
	return Para{Heading: true, Text: fmt.Sprintf("Save %s of tar, %s of transfer: %s", of(s.Tar, tar, z), of(s.Transfer, transfer, z), these)}
}

// of is one number of bytes of another, with one unit if both have the same: "710 of 962MB".
func of(n, whole int64, z sizes) string {
	a, b := z.text(n), z.text(whole)
	unit := strings.TrimLeft(b, "0123456789.,")
	if short, ok := strings.CutSuffix(a, unit); ok && unit != "" && strings.TrimLeft(short, "0123456789.") == "" {
		a = short
	}
	return a + " of " + b
}

// most is how many findings the first screen has.
const most = 5

// firstFindings are the worst findings of an image of whole bytes of tar: what may be a
// secret in full, the rest as a table of what to do.
func firstFindings(list []advice.Finding, whole int64, z sizes) Document {
	var d Document
	t := Table{Title: "WHAT TO DO FIRST", Columns: []Column{number("TAR"), number("TRANSFER").spare(1), text("WHERE").key(), text("WHAT TO DO").cut(End)}}
	shown, more := 0, 0
	for i := range list {
		f := &list[i]
		switch {
		case f.Small():
		case shown == most || !f.Matters(whole):
			more++
		case f.Urgent():
			d = append(d, findingItem(f))
			shown++
		default:
			tar, transfer, what := z.of(f.Tar), z.of(f.Transfer), f.Fix
			if f.Sent > 0 {
				tar, transfer, what = none(), none(), what+" ("+z.text(f.Sent)+" are sent in vain)"
			}
			t.add(tar, transfer, words(f.Where()), words(Safe(what)))
			shown++
		}
	}
	if more > 0 {
		t.Note = units.Plural(more, "more finding") + ": --show findings"
	}
	if len(t.Rows) > 0 {
		d = append(d, t)
	} else if more > 0 {
		d = append(d, Para{Dim: true, Text: t.Note})
	}
	return d
}

// findingItem is a finding in full: what there is, where, and what to do.
func findingItem(f *advice.Finding) Item {
	i := Item{Text: Safe(f.Sentence() + ": " + f.Fix + ".")}
	switch {
	case f.Severity == advice.Secret:
		i.Severity = Secret
	case f.Urgent():
		i.Severity = Warning
	}
	return i
}

// allFindings are all findings in full; those that are too small are only counted.
func allFindings(list []advice.Finding, s advice.Savings, z sizes) Document {
	var d Document
	var small []advice.Finding
	for i := range list {
		f := &list[i]
		if f.Small() {
			small = append(small, *f)
			continue
		}
		item := findingItem(f)
		var bytes []string
		for _, b := range []struct {
			n    int64
			name string
		}{{f.Tar, "tar"}, {f.Transfer, "transfer"}, {f.Live, "live"}, {f.Sent, "sent"}} {
			if b.n > 0 {
				bytes = append(bytes, b.name+" "+z.text(b.n))
			}
		}
		if len(bytes) > 0 {
			item.Text += " Saves " + strings.Join(bytes, ", ") + "."
		}
		item.Text += " [" + f.Rule + "]"
		d = append(d, item)
	}
	if n := len(small); n > 0 {
		d = append(d, Item{Text: units.Plural(n, "finding") + " about less than 1kB of content: " + z.text(advice.Total(small).Tar) + " of tar together."})
	}
	if s.Overlap > 0 {
		d = append(d, Item{Text: z.text(s.Overlap) + " of tar are in more than one finding: the sum counts them once."})
	}
	if len(d) > 0 {
		d = append(Document{Para{Heading: true, Text: "FINDINGS"}}, d...)
	}
	return d
}
