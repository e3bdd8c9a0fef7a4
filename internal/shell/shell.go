// Package shell takes the command line of a RUN apart into its commands, and writes each
// as a script that goes on from the shell's state where the one before it ended. It reads
// the language with a parser of the shell, and runs nothing.
package shell

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Part is a command of a command line, or several that cannot be told apart.
type Part struct {
	Text     string // as it is written
	From, To int    // bytes of the command line
	// And says that && joins it to the part before: it runs only if that succeeded.
	And bool
	// State says that it changes nothing but the shell's own state (cd, export, set, a
	// variable, a function): it writes no file. It is carried out with the next command.
	State bool
	// Whole says why several commands stay together in it; "" for a single command.
	Whole string

	stmt   []*syntax.Stmt
	traits traits
}

// Line is a command line that was taken apart.
type Line struct {
	Text  string
	Parts []Part
}

// MaxText bounds the command lines that are read, in bytes: a longer one fits no argument
// of a program.
const MaxText = 128 << 10

// Language tells whether a shell ("/bin/sh", "-c") is one whose language is read, and
// whether that is Bash's. An empty one is a Dockerfile's default.
func Language(shell []string) (bash, ok bool) {
	if len(shell) == 0 {
		return false, true
	}
	for n, flag := range shell[1:] {
		if !strings.HasPrefix(flag, "-") && !(n > 0 && strings.HasSuffix(shell[n], "o")) {
			return false, false // env bash, conda run: what runs is not known
		}
	}
	if !strings.HasSuffix(shell[len(shell)-1], "c") {
		return false, false
	}
	switch path.Base(shell[0]) {
	case "sh", "dash", "ash":
		return false, true
	case "bash":
		return true, true
	}
	return false, false
}

// Split takes a command line apart. The error says why that cannot be done; a line of one
// command is one part.
func Split(text string, bash bool) (*Line, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("it is longer than %d bytes", MaxText)
	}
	f, err := parse(text, bash)
	if err != nil {
		return nil, err
	}
	l := &Line{Text: text}
	for _, s := range f.Stmts {
		l.add(s, false)
	}
	for n := range l.Parts {
		p := &l.Parts[n]
		p.extent(text)
		p.traits = traitsOf(p.stmt[0])
		p.State, p.Whole = p.traits.state, p.traits.compound
		if p.traits.process {
			return nil, errors.New("it uses the number of its own process ($$), which is another one in each part")
		}
	}
	l.keep()
	if err := l.verify(bash); err != nil {
		return nil, err
	}
	return l, nil
}

