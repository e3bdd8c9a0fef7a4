package shell

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Command is a simple command of a command line: a program and its arguments.
type Command struct {
	Words    []Word
	From, To int // bytes of the command line, redirections included
	Part     int // index of the part that it belongs to
	// Sure says that it is a part of its own: nothing but the success of those before it
	// decides whether it runs, and no pipe or redirection takes what it says.
	Sure bool
}

// Word is a word of a command as it is written.
type Word struct {
	Text     string // without quotes
	Raw      string // as it is written, quotes and all
	Static   bool   // nothing in it is expanded: Text is what the program gets
	From, To int    // bytes of the command line
}

// Name is the program that a command runs, without its directory; "" if that is not known
// before it runs. What only runs another program (sudo, env, nice) is passed over.
func (c *Command) Name() string {
	if w := c.program(); w >= 0 {
		return path.Base(c.Words[w].Text)
	}
	return ""
}

// Args are the words after the program's name.
func (c *Command) Args() []Word {
	if w := c.program(); w >= 0 {
		return c.Words[w+1:]
	}
	return nil
}

// program is the index of the word that names the program; -1 if none does.
func (c *Command) program() int {
	for n, w := range c.Words {
		switch {
		case !w.Static:
			return -1
		case w.Text == "sudo" || w.Text == "env" || w.Text == "nice" || w.Text == "time" || w.Text == "command" || w.Text == "exec":
		case n > 0 && strings.HasPrefix(w.Text, "-"): // an option of one of these
		case n > 0 && strings.Contains(w.Text, "="):
		default:
			return n
		}
	}
	return -1
}

// Has tells whether one of the arguments is one of words.
func (c *Command) Has(words ...string) bool {
	for _, a := range c.Args() {
		for _, w := range words {
			if a.Static && a.Text == w {
				return true
			}
		}
	}
	return false
}

// Static tells whether all words are what the program gets: nothing is expanded.
func (c *Command) Static() bool {
	for _, w := range c.Words {
		if !w.Static || strings.ContainsAny(w.Text, "*?[") {
			return false
		}
	}
	return len(c.Words) > 0
}

// Commands are the simple commands of a line in their order, also those inside of loops,
// conditions and lists.
func (l *Line) Commands() []Command {
	var out []Command
	for n, p := range l.Parts {
		for _, s := range p.stmt {
			call, ok := s.Cmd.(*syntax.CallExpr)
			sure := ok && len(p.stmt) == 1 && p.Whole == "" && !s.Negated && !s.Background && len(call.Assigns) == 0
			syntax.Walk(s, func(node syntax.Node) bool {
				inner, ok := node.(*syntax.Stmt)
				if !ok {
					return true
				}
				c, ok := inner.Cmd.(*syntax.CallExpr)
				if !ok || len(c.Args) == 0 {
					return true
				}
				out = append(out, l.command(inner, c, n, sure && c == call && len(inner.Redirs) == 0))
				return true
			})
		}
	}
	return out
}

func (l *Line) command(s *syntax.Stmt, c *syntax.CallExpr, part int, sure bool) Command {
	out := Command{Part: part, Sure: sure, From: int(s.Pos().Offset()), To: int(s.End().Offset())}
	if s.Semicolon.IsValid() {
		out.To = int(s.Semicolon.Offset())
	}
	for _, w := range c.Args {
		text, static := literal(w)
		from, to := int(w.Pos().Offset()), int(w.End().Offset())
		out.Words = append(out.Words, Word{Text: text, Raw: l.Text[from:to], Static: static, From: from, To: to})
	}
	return out
}

// literal is the text of a word without quotes, and whether nothing in it is expanded but,
// perhaps, a pattern.
func literal(w *syntax.Word) (string, bool) {
	var b strings.Builder
	static := true
	for _, p := range w.Parts {
		switch p := p.(type) {
		case *syntax.Lit:
			b.WriteString(unescaped(p.Value))
		case *syntax.SglQuoted:
			b.WriteString(p.Value)
			static = static && !p.Dollar
		case *syntax.DblQuoted:
			for _, q := range p.Parts {
				lit, ok := q.(*syntax.Lit)
				if !ok {
					static = false
					continue
				}
				b.WriteString(lit.Value)
				static = static && !strings.Contains(lit.Value, `\`)
			}
		default:
			static = false
		}
	}
	text := b.String()
	return text, static && !strings.HasPrefix(text, "~")
}

// unescaped is an unquoted text without the backslashes that quote.
func unescaped(s string) string {
	s = strings.ReplaceAll(s, "\\\n", "")
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// End is where a command can be added to a line with " && ", so that it runs if the line
// succeeds and the line still fails as before; ok is false where no such place is.
func (l *Line) End() (at int, ok bool) {
	if len(l.Parts) == 0 {
		return 0, false
	}
	p := l.Parts[len(l.Parts)-1]
	s := p.stmt[len(p.stmt)-1]
	if s.Background || s.Coprocess || p.traits.lasts != "" {
		return 0, false
	}
	for _, q := range l.Parts {
		if q.traits.lasts != "" { // an exit, an exec or a trap: what is behind it may never run
			return 0, false
		}
	}
	end := int(s.End().Offset())
	if s.Semicolon.IsValid() {
		end = int(s.Semicolon.Offset())
	}
	if p.To > end || heredoc(s) { // nothing can stand behind a here-document's last line
		return 0, false
	}
	if strings.HasSuffix(l.Text[:end], `\`) {
		return 0, false
	}
	return end, true
}

// heredoc tells whether a here-document is part of a statement.
func heredoc(s *syntax.Stmt) (found bool) {
	syntax.Walk(s, func(n syntax.Node) bool {
		r, ok := n.(*syntax.Redirect)
		found = found || ok && r.Hdoc != nil
		return !found
	})
	return found
}

// Cut is the range of a line that goes when a part of it goes, with what joins it to the
// part before or after it. ok is false for the only part, and where others depend on it.
func (l *Line) Cut(n int) (from, to int, ok bool) {
	p := l.Parts[n]
	switch {
	case len(l.Parts) == 1:
		return 0, 0, false
	case n > 0:
		if !p.And && n+1 < len(l.Parts) && l.Parts[n+1].And { // "a; b && c": c hangs on b
			return p.From, l.Parts[n+1].From, true
		}
		return l.Parts[n-1].To, p.To, true
	}
	return p.From, l.Parts[1].From, true
}
