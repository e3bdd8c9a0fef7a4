package trim

import (
	"encoding/json"
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
	register(Rule{ID: "copy-chown", Kind: Lossless, Title: "chown of what a COPY wrote", Find: func(p *Project) []Candidate { return p.owners("chown") }})
	register(Rule{ID: "copy-chmod", Kind: Lossless, Title: "chmod of what a COPY wrote", Find: func(p *Project) []Candidate { return p.owners("chmod") }})
	register(Rule{ID: "copied-twice", Kind: Lossless, Title: "files that two COPYs write with different owners or permissions", Find: copiedTwice})
	register(Rule{ID: "dead-copy", Kind: Lossless, Title: "a COPY that later lines write over", Find: deadCopies})
}

// copies are the COPY and ADD instructions that made a layer.
func (p *Project) copies() []*draft.Instruction {
	var out []*draft.Instruction
	for _, i := range p.chain {
		if _, ok := p.layer(i); ok && (i.Keyword == "COPY" || i.Keyword == "ADD") {
			out = append(out, i)
		}
	}
	return out
}

// hiddenBy are the files that an instruction wrote and another layer hides, in a class.
func (p *Project) hiddenBy(i *draft.Instruction, by int32, classes ...tree.Class) []tree.Ref {
	return p.written(i, func(string, *layer.Entry) bool { return true }, func(r tree.Ref) bool {
		s := p.Facts.Tree.Name(r)
		return s.Class != tree.Live && s.By == by && (len(classes) == 0 || slices.Contains(classes, s.Class))
	})
}

// owners moves a chown or chmod of a RUN into the COPYs that wrote the files.
func (p *Project) owners(program string) []Candidate {
	var out []Candidate
	for _, run := range p.chain {
		k, ok := p.layer(run)
		if !ok || run.Keyword != "RUN" {
			continue
		}
		for _, c := range p.commands(run) {
			if c.Name() != program || !c.Sure || !c.Static() {
				continue
			}
			value, targets, recursive, ok := ownership(&c)
			if !ok {
				continue
			}
			if cand, ok := p.owner(run, k, &c, value, targets, recursive); ok {
				out = append(out, cand)
			}
		}
	}
	return out
}

// commands are those of a RUN, also of one in JSON form, which has no places in the file.
func (p *Project) commands(run *draft.Instruction) []shell.Command {
	if run.Script != nil {
		if p.File.Shell(run) {
			return run.Script.Commands
		}
		return nil
	}
	var words []string
	if _, text, _ := strings.Cut(run.Text, " "); len(run.Flags) > 0 || json.Unmarshal([]byte(text), &words) != nil {
		return nil
	}
	c := shell.Command{Sure: true}
	for _, w := range words {
		c.Words = append(c.Words, shell.Word{Text: w, Static: true})
	}
	return []shell.Command{c}
}

// ownership takes the arguments of chown and chmod apart.
func ownership(c *shell.Command) (value string, targets []string, recursive, ok bool) {
	for _, a := range c.Args() {
		switch {
		case a.Text == "-R" || a.Text == "--recursive":
			recursive = true
		case strings.HasPrefix(a.Text, "-") && (value != "" || len(a.Text) < 2 || strings.Trim(a.Text[1:], "rwxXst,ugoa+-=") != ""):
			return "", nil, false, false
		case value == "":
			value = a.Text
		default:
			targets = append(targets, a.Text)
		}
	}
	return value, targets, recursive, value != "" && len(targets) > 0
}

func (p *Project) owner(run *draft.Instruction, k int32, c *shell.Command, value string, targets []string, recursive bool) (Candidate, bool) {
	flag := "chown"
	if c.Name() == "chmod" {
		flag = "chmod"
	}
	out := Candidate{Line: run.Lines[0], Exact: true}
	m := p.model()
	var from []string
	var rewritten []tree.Ref // of the RUN's layer
	first := k
	for _, cp := range p.copies() {
		refs := p.hiddenBy(cp, k, tree.MetadataOnly)
		if len(refs) == 0 {
			continue
		}
		if cp.HasFlag(flag) || flag == "chmod" && !p.oneMode(cp, refs, k, &value, recursive) {
			return out, false
		}
		out.Edits = append(out.Edits, p.File.Flag(cp, "--"+flag+"="+value))
		from = append(from, fmt.Sprint(cp.Lines[0]))
		j, _ := p.layer(cp)
		first = min(first, j)
		for _, r := range refs {
			if n, ok := p.Facts.Tree.In(int(k), p.Facts.Tree.Entry(r).Path); ok {
				rewritten = append(rewritten, n)
			}
		}
		p.makes(m, j, k)
	}
	if len(out.Edits) == 0 {
		return out, false
	}
	// Directories that stood there before the COPY keep needing the command, without -R.
	stay := recursive && flag == "chown" && slices.ContainsFunc(targets, func(t string) bool {
		_, ok := p.Facts.Tree.At(strings.Trim(path.Clean(t), "/"), int(first)-1)
		return ok && path.IsAbs(t) || !path.IsAbs(t)
	})
	switch {
	case run.Script == nil && stay:
		return out, false
	case run.Script == nil:
		out.Edits = append(out.Edits, p.File.Remove(run))
		m.drop(k)
	case stay:
		for _, a := range c.Args() {
			if a.Text == "-R" || a.Text == "--recursive" {
				out.Edits = append(out.Edits, run.Script.DropWord(a.From, a.To))
			}
		}
		m.never(rewritten...)
	default:
		edit, ok := p.File.Drop(run, c.Part)
		if !ok {
			return out, false
		}
		out.Edits = append(out.Edits, edit)
		if len(run.Script.Parts) == 1 {
			m.drop(k)
		} else {
			m.never(rewritten...)
		}
	}
	word := "line"
	if len(from) > 1 {
		word = "lines"
	}
	out.What = fmt.Sprintf("COPY --%s=%s in %s %s instead of %s here", flag, value, word, strings.Join(from, ", "), flag)
	out.Predicted = m.saves()
	return out, true
}

