package report

import (
	"cmp"
	"fmt"

	"tare/internal/units"
	"tare/internal/weigh"
)

// firstFindings is how many findings the first screen has.
const firstFindings = 5

// least is from where on a finding is worth a line, in bytes of tar.
const least = 1000

// saveLine is what the findings come to, before anything else: secrets, then what could
// be saved, counted once.
func saveLine(list []weigh.Finding, s *weigh.Savings, tar int64, z sizes) Document {
	var d Document
	for _, f := range list {
		if f.Severity == weigh.Secret {
			d = append(d, Item{Severity: Secret, Text: Safe(spotOf(f) + ": " + f.Text)})
		}
	}
	if s == nil || s.Tar < least || s.Places == 0 {
		return append(d, Para{Text: "Nothing found to save.", Heading: true})
	}
	if s.Tar < 100_000 && s.Tar*100 < tar {
		return append(d, Para{Text: fmt.Sprintf("Next to nothing to save: %s of %s (tar).", z.text(s.Tar), z.text(tar)), Heading: true})
	}
	of := places(list, s.Places)
	return append(d, Para{Heading: true, Text: fmt.Sprintf("Save %s of %s (tar), %s to pull: %s", z.text(s.Tar), z.text(tar), z.text(s.Transfer), of)})
}

// places says what to change: "this line", "these 4 layers".
func places(list []weigh.Finding, n int) string {
	word := "layer"
	for _, f := range list {
		if f.Line > 0 {
			word = "line"
		}
	}
	if n == 1 {
		return "this " + word
	}
	return fmt.Sprintf("these %d %ss", n, word)
}

// spotOf names the place of a finding.
func spotOf(f weigh.Finding) string {
	switch {
	case f.Line > 0:
		return fmt.Sprintf("line %d", f.Line)
	case f.Layer > 0:
		return fmt.Sprintf("layer %d", f.Layer)
	}
	return "–"
}

// findingBlocks are the worst findings, one a row, and all of them in full.
func findingBlocks(subject string, list []weigh.Finding, z sizes) Document {
	if len(list) == 0 {
		return nil
	}
	t := Table{Place: Place{"findings", Brief}, Title: "WHAT TO DO FIRST", Subject: Safe(subject),
		Columns: []Column{number("TAR"), number("TRANSFER").spare(1), text("WHERE").key(), text("RULE").key().spare(2), text("WHAT").cut(End).label()}}
	rest := weigh.Finding{}
	left := 0
	for _, f := range list {
		if f.Severity != weigh.Secret && (len(t.Rows) >= firstFindings || f.Tar+f.Sent < least) {
			left++
			rest.Tar += f.Tar
			rest.Transfer += f.Transfer
			continue
		}
		t.add(costs(f, z)...)
	}
	if left > 0 {
		t.Note = fmt.Sprintf("and %s of %s (--show findings)", units.Plural(left, "smaller finding"), z.text(rest.Tar))
	}
	d := Document{}
	if len(t.Rows) > 0 {
		d = append(d, t)
	}
	tiny, bytes := 0, int64(0)
	for _, f := range list {
		if f.Severity != weigh.Secret && f.Tar+f.Sent < least {
			tiny++
			bytes += f.Tar
			continue
		}
		text := fmt.Sprintf("%s, %s: %s. To do: %s.", spotOf(f), f.Rule, f.Text, cmp.Or(f.Remedy, "see tare help findings"))
		d = append(d, Item{Place: Place{"findings", Full}, Severity: severities[f.Severity], Text: Safe(text)})
	}
	if tiny > 0 {
		d = append(d, Item{Place: Place{"findings", Full}, Text: fmt.Sprintf("%s of less than 1kB: %s together.", units.Plural(tiny, "finding"), z.text(bytes))})
	}
	return d
}

var severities = map[weigh.Severity]Severity{weigh.Secret: Secret, weigh.Warning: Warning, weigh.Note: Note}

// costs are the cells of a finding.
func costs(f weigh.Finding, z sizes) []Cell {
	tar, transfer := z.of(f.Tar), z.of(f.Transfer)
	what := cmp.Or(f.Remedy, f.Title)
	if f.Sent > 0 {
		tar, transfer = none(), none()
		what = z.text(f.Sent) + " sent in vain: " + f.Remedy
	}
	if f.Severity == weigh.Secret {
		tar, transfer = none(), none()
	}
	return []Cell{tar, transfer, words(spotOf(f)), words(f.Rule), words(Safe(what))}
}
