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
	// Rank orders what is inserted at the same place, the lower first: flags before commands,
	// and last what a command line goes on behind.
	Rank int
}

// Conflict tells that two changes touch the same bytes.
type Conflict struct{ A, B Edit }

// Error implements error.
func (c *Conflict) Error() string {
	return fmt.Sprintf("two changes touch the same bytes (%d–%d and %d–%d)", c.A.From, c.A.To, c.B.From, c.B.To)
}

// Apply makes changes of a text. Insertions at one place stand in the order given, by
// their ranks; equal changes are made once. The error is a *Conflict.
func Apply(text []byte, edits []Edit) ([]byte, error) {
	list := slices.Clone(edits)
	slices.SortStableFunc(list, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Rank, b.Rank))
	})
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
	return Edit{Span: Span{at, at}, Text: text}
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
	return Edit{Span: Span{at, at}, Text: sep + command}, true
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
	return Edit{Span: Span{f.lines[i.Lines[0]-1], f.lines[i.Lines[1]]}}
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
	return Edit{Span: span}, true
}

// Flag adds a flag to an instruction, before all others.
func (f *File) Flag(i *Instruction, flag string) Edit {
	return Edit{Span: Span{i.Args, i.Args}, Text: flag + " ", Rank: -1}
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
	return append([]Edit{{Span: Span{at, at}, Text: text}}, out...)
}

// Before adds lines before an instruction, or before the FROM of a stage.
func (f *File) Before(at Span, text string) Edit {
	from := at.From
	for from > 0 && f.Text[from-1] != '\n' {
		from--
	}
	return Edit{Span: Span{from, from}, Text: strings.ReplaceAll(text, "\n", f.newline)}
}
