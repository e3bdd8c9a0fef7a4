// Package dockerfile reads Dockerfiles: stages and instructions, with their lines.
// The parser is BuildKit's own, so that tare understands what its engine builds.
package dockerfile

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// File is a Dockerfile.
type File struct {
	Stages []Stage
}

// Stage is one FROM and what follows it.
type Stage struct {
	Name string // as FROM … AS names it; else its number, from 0
	Base string // what FROM names: an image, or an earlier stage
	// CopiesFrom are the stages, by name or number, and images that COPY --from names.
	CopiesFrom []string
	Lines      [2]int // of the FROM line and the last one
}

// Parse reads a Dockerfile. The error names the line.
func Parse(b []byte) (*File, error) {
	r, err := parser.Parse(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("dockerfile: %w", err)
	}
	stages, _, err := instructions.Parse(r.AST, linter.New(&linter.Config{}))
	if err != nil {
		return nil, fmt.Errorf("dockerfile: %w", err)
	}
	f := &File{}
	for i, s := range stages {
		st := Stage{Name: s.Name, Base: s.BaseName}
		if st.Name == "" {
			st.Name = strconv.Itoa(i)
		}
		for _, loc := range s.Location {
			st.Lines = [2]int{loc.Start.Line, loc.End.Line}
		}
		for _, c := range s.Commands {
			if copying, ok := c.(*instructions.CopyCommand); ok && copying.From != "" {
				st.CopiesFrom = append(st.CopiesFrom, copying.From)
			}
			for _, loc := range c.Location() {
				st.Lines[1] = max(st.Lines[1], loc.End.Line)
			}
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
// does not go on from: what they have and the target has not stays behind. They are
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
