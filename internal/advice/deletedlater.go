package advice

var _ = register(Rule{
	ID: "deleted-later", Version: 1, Title: "Files that a later line deletes", Severity: Warning,
	Find: func(l *Ledger) (out []Finding) {
		for _, g := range l.hidden(func(p *Part) bool { return deleted(p.Fate) && (l.Layers[p.Layer].Base != "" || !l.copies(p.Layer)) }) {
			out = append(out, l.stays(g, func(what string) string {
				return "deletes " + what + ": they stay in the layer below"
			}, "delete files in the RUN that writes them, or write them in an earlier stage")...)
		}
		return out
	},
})
