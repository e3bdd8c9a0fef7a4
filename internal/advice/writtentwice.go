package advice

import "tare/internal/tree"

var _ = register(Rule{
	ID: "written-twice", Version: 1, Title: "The same files, written again", Severity: Warning,
	Find: func(l *Ledger) (out []Finding) {
		for _, g := range l.hidden(func(p *Part) bool { return p.Fate == tree.OverwrittenSame }) {
			f := l.finding(g.layer, g.parts)
			from, one := l.from(g.parts)
			f.Other = one
			f.Text = "writes " + amount(g.parts) + " from " + from + " again, unchanged" + example(g.parts)
			f.Fix = "write these files once"
			if f.Tar > 0 {
				out = append(out, f)
			}
		}
		return out
	},
})
