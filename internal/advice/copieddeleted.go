package advice

var _ = register(Rule{
	ID: "copied-then-deleted", Version: 1, Title: "Files that are copied in and then deleted", Severity: Warning,
	Find: func(l *Ledger) (out []Finding) {
		for _, g := range l.hidden(func(p *Part) bool { return deleted(p.Fate) && l.Layers[p.Layer].Base == "" && l.brought(p.Layer) }) {
			out = append(out, l.stays(g, "deletes", "and they stay in the layer that copied them", "leave it out (.dockerignore, COPY --exclude) or RUN --mount=type=bind")...)
		}
		return out
	},
})
