// Package draft edits Dockerfiles: it knows where in a file's bytes each instruction, flag
// and shell command stands, takes changes of single words, and leaves every other byte as
// its author wrote it.
package draft

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"tare/internal/dockerfile"
	"tare/internal/shell"
)

// File is a Dockerfile with the places of its instructions.
type File struct {
	Text   []byte
	Parsed *dockerfile.File
	Stages []Stage

	newline string // "\n" or "\r\n", as the file's lines end
	escape  byte
	lines   []int // where each line begins, and the end of the file
}

// Stage is a FROM and what follows it.
type Stage struct {
	Span // of the FROM
	Name string
	// List are the instructions that follow the FROM, in the file's order.
	List []*Instruction
}

// Span is a range of bytes of a file.
type Span struct{ From, To int }

// Instruction is an instruction and where it stands.
type Instruction struct {
	dockerfile.Instruction
	At           Span // from the keyword to the end of its last line, without the line's end
	Stage, Index int
	// Args is where its text begins, after the keyword.
	Args int
	// Script is what a RUN gives to a shell, taken apart; nil where it gives none or where
	// its words cannot be found again in the file.
	Script *Script
}

// Script is the command line of a RUN.
type Script struct {
	*shell.Line
	Commands []shell.Command
	Heredoc  bool  // it stands in a here-document
	at       []int // where in the file each of its bytes stands, and the end
}

// Place is where in the file a byte of the command line stands.
func (s *Script) Place(n int) int {
	if n == len(s.Text) && n > 0 {
		return s.at[n-1] + 1
	}
	return s.at[n]
}

// Range is where in the file a part of the command line stands: from its first byte to
// behind its last.
func (s *Script) Range(from, to int) Span {
	if to <= from {
		return Span{s.Place(from), s.Place(from)}
	}
	return Span{s.at[from], s.at[to-1] + 1}
}

// Read reads a Dockerfile. The error is the parser's.
func Read(text []byte) (*File, error) {
	parsed, err := dockerfile.Parse(text)
	if err != nil {
		return nil, err
	}
	f := &File{Text: text, Parsed: parsed, newline: "\n", escape: parsed.Escape()}
	if n := bytes.IndexByte(text, '\n'); n > 0 && text[n-1] == '\r' {
		f.newline = "\r\n"
	}
	for n := 0; n < len(text); {
		f.lines = append(f.lines, n)
		end := bytes.IndexByte(text[n:], '\n')
		if end < 0 {
			break
		}
		n += end + 1
	}
	f.lines = append(f.lines, len(text))
	for n, s := range parsed.Stages {
		st := Stage{Span: f.span(s.From), Name: s.Name}
		for k, in := range s.Instructions {
			st.List = append(st.List, f.instruction(in, n, k))
		}
		f.Stages = append(f.Stages, st)
	}
	return f, nil
}

// span is where lines stand, from the first character to the end of the last line.
func (f *File) span(lines [2]int) Span {
	if lines[0] < 1 || lines[1] >= len(f.lines) { // an instruction without a place
		return Span{-1, -1}
	}
	from := f.lines[lines[0]-1]
	if lines[0] == 1 && bytes.HasPrefix(f.Text, []byte("\xef\xbb\xbf")) {
		from += 3
	}
	to := f.end(lines[1])
	for from < to && (f.Text[from] == ' ' || f.Text[from] == '\t') {
		from++
	}
	return Span{from, to}
}

// end is where a line ends, before what ends it.
func (f *File) end(line int) int {
	to := f.lines[line]
	for to > f.lines[line-1] && (f.Text[to-1] == '\n' || f.Text[to-1] == '\r') {
		to--
	}
	return to
}

func (f *File) instruction(in dockerfile.Instruction, stage, index int) *Instruction {
	i := &Instruction{Instruction: in, At: f.span(in.Lines), Stage: stage, Index: index}
	if i.At.From < 0 {
		return i
	}
	joined, at := f.joined(in.Lines)
	n := strings.IndexFunc(joined, func(r rune) bool { return r == ' ' || r == '\t' })
	if n < 0 {
		return i
	}
	if !strings.EqualFold(joined[:n], in.Keyword) {
		i.At = Span{-1, -1} // several instructions of one line: an ONBUILD, or a place that is not known
		return i
	}
	n += len(joined[n:]) - len(strings.TrimLeft(joined[n:], " \t"))
	if n >= len(at) {
		return i
	}
	i.Args = at[n]
	if in.Keyword == "RUN" && in.Script != "" {
		i.Script = f.script(in, joined, at)
	}
	return i
}

