package report

import (
	"cmp"
	"fmt"

	"tare/internal/units"
	"tare/internal/weigh"
)

// firstFindings is how many findings the first screen has.
const firstFindings = 5

// least is from where on a finding that is not material is worth a line where all are
// listed, in bytes of tar.
const least = 1000

// saveLine is what the findings come to, before anything else: secrets, then what could
// be saved of an image with these bytes, counted once.
func saveLine(list []weigh.Finding, s *weigh.Savings, tar int64, transfer units.Amount, z sizes) Document {
	var d Document
	for _, f := range list {
		if f.Rule == weigh.SecretFile {
			d = append(d, Item{Severity: severities[f.Severity], Text: Safe(f.Where() + ": " + f.Text + ". To do: " + cmp.Or(f.Remedy, "see tare help findings") + ".")})
		}
	}
	if s == nil || s.Places == 0 {
		rest := weigh.All(list)
		if rest < least {
			return append(d, Para{Text: "Nothing found to save.", Heading: true})
		}
		of := units.Of(z.text(rest), z.text(tar))
		return append(d, Para{Heading: true, Text: fmt.Sprintf("Next to nothing to save: %s (tar; --show findings).", of), Page: fmt.Sprintf("Next to nothing to save: %s (tar).", of)})
	}
	pull := ""
	if whole, ok := transfer.Int(); ok {
		pull = ", " + units.Of(s.Transfer.Text(z.text), z.text(whole)) + " to pull"
	}
	return append(d, Para{Heading: true, Text: fmt.Sprintf("Save %s (tar)%s: %s", units.Of(z.text(s.Tar), z.text(tar)), pull, s.Where())})
}

// findingBlocks are the worst findings, one a row, and all of them in full.
func findingBlocks(subject string, list []weigh.Finding, s *weigh.Savings, z sizes) Document {
	if len(list) == 0 {
		return nil
	}
	t := Table{Place: Place{"findings", Brief}, Title: "WHAT TO DO FIRST", Subject: Safe(subject),
		Columns: []Column{number("TAR"), number("TRANSFER").spare(1), text("WHERE").key(), text("WHAT TO DO").cut(End).label()}}
	var left []weigh.Finding
	for _, f := range list {
		switch {
		case f.Rule == weigh.SecretFile: // it stands above all
		case f.Small || len(t.Rows) >= firstFindings:
			left = append(left, f)
		default:
			t.add(costs(f, z)...)
		}
	}
	if n := len(left); n > 0 {
		t.Page = fmt.Sprintf("and %s with %s of tar", units.Plural(n, "smaller finding"), z.text(weigh.All(left)))
		t.Note = t.Page + " (--show findings)"
	}
	var d Document
	if len(t.Rows) > 0 {
		d = append(d, t)
	}
	var tiny []weigh.Finding
	for _, f := range list {
		if f.Small && f.Tar < least {
			tiny = append(tiny, f)
			continue
		}
		text := fmt.Sprintf("%s, %s: %s. To do: %s.", f.Where(), f.Rule, f.Text, cmp.Or(f.Remedy, "see tare help findings"))
		if f.Tar > 0 && f.Rule != weigh.SecretFile {
			text += fmt.Sprintf(" Saves %s of tar, %s of transfer.", z.text(f.Tar), f.Transfer.Text(z.text))
		}
		d = append(d, Item{Place: Place{"findings", Full}, Severity: severities[f.Severity], Text: Safe(text)})
	}
	if n := len(tiny); n > 0 {
		d = append(d, Item{Place: Place{"findings", Full}, Text: fmt.Sprintf("%s of less than 1kB: %s together.", units.Plural(n, "finding"), z.text(weigh.All(tiny)))})
	}
	return d
}

var severities = map[weigh.Severity]Severity{weigh.Secret: Secret, weigh.Warning: Warning, weigh.Note: Note}

// costs are the cells of a finding.
func costs(f weigh.Finding, z sizes) []Cell {
	tar, transfer, what := z.of(f.Tar), z.amount(f.Transfer), cmp.Or(f.Remedy, f.Title)
	switch {
	case f.Sent > 0:
		what = z.text(f.Sent) + " sent in vain: " + f.Remedy
	case f.Seconds > 0:
		what = seconds(f.Seconds) + " each time: " + f.Remedy
	}
	if f.Tar == 0 {
		tar, transfer = none(), none()
	}
	return []Cell{tar, transfer, words(f.Where()), words(Safe(what))}
}
