package advice

import "tare/internal/tree"

var _ = register(Rule{
	ID: "overwritten", Version: 1, Title: "Files that a later line overwrites", Severity: Note,
	Find: func(l *Ledger) (out []Finding) {
		for _, g := range l.hidden(func(p *Part) bool { return p.Fate == tree.OverwrittenChanged }) {
			out = append(out, l.stays(g, "overwrites", "and both versions are in the image", "join the RUNs that write the same files")...)
		}
		return out
	},
})
