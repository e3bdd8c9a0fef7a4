package experiment

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"tare/internal/compare"
	"tare/internal/units"
)

// DiffSchema names the form of Diff as JSON: docs/reference/labdiff.schema.json.
const DiffSchema = "tare.labdiff/v1"

// MinEffect is how far two medians must be apart, as a part of the first, before a
// difference between two experiments counts: machines drift by some percent from one
// hour to the next, which no test within an experiment can see.
const MinEffect = 0.10

// MinMemory is how far two peaks of memory must be apart, in bytes: the kernel charges
// a page of a file to whoever reads it first, which no experiment controls.
const MinMemory = 16 << 20

// Diff is what changed from one experiment to another.
type Diff struct {
	Schema string `json:"schema"`
	From   string `json:"from"` // IDs
	To     string `json:"to"`
	// Exact are the counted numbers that differ.
	Exact []ExactChange `json:"exact"`
	// Timed are all measured values that both have.
	Timed []TimedChange `json:"timed"`
	// Other are differences in words: variants, checks, machine, inputs.
	Other []string `json:"other"`
	// Speed is how long a fixed piece of work took in the second experiment as a part
	// of what it took in the first: above 1 the machine was slower.
	Speed float64 `json:"speed"`
	// Same says that no counted number differs, no measured one significantly, and
	// nothing else.
	Same bool `json:"same"`
}

// ExactChange is a counted number that differs.
type ExactChange struct {
	Variant string `json:"variant"`
	Measure string `json:"measure"`
	From    int64  `json:"from"`
	To      int64  `json:"to"`
}

// TimedChange is a measured value in both experiments.
type TimedChange struct {
	Variant string  `json:"variant"`
	Measure string  `json:"measure"`
	Unit    string  `json:"unit"`
	From    float64 `json:"from"` // medians
	To      float64 `json:"to"`
	Runs    int     `json:"runs"` // of the experiment with fewer; below 5 there is nothing to test
	P       float64 `json:"p"`    // of the two-sided Mann-Whitney U test
	// Significant: there are enough runs, P is below alpha, and the medians are further apart than 10 %, with
	// and without Speed taken off; memory also by 16 MiB.
	Significant bool `json:"significant"`
}

// TooFew tells whether there are too few runs to test.
func (t *TimedChange) TooFew() bool { return t.Runs < enough }

// String says in one sentence how much changed.
func (d *Diff) String() string {
	text := "all counted numbers are the same"
	if n := len(d.Exact); n > 0 {
		text = units.Plural(n, "counted number") + " changed"
	}
	sure, few, least := 0, 0, enough
	for i := range d.Timed {
		switch t := &d.Timed[i]; {
		case t.Significant:
			sure++
		case t.TooFew():
			few++
			least = min(least, t.Runs)
		}
	}
	switch tested := len(d.Timed) - few; {
	case tested == 0:
	case sure == 0:
		text += fmt.Sprintf("; none of %s changed significantly", units.Plural(tested, "timed measure"))
	default:
		text += fmt.Sprintf("; of %s, %d changed significantly", units.Plural(tested, "timed measure"), sure)
	}
	if few > 0 {
		text += fmt.Sprintf("; %s: %s", units.Plural(few, "timed measure"), TooFewToTest(least))
	}
	return text
}

// Compare finds out what changed between two experiments.
func Compare(a, b *Record) *Diff {
	d := &Diff{Schema: DiffSchema, From: a.ID, To: b.ID, Speed: speed(a, b), Exact: []ExactChange{}, Timed: []TimedChange{}, Other: []string{}}
	if a.FileDigest != b.FileDigest {
		d.Other = append(d.Other, "the experiment's file is another one")
	}
	if a.File != b.File {
		d.Other = append(d.Other, fmt.Sprintf("the experiment's files are %s and %s", a.File, b.File))
	}
	if a.Machine != b.Machine {
		d.Other = append(d.Other, "the machine, its kernel or tare's version is another one: do not compare times")
	}
	for i := range a.Variants {
		x := &a.Variants[i]
		y := b.Variant(x.Name)
		if y == nil {
			d.Other = append(d.Other, x.Name+" is only in the first")
			continue
		}
		d.variant(a, b, x, y)
	}
	for i := range b.Variants {
		if a.Variant(b.Variants[i].Name) == nil {
			d.Other = append(d.Other, b.Variants[i].Name+" is only in the second")
		}
	}
	d.Same = len(d.Exact) == 0 && len(d.Other) == 0 && !slices.ContainsFunc(d.Timed, func(t TimedChange) bool { return t.Significant })
	return d
}

