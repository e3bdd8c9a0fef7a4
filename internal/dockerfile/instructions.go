package dockerfile

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// Instruction is one instruction of a stage, without the FROM.
type Instruction struct {
	Keyword string // in capitals: RUN, COPY, …
	Text    string // the instruction in one line, as the frontend prints it
	Lines   [2]int // first and last line in the file
	// Works says that the builder has something to do for it: RUN, COPY, ADD, WORKDIR.
	Works bool
	// Sources are what COPY and ADD take, From the stage or image they take it from
	// ("" for the build context). Excludes are their --exclude patterns.
	Sources, Excludes []string
	From              string
	// Mounts are a RUN's.
	Mounts []Mount
	// Vars are the arguments that an ARG declares, with their defaults.
	Vars map[string]string
	// Script is the command line of a RUN that is given to a shell.
	Script string
}

// Mount is a RUN --mount.
type Mount struct {
	Type   string // bind, cache, secret, ssh, tmpfs
	From   string // stage or image; "" for the build context
	Source string
	ID     string // of secrets, caches and sockets
}

func instruction(c instructions.Command) Instruction {
	in := Instruction{Keyword: strings.ToUpper(c.Name()), Text: c.Name()}
	if s, ok := c.(interface{ String() string }); ok {
		in.Text = oneLine(s.String())
	}
	in.Lines = span(c.Location())
	switch c := c.(type) {
	case *instructions.RunCommand:
		in.Works = true
		if c.PrependShell {
			in.Script = strings.Join(c.CmdLine, " ")
		}
		// Mounts are only read when variables are filled in; here they stay as written.
		_ = c.Expand(func(word string) (string, error) { return word, nil })
		for _, m := range instructions.GetMounts(c) {
			in.Mounts = append(in.Mounts, Mount{Type: string(m.Type), From: m.From, Source: m.Source, ID: m.CacheID})
		}
	case *instructions.CopyCommand:
		in.Works, in.Sources, in.From, in.Excludes = true, c.SourcePaths, c.From, c.ExcludePatterns
	case *instructions.AddCommand:
		in.Works, in.Sources, in.Excludes = true, c.SourcePaths, c.ExcludePatterns
	case *instructions.WorkdirCommand:
		in.Works = true
	case *instructions.ArgCommand:
		in.Vars = map[string]string{}
		for _, a := range c.Args {
			in.Vars[a.Key] = a.ValueString()
		}
	}
	return in
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func span(list []parser.Range) (lines [2]int) {
	for _, r := range list {
		if lines[0] == 0 || r.Start.Line < lines[0] {
			lines[0] = r.Start.Line
		}
		lines[1] = max(lines[1], r.End.Line)
	}
	return lines
}

// Chain are the indexes of the stages that a target (the last stage if "") consists
// of, from the one that starts from an image to itself; nil if it is not there.
func (f *File) Chain(target string) []int {
	n := len(f.Stages) - 1
	if target != "" {
		n = f.index(target, len(f.Stages))
	}
	return f.ChainOf(n)
}

// ChainOf is Chain for the stage of an index: several may have one name.
func (f *File) ChainOf(n int) []int {
	var out []int
	for ; n >= 0; n = f.index(f.Stages[n].Base, n) {
		out = append([]int{n}, out...)
	}
	return out
}

// Needed are the stages that a target needs, itself included: those that it goes on
// from and takes files from, and theirs.
func (f *File) Needed(target string) map[int]bool {
	need := map[int]bool{}
	var visit func(n int)
	visit = func(n int) {
		if n < 0 || need[n] {
			return
		}
		need[n] = true
		visit(f.index(f.Stages[n].Base, n))
		for _, in := range f.Stages[n].Instructions {
			if in.From != "" {
				visit(f.index(in.From, n))
			}
			for _, m := range in.Mounts {
				if m.From != "" {
					visit(f.index(m.From, n))
				}
			}
		}
	}
	if c := f.Chain(target); len(c) > 0 {
		visit(c[len(c)-1])
	}
	return need
}

// StageIndex finds the stage that a name or number means in an instruction of stage n;
// -1 for an image.
func (f *File) StageIndex(name string, n int) int { return f.index(name, n) }

// Split divides a shell command line at the && that stand in no quotes, brackets or
// braces, and in no heredoc. It returns nil where there is nothing to divide.
func Split(script string) []string {
	var out []string
	depth, start := 0, 0
	quote := byte(0)
	if strings.Contains(script, "<<") {
		return nil
	}
	for i := 0; i < len(script); i++ {
		c := script[i]
		switch {
		case c == '\\' && quote != '\'':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"' || c == '`':
			quote = c
		case c == '(' || c == '{':
			depth++
		case c == ')' || c == '}':
			depth--
		case c == '&' && depth == 0 && i+1 < len(script) && script[i+1] == '&':
			out = append(out, strings.TrimSpace(script[start:i]))
			start = i + 2
			i++
		}
	}
	if len(out) == 0 || quote != 0 || depth != 0 {
		return nil
	}
	words := strings.Fields(script)
	for _, w := range words {
		switch w { // a loop or a condition may reach over several of the parts
		case "if", "for", "while", "until", "case":
			return nil
		}
	}
	return append(out, strings.TrimSpace(script[start:]))
}
