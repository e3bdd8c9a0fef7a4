package advice

import (
	"tare/internal/units"
	"tare/internal/weigh"
)

var _ = register(Rule{
	ID: "vcs-data", Version: 1, Title: "Version control data (.git)", Severity: Warning,
	Find: func(l *Ledger) (out []Finding) {
		for _, g := range l.left(func(p *Part) bool { return p.Class == weigh.VCS }) {
			f := l.finding(g.layer, g.parts)
			f.Text = "leaves " + units.Bytes(f.Tar) + " of version control data in the image" + example(g.parts)
			f.Fix = "clone in an earlier stage, or delete .git in the same RUN"
			if l.copies(g.layer) {
				f.Fix = "put .git into .dockerignore"
			}
			out = append(out, f)
		}
		return out
	},
})
