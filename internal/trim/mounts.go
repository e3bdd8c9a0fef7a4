package trim

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"tare/internal/draft"
	"tare/internal/layer"
	"tare/internal/shell"
	"tare/internal/tree"
)

func init() {
	register(Rule{ID: "copied-then-deleted", Kind: Lossless, Title: "files that a COPY writes and a later RUN deletes", Find: func(p *Project) []Candidate { return p.mounted(false) }})
	register(Rule{ID: "secret-in-layer", Kind: Lossless, Title: "secrets that a COPY writes and a later RUN deletes", Find: func(p *Project) []Candidate { return p.mounted(true) }})
}

// mounted lets RUNs see what they need of the context, of a stage or of an image as a bind
// mount, where a COPY wrote it and a later RUN deletes it again. The file then is in no
// layer; what the frontend makes for the mount, it removes.
func (p *Project) mounted(secret bool) []Candidate {
	var out []Candidate
	for _, cp := range p.copies() {
		if c, ok := p.unpacked(cp); ok && !secret {
			out = append(out, c)
			continue
		}
		src, _, ok := p.File.Copied(cp)
		if !ok || cp.Keyword != "COPY" || len(src) != 1 || cp.HasFlag("exclude") || cp.HasFlag("parents") || strings.ContainsAny(src[0].Text, "*?$") {
			continue
		}
		all := p.written(cp, func(string, *layer.Entry) bool { return true })
		if len(all) == 0 || slices.ContainsFunc(all, func(r tree.Ref) bool { return p.alive(r) || p.Facts.Tree.Name(r).Class == tree.Live }) {
			continue
		}
		if marked := slices.ContainsFunc(all, func(r tree.Ref) bool { return p.Facts.Tree.Entry(r).Mark != 0 }); marked != secret {
			continue
		}
		if c, ok := p.mount(cp, src[0].Text, all); ok {
			c.Secret = secret
			out = append(out, c)
		}
	}
	return out
}

// unpacked takes an ADD out of which nothing is left, since a later RUN deletes all of it;
// whether a RUN between needs it, the build tells.
func (p *Project) unpacked(cp *draft.Instruction) (Candidate, bool) {
	if cp.Keyword != "ADD" {
		return Candidate{}, false
	}
	all := p.written(cp, func(string, *layer.Entry) bool { return true })
	if len(all) == 0 || slices.ContainsFunc(all, func(r tree.Ref) bool { return p.alive(r) }) {
		return Candidate{}, false
	}
	last := p.maker(p.Facts.Tree.Name(all[0]).By)
	if last == nil || last.Script == nil || last.Keyword != "RUN" || last.Stage != cp.Stage || !p.File.Shell(last) {
		return Candidate{}, false
	}
	k, _ := p.layer(cp)
	by, _ := p.layer(last)
	dest := p.Facts.Tree.Entry(all[0]).Path
	if len(all) > 1 {
		dest = common(p.paths(all))
	}
	for ; dest != "." && dest != ""; dest = path.Dir(dest) {
		gone, whole, edits := p.unlink(last, dest)
		if !gone {
			continue
		}
		m := p.model().drop(k)
		if whole {
			m.drop(by)
		}
		return Candidate{Line: cp.Lines[0], What: fmt.Sprintf("remove it: line %d deletes all of it", last.Lines[0]),
			Edits: append(edits, p.File.Remove(cp)), Predicted: m.saves(), Exact: true}, true
	}
	return Candidate{}, false
}