// makes lets the directories that a COPY makes be made as a later layer leaves them.
func (p *Project) makes(m *model, j, k int32) {
	for n := range p.Facts.Tree.Lists[j] {
		e := &p.Facts.Tree.Lists[j][n]
		if e.Kind != layer.Dir || m.below(j, e.Path) != nil {
			continue
		}
		if r, ok := p.Facts.Tree.In(int(k), e.Path); ok {
			m.as(j, r)
		}
	}
}

// oneMode tells whether a COPY writes files that all get the same permissions, and says
// which: --chmod holds for all that it copies, directories too, as a chmod -R of an octal
// number does.
func (p *Project) oneMode(cp *draft.Instruction, refs []tree.Ref, k int32, mode *string, recursive bool) bool {
	all := p.written(cp, func(string, *layer.Entry) bool { return true })
	if len(all) != len(refs) {
		return false
	}
	octal := recursive && strings.Trim(*mode, "01234567") == ""
	if src, _, ok := p.File.Copied(cp); !ok || len(all) > 1 && len(src) != len(all) && !octal { // directories would get it, too
		return false
	}
	set := -1
	for _, r := range refs {
		n, ok := p.Facts.Tree.In(int(k), p.Facts.Tree.Entry(r).Path)
		if !ok {
			return false
		}
		if m := int(p.Facts.Tree.Entry(n).Mode); set < 0 {
			set = m
		} else if m != set {
			return false
		}
	}
	*mode = fmt.Sprintf("%#o", set)
	return true
}

// copiedTwice gives the first of two COPYs of the same files the flags of the second: equal
// copies are written once.
func copiedTwice(p *Project) []Candidate {
	var out []Candidate
	list := p.copies()
	for n, a := range list {
		for _, b := range list[n+1:] {
			k, _ := p.layer(b)
			refs := p.hiddenBy(a, k, tree.MetadataOnly)
			if len(refs) == 0 || a.Keyword != "COPY" || b.Keyword != "COPY" {
				continue
			}
			var edits []draft.Edit
			for _, name := range []string{"chown", "chmod"} {
				have, want := a.FlagValue(name), b.FlagValue(name)
				switch {
				case have == want:
				case have == "":
					edits = append(edits, p.File.Flag(a, "--"+name+"="+want))
				default:
					for _, w := range p.File.Words(a) {
						if w.Text == "--"+name+"="+have {
							text := "--" + name + "=" + want
							span := w.Span
							if want == "" {
								text = ""
								for span.To < len(p.File.Text) && p.File.Text[span.To] == ' ' {
									span.To++
								}
							}
							edits = append(edits, draft.Replace(span, text))
						}
					}
				}
			}
			if edits == nil {
				continue
			}
			m := p.model()
			for _, r := range refs {
				if again, ok := p.Facts.Tree.In(int(k), p.Facts.Tree.Entry(r).Path); ok {
					m.never(again)
				}
			}
			out = append(out, Candidate{Line: a.Lines[0], What: fmt.Sprintf("copy with the owner and permissions of line %d, which copies the same files", b.Lines[0]), Edits: edits, Predicted: m.saves()})
		}
	}
	return out
}

// deadCopies removes a COPY of which no file is left in the end.
func deadCopies(p *Project) []Candidate {
	var out []Candidate
	for _, cp := range p.copies() {
		all := p.written(cp, func(string, *layer.Entry) bool { return true })
		if len(all) == 0 || slices.ContainsFunc(all, func(r tree.Ref) bool {
			n := p.Facts.Tree.Name(r)
			c := n.Class
			// What a RUN changes without writing it, it needs.
			needed := c == tree.MetadataOnly && slices.ContainsFunc(p.chain, func(i *draft.Instruction) bool {
				k, ok := p.layer(i)
				return ok && k == n.By && i.Keyword == "RUN"
			})
			return needed || c == tree.Live || c == tree.DeletedFile || c == tree.DeletedDir || c == tree.Opaque
		}) {
			continue
		}
		k, _ := p.layer(cp)
		out = append(out, Candidate{Line: cp.Lines[0], What: "remove it: later lines write all of its files again", Edits: []draft.Edit{p.File.Remove(cp)}, Predicted: p.model().drop(k).saves()})
	}
	return out
}
