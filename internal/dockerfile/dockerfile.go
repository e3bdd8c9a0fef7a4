// Package dockerfile reads Dockerfiles: stages and instructions, with their lines.
// The parser is BuildKit's own, so that tare understands what its engine builds.
package dockerfile

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// File is a Dockerfile.
type File struct {
	Stages []Stage
	// Args are the ARG lines before the first FROM, with their defaults as they are
	// written; of a file With arguments, all that FROM lines may use.
	Args map[string]string

	globalArgs []variable
	escape     rune
}

// Stage is one FROM and what follows it.
type Stage struct {
	Name  string // as FROM … AS names it; else its number, from 0
	Named bool   // FROM … AS names it
	Base  string // what FROM names: an image, or an earlier stage
	// CopiesFrom are the stages, by name or number, and images that COPY --from names.
	CopiesFrom []string
	Lines      [2]int // of the FROM line and the last one
	From       [2]int // lines of the FROM itself
	Text       string // the FROM in one line
	// Instructions are those that follow the FROM.
	Instructions []Instruction
}

// Parse reads a Dockerfile that is within the limits. The error names the line.
func Parse(b []byte) (*File, error) {
	if err := Check(b, Given{}); err != nil {
		return nil, err
	}
	r, err := parser.Parse(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("dockerfile: %w", err)
	}
	stages, meta, err := instructions.Parse(r.AST, linter.New(&linter.Config{}))
	if err != nil {
		return nil, fmt.Errorf("dockerfile: %w", err)
	}
	flags := map[int][]string{} // by the line where an instruction begins
	for _, n := range r.AST.Children {
		if len(n.Flags) > 0 {
			flags[n.StartLine] = n.Flags
		}
	}
	f := &File{Args: map[string]string{}, escape: r.EscapeToken}
	for _, m := range meta {
		for _, a := range m.Args {
			f.Args[a.Key] = a.ValueString()
			f.globalArgs = append(f.globalArgs, variable{a.Key, a.ValueString(), a.Value != nil})
		}
	}
	for i, s := range stages {
		st := Stage{Name: s.Name, Named: s.Name != "", Base: s.BaseName}
		if st.Name == "" {
			st.Name = strconv.Itoa(i)
		}
		st.From, st.Text = span(s.Location), oneLine(s.SourceCode)
		st.Lines = st.From
		for _, c := range s.Commands {
			if copying, ok := c.(*instructions.CopyCommand); ok && copying.From != "" {
				st.CopiesFrom = append(st.CopiesFrom, copying.From)
			}
			in := instruction(c)
			in.Flags = flags[in.Lines[0]]
			st.Instructions = append(st.Instructions, in)
			st.Lines[1] = max(st.Lines[1], in.Lines[1])
		}
		f.Stages = append(f.Stages, st)
	}
	return f, nil
}

// index finds a stage that is built before number n, by name or number; -1 for what
// is no stage.
func (f *File) index(name string, n int) int {
	for i := n - 1; i >= 0; i-- {
		if strings.EqualFold(f.Stages[i].Name, name) {
			return i
		}
	}
	if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < n {
		return i
	}
	return -1
}

// Behind are the stages that the target (the last one if "") takes files from, but
// does not go on from: what they have and the target lacks stays behind. They are
// in the order of the file.
func (f *File) Behind(target string) []Stage {
	last := len(f.Stages) - 1
	if target != "" {
		last = f.index(target, len(f.Stages))
	}
	if last < 0 {
		return nil
	}
	from := map[int]bool{}
	for n := last; n >= 0; n = f.index(f.Stages[n].Base, n) {
		for _, c := range f.Stages[n].CopiesFrom {
			if i := f.index(c, n); i >= 0 {
				from[i] = true
			}
		}
	}
	for n := f.index(f.Stages[last].Base, last); n >= 0; n = f.index(f.Stages[n].Base, n) {
		delete(from, n)
	}
	var out []Stage
	for i, s := range f.Stages {
		if from[i] {
			out = append(out, s)
		}
	}
	return out
}

// Image is the image that the target (the last stage if "") starts from, through
// earlier stages, with build arguments filled in. It is "" for scratch, a target that
// is not there, and where the arguments leave it open.
func (f *File) Image(target string, args map[string]string) string {
	f = f.With(args)
	chain := f.Chain(target)
	if len(chain) == 0 {
		return ""
	}
	base := f.Stages[chain[0]].Base
	if base == "scratch" || strings.Contains(base, "$") {
		return ""
	}
	return base
}

// env makes a map what the shell lexer asks.
type env map[string]string

// Get implements shell.EnvGetter.
func (e env) Get(k string) (string, bool) { v, ok := e[k]; return v, ok }

// Keys implements shell.EnvGetter.
func (e env) Keys() []string { return slices.Sorted(maps.Keys(e)) }
