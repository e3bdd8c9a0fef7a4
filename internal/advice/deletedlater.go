package advice

var _ = register(Rule{
	ID: "deleted-later", Version: 1, Title: "Files that a later line deletes", Severity: Warning,
	Find: func(l *Ledger) (out []Finding) {
		for _, g := range l.hidden(func(p *Part) bool { return deleted(p.Fate) && (l.Layers[p.Layer].Base != "" || !l.brought(p.Layer)) }) {
			out = append(out, l.stays(g, "deletes", "and they stay in the layer below", "delete in the RUN that writes, or write in an earlier stage")...)
		}
		return out
	},
})
