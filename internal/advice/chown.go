package advice

import "tare/internal/tree"

var _ = register(Rule{
	ID: "chown-copies-layer", Version: 1, Title: "A chown or chmod that copies files", Severity: Warning,
	Find: func(l *Ledger) (out []Finding) {
		for _, g := range l.hidden(func(p *Part) bool { return p.Fate == tree.MetadataOnly }) {
			f := l.finding(g.layer, g.parts)
			from, one := l.from(g.parts)
			f.Other = one
			f.Text = "changes only owner, permissions or times of " + amount(g.parts) + " from " + from + example(g.parts) + ", and so stores them a second time"
			f.Fix = "set owner and mode in COPY --chown, --chmod, or in the same RUN"
			if f.Tar > 0 {
				out = append(out, f)
			}
		}
		return out
	},
})
