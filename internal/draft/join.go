package draft

import (
	"bytes"
	"slices"
	"strings"
)

// Join joins a RUN to the one that follows it directly, so that both are one step. Between
// them there may be comments and empty lines; the latter go. So must all instructions
// between them that are named in over, for which the caller makes the changes.
func (f *File) Join(a, b *Instruction, over ...*Instruction) ([]Edit, bool) {
	if a.Script != nil && b.Script != nil && (a.Script.Heredoc || b.Script.Heredoc) {
		return f.joinHeredoc(a, b, over...)
	}
	if a.Script == nil || b.Script == nil || !slices.Equal(a.Flags, b.Flags) {
		return nil, false
	}
	end, ok := a.Script.End()
	if !ok || end == 0 || strings.TrimSpace(a.Script.Text[end:]) != "" || b.Index != a.Index+1+len(over) || a.Stage != b.Stage {
		return nil, false
	}
	indent, _, multi := f.layout(a)
	if !multi {
		if indent, _, multi = f.layout(b); !multi {
			indent = "    "
		}
	}
	var out []Edit
	at := a.Script.Range(end-1, end).To
	out = append(out, Edit{Span: Span{at, a.At.To}, Text: " " + string(f.escape), Rank: 1})
	for n := a.Lines[1] + 1; n < b.Lines[0]; n++ {
		if slices.ContainsFunc(over, func(i *Instruction) bool { return i.Lines[0] <= n && n <= i.Lines[1] }) {
			continue
		}
		if line := bytes.TrimSpace(f.Text[f.lines[n-1]:f.end(n)]); len(line) == 0 {
			out = append(out, Edit{Span: Span{f.lines[n-1], f.lines[n]}})
		} else if line[0] != '#' {
			return nil, false
		}
	}
	text := indent + "&& "
	switch {
	case !f.errexit(a):
		if f.grouped(a) {
			out = append([]Edit{{Span: Span{a.Script.Place(0), a.Script.Place(0)}, Text: "("}, {Span: Span{at, at}, Text: ")", Rank: 1}}, out...)
		}
	case f.leaks(a):
		return nil, false
	default:
		// In "(set -e; x; y) && z" nothing stops at x: what is on the left of && is exempt from
		// set -e. So it is one list, in which z is no less strict than before.
		out[0].Text, text = "; "+string(f.escape), indent
	}
	if f.alternatives(b) && !f.errexit(a) {
		stop := b.Script.Range(len(b.Script.Text)-1, len(b.Script.Text)).To
		text += "("
		out = append(out, Edit{Span: Span{stop, stop}, Text: ")", Rank: 1})
	}
	first := b.Script.Place(0)
	return append(out, Edit{Span: Span{f.lines[b.Lines[0]-1], first}, Text: text}), true
}

// Errexit tells whether the shell of a RUN stops at the first command that fails (set -e).
func (f *File) Errexit(i *Instruction) bool { return f.errexit(i) }

func (f *File) errexit(i *Instruction) bool {
	for _, c := range i.Script.Commands {
		if c.Name() != "set" {
			continue
		}
		for _, a := range c.Args() {
			if a.Text == "errexit" || len(a.Text) > 1 && a.Text[0] == '-' && strings.Contains(a.Text, "e") {
				return true
			}
		}
	}
	for _, w := range f.shell(i) {
		if len(w) > 1 && w[0] == '-' && strings.Contains(w, "e") || w == "errexit" {
			return true
		}
	}
	return false
}

// leaks tells whether more than the shell's options would reach what is joined to a line.
func (f *File) leaks(i *Instruction) bool {
	for _, c := range i.Script.Commands {
		if c.Name() == "cd" || c.Name() == "export" || c.Name() == "umask" || c.Name() == "" {
			return true
		}
	}
	for _, p := range i.Script.Parts {
		if p.State && !strings.HasPrefix(p.Text, "set ") {
			return true
		}
	}
	return false
}

// grouped tells whether a command line leaves its shell's state behind (a directory, a
// variable, an option), which must not reach the commands that are joined to it.
func (f *File) grouped(i *Instruction) bool {
	for _, p := range i.Script.Parts {
		if p.State || p.Whole != "" {
			return true
		}
	}
	return false
}

// alternatives tells whether a command line must be kept together when && stands before it:
// "a && b; c" is not "a && (b; c)".
func (f *File) alternatives(i *Instruction) bool {
	for n, p := range i.Script.Parts {
		if p.Whole != "" || n > 0 && !p.And {
			return true
		}
	}
	return false
}

// joinHeredoc joins RUNs of which one is a here-document. Where the first is, the commands of
// the second go to its end; where only the second is, its commands become a line of the first.
func (f *File) joinHeredoc(a, b *Instruction, over ...*Instruction) ([]Edit, bool) {
	text, ok := f.inline(b)
	if !ok || len(over) > 0 || b.Index != a.Index+1 || a.Stage != b.Stage || !slices.Equal(a.Flags, b.Flags) || f.errexit(a) || a.Script.Heredoc && f.grouped(a) {
		return nil, false
	}
	for n := a.Lines[1] + 1; n < b.Lines[0]; n++ { // a comment would stand in no place
		if len(bytes.TrimSpace(f.Text[f.lines[n-1]:f.end(n)])) > 0 {
			return nil, false
		}
	}
	if f.grouped(a) {
		return nil, false
	}
	e, ok := f.Append(a, text)
	if !ok {
		return nil, false
	}
	e.Rank = 1
	return []Edit{e, {Span: Span{f.lines[a.Lines[1]], f.lines[b.Lines[1]]}}}, true
}

// inline are the commands of a RUN as one that can stand behind &&.
func (f *File) inline(i *Instruction) (string, bool) {
	var out strings.Builder
	for n, p := range i.Script.Parts {
		if strings.ContainsAny(p.Text, "\n#") {
			return "", false
		}
		switch {
		case n > 0 && p.And:
			out.WriteString(" && ")
		case n > 0:
			out.WriteString("; ")
		}
		out.WriteString(p.Text)
	}
	if out.Len() == 0 {
		return "", false
	}
	if f.alternatives(i) || f.errexit(i) {
		return "(" + out.String() + ")", true
	}
	return out.String(), true
}
