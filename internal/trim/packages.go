package trim

import (
	"fmt"
	"strings"

	"tare/internal/draft"
	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/shell"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "no-install-recommends", Kind: Checked, Title: "packages that are only recommended", Find: recommends})
	register(Rule{ID: "build-packages", Kind: Checked, Title: "build tools that stay after the RUN that needs them", Find: buildPackages})
	register(Rule{ID: "untouched-packages", Kind: Checked, Title: "packages that no check touches", Find: untouched})
	register(Rule{ID: "docs-and-locales", Kind: Checked, Title: "documentation and translations of packages", Find: docs})
	register(Rule{ID: "npm-dev", Kind: Checked, Title: "npm packages that only development needs", Find: npmDev})
}

// install is a command that installs packages by name.
type install struct {
	run  *draft.Instruction
	c    *shell.Command
	verb shell.Word
	kind packages.Type
	list []shell.Word // the names
}

// withValue are options of package managers that take the next word.
var withValue = map[string]bool{"-o": true, "-t": true, "--virtual": true, "-X": true, "--repository": true, "-c": true, "--target-release": true, "-p": true, "--root": true}

// installs are the commands of apt, apk and dnf that install packages, in all RUNs.
func (p *Project) installs() []install {
	var out []install
	for _, i := range p.runs() {
		if _, ok := p.layer(i); !ok {
			continue
		}
		for n := range i.Script.Commands {
			c := &i.Script.Commands[n]
			x := install{run: i, c: c}
			var verb *shell.Word
			switch c.Name() {
			case "apt-get", "apt":
				x.kind, verb = packages.Deb, aptVerb(c)
			case "apk":
				x.kind, verb = packages.APK, verbOf(c, "add")
			case "dnf", "microdnf", "yum":
				x.kind, verb = packages.RPM, aptVerb(c)
			}
			if verb == nil {
				continue
			}
			x.verb = *verb
			skip := false
			for _, a := range c.Args() {
				switch {
				case skip:
					skip = false
				case a.Static && withValue[a.Text]:
					skip = true
				case a.From <= verb.From || !a.Static || strings.HasPrefix(a.Text, "-"):
				default:
					x.list = append(x.list, a)
				}
			}
			out = append(out, x)
		}
	}
	return out
}

// aptVerb is the word "install" of a command, also behind options with values.
func aptVerb(c *shell.Command) *shell.Word {
	args := c.Args()
	for n := range args {
		if args[n].Static && args[n].Text == "install" {
			return &args[n]
		}
	}
	return nil
}

// named is the package that a word of an install command names: "gcc", "gcc=4:12.2.0-3",
// "gcc:amd64", "gcc~12".
func (p *Project) named(x *install, w shell.Word) *packages.Package {
	name := w.Text
	if at := strings.IndexAny(name, "=<>~:@/"); at > 0 {
		name = name[:at]
	}
	for _, n := range p.Facts.Final {
		if q := &p.Facts.Packages[n]; q.Type == x.kind && q.Name == name {
			return q
		}
	}
	return nil
}

// entries are what layers of the Dockerfile hold of packages.
func (p *Project) entries(k int32, pick func(*packages.Package) bool) []tree.Ref {
	var out []tree.Ref
	for n := range p.Facts.Tree.Lists[k] {
		r := tree.Ref{Layer: k, Entry: int32(n)}
		if q := p.Facts.Owner(r); q != nil && pick(q) {
			out = append(out, r)
		}
	}
	return out
}

// recommends installs no packages that are only recommended.
func recommends(p *Project) []Candidate {
	var out []Candidate
	for _, x := range p.installs() {
		if x.kind != packages.Deb || x.c.Has("--no-install-recommends") || strings.Contains(x.run.Script.Text, "nstall-recommends") {
			continue
		}
		c := Candidate{Line: x.run.Lines[0], What: "install no packages that are only recommended", Edits: []draft.Edit{x.run.Script.Insert(x.verb.To, " --no-install-recommends")}}
		for _, f := range p.Findings {
			if f.Rule == "recommended-packages" && f.Line == c.Line {
				c.Predicted = &Saves{f.Tar, f.Transfer}
			}
		}
		if c.Predicted == nil && !p.alongside(&x) {
			continue
		}
		if c.Predicted == nil {
			c.unknown("which packages others only recommend is known to apt, and not from the image")
		}
		out = append(out, c)
	}
	return out
}

// alongside tells whether a command installed packages that it does not name.
func (p *Project) alongside(x *install) bool {
	k, _ := p.layer(x.run)
	named := map[string]bool{}
	for _, w := range x.list {
		if q := p.named(x, w); q != nil {
			named[q.Name] = true
		}
	}
	for n := range p.Facts.Tree.Lists[k] {
		r := tree.Ref{Layer: k, Entry: int32(n)}
		if e := p.Facts.Tree.Entry(r); e.Kind != layer.File || p.before(k, e.Path) {
			continue
		}
		if q := p.Facts.Owner(r); q != nil && q.Type == x.kind && !named[q.Name] {
			return true
		}
	}
	return false
}

