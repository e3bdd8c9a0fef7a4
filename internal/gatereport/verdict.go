package gatereport

import (
	"strings"

	"tare/internal/gate"
	"tare/internal/units"
)

// violated tells what the exit code tells.
func violated(r *gate.Result) bool { return r.Verdict == gate.Violated }

// verdict is the answer in one line.
func (o Options) verdict(r *gate.Result) string {
	switch images := len(r.Images); {
	case r.Unbuilt != nil:
		return unbuilt(r)
	case violated(r):
		return "violated: " + units.Plural(len(r.Violations), "budget") + " broken" + o.of(r)
	case images == 1:
		return "passed: " + safe(imageName(r, &r.Images[0])) + " keeps its budgets"
	default:
		return "passed: " + units.Plural(images, "image") + " keep their budgets"
	}
}

// of names the image whose budgets are broken, or how many there are.
func (o Options) of(r *gate.Result) string {
	names := map[string]bool{}
	for n := range r.Violations {
		names[violator(r, &r.Violations[n])] = true
	}
	switch {
	case len(names) == 1 && len(r.Images) == 1:
		return " by " + safe(r.Violations[0].Image)
	case len(names) == 1:
		return " by " + safe(violator(r, &r.Violations[0])) + ", 1 of " + units.Plural(len(r.Images), "image")
	case len(names) > 1:
		return " in " + units.Plural(len(names), "image")
	}
	return ""
}

// change says what an image's change came to: what is yours, and what only moved.
func (o Options) change(d *gate.Delta) string {
	if d == nil {
		return "There is no baseline to compare with."
	}
	out := "Your change makes no difference in bytes"
	switch {
	case !none(d.Yours):
		out = "Your change: " + o.amounts(d.Yours)
	case !none(d.Unknown):
		out = "Whether your change makes a difference is not known"
	}
	var moved []string
	for _, p := range parts(d)[1:] {
		if !none(p.Amounts) && p.name != gate.Unknown {
			moved = append(moved, p.title+" "+o.amounts(p.Amounts))
		}
	}
	if len(moved) > 0 {
		out += "; not yours: " + strings.Join(moved, "; ")
	}
	if !none(d.Unknown) {
		out += "; cannot be told apart: " + o.amounts(d.Unknown)
	}
	return out + "."
}

// amounts are the transfer and live bytes of a difference.
func (o Options) amounts(a gate.Amounts) string {
	if n, ok := a.Transfer.Int(); ok {
		return o.delta(n) + " transfer, " + o.delta(a.Live) + " live"
	}
	return o.delta(a.Tar) + " tar, " + o.delta(a.Live) + " live"
}

// part is a part of a change with its title.
type part struct {
	name, title string
	gate.Amounts
}

// parts are the five parts of a change, yours first.
func parts(d *gate.Delta) []part {
	return []part{
		{gate.Yours, partTitle(gate.Yours), d.Yours},
		{gate.Base, partTitle(gate.Base), d.Base},
		{gate.Packages, partTitle(gate.Packages), d.Packages},
		{gate.Noise, partTitle(gate.Noise), d.Noise},
		{gate.Unknown, partTitle(gate.Unknown), d.Unknown},
	}
}

// measure is one of the measures that a change is judged by.
type measure struct {
	name   string
	size   func(*gate.Side) units.Amount
	change func(gate.Amounts) units.Amount
}

// read is a size of an image that is known only if its layers were read.
func read(s *gate.Side, n int64) units.Amount {
	if s.Unread {
		return units.Unknown()
	}
	return units.Known(n)
}

var measures = []measure{
	{"transfer", func(s *gate.Side) units.Amount { return s.Sizes.Transfer }, func(a gate.Amounts) units.Amount { return a.Transfer }},
	{"live", func(s *gate.Side) units.Amount { return read(s, s.Sizes.Live) }, func(a gate.Amounts) units.Amount { return units.Known(a.Live) }},
	{"tar", func(s *gate.Side) units.Amount { return read(s, s.Sizes.Tar) }, func(a gate.Amounts) units.Amount { return units.Known(a.Tar) }},
}
