package advice

import (
	"strings"

	"tare/internal/units"
)

var _ = register(Rule{
	ID: "apt-lists", Version: 1, Title: "apt's package lists", Severity: Warning,
	Mark: func(f File) string {
		if strings.HasPrefix(f.Path, "var/lib/apt/lists/") {
			return "apt"
		}
		return ""
	},
	Find: func(l *Ledger) (out []Finding) {
		for _, g := range l.left(func(p *Part) bool { return p.Marks["apt-lists"] != "" }) {
			f := l.finding(g.layer, g.parts)
			f.Text = "leaves " + units.Bytes(f.Tar) + " of apt's package lists in the image (/var/lib/apt/lists)"
			f.Fix = "rm -rf /var/lib/apt/lists/* in the same RUN"
			if f.Tar > 0 {
				out = append(out, f)
			}
		}
		return out
	},
})
