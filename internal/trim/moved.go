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
	"tare/internal/units"
)

func init() {
	register(Rule{ID: "moved-files", Kind: Lossless, Title: "files that a COPY writes and a RUN moves", Find: moved})
}

// moved lets a COPY write a file or a directory where a RUN moves it to.
func moved(p *Project) []Candidate {
	var out []Candidate
	for _, cp := range p.copies() {
		all := p.written(cp, func(string, *layer.Entry) bool { return true })
		src, dest, ok := p.File.Copied(cp)
		if !ok || cp.Keyword != "COPY" || len(src) != 1 || len(all) == 0 || strings.Contains(dest.Text, "$") {
			continue
		}
		run := p.maker(p.Facts.Tree.Name(all[0]).By)
		if run == nil || run.Script == nil || !p.File.Shell(run) || slices.ContainsFunc(all, func(r tree.Ref) bool { return p.alive(r) }) {
			continue
		}
		for _, c := range run.Script.Commands {
			if cand, ok := p.move(cp, run, &c, all, dest); ok {
				out = append(out, cand)
				break
			}
		}
	}
	return out
}

// move makes a COPY write to where a command of a later RUN moves all that it wrote.
func (p *Project) move(cp, run *draft.Instruction, c *shell.Command, all []tree.Ref, dest draft.Word) (Candidate, bool) {
	if c.Name() != "mv" || !c.Sure {
		return Candidate{}, false
	}
	args := slices.DeleteFunc(slices.Clone(c.Args()), func(w shell.Word) bool { return w.Static && (w.Text == "-f" || w.Text == "-v" || w.Text == "-n") })
	if len(args) != 2 || !args[0].Static || strings.ContainsAny(args[0].Text, "*?[") {
		return Candidate{}, false
	}
	from := strings.Trim(path.Clean(args[0].Text), "/")
	if !path.IsAbs(args[0].Text) || slices.ContainsFunc(all, func(r tree.Ref) bool { return !under(p.Facts.Tree.Entry(r).Path, from) }) {
		return Candidate{}, false
	}
	to, text, ok := p.place(cp, &args[1])
	if !ok {
		return Candidate{}, false
	}
	k, _ := p.layer(run)
	at := strings.Trim(path.Clean(to), "/")
	if n, ok := p.Facts.Tree.In(int(k), at); !ok || p.Facts.Tree.Entry(n).Kind == layer.Dir && p.before(k, at) {
		// Into a directory that was there.
		to, text, at = strings.TrimRight(to, "/")+"/"+path.Base(from), strings.TrimRight(text, "/")+"/"+path.Base(from), at+"/"+path.Base(from)
		if _, ok := p.Facts.Tree.In(int(k), at); !ok {
			return Candidate{}, false
		}
	}
	drop, ok := p.File.Drop(run, c.Part)
	if !ok {
		return Candidate{}, false
	}
	j, _ := p.layer(cp)
	m := p.model()
	m.rename(j, from, at)
	if len(run.Script.Parts) == 1 {
		m.drop(k)
	} else {
		for name := range m.at(k) {
			if under(pathOf(name), at) {
				delete(m.at(k), name)
			}
		}
	}
	return Candidate{Line: cp.Lines[0], What: fmt.Sprintf("copy it to %s, where line %d moves it", to, run.Lines[0]),
		Edits: []draft.Edit{draft.Replace(dest.Span, text), drop}, Predicted: m.saves(), Exact: true}, true
}

// before tells whether there is something at a path below a layer.
func (p *Project) before(k int32, file string) bool {
	_, ok := p.Facts.Tree.At(file, int(k)-1)
	return ok
}

// place is where a word of a command leads: a path, and how a COPY is told of it; the word
// may be a variable that the image's environment has, set before the COPY.
func (p *Project) place(cp *draft.Instruction, w *shell.Word) (to, text string, ok bool) {
	if w.Static {
		return w.Text, w.Text, path.IsAbs(w.Text) && !strings.ContainsAny(w.Text, " *?[$\"'\\")
	}
	run := p.variable(w)
	if run == "" {
		return "", "", false
	}
	for _, i := range p.chain {
		if i.Keyword != "ENV" || i.Stage == cp.Stage && i.Index > cp.Index {
			continue
		}
		if !strings.Contains(i.Text, run) {
			continue
		}
		for _, e := range p.Facts.Image.Config.Config.Env {
			if v, found := strings.CutPrefix(e, run+"="); found {
				return v, "$" + run, path.IsAbs(v) && !strings.ContainsAny(v, " *?[$\"'\\")
			}
		}
	}
	return "", "", false
}

// variable is the name of the variable that a word consists of; "" for another word.
func (p *Project) variable(w *shell.Word) string {
	name := strings.Trim(w.Raw, "\"")
	name, ok := strings.CutPrefix(name, "$")
	if !ok {
		return ""
	}
	if inner, ok := strings.CutPrefix(name, "{"); ok {
		name, ok = strings.CutSuffix(inner, "}")
		if !ok {
			return ""
		}
	}
	if name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return ""
	}
	return name
}

// rename moves what a layer has at a path to another path, with the directories above it
// that its step then makes or writes again.
func (m *model) rename(k int32, from, to string) {
	l := m.at(k)
	for _, name := range sortedKeys(l) {
		if under(name, from) {
			l[to+strings.TrimPrefix(name, from)] = l[name]
			delete(l, name)
		}
	}
	for dir := path.Dir(from); dir != "." && dir != "/" && m.below(k, dir) == nil; dir = path.Dir(dir) {
		delete(l, dir) // made for it alone, or kept by what else is in it
	}
	for dir := path.Dir(to); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if _, ok := l[dir]; ok {
			continue
		}
		e := m.below(k, dir)
		if e == nil {
			e = &layer.Entry{Path: dir, Kind: layer.Dir, Mode: 0o755}
		}
		l[dir] = cell{layer.Dir, header, units.Known(0), e}
	}
}
