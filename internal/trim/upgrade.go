package trim

import (
	"slices"
	"strings"

	"tare/internal/draft"
	"tare/internal/layer"
	"tare/internal/shell"
)

func init() {
	register(Rule{ID: "upgrade", Kind: Checked, Title: "upgrades of the base image's packages", Find: upgrades})
}

// upgrades takes commands out that upgrade all packages of the base image, which writes them
// a second time: a newer base image brings them once.
func upgrades(p *Project) []Candidate {
	var out []Candidate
	for _, i := range p.runs() {
		k, ok := p.layer(i)
		if !ok {
			continue
		}
		refs := p.written(i, func(file string, _ *layer.Entry) bool {
			return p.Base > 0 && p.before(int32(p.Base), file) && !IsDeclared(file)
		})
		for _, c := range i.Script.Commands {
			if !c.Sure || !upgrade(&c) || len(refs) == 0 || len(i.Script.Parts) == 1 {
				continue
			}
			e, ok := p.File.Drop(i, c.Part)
			if !ok {
				continue
			}
			m := p.model().never(refs...)
			m.at(k)
			out = append(out, Candidate{Line: i.Lines[0], What: "do not upgrade the base image's packages: a newer base image brings them", Edits: []draft.Edit{e}, Predicted: m.saves()})
		}
	}
	return out
}

// upgrade tells whether a command upgrades all packages: it names none.
func upgrade(c *shell.Command) bool {
	verbs := map[string][]string{"apt-get": {"upgrade", "dist-upgrade"}, "apt": {"upgrade", "full-upgrade"}, "apk": {"upgrade"}, "dnf": {"upgrade", "update"}, "yum": {"upgrade", "update"}, "microdnf": {"upgrade", "update"}}[c.Name()]
	found := false
	skip := false
	for _, a := range c.Args() {
		switch {
		case skip:
			skip = false
		case !a.Static:
			return false
		case withValue[a.Text]:
			skip = true
		case strings.HasPrefix(a.Text, "-"):
		case slices.Contains(verbs, a.Text) && !found:
			found = true
		default:
			return false
		}
	}
	return found
}
