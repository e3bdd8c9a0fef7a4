package report

import (
	"fmt"
	"strings"

	"tare/internal/advice"
	"tare/internal/units"
)

// savings says what all findings save together, of whole bytes of tar, and where.
func savings(s advice.Savings, list []advice.Finding, whole int64, z sizes) Para {
	small := ""
	if s.Small > 0 && s.SmallTar > 0 {
		small = fmt.Sprintf("%s in %s", z.text(s.SmallTar), units.Plural(s.Small, "smaller finding"))
	}
	switch {
	case s.Tar == 0 && small == "":
		return Para{Text: fmt.Sprintf("Nothing found to save: none of the %d rules applies.", len(advice.Rules()))}
	case s.Tar == 0:
		return Para{Text: "Nothing found to save but " + small + "."}
	}
	what, where := "line", s.Lines
	for i := range list {
		if f := &list[i]; f.Frees() && !f.Small() && f.Line == 0 {
			what, where = "layer", s.Layers
		}
	}
	these := "these " + units.Plural(len(where), what)
	if len(where) == 1 {
		these = fmt.Sprintf("%s %d", what, where[0])
	}
	return Para{Heading: true, Text: fmt.Sprintf("Save %s of tar, %s of transfer: %s", of(s.Tar, whole, z), z.text(s.Transfer), these)}
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

// firstFindings are the worst findings: what may be a secret in full, the rest as a table
// of what to do.
func firstFindings(list []advice.Finding, title string, z sizes) Document {
	var d Document
	shown := 0
	t := findingTable(title)
	for i := range list {
		f := &list[i]
		switch {
		case f.Small():
			continue
		case shown == most:
		case f.Urgent():
			d = append(d, findingItem(f))
			shown++
		default:
			addFinding(&t, f, f.Fix, z)
			shown++
		}
	}
	if more := named(list) - shown; more > 0 {
		t.Note = units.Plural(more, "more finding") + ": --show findings"
	}
	if len(t.Rows) > 0 || t.Note != "" {
		d = append(d, t)
	}
	return d
}

// named is the number of findings that are not too small to be named.
func named(list []advice.Finding) (n int) {
	for i := range list {
		if !list[i].Small() {
			n++
		}
	}
	return n
}

func findingTable(title string) Table {
	return Table{Title: title, Columns: []Column{number("SAVES").as("tar").key(), number("TRANSFER").spare(1), text("WHERE").key(), text("WHAT TO DO").cut(End)}}
}

func addFinding(t *Table, f *advice.Finding, what string, z sizes) {
	tar, transfer := z.unless0(f.Tar), z.unless0(f.Transfer)
	if f.Sent > 0 {
		tar, transfer = none(), none()
	}
	t.add(tar, transfer, words(f.Where()), words(Safe(what)))
}

// findingItem is a finding in full: what there is, where, and what to do.
func findingItem(f *advice.Finding) Item {
	i := Item{Text: Safe(f.Sentence() + ". " + capital(f.Fix) + ".")}
	switch {
	case f.Severity == advice.Secret:
		i.Severity = Secret
	case f.Urgent():
		i.Severity = Warning
	}
	return i
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// allFindings are all findings in full; those that are too small are only counted.
func allFindings(list []advice.Finding, s advice.Savings, z sizes) Document {
	var d Document
	for i := range list {
		f := &list[i]
		if f.Small() {
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
	if s.Small > 0 {
		d = append(d, Item{Text: units.Plural(s.Small, "smaller finding") + ": " + z.text(s.SmallTar) + " of tar in all."})
	}
	if s.Overlap > 0 {
		d = append(d, Item{Text: "Some bytes go with either of several findings: " + z.text(s.Overlap) + " of tar are counted once in the sum above."})
	}
	if len(d) > 0 {
		d = append(Document{Para{Heading: true, Text: "FINDINGS"}}, d...)
	}
	return d
}