// parse reads a command line in the shell's language. What /bin/sh is, a Dockerfile does
// not say: where the text is none of a POSIX shell, it is Bash's.
func parse(text string, bash bool) (*syntax.File, error) {
	dialects := []syntax.LangVariant{syntax.LangPOSIX, syntax.LangBash}
	if bash {
		dialects = dialects[1:]
	}
	var first error
	for _, d := range dialects {
		f, err := syntax.NewParser(syntax.Variant(d)).Parse(strings.NewReader(text), "")
		if err == nil {
			return f, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, fmt.Errorf("its text cannot be read as a shell's: %w", first)
}

// add appends a statement, taken apart at its &&.
func (l *Line) add(s *syntax.Stmt, and bool) {
	b, ok := s.Cmd.(*syntax.BinaryCmd)
	if !ok || b.Op != syntax.AndStmt || s.Negated || s.Background || len(s.Redirs) > 0 {
		l.Parts = append(l.Parts, Part{And: and, stmt: []*syntax.Stmt{s}})
		return
	}
	l.add(b.X, and)
	l.add(b.Y, true)
}

// extent finds where a part begins and ends, here-documents included, whose text stands
// behind the line that they are on.
func (p *Part) extent(text string) {
	s := p.stmt[0]
	p.From, p.To = int(s.Pos().Offset()), int(s.End().Offset())
	if s.Semicolon.IsValid() && !s.Background && !s.Coprocess {
		p.To = int(s.Semicolon.Offset())
	}
	syntax.Walk(s, func(n syntax.Node) bool {
		r, ok := n.(*syntax.Redirect)
		if !ok || r.Op != syntax.Hdoc && r.Op != syntax.DashHdoc {
			return true
		}
		if r.Hdoc == nil || !r.Hdoc.End().IsValid() { // an empty one: where it ends is not told
			p.To = len(text)
			return true
		}
		end := int(r.Hdoc.End().Offset())
		if n := strings.IndexByte(text[min(end, len(text)):], '\n'); n >= 0 {
			end += n // the line that ends it
		} else {
			end = len(text)
		}
		p.To = max(p.To, end)
		return true
	})
	p.To = min(p.To, len(text))
	p.Text = strings.TrimSpace(text[p.From:p.To])
}

// keep joins the parts that cannot be told apart.
func (l *Line) keep() {
	for n := 0; n < len(l.Parts); n++ {
		p := &l.Parts[n]
		switch {
		case n > 0 && (p.From < l.Parts[n-1].To || p.traits.previous != ""):
			why := p.traits.previous
			if why == "" {
				why = "a here-document stands behind them"
			}
			l.join(n-1, n, why)
			n = max(n-2, -1) // what is joined may lead to more
		case p.lasts() != "" && n < len(l.Parts)-1:
			l.join(n, len(l.Parts)-1, p.lasts())
		}
	}
}

// lasts says what of a part holds on until the line's end, so that nothing behind it can
// be told apart.
func (p *Part) lasts() string {
	if p.traits.lasts == "" && p.traits.function && p.And {
		return "a function that is declared only if what is before it succeeds"
	}
	return p.traits.lasts
}

// join makes one part of those from a to b.
func (l *Line) join(a, b int, why string) {
	first, last := &l.Parts[a], &l.Parts[b]
	for _, p := range l.Parts[a+1 : b+1] {
		first.stmt = append(first.stmt, p.stmt...)
		first.traits.add(p.traits)
		first.To = max(first.To, p.To)
	}
	first.To = max(first.To, last.To)
	first.State, first.Whole = false, why
	first.Text = strings.TrimSpace(l.Text[first.From:first.To])
	l.Parts = slices.Delete(l.Parts, a+1, b+1)
}

// verify tells whether the parts are all of the line, in its order, and each can be read
// by itself.
func (l *Line) verify(bash bool) error {
	at := 0
	for n, p := range l.Parts {
		if p.From < at || p.To < p.From || !between(l.Text[at:p.From]) {
			return fmt.Errorf("its commands cannot be told apart at %q", clip(p.Text))
		}
		at = p.To
		if body := strings.TrimRight(p.Text, "\\"); (len(p.Text)-len(body))%2 > 0 {
			return fmt.Errorf("its command %d ends in a backslash: %s", n+1, clip(p.Text))
		}
		if f, err := parse(l.Text[p.From:p.To], bash); err != nil || len(f.Stmts) == 0 {
			return fmt.Errorf("its command %d cannot stand alone: %s", n+1, clip(p.Text))
		}
	}
	if !between(l.Text[at:]) {
		return errors.New("its commands cannot be told apart at the end")
	}
	return nil
}

// between tells whether text may stand between two commands: separators and comments.
func between(text string) bool {
	for len(text) > 0 {
		switch {
		case strings.HasPrefix(text, "&&"), strings.HasPrefix(text, "\\\n"):
			text = text[2:]
		case strings.HasPrefix(text, "\\\r\n"):
			text = text[3:]
		case strings.IndexByte(" \t\r\n;", text[0]) >= 0:
			text = text[1:]
		case text[0] == '#':
			end := strings.IndexByte(text, '\n')
			if end < 0 {
				return true
			}
			text = text[end:]
		default:
			return false
		}
	}
	return true
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
