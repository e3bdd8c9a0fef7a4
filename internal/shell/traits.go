package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// traits are what a command does to the shell that carries it out.
type traits struct {
	stateful bool   // it may change the shell's state
	state    bool   // it changes the shell's state only
	function bool   // it declares a function
	lasts    string // what of it cannot be handed on to another shell; "" for nothing
	previous string // why it belongs to the command before it
	process  bool   // it uses the shell's process number
	compound string // it is made of several commands: how
	unset    []string
}

func (t *traits) add(o traits) {
	if t.lasts == "" {
		t.lasts = o.lasts
	}
	t.function = t.function || o.function
	t.stateful = t.stateful || o.stateful
	t.process = t.process || o.process
	t.unset = append(t.unset, o.unset...)
}

// lasting are commands whose effect on the shell cannot be handed on to another one.
var lasting = map[string]string{
	"trap": "a trap lasts to the end of the line", "exec": "exec replaces the shell, or moves its files",
	"exit": "exit ends the line", "return": "return ends the line",
	"alias": "an alias lasts to the end of the line", "unalias": "an alias lasts to the end of the line",
	"shift": "positional parameters last to the end of the line", "getopts": "positional parameters last to the end of the line",
	"pushd": "the directory stack lasts to the end of the line", "popd": "the directory stack lasts to the end of the line", "dirs": "the directory stack lasts to the end of the line",
	"readonly": "readonly lasts to the end of the line", "declare": "declare lasts to the end of the line", "typeset": "declare lasts to the end of the line",
	"mapfile": "an array lasts to the end of the line", "readarray": "an array lasts to the end of the line",
	"ulimit": "a limit of the shell lasts to the end of the line",
	"wait":   "a background job lasts to the end of the line", "jobs": "a background job lasts to the end of the line", "fg": "a background job lasts to the end of the line",
	"bg": "a background job lasts to the end of the line", "disown": "a background job lasts to the end of the line",
	"enable": "enable lasts to the end of the line", "coproc": "a coprocess lasts to the end of the line",
}

// settings are commands that change nothing but the shell.
var settings = map[string]bool{"cd": true, "export": true, "set": true, "umask": true, "unset": true, "shopt": true, ":": true, "true": true}

func traitsOf(s *syntax.Stmt) traits {
	t := traits{compound: compound(s)}
	t.state = isState(s)
	if f, ok := s.Cmd.(*syntax.FuncDecl); ok {
		t.function = true
		if _, list := f.Body.Cmd.(*syntax.BinaryCmd); list { // the parser's reading of f() { a; } && b
			t.lasts = "a function that && joins to a command"
			t.compound = t.lasts
		}
	}
	t.look(s)
	t.stateful = stateful(s)
	t.state = t.state && t.lasts == "" && t.previous == ""
	return t
}

// compound says how a statement is made of several commands.
func compound(s *syntax.Stmt) string {
	switch c := s.Cmd.(type) {
	case *syntax.IfClause:
		return "an if stays whole"
	case *syntax.WhileClause, *syntax.ForClause:
		return "a loop stays whole"
	case *syntax.CaseClause:
		return "a case stays whole"
	case *syntax.Block:
		return "a { … } group stays whole"
	case *syntax.Subshell:
		return "a ( … ) subshell stays whole"
	case *syntax.BinaryCmd:
		if c.Op == syntax.OrStmt {
			return "commands joined by || stay whole"
		}
	}
	return ""
}

// isState tells whether a statement changes the shell's state and nothing else.
func isState(s *syntax.Stmt) bool {
	if len(s.Redirs) > 0 || s.Negated || s.Background || s.Coprocess {
		return false
	}
	switch c := s.Cmd.(type) {
	case *syntax.FuncDecl:
		return true // nothing of it is carried out
	case *syntax.DeclClause:
		return c.Variant.Value == "export" && !runs(c)
	case *syntax.CallExpr:
		if runs(c) {
			return false
		}
		return len(c.Args) == 0 || settings[c.Args[0].Lit()]
	}
	return false
}

// changing are commands that may change the shell's state.
var changing = map[string]bool{".": true, "source": true, "eval": true, "read": true, "printf": true, "let": true, "command": true, "builtin": true, "hash": true, "": true}

// stateful tells whether a statement may change the shell's state: all may but programs
// that are called by their names, and what has a shell of its own.
func stateful(s *syntax.Stmt) (yes bool) {
	switch c := s.Cmd.(type) {
	case *syntax.Subshell:
		return false
	case *syntax.BinaryCmd:
		return c.Op != syntax.Pipe && c.Op != syntax.PipeAll
	case *syntax.CallExpr:
		if len(c.Args) == 0 || changing[c.Args[0].Lit()] || settings[c.Args[0].Lit()] || lasting[c.Args[0].Lit()] != "" {
			return true
		}
	default:
		return true
	}
	syntax.Walk(s, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst, *syntax.ProcSubst:
			return false
		case *syntax.ParamExp:
			yes = yes || n.Exp != nil && (n.Exp.Op == syntax.AssignUnset || n.Exp.Op == syntax.AssignUnsetOrNull)
		case *syntax.ArithmExp:
			yes = true
		}
		return !yes
	})
	return yes
}

