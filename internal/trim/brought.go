package trim

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"tare/internal/draft"
	"tare/internal/layer"
	"tare/internal/tree"
)

func init() {
	register(Rule{ID: "secret-brought-along", Kind: Lossless, Title: "secrets that a COPY of a directory brings along and a later RUN deletes", Find: brought})
}

// brought lets the RUN that needs a secret of the context copy the context itself, from a
// bind mount, and delete the secret in the same step. Where nothing needs it, an ignore file
// keeps it back, which is less.
func brought(p *Project) []Candidate {
	var out []Candidate
	for _, cp := range p.copies() {
		src, dest, ok := p.File.Copied(cp)
		run := p.File.Next(cp)
		if !ok || cp.Keyword != "COPY" || len(cp.Flags) > 0 || !cp.FromContext() || len(src) != 1 || strings.ContainsAny(src[0].Text+dest.Text, "*?[$") || run == nil || run.Keyword != "RUN" || run.Script == nil || !p.File.Shell(run) || run.Script.Heredoc {
			continue
		}
		if c, ok := p.bring(cp, run, src[0].Text, dest.Text); ok {
			out = append(out, c)
		}
	}
	return out
}

func (p *Project) bring(cp, run *draft.Instruction, src, dest string) (Candidate, bool) {
	k, _ := p.layer(cp)
	secrets := p.written(cp, func(_ string, e *layer.Entry) bool { return e.Kind == layer.File && e.Mark != 0 }, func(r tree.Ref) bool {
		return p.Facts.Tree.Name(r).Class != tree.Live && !p.alive(r)
	})
	all := p.written(cp, func(string, *layer.Entry) bool { return true })
	if len(secrets) == 0 || len(secrets) == len(all) || len(all) == 1 {
		return Candidate{}, false
	}
	by := p.Facts.Tree.Name(secrets[0]).By
	last := p.maker(by)
	if last == nil || last.Keyword != "RUN" || last.Stage != run.Stage {
		return Candidate{}, false
	}
	var edits []draft.Edit
	if last != run {
		more, moved, ok := p.join(run, last)
		if !ok || len(moved) > 0 {
			return Candidate{}, false
		}
		edits = more
	}
	mount := "--mount=type=bind,target=/context"
	if from := strings.Trim(path.Clean("/"+src), "/"); from != "" {
		mount = "--mount=type=bind,source=" + from + ",target=/context"
	}
	copied := "cp -a /context/. " + dest + " && "
	if path.Clean(dest) != "." {
		copied = "mkdir -p " + dest + " && " + copied
	}
	at := run.Script.Place(0)
	edits = append([]draft.Edit{p.File.Remove(cp), p.File.Flag(run, mount), {Span: draft.Span{From: at, To: at}, Text: copied}}, edits...)
	return Candidate{Line: cp.Lines[0], What: fmt.Sprintf("copy the context in the RUN that needs /%s: line %d deletes it", p.Facts.Tree.Entry(secrets[0]).Path, last.Lines[0]),
		Edits: edits, Predicted: p.model().merge(k, by).saves(), Exact: true, Secret: true, Instead: true}, true
}

// secretive tells whether paths of a layer hold a secret.
func (p *Project) secretive(k int32, tops []string) bool {
	for n := range p.Facts.Tree.Lists[k] {
		e := &p.Facts.Tree.Lists[k][n]
		if e.Mark != 0 && slices.ContainsFunc(tops, func(t string) bool { return under(e.Path, t) }) {
			return true
		}
	}
	return false
}
