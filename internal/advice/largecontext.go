package advice

import "tare/internal/units"

// largeContext is from where on an upload is worth a word, in bytes.
const largeContext = 1 << 20

var _ = register(Rule{
	ID: "large-context", Version: 1, Title: "A large build context", Severity: Warning,
	Find: func(l *Ledger) []Finding {
		c := l.Context
		if c == nil || c.Sent-c.Used <= largeContext || c.Sent <= 2*c.Used {
			return nil
		}
		return []Finding{{Line: c.Line, Sent: c.Sent - c.Used,
			Text: units.Bytes(c.Sent) + " were sent to the builder, and files of " + units.Bytes(c.Used) + " were copied into images",
			Fix:  "leave the rest out in .dockerignore"}}
	},
})
