package draft

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Edit replaces a range of a file's bytes by a text.
type Edit struct {
	Span
	Text string
}

// Conflict tells that two changes touch the same bytes.
type Conflict struct{ A, B Edit }

// Error implements error.
func (c *Conflict) Error() string {
	return fmt.Sprintf("two changes touch the same bytes (%d–%d and %d–%d)", c.A.From, c.A.To, c.B.From, c.B.To)
}

// Apply makes changes of a text. Insertions at one place stand in the order given; equal
// changes are made once. The error is a *Conflict.
func Apply(text []byte, edits []Edit) ([]byte, error) {
	list := slices.Clone(edits)
	slices.SortStableFunc(list, func(a, b Edit) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	list = slices.CompactFunc(list, func(a, b Edit) bool { return a == b })
	var out bytes.Buffer
	at := 0
	for n, e := range list {
		if e.From < at {
			return nil, &Conflict{list[n-1], e}
		}
		if e.To < e.From || e.To > len(text) {
			return nil, fmt.Errorf("a change lies outside of the file (%d–%d of %d bytes)", e.From, e.To, len(text))
		}
		out.Write(text[at:e.From])
		out.WriteString(e.Text)
		at = e.To
	}
	out.Write(text[at:])
	return out.Bytes(), nil
}

// Insert adds words to a command line, behind one of its bytes: a space and the text.
func (s *Script) Insert(behind int, text string) Edit {
	at := s.Range(behind-1, behind).To
	return Edit{Span{at, at}, text}
}

// Append adds a command to the end of a RUN, joined with &&, laid out as its author lays
// out commands: on a line of its own where the others are.
func (f *File) Append(i *Instruction, command string) (Edit, bool) {
	s := i.Script
	if s == nil {
		return Edit{}, false
	}
	end, ok := s.End()
	if !ok || end == 0 {
		return Edit{}, false
	}
	at := s.Range(end-1, end).To
	sep := " && "
	if indent, lead, ok := f.layout(i); ok && !s.Heredoc {
		sep = " " + string(f.escape) + f.newline + indent + "&& "
		if !lead {
			sep = " && " + string(f.escape) + f.newline + indent
		}
	}
	return Edit{Span{at, at}, sep + command}, true
}

// layout tells how the lines of an instruction are laid out: what stands before the text of
// its second line, and whether && leads lines (or ends them). ok is false for one line.
func (f *File) layout(i *Instruction) (indent string, lead, ok bool) {
	lead = true
	for n := i.Lines[0] + 1; n <= i.Lines[1]; n++ {
		line := string(f.Text[f.lines[n-1]:f.end(n)])
		body := strings.TrimLeft(line, " \t")
		if body == "" || body[0] == '#' {
			continue
		}
		if !ok {
			indent, ok = line[:len(line)-len(body)], true
		}
		if strings.HasPrefix(body, "&&") {
			return line[:len(line)-len(body)], true, true
		}
		before := strings.TrimRight(string(f.Text[f.lines[n-2]:f.end(n-1)]), " \t\\`")
		if strings.HasSuffix(before, "&&") {
			lead = false
		}
	}
	return indent, lead, ok
}

// Remove takes an instruction out, with its lines. A comment that stands directly above
// stays.
func (f *File) Remove(i *Instruction) Edit {
	return Edit{Span{f.lines[i.Lines[0]-1], f.lines[i.Lines[1]]}, ""}
}

// Drop takes a part of a RUN's command line out, with what joins it to the others; the
// whole instruction if it is the only one.
func (f *File) Drop(i *Instruction, part int) (Edit, bool) {
	from, to, ok := i.Script.Cut(part)
	if !ok {
		if len(i.Script.Parts) == 1 {
			return f.Remove(i), true
		}
		return Edit{}, false
	}
	span := i.Script.Range(from, to)
	if part == 0 { // up to the next command, wherever its line begins
		span.To = i.Script.Place(to)
	}
	return Edit{span, ""}, true
}

// Flag adds a flag to an instruction, before all others.
func (f *File) Flag(i *Instruction, flag string) Edit {
	return Edit{Span{i.Args, i.Args}, flag + " "}
}

// Move takes instructions out and puts them, in their order, before another one of their
// stage.
func (f *File) Move(list []*Instruction, before *Instruction) []Edit {
	var out []Edit
	text := ""
	for _, i := range list {
		cut := f.Remove(i)
		out = append(out, cut)
		text += string(f.Text[cut.From:cut.To])
		if !strings.HasSuffix(text, "\n") {
			text += f.newline
		}
	}
	at := f.lines[before.Lines[0]-1]
	return append([]Edit{{Span{at, at}, text}}, out...)
}

// Before adds lines before an instruction, or before the FROM of a stage.
func (f *File) Before(at Span, text string) Edit {
	from := at.From
	for from > 0 && f.Text[from-1] != '\n' {
		from--
	}
	return Edit{Span{from, from}, strings.ReplaceAll(text, "\n", f.newline)}
}

// Join joins a RUN to the one that follows it directly, so that both are one step. Between
// them there may be comments and empty lines; the latter go. So must all instructions
// between them that are named in over, for which the caller makes the changes.
func (f *File) Join(a, b *Instruction, over ...*Instruction) ([]Edit, bool) {
	if a.Script == nil || b.Script == nil || a.Script.Heredoc || b.Script.Heredoc || !slices.Equal(a.Flags, b.Flags) {
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
	out = append(out, Edit{Span{at, a.At.To}, " " + string(f.escape)})
	for n := a.Lines[1] + 1; n < b.Lines[0]; n++ {
		if slices.ContainsFunc(over, func(i *Instruction) bool { return i.Lines[0] <= n && n <= i.Lines[1] }) {
			continue
		}
		if line := bytes.TrimSpace(f.Text[f.lines[n-1]:f.end(n)]); len(line) == 0 {
			out = append(out, Edit{Span{f.lines[n-1], f.lines[n]}, ""})
		} else if line[0] != '#' {
			return nil, false
		}
	}
	text := indent + "&& "
	switch {
	case !f.errexit(a):
		if f.grouped(a) {
			out = append([]Edit{{Span{a.Script.Place(0), a.Script.Place(0)}, "("}, {Span{at, at}, ")"}}, out...)
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
		out = append(out, Edit{Span{stop, stop}, ")"})
	}
	first := b.Script.Place(0)
	return append(out, Edit{Span{f.lines[b.Lines[0]-1], first}, text}), true
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
