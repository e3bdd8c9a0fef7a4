package advice

import "tare/internal/weigh"

// Weighed is a weighed image with what could be saved of it.
type Weighed struct {
	*weigh.Result
	// Dockerfile is the name of the file that it was built from, where it is known.
	Dockerfile string `json:"dockerfile,omitempty"`
	// BaseImage is what its Dockerfile starts from, where that is known.
	BaseImage string `json:"baseImage,omitempty"`
	// Findings are what it holds and need not, the worst first.
	Findings []Finding `json:"findings"`
	// Savings are what all findings save together.
	Savings Savings `json:"savings"`

	// Ledger is what the findings were found in.
	Ledger *Ledger `json:"-"`
}

// Advise adds what could be saved to what was weighed.
func Advise(r *weigh.Result, l *Ledger) *Weighed {
	w := &Weighed{Result: r, Ledger: l, Findings: Find(l)}
	w.Savings = Sum(w.Findings, r.Sizes.Tar)
	return w
}
