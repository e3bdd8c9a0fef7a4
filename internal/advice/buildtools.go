package advice

import (
	"tare/internal/packages"
	"tare/internal/units"
	"tare/internal/weigh"
)

var _ = register(Rule{
	ID: "build-tools", Version: 1, Title: "Compilers and build tools", Severity: Warning,
	Find: func(l *Ledger) (out []Finding) {
		for _, g := range l.left(func(p *Part) bool {
			return p.Owner != "" && packages.BuildTool(p.Owner) || p.Class == weigh.Development
		}) {
			f := l.finding(g.layer, g.parts)
			who := ""
			if list := names(g.parts); len(list) > 0 {
				who = " (" + some(list, 5) + ")"
			}
			f.Text = "leaves " + units.Bytes(f.Tar) + " of compilers, build tools, headers and static libraries in the image" + who
			f.Fix = "build in an earlier stage, or remove build tools in the same RUN"
			out = append(out, f)
		}
		return out
	},
})
