package advice

import (
	"strings"

	"tare/internal/units"
)

var _ = register(Rule{
	ID: "temporary-files", Version: 1, Title: "Temporary files", Severity: Warning,
	Mark: func(f File) string {
		if strings.HasPrefix(f.Path, "tmp/") || strings.HasPrefix(f.Path, "var/tmp/") {
			return "tmp"
		}
		return ""
	},
	Find: func(l *Ledger) (out []Finding) {
		for _, g := range l.left(func(p *Part) bool { return p.Marks["temporary-files"] != "" }) {
			f := l.finding(g.layer, g.parts)
			f.Text = "leaves " + units.Bytes(f.Tar) + " of temporary files in the image" + example(g.parts)
			f.Fix = "delete in the same RUN, or RUN --mount=type=tmpfs,target=/tmp"
			if l.copies(g.layer) {
				f.Fix = "mount instead of copying: RUN --mount=type=bind"
			}
			if f.Tar > 0 {
				out = append(out, f)
			}
		}
		return out
	},
})
