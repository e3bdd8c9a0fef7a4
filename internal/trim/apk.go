package trim

import (
	"slices"
	"strings"

	"tare/internal/draft"
	"tare/internal/layer"
	"tare/internal/shell"
)

func init() {
	register(Rule{ID: "apk-cache", Kind: Lossless, Title: "apk's package index", Find: apkCache})
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
