package profile

import (
	"strings"

	"tare/internal/advice"
)

// find looks for what the image holds and need not.
func (r *Result) find(in Input) {
	if in.Image == nil || in.Image.Ledger == nil {
		return
	}
	lines := make([]int, len(in.Image.Ledger.Layers))
	base := len(lines)
	for i := range r.Lines {
		if l := &r.Lines[i]; l.Layer > 0 && r.Stages[l.Stage].Final {
			lines[l.Layer-1] = l.Lines[0]
			base = min(base, l.Layer-1)
		}
	}
	ledger := in.Image.Ledger
	if base < len(lines) {
		ledger = ledger.Lined(lines, base)
	}
	c := r.context(in)
	ledger.Context = &c
	r.Findings = advice.Find(ledger)
}

// context is what was sent to the builder, and what became of it.
func (r *Result) context(in Input) advice.Context {
	var c advice.Context
	for _, s := range in.Steps {
		if strings.HasPrefix(s.Name, "[internal] load build context") {
			c.Sent += s.Sent
		}
	}
	for i := range r.Lines {
		if l := &r.Lines[i]; l.Keyword == "COPY" || l.Keyword == "ADD" {
			c.Used += l.Bytes.Files
			if c.Line == 0 {
				c.Line = l.Lines[0]
			}
		}
	}
	return c
}
