package draft_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tare/internal/draft"
)

const several = `FROM scratch AS Base
SHELL ["/bin/bash", "-ec"]
RUN one
FROM base AS two
COPY --chown=1:1 --link a b /d/
RUN two && \
    three
FROM alpine
SHELL ["python", "-c"]
RUN print(1)
`

func TestFinding(t *testing.T) {
	f := read(t, several)
	for line, want := range map[int]string{1: "", 3: "RUN", 5: "COPY", 6: "RUN", 7: "RUN", 10: "RUN", 40: ""} {
		got := ""
		if i := f.At(line); i != nil {
			got = i.Keyword
		}
		if got != want {
			t.Errorf("line %d: %q, want %q", line, got, want)
		}
	}
	if n := f.Next(f.At(5)); n == nil || n.Lines[0] != 6 {
		t.Errorf("after line 5: %+v", n)
	}
	if n := f.Next(f.At(6)); n != nil {
		t.Errorf("after the last of its stage: %+v", n)
	}
	var chain []int
	for _, i := range f.Chain("two") {
		chain = append(chain, i.Lines[0])
	}
	if fmt.Sprint(chain) != "[2 3 5 6]" {
		t.Errorf("two consists of %v", chain)
	}
	for line, want := range map[int]bool{3: true, 6: true, 10: false} {
		if got := f.Shell(f.At(line)); got != want {
			t.Errorf("line %d: its shell is known: %v", line, got)
		}
	}
	// set -e is the inherited shell's.
	if !f.Errexit(f.At(6)) {
		t.Error("bash -ec stops at the first failure")
	}
}

func TestErrexit(t *testing.T) {
	for text, want := range map[string]bool{
		"RUN set -e; a": true, "RUN set -eux && a": true, "RUN set -o errexit; a": true, "RUN set -x; a": false, "RUN a -e": false,
		"SHELL [\"sh\", \"-e\", \"-c\"]\nRUN a": true, "SHELL [\"sh\", \"-c\"]\nRUN a": false,
	} {
		f := read(t, "FROM a\n"+text+"\n")
		list := f.Stages[0].List
		if got := f.Errexit(list[len(list)-1]); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ text, words, sources, dest string }{
		{"COPY a b /d/", "a|b|/d/", "a|b", "/d/"},
		{"COPY --chown=1:1 --link a \\\n  # no\n  b /d/", "--chown=1:1|--link|a|b|/d/", "a|b", "/d/"},
		{"ADD  a\t/d", "a|/d", "a", "/d"},
		{"COPY [\"a\", \"/d\"]", "", "", ""},
		{"COPY \"a b\" /d", "", "", ""},
		{"COPY <<E /d\nx\nE", "", "", ""},
		{"COPY a\\ b /d", "a\\|b|/d", "", ""},
		{"WORKDIR /x", "/x", "", ""},
	} {
		text := "FROM a\n" + c.text + "\n"
		f := read(t, text)
		i := f.Stages[0].List[0]
		join := func(list []draft.Word) string {
			var out []string
			for _, w := range list {
				if text[w.From:w.To] != w.Text {
					t.Errorf("%q: the word %q stands at %q", c.text, w.Text, text[w.From:w.To])
				}
				out = append(out, w.Text)
			}
			return strings.Join(out, "|")
		}
		if got := join(f.Words(i)); got != c.words {
			t.Errorf("%q: words %s, want %s", c.text, got, c.words)
		}
		if sources, dest, _ := f.Copied(i); join(sources) != c.sources || dest.Text != c.dest {
			t.Errorf("%q: %s to %q", c.text, join(sources), dest.Text)
		}
	}
	i := read(t, several).At(5)
	if !i.HasFlag("link") || !i.HasFlag("chown") || i.HasFlag("chow") || i.FlagValue("chown") != "1:1" || i.FlagValue("link") != "" {
		t.Errorf("flags of %q", i.Flags)
	}
}