// runs tells whether another command is carried out to find a word out.
func runs(n syntax.Node) (yes bool) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n.(type) {
		case *syntax.CmdSubst, *syntax.ProcSubst:
			yes = true
		}
		return !yes
	})
	return yes
}

// look walks through a statement. What is done in a shell of its own does not last, but
// for jobs that go on in the background.
func (t *traits) look(n syntax.Node) {
	last := func(why string) {
		if t.lasts == "" {
			t.lasts = why
		}
	}
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Stmt:
			if n.Background || n.Coprocess || n.Disown {
				last("a background job lasts to the end of the line")
			}
		case *syntax.CoprocClause:
			last("a coprocess lasts to the end of the line")
		case *syntax.ParamExp:
			t.param(n)
		case *syntax.Subshell, *syntax.CmdSubst, *syntax.ProcSubst:
			t.inside(n)
			return false
		case *syntax.BinaryCmd:
			if n.Op == syntax.Pipe || n.Op == syntax.PipeAll {
				t.inside(n)
				return false
			}
		case *syntax.Assign:
			if n.Array != nil || n.Index != nil {
				last("an array lasts to the end of the line")
			}
		case *syntax.DeclClause:
			t.declares(n)
		case *syntax.FuncDecl:
			t.body(n.Body)
			return false
		case *syntax.CallExpr:
			t.calls(n)
		}
		return true
	})
}

// body looks at a function, whose commands are carried out when it is called: what ends it
// or sets its own parameters ends no line.
func (t *traits) body(s *syntax.Stmt) {
	var own traits
	own.look(s)
	switch own.lasts {
	case lasting["exit"], lasting["return"], lasting["shift"], lasting["declare"]:
	default:
		if t.lasts == "" {
			t.lasts = own.lasts
		}
	}
	t.process = t.process || own.process
}

// inside looks at what is carried out in a shell of its own.
func (t *traits) inside(n syntax.Node) {
	var own traits
	syntax.Walk(n, func(m syntax.Node) bool {
		switch m := m.(type) {
		case *syntax.Stmt:
			if m.Background || m.Coprocess || m.Disown {
				t.lasts = "a background job lasts to the end of the line"
			}
		case *syntax.ParamExp:
			own.param(m)
		}
		return true
	})
	t.process = t.process || own.process
	if t.previous == "" {
		t.previous = own.previous
	}
}

func (t *traits) param(p *syntax.ParamExp) {
	if p.Param == nil {
		return
	}
	switch p.Param.Value {
	case "$", "BASHPID", "PPID":
		t.process = true
	case "?", "_", "PIPESTATUS":
		t.previous = "$" + p.Param.Value + " is what the command before it left"
	}
}

func (t *traits) declares(d *syntax.DeclClause) {
	if d.Variant.Value != "export" {
		if why := lasting[d.Variant.Value]; why != "" && t.lasts == "" {
			t.lasts = why
		}
		return
	}
	for _, a := range d.Args {
		if a.Naked && a.Value != nil && strings.HasPrefix(a.Value.Lit(), "-") && t.lasts == "" {
			t.lasts = "a flag of export lasts to the end of the line"
		}
	}
}

func (t *traits) calls(c *syntax.CallExpr) {
	args := c.Args
	for len(args) > 1 && (args[0].Lit() == "command" || args[0].Lit() == "builtin") && !strings.HasPrefix(args[1].Lit(), "-") {
		args = args[1:]
	}
	if len(args) == 0 {
		return
	}
	name := args[0].Lit()
	why := lasting[name]
	switch name {
	case "set":
		why = settingArguments(args[1:])
	case "export":
		for _, a := range args[1:] {
			if strings.HasPrefix(a.Lit(), "-") {
				why = "a flag of export lasts to the end of the line"
			}
		}
	case "unset":
		for _, a := range args[1:] {
			switch v := a.Lit(); {
			case syntax.ValidName(v):
				t.unset = append(t.unset, v)
			case v == "-v":
			default:
				why = "what it unsets is not known, and lasts to the end of the line"
			}
		}
	case "read":
		for _, a := range args[1:] {
			if strings.HasPrefix(a.Lit(), "-") && strings.Contains(a.Lit(), "a") {
				why = "an array lasts to the end of the line"
			}
		}
	}
	if why != "" && t.lasts == "" {
		t.lasts = why
	}
}

// settingArguments says why a set cannot be handed on: it may set positional parameters.
func settingArguments(args []*syntax.Word) string {
	const why = "positional parameters last to the end of the line"
	for n := 0; n < len(args); n++ {
		v := args[n].Lit()
		switch {
		case len(v) < 2 || v == "--" || v[0] != '-' && v[0] != '+':
			return why
		case strings.HasSuffix(v, "o"): // the name of an option comes next
			n++
			if n >= len(args) || args[n].Lit() == "" {
				return why
			}
		}
	}
	return ""
}
