package trim

import (
	"slices"
	"strings"

	"tare/internal/draft"
	"tare/internal/layer"
	"tare/internal/shell"
	"tare/internal/tree"
)

func init() {
	register(Rule{ID: "apk-cache", Kind: Lossless, Title: "apk's package index", Find: apkCache})
	register(Rule{ID: "pip-cache", Kind: Lossless, Title: "pip's cache", Find: pipCache})
	register(Rule{ID: "bytecode", Kind: Lossless, Title: "byte code that pip compiles", Find: bytecode})
}

// apkCache lets apk fetch its index without keeping it: apk add --no-cache, and no apk
// update. Where commands cannot be edited for sure, what is kept is removed.
func apkCache(p *Project) []Candidate {
	index := func(file string, _ *layer.Entry) bool {
		return under(file, "var/cache/apk") || under(file, "etc/apk/cache")
	}
	var filled []*draft.Instruction
	for _, i := range p.runs() {
		if refs := p.written(i, index); slices.ContainsFunc(refs, p.alive) {
			filled = append(filled, i)
		}
	}
	if len(filled) == 0 {
		return nil
	}
	if c, ok := p.noCache(filled, index); ok {
		return []Candidate{c}
	}
	var out []Candidate
	for _, i := range filled {
		k, _ := p.layer(i)
		if e, ok := p.File.Append(i, "rm -rf /var/cache/apk/* /etc/apk/cache/*"); ok {
			paths := append(p.children("var/cache/apk", k), p.children("etc/apk/cache", k)...)
			out = append(out, Candidate{Line: i.Lines[0], What: "remove apk's package index in the same RUN", Edits: []draft.Edit{e}, Predicted: p.model().remove(k, paths...).saves(), Exact: true})
		}
	}
	return out
}

// noCache edits the commands of apk in all RUNs, since one may use the index of another.
func (p *Project) noCache(filled []*draft.Instruction, index func(string, *layer.Entry) bool) (Candidate, bool) {
	out := Candidate{Line: filled[0].Lines[0], What: "apk add --no-cache, without apk update", Exact: true}
	m := p.model()
	for _, i := range p.runs() {
		if !p.uses(i, "apk") {
			continue
		}
		k, has := p.layer(i)
		left := len(i.Script.Parts)
		for _, c := range i.Script.Commands {
			if c.Name() != "apk" {
				continue
			}
			verb := verbOf(&c, "add", "upgrade", "update", "del", "fix", "info", "search")
			switch {
			case verb == nil:
				return out, false
			case verb.Text == "update":
				if !c.Sure || i.Script.Heredoc && len(i.Script.Parts) == 1 {
					return out, false
				}
				e, ok := p.File.Drop(i, c.Part)
				if !ok {
					return out, false
				}
				out.Edits = append(out.Edits, e)
				left--
			case (verb.Text == "add" || verb.Text == "upgrade") && !c.Has("--no-cache"):
				out.Edits = append(out.Edits, i.Script.Insert(verb.To, " --no-cache"))
			}
		}
		if !has {
			continue
		}
		if left == 0 {
			m.drop(k)
			continue
		}
		m.never(p.written(i, index)...)
	}
	out.Predicted = m.saves()
	return out, len(out.Edits) > 0
}

// verbOf is the first argument of a command that is no option, if it is one of some; nil
// else.
func verbOf(c *shell.Command, verbs ...string) *shell.Word {
	args := c.Args()
	for n := range args {
		if !args[n].Static {
			return nil
		}
		if strings.HasPrefix(args[n].Text, "-") {
			continue
		}
		if slices.Contains(verbs, args[n].Text) {
			return &args[n]
		}
		return nil
	}
	return nil
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
	}, "/.cache/pip")
}

// bytecode lets pip compile nothing: Python does it when a program starts, if it may write.
func bytecode(p *Project) []Candidate {
	return p.pip("--no-compile", "pip install --no-compile: Python compiles when a program starts, which takes longer then", []string{"install"}, func(file string) bool {
		return strings.HasSuffix(file, ".pyc") && strings.Contains(file, "/site-packages/") && !strings.Contains(file, "/site-packages/pip/")
	}, "")
}

// pip adds an option to pip's commands of each RUN that writes certain files.
func (p *Project) pip(option, what string, verbs []string, match func(string) bool, dir string) []Candidate {
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
		m := p.model()
		if dir != "" {
			m.vanish(k, p.tops(refs, dir)...)
		} else {
			m.never(refs...)
			m.vanish(k, p.emptied(refs)...)
		}
		out = append(out, Candidate{Line: i.Lines[0], What: what, Edits: edits, Predicted: m.saves(), Exact: dir != ""})
	}
	return out
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

// emptied are the directories of byte code that hold nothing but some entries.
func (p *Project) emptied(refs []tree.Ref) []string {
	var out []string
	for _, r := range refs {
		file := p.Facts.Tree.Entry(r).Path
		if at := strings.LastIndex(file, "/__pycache__/"); at >= 0 {
			if top := file[:at+len("/__pycache__")]; !slices.Contains(out, top) {
				out = append(out, top)
			}
		}
	}
	return out
}