// Every edit leaves what it is not about as it stands, line ends included.
func TestEdits(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		edit             func(f *draft.File) []draft.Edit
	}{
		{"a flag", "FROM a\nRUN  one \\\n two\n", "FROM a\nRUN  --network=none one \\\n two\n", func(f *draft.File) []draft.Edit { return []draft.Edit{f.Flag(f.At(2), "--network=none")} }},
		{"moved up", "FROM a\nRUN one\n# of two\nRUN two\nCOPY a b", "FROM a\nCOPY a b\nRUN one\n# of two\nRUN two\n", func(f *draft.File) []draft.Edit { return f.Move([]*draft.Instruction{f.At(5)}, f.At(2)) }},
		{"two moved", "FROM a\nRUN one\nRUN two\nRUN three\n", "FROM a\nRUN two\nRUN three\nRUN one\n", func(f *draft.File) []draft.Edit {
			return f.Move([]*draft.Instruction{f.At(3), f.At(4)}, f.At(2))
		}},
		{"moved with carriage returns", "FROM a\r\nRUN one\r\nRUN two", "FROM a\r\nRUN two\r\nRUN one\r\n", func(f *draft.File) []draft.Edit { return f.Move([]*draft.Instruction{f.At(3)}, f.At(2)) }},
		{"lines before an instruction", "FROM a\r\n  RUN one\r\n", "FROM a\r\nARG x\r\nARG y\r\n  RUN one\r\n", func(f *draft.File) []draft.Edit {
			return []draft.Edit{f.Before(f.At(2).At, "ARG x\nARG y\n")}
		}},
		{"a word inserted", "FROM a\nRUN one two && three\n", "FROM a\nRUN one -q two && three\n", func(f *draft.File) []draft.Edit {
			s := f.At(2).Script
			return []draft.Edit{s.Insert(s.Commands[0].Words[0].To, " -q")}
		}},
		{"a word dropped", "FROM a\nRUN one  two three\n", "FROM a\nRUN one three\n", func(f *draft.File) []draft.Edit {
			s := f.At(2).Script
			w := s.Commands[0].Words[1]
			return []draft.Edit{s.DropWord(w.From, w.To)}
		}},
		{"replaced", "FROM a\nCOPY b c\n", "FROM a\nCOPY d c\n", func(f *draft.File) []draft.Edit { return []draft.Edit{draft.Replace(f.Words(f.At(2))[0].Span, "d")} }},
		{"added to a here-document", "FROM a\nRUN <<E\none\ntwo\nE\n", "FROM a\nRUN <<E\none\ntwo && three\nE\n", func(f *draft.File) []draft.Edit {
			e, ok := f.Append(f.At(2), "three")
			if !ok {
				return nil
			}
			return []draft.Edit{e}
		}},
		{"equal ones are one", "FROM a\nRUN one\n", "FROM a\nRUN --network=none one\n", func(f *draft.File) []draft.Edit {
			return []draft.Edit{f.Flag(f.At(2), "--network=none"), f.Flag(f.At(2), "--network=none")}
		}},
	} {
		f := read(t, c.text)
		if got := apply(t, f, c.edit(f)...); got != c.want {
			t.Errorf("%s:\n%q\nwant\n%q", c.name, got, c.want)
		}
	}
	if n := read(t, "FROM a\r\nRUN b\r\n").Newline() + read(t, "FROM a\n").Newline(); n != "\r\n\n" {
		t.Errorf("%q", n)
	}
}

// Changes that touch the same bytes are told, and so is one that lies outside.
func TestConflicts(t *testing.T) {
	text := []byte("0123456789")
	_, err := draft.Apply(text, []draft.Edit{{Span: draft.Span{From: 4, To: 6}, Text: "b"}, {Span: draft.Span{From: 2, To: 5}, Text: "a"}})
	var c *draft.Conflict
	if !errors.As(err, &c) || c.A.Text != "a" || c.B.Text != "b" || err.Error() != "two changes touch the same bytes (2–5 and 4–6)" {
		t.Errorf("%v", err)
	}
	for _, s := range []draft.Span{{From: 3, To: 11}, {From: 3, To: 2}} {
		if _, err := draft.Apply(text, []draft.Edit{{Span: s}}); err == nil || errors.As(err, &c) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
