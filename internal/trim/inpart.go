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
	register(Rule{ID: "copied-in-part", Kind: Lossless, Title: "a COPY --from of which a later RUN deletes a part", Find: inPart})
}

// maxParts bounds the COPY lines that one becomes.
const maxParts = 4

// inPart copies of a directory of another stage only what stays in the image.
func inPart(p *Project) []Candidate {
	var out []Candidate
	for _, cp := range p.copies() {
		src, dest, ok := p.File.Copied(cp)
		if !ok || cp.Instruction.From == "" || len(src) != 1 || strings.ContainsAny(src[0].Text+dest.Text, "*?[$") || !path.IsAbs(dest.Text) {
			continue
		}
		if c, ok := p.part(cp, src[0], dest); ok {
			out = append(out, c)
		}
	}
	return out
}

func (p *Project) part(cp *draft.Instruction, src, dest draft.Word) (Candidate, bool) {
	k, _ := p.layer(cp)
	root := strings.Trim(path.Clean(dest.Text), "/")
	var tops []string
	for _, top := range p.hiddenTops(k) {
		if path.Dir(top) == root {
			tops = append(tops, top)
		}
	}
	if len(tops) == 0 {
		return Candidate{}, false
	}
	var files, dirs []string
	var last *draft.Instruction
	for n := range p.Facts.Tree.Lists[k] {
		r := tree.Ref{Layer: k, Entry: int32(n)}
		e := p.Facts.Tree.Entry(r)
		hidden := slices.ContainsFunc(tops, func(top string) bool { return under(e.Path, top) })
		switch {
		case hidden && e.Kind == layer.Dir:
		case hidden:
			by := p.maker(p.Facts.Tree.Name(r).By)
			if by == nil || last != nil && by != last {
				return Candidate{}, false
			}
			last = by
		case e.Path == root || !under(e.Path, root):
		case p.Facts.Tree.Name(r).Class != tree.Live, strings.ContainsAny(e.Path, " *?[$\"'\\"):
			return Candidate{}, false
		case path.Dir(e.Path) != root:
		case e.Kind == layer.Dir:
			dirs = append(dirs, path.Base(e.Path))
		case e.Kind == layer.File:
			files = append(files, path.Base(e.Path))
		default: // as a source of its own a link would be followed
			return Candidate{}, false
		}
	}
	if last == nil || last.Script == nil || last.Keyword != "RUN" || last.Stage != cp.Stage || len(files)+len(dirs) == 0 || len(dirs) > maxParts {
		return Candidate{}, false
	}
	drop, whole, ok := p.unlinkAll(last, tops)
	if !ok {
		return Candidate{}, false
	}
	edits := append(p.parts(cp, src, dest, files, dirs), drop)
	m := p.model().vanish(k, tops...)
	if by, ok := p.layer(last); ok && whole {
		m.drop(by)
	}
	var names []string
	for _, t := range tops {
		names = append(names, "/"+t)
	}
	c := Candidate{Line: cp.Lines[0], What: fmt.Sprintf("copy it without %s, which line %d deletes", strings.Join(names, ", "), last.Lines[0]), Edits: edits, Predicted: m.saves(), Exact: true}
	if len(dirs) > 1 || len(dirs) == 1 && len(files) > 0 {
		c.unknown("it becomes several steps, and what directories each writes again is not known before it is built")
	}
	return c, true
}

// parts make of a COPY of a directory COPYs of some of what is in it: of its files in one
// line, and of each directory.
func (p *Project) parts(cp *draft.Instruction, src, dest draft.Word, files, dirs []string) []draft.Edit {
	from, to := strings.TrimRight(src.Text, "/"), strings.TrimRight(dest.Text, "/")
	var lines []string
	switch {
	case len(files) == 1:
		lines = append(lines, from+"/"+files[0]+" "+to+"/"+files[0])
	case len(files) > 1:
		lines = append(lines, from+"/"+strings.Join(files, " "+from+"/")+" "+to+"/")
	}
	for _, d := range dirs {
		lines = append(lines, from+"/"+d+" "+to+"/"+d)
	}
	head := string(p.File.Text[cp.At.From:src.From]) // the keyword and its flags
	text := strings.Join(lines, p.File.Newline()+head)
	return []draft.Edit{draft.Replace(draft.Span{From: src.From, To: dest.To}, text)}
}

// unlinkAll takes a command out of a RUN that deletes some paths and nothing else.
func (p *Project) unlinkAll(i *draft.Instruction, tops []string) (e draft.Edit, whole, ok bool) {
	for _, c := range i.Script.Commands {
		if c.Name() != "rm" || !c.Sure || !c.Static() {
			continue
		}
		left := slices.Clone(tops)
		other := false
		for _, a := range c.Args() {
			if strings.HasPrefix(a.Text, "-") {
				continue
			}
			file := strings.Trim(path.Clean(a.Text), "/")
			other = other || !path.IsAbs(a.Text) || !slices.Contains(tops, file)
			left = slices.DeleteFunc(left, func(t string) bool { return t == file })
		}
		if other || len(left) > 0 {
			continue
		}
		e, ok = p.File.Drop(i, c.Part)
		return e, len(i.Script.Parts) == 1, ok
	}
	return e, false, false
}