// remover removes packages of a kind with what only they needed.
var remover = map[packages.Type]string{packages.Deb: "apt-get purge -y --auto-remove", packages.APK: "apk del --no-cache", packages.RPM: "dnf remove -y"}

// buildPackages removes build tools at the end of the RUN that installs them.
func buildPackages(p *Project) []Candidate {
	var out []Candidate
	for _, x := range p.installs() {
		var names []string
		var keys []*packages.Package
		for _, w := range x.list {
			if q := p.named(&x, w); q != nil && packages.BuildTool(q.Key()) {
				names, keys = append(names, q.Name), append(keys, q)
			}
		}
		if names == nil || !x.c.Sure {
			continue
		}
		edit, ok := p.File.Append(x.run, remover[x.kind]+" "+strings.Join(names, " "))
		if !ok {
			continue
		}
		out = append(out, p.less(&x, Candidate{Line: x.run.Lines[0], What: "remove " + strings.Join(names, ", ") + " in the RUN that needs them", Edits: []draft.Edit{edit}}, keys))
	}
	return out
}

// untouched does not install packages that nothing touches.
func untouched(p *Project) []Candidate {
	var out []Candidate
	for _, x := range p.installs() {
		for _, w := range x.list {
			q := p.named(&x, w)
			if q == nil {
				continue
			}
			edits := []draft.Edit{x.run.Script.DropWord(w.From, w.To)}
			if len(x.list) == 1 {
				e, ok := p.File.Drop(x.run, x.c.Part)
				if !ok || !x.c.Sure {
					continue
				}
				edits = []draft.Edit{e}
			}
			out = append(out, p.less(&x, Candidate{Line: x.run.Lines[0], What: "do not install " + q.Name, Edits: edits}, []*packages.Package{q}))
		}
	}
	return out
}

// less fills in what an image has less without packages: their own files, at least.
func (p *Project) less(x *install, c Candidate, list []*packages.Package) Candidate {
	k, _ := p.layer(x.run)
	refs := p.entries(k, func(q *packages.Package) bool {
		for _, r := range list {
			if q.Key() == r.Key() {
				return true
			}
		}
		return false
	})
	c.Gone = p.paths(refs)
	c.Predicted = p.model().never(refs...).saves()
	return c
}

// docs lets dpkg leave documentation out.
func docs(p *Project) []Candidate {
	var out []Candidate
	for _, x := range p.installs() {
		if x.kind != packages.Deb || strings.Contains(x.run.Script.Text, "path-exclude") {
			continue
		}
		k, _ := p.layer(x.run)
		var refs []tree.Ref
		for n := range p.Facts.Tree.Lists[k] {
			r := tree.Ref{Layer: k, Entry: int32(n)}
			e := p.Facts.Tree.Entry(r)
			if under(e.Path, "usr/share/doc") || under(e.Path, "usr/share/man") || under(e.Path, "usr/share/locale") || under(e.Path, "usr/share/info") {
				if p.Facts.Class(r) != weigh.Structure {
					refs = append(refs, r)
				}
			}
		}
		if len(refs) == 0 {
			continue
		}
		text := ""
		for _, d := range []string{"doc", "man", "info", "locale"} {
			text += fmt.Sprintf(" -o 'Dpkg::Options::=--path-exclude=/usr/share/%s/*'", d)
		}
		c := Candidate{Line: x.run.Lines[0], What: "install no documentation and translations", Edits: []draft.Edit{x.run.Script.Insert(x.verb.To, text)}, Gone: p.paths(refs), Predicted: p.model().never(refs...).saves()}
		out = append(out, c)
	}
	return out
}

// npmDev installs no dependencies that only development needs.
func npmDev(p *Project) []Candidate {
	var out []Candidate
	for _, i := range p.runs() {
		for n := range i.Script.Commands {
			c := &i.Script.Commands[n]
			v := verbOf(c, "install", "ci", "i")
			if c.Name() != "npm" || v == nil || c.Has("--omit=dev", "--production", "--only=production", "-g", "--global") {
				continue
			}
			if args := c.Args(); args[len(args)-1].From > v.From && !strings.HasPrefix(args[len(args)-1].Text, "-") {
				continue // it names packages
			}
			out = append(out, Candidate{Line: i.Lines[0], What: "install no packages that only development needs", Edits: []draft.Edit{i.Script.Insert(v.To, " --omit=dev")}})
		}
	}
	return out
}
