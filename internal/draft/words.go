package draft

import (
	"slices"
	"strings"
)

// Word is a word of an instruction that is no RUN.
type Word struct {
	Span
	Text string // as it is written
}

// Words are the words of an instruction behind its keyword, flags included; nil for the
// JSON form, for words with quotes and for here-documents.
func (f *File) Words(i *Instruction) []Word {
	if i.At.From < 0 {
		return nil
	}
	joined, at := f.joined(i.Lines)
	if strings.ContainsAny(joined, "\"'[") || strings.Contains(joined, "<<") {
		return nil
	}
	var out []Word
	for n := 0; n < len(joined); {
		if joined[n] == ' ' || joined[n] == '\t' {
			n++
			continue
		}
		end := n
		for end < len(joined) && joined[end] != ' ' && joined[end] != '\t' {
			end++
		}
		out = append(out, Word{Span{at[n], at[end-1] + 1}, joined[n:end]})
		n = end
	}
	if len(out) == 0 {
		return nil
	}
	return out[1:]
}

// Copied are the sources and the destination of a COPY or ADD; nil where they are not
// plain words.
func (f *File) Copied(i *Instruction) (sources []Word, dest Word, ok bool) {
	words := slices.DeleteFunc(f.Words(i), func(w Word) bool { return strings.HasPrefix(w.Text, "--") })
	if len(words) < 2 {
		return nil, Word{}, false
	}
	for _, w := range words {
		if strings.ContainsRune(w.Text, rune(f.escape)) {
			return nil, Word{}, false
		}
	}
	return words[:len(words)-1], words[len(words)-1], true
}

// HasFlag tells whether an instruction has a flag of a name.
func (i *Instruction) HasFlag(name string) bool {
	return slices.ContainsFunc(i.Flags, func(f string) bool { return f == "--"+name || strings.HasPrefix(f, "--"+name+"=") })
}

// FlagValue is the value of a flag; "" without it.
func (i *Instruction) FlagValue(name string) string {
	for _, f := range i.Flags {
		if v, ok := strings.CutPrefix(f, "--"+name+"="); ok {
			return v
		}
	}
	return ""
}

// Replace replaces bytes of the file.
func Replace(s Span, text string) Edit { return Edit{Span: s, Text: text} }

// DropWord takes a word of a RUN's command out, with the space before it.
func (s *Script) DropWord(from, to int) Edit {
	for from > 0 && (s.Text[from-1] == ' ' || s.Text[from-1] == '\t') {
		from--
	}
	return Edit{Span: s.Range(from, to)}
}