func (p *Project) mount(cp *draft.Instruction, src string, all []tree.Ref) (Candidate, bool) {
	k, _ := p.layer(cp)
	last := p.maker(p.Facts.Tree.Name(all[0]).By)
	if last == nil || last.Script == nil || last.Keyword != "RUN" || last.Stage != cp.Stage || !p.File.Shell(last) {
		return Candidate{}, false
	}
	dest := p.Facts.Tree.Entry(all[0]).Path
	dir := len(all) > 1 || path.Base(src) != path.Base(dest) && strings.HasSuffix(src, "/") || src == "."
	if dir {
		dest = common(p.paths(all))
	}
	if dest == "" || dest == "." {
		return Candidate{}, false
	}
	m := p.model().drop(k)
	out := Candidate{Line: cp.Lines[0], What: fmt.Sprintf("mount %s in the RUN that needs it: line %d deletes it", src, last.Lines[0]), Edits: []draft.Edit{p.File.Remove(cp)}}
	gone, whole, edits := p.unlink(last, dest)
	if !gone {
		return Candidate{}, false
	}
	out.Edits = append(out.Edits, edits...)
	by, _ := p.layer(last)
	if whole {
		m.drop(by)
	} else {
		m.at(by)
		for name := range m.at(by) {
			if strings.Contains(name, "\x00") && under(pathOf(name), dest) {
				delete(m.at(by), name)
			}
		}
	}
	mount := "--mount=type=bind,source=" + strings.TrimPrefix(path.Clean("/"+src), "/") + ",target=/" + dest
	if path.Clean("/"+src) == "/" {
		mount = "--mount=type=bind,target=/" + dest
	}
	if cp.Instruction.From != "" {
		mount = strings.Replace(mount, "type=bind", "type=bind,from="+cp.Instruction.From, 1)
	}
	if dir {
		mount += ",rw"
	}
	// A script may read it of which the Dockerfile shows only the name: where no line names the
	// file, each gets it.
	named := slices.ContainsFunc(p.runs(), func(i *draft.Instruction) bool {
		return i.Stage == cp.Stage && i.Index > cp.Index && i.Index < last.Index && mentions(i, dest, src)
	})
	mounts := 0
	for _, i := range p.runs() {
		if i.Stage != cp.Stage || i.Index < cp.Index || i.Index > last.Index || i == last && whole {
			continue
		}
		if mentions(i, dest, src) || !named && i != last || i == last && last.Index == cp.Index+1 || dir {
			out.Edits = append(out.Edits, p.File.Flag(i, mount))
			mounts++
		}
	}
	if mounts == 0 && !whole {
		return Candidate{}, false
	}
	out.Predicted = m.saves()
	return out, true
}

// mentions tells whether a RUN's text names a file, or what it is copied from.
func mentions(i *draft.Instruction, dest, src string) bool {
	return strings.Contains(i.Script.Text, path.Base(dest)) || src != "." && strings.Contains(i.Script.Text, path.Base(src))
}

// unlink takes the command, or the words, out of a RUN that delete a path; whole says that
// nothing is left of the RUN.
func (p *Project) unlink(i *draft.Instruction, dest string) (gone, whole bool, edits []draft.Edit) {
	for _, c := range i.Script.Commands {
		if c.Name() != "rm" || !c.Sure {
			continue
		}
		var mine, others []shell.Word
		for _, a := range c.Args() {
			switch {
			case a.Static && strings.HasPrefix(a.Text, "-"):
			case a.Static && (strings.Trim(path.Clean(a.Text), "/") == dest || strings.TrimSuffix(strings.Trim(a.Text, "/"), "/*") == dest || !path.IsAbs(a.Text) && path.Clean(a.Text) == path.Base(dest)):
				mine = append(mine, a)
			default:
				others = append(others, a)
			}
		}
		if len(mine) == 0 {
			continue
		}
		if len(others) == 0 {
			e, ok := p.File.Drop(i, c.Part)
			if !ok {
				return false, false, nil
			}
			edits, gone, whole = append(edits, e), true, len(i.Script.Parts) == 1
			continue
		}
		where := i.Script.Range(c.From, c.To)
		if where.To-where.From != c.To-c.From { // on several lines, which stay as they are
			for _, w := range mine {
				edits, gone = append(edits, i.Script.DropWord(w.From, w.To)), true
			}
			continue
		}
		// As one change of the command: two that both take words out would leave an rm of nothing.
		text, at := "", c.From
		for _, w := range mine {
			cut := w.From
			for cut > at && (i.Script.Text[cut-1] == ' ' || i.Script.Text[cut-1] == '\t') {
				cut--
			}
			text, at = text+i.Script.Text[at:cut], w.To
		}
		text += i.Script.Text[at:c.To]
		edits, gone = append(edits, draft.Replace(where, text)), true
	}
	return gone, whole, edits
}

// common is the directory that all of some paths are in.
func common(paths []string) string {
	dir := path.Dir(paths[0])
	for _, f := range paths[1:] {
		for dir != "." && !under(f, dir) {
			dir = path.Dir(dir)
		}
	}
	return dir
}
