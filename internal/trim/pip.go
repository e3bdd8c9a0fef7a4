package trim

import (
	"fmt"
	"slices"
	"strings"

	"tare/internal/draft"
	"tare/internal/layer"
	"tare/internal/shell"
	"tare/internal/tree"
)

func init() {
	register(Rule{ID: "pip-cache", Kind: Lossless, Title: "pip's cache", Find: pipCache})
}

// pipVerb is the subcommand of a command that runs pip, however it is called.
func pipVerb(c *shell.Command, verbs ...string) *shell.Word {
	name := c.Name()
	if strings.HasPrefix(name, "pip") && strings.Trim(name[3:], "0123456789.") == "" {
		return verbOf(c, verbs...)
	}
	args := c.Args()
	if strings.HasPrefix(name, "python") && len(args) > 2 && args[0].Text == "-m" && args[1].Text == "pip" {
		rest := shell.Command{Words: append([]shell.Word{args[1]}, args[2:]...)}
		if v := verbOf(&rest, verbs...); v != nil {
			return v
		}
	}
	return nil
}

// pipCache lets pip keep no cache.
func pipCache(p *Project) []Candidate {
	return p.pip("--no-cache-dir", "pip install --no-cache-dir", []string{"install", "download", "wheel"}, func(file string) bool {
		return strings.Contains("/"+file, "/.cache/pip/")
	})
}

// pip adds an option to pip's commands of each RUN that writes certain files.
func (p *Project) pip(option, what string, verbs []string, match func(string) bool) []Candidate {
	var out []Candidate
	for _, i := range p.runs() {
		k, ok := p.layer(i)
		refs := p.written(i, func(file string, _ *layer.Entry) bool { return match(file) })
		if !ok || !slices.ContainsFunc(refs, p.alive) {
			continue
		}
		var edits []draft.Edit
		for _, c := range i.Script.Commands {
			if v := pipVerb(&c, verbs...); v != nil && !c.Has(option) {
				edits = append(edits, i.Script.Insert(v.To, " "+option))
			}
		}
		if edits == nil {
			continue
		}
		tops := p.tops(refs, "/.cache/pip")
		c := Candidate{Line: i.Lines[0], What: what, Edits: edits, Predicted: p.model().vanish(k, tops...).saves(), Exact: true}
		if line := p.refills(i, tops, func(c *shell.Command) bool { return pipVerb(c, verbs...) != nil && !c.Has(option) }); line > 0 {
			c.unknown(fmt.Sprintf("line %d uses pip, too, which may write there what is not there any more", line))
		}
		out = append(out, c)
	}
	return out
}

// refills is the line of a later RUN that runs a program which may write again what an edit
// keeps out of some directories; 0 where none does, or where it leaves nothing there.
func (p *Project) refills(i *draft.Instruction, tops []string, runs func(*shell.Command) bool) int {
	for _, j := range p.runs() {
		k, ok := p.layer(j)
		if !ok || j.Stage < i.Stage || j.Stage == i.Stage && j.Index <= i.Index {
			continue
		}
		if n := slices.IndexFunc(j.Script.Commands, func(c shell.Command) bool { return runs(&c) }); n < 0 {
			continue
		}
		for _, top := range tops {
			if len(p.children(top, k)) > 0 {
				return j.Lines[0]
			}
		}
	}
	return 0
}

// tops are the directories of entries' paths that end in dir.
func (p *Project) tops(refs []tree.Ref, dir string) []string {
	var out []string
	for _, r := range refs {
		file := "/" + p.Facts.Tree.Entry(r).Path
		if at := strings.Index(file, dir+"/"); at >= 0 {
			if top := file[1 : at+len(dir)]; !slices.Contains(out, top) {
				out = append(out, top)
			}
		}
	}
	return out
}