// joined is the text of an instruction as the parser joins its lines, without comments
// between them, and where in the file each byte of it stands.
func (f *File) joined(lines [2]int) (string, []int) {
	var b strings.Builder
	var at []int
	for n := lines[0]; n <= lines[1]; n++ {
		from, to := f.lines[n-1], f.end(n)
		if n == lines[0] {
			from = f.span(lines).From
		}
		line := f.Text[from:to]
		trimmed := bytes.TrimSpace(line)
		if n > lines[0] && (len(trimmed) == 0 || trimmed[0] == '#') {
			continue
		}
		body := bytes.TrimRight(line, " \t")
		more := len(body) > 0 && body[len(body)-1] == f.escape
		if more {
			line = body[:len(body)-1]
		}
		for k := range line {
			at = append(at, from+k)
		}
		b.Write(line)
		if !more {
			break
		}
	}
	return b.String(), at
}

// script finds the command line of a RUN in the file.
func (f *File) script(in dockerfile.Instruction, joined string, at []int) *Script {
	s := &Script{}
	if n := strings.LastIndex(joined, in.Script); n > 0 && strings.TrimSpace(joined[n+len(in.Script):]) == "" {
		s.at = at[n : n+len(in.Script)]
	} else if s.at = f.heredoc(in); s.at != nil {
		s.Heredoc = true
	} else {
		return nil
	}
	line, err := shell.Split(in.Script, false)
	if err != nil {
		return nil
	}
	s.Line, s.Commands = line, line.Commands()
	return s
}

// heredoc finds a script that is one here-document: where its bytes stand.
func (f *File) heredoc(in dockerfile.Instruction) []int {
	if strings.HasPrefix(in.Script, "#!") {
		return nil
	}
	for first := in.Lines[0] + 1; first <= in.Lines[1]; first++ {
		if at := f.lay(in.Script, first, in.Lines[1]); at != nil {
			return at
		}
	}
	return nil
}

// lay lays a text over lines of the file, from first on, tabs at their begin left out if
// it has none there; nil if it is not theirs.
func (f *File) lay(text string, first, last int) []int {
	at := make([]int, 0, len(text))
	for want := range strings.Lines(text) {
		if first > last {
			return nil
		}
		from, next := f.lines[first-1], f.lines[first]
		for from < next && f.Text[from] == '\t' && !strings.HasPrefix(want, "\t") {
			from++
		}
		if string(f.Text[from:min(next, from+len(want))]) != want {
			return nil
		}
		for k := range len(want) {
			at = append(at, from+k)
		}
		if next-from != len(want) {
			return nil
		}
		first++
	}
	return at
}

// Chain are the instructions that the target (the last stage if "") consists of, through
// the stages that it goes on from.
func (f *File) Chain(target string) []*Instruction {
	var out []*Instruction
	for _, n := range f.Parsed.Chain(target) {
		out = append(out, f.Stages[n].List...)
	}
	return out
}

// At is the instruction at a line; nil for none.
func (f *File) At(line int) *Instruction {
	for _, s := range f.Stages {
		for _, i := range s.List {
			if i.Lines[0] <= line && line <= i.Lines[1] {
				return i
			}
		}
	}
	return nil
}

// Next is the instruction that follows another in its stage; nil for none.
func (f *File) Next(i *Instruction) *Instruction {
	if list := f.Stages[i.Stage].List; i.Index+1 < len(list) {
		return list[i.Index+1]
	}
	return nil
}

// Shell tells whether the RUN at an instruction is read by a shell whose language is known,
// as far as the Dockerfile tells.
func (f *File) Shell(i *Instruction) bool {
	_, ok := shell.Language(f.shell(i))
	return ok
}

// shell are the words of the SHELL that holds at an instruction: of its stage, or of those
// that it goes on from; nil for the default.
func (f *File) shell(i *Instruction) []string {
	chain := f.Parsed.ChainOf(i.Stage)
	slices.Reverse(chain)
	for _, n := range chain {
		list := f.Stages[n].List
		if n == i.Stage {
			list = list[:i.Index]
		}
		for k := len(list) - 1; k >= 0; k-- {
			if list[k].Keyword != "SHELL" {
				continue
			}
			var words []string
			_, text, _ := strings.Cut(list[k].Text, " ")
			if json.Unmarshal([]byte(text), &words) != nil || len(words) == 0 {
				return []string{"?"} // the builder refuses it
			}
			return words
		}
	}
	return nil
}

// Newline is what ends the file's lines: "\n" or "\r\n".
func (f *File) Newline() string { return f.newline }
