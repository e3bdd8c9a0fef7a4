package lab

import "tare/internal/experiment"

// Verdict is what an experiment came to.
type Verdict int

// Verdicts, the worst last.
const (
	Passed Verdict = iota // every check that there is
	Unmet                 // a check did not pass
	Failed                // a variant could not be built or pulled
)

// VerdictOf tells what the experiment came to.
func VerdictOf(r *experiment.Record) Verdict {
	out := Passed
	for i := range r.Variants {
		v := &r.Variants[i]
		switch {
		case v.Error != "":
			return Failed
		case v.Check != nil && !v.Check.Passed:
			out = Unmet
		}
	}
	return out
}