func (d *Diff) variant(a, b *Record, x, y *Result) {
	if (x.Error == "") != (y.Error == "") {
		d.Other = append(d.Other, x.Name+": it failed in one of them: "+x.Error+y.Error)
	}
	if x.Check != nil && y.Check != nil && x.Check.Passed != y.Check.Passed {
		d.Other = append(d.Other, x.Name+": its check passed in only one of them: "+x.Check.Reason+y.Check.Reason)
	}
	exact := func(measure string, from, to int64) {
		if from != to {
			d.Exact = append(d.Exact, ExactChange{x.Name, measure, from, to})
		}
	}
	ia, ib := imageOf(a, x.Name), imageOf(b, x.Name)
	if ia != nil && ib != nil {
		for _, m := range compare.Measures {
			was, known := m.Value(&ia.Sizes).Int()
			is, too := m.Value(&ib.Sizes).Int()
			if known && too {
				exact(m.Name, was, is)
			} else if known != too {
				d.Other = append(d.Other, x.Name+": "+m.Name+" is known in only one of them")
			}
		}
		exact("layers", int64(ia.Layers), int64(ib.Layers))
		kinds := map[string]int{}
		maps.Copy(kinds, ia.Packages)
		maps.Copy(kinds, ib.Packages)
		for _, k := range slices.Sorted(maps.Keys(kinds)) {
			exact("packages "+k, int64(ia.Packages[k]), int64(ib.Packages[k]))
		}
	}
	for n := range min(len(x.Edits), len(y.Edits)) {
		if x.Edits[n].Name == y.Edits[n].Name {
			exact("repull:"+x.Edits[n].Name, x.Edits[n].Repull, y.Edits[n].Repull)
			exact("repull:"+x.Edits[n].Name+" layers", int64(x.Edits[n].Layers), int64(y.Edits[n].Layers))
		}
	}
	for j := range x.Measures {
		m := &x.Measures[j]
		o := y.Measure(m.Name)
		if o == nil || len(m.Samples) == 0 || len(o.Samples) == 0 {
			continue
		}
		t := TimedChange{Variant: x.Name, Measure: m.Name, Unit: m.Unit, From: m.Value, To: o.Value, Runs: min(len(m.Samples), len(o.Samples)), P: pValue(m.Samples, o.Samples)}
		t.Significant = t.Runs >= enough && t.P < b.Method.Alpha && m.Value > 0 && apart(m, o, d.Speed)
		d.Timed = append(d.Timed, t)
	}
}

// apart tells whether two medians are far enough from one another, times also after
// the machine's speed is taken off.
func apart(a, b *Measurement, speed float64) bool {
	ratio := b.Value / a.Value
	if a.Unit == "bytes" {
		return math.Abs(ratio-1) > MinEffect && math.Abs(b.Value-a.Value) > MinMemory
	}
	return math.Abs(ratio-1) > MinEffect && math.Abs(ratio/speed-1) > MinEffect && (ratio > 1) == (ratio/speed > 1)
}

// imageOf is a variant's column in the comparison; nil if it failed.
func imageOf(r *Record, name string) *compare.Image {
	if r.Comparison == nil {
		return nil
	}
	for n := range r.Comparison.Images {
		if r.Comparison.Images[n].Name == name {
			return &r.Comparison.Images[n]
		}
	}
	return nil
}

// Image is a variant's column in the comparison; nil if it could not be obtained.
func (r *Record) Image(name string) *compare.Image { return imageOf(r, name) }

// Number formats a value as people read it, without a unit.
func Number(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }
