package dockerfile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// Given is what a build knows beside its Dockerfile.
type Given struct {
	Args map[string]string // build arguments
	// Env are the greatest lengths of variables that base images set, in bytes, and
	// OnBuild their triggers. What is not there has at most Unknown bytes.
	Env     map[string]int64
	OnBuild []string
}

// Unknown is what a variable of a base image that was not looked at yet is taken to
// have, in bytes.
const Unknown = 1024

// LimitError says that a Dockerfile is beyond a limit, and at which lines.
type LimitError struct {
	Lines [2]int // first and last; 0 where no line is to blame
	Text  string
}

// Error implements error.
func (e *LimitError) Error() string {
	if e.Lines[0] == 0 {
		return e.Text
	}
	return fmt.Sprintf("Dockerfile line %d: %s", e.Lines[0], e.Text)
}

// Check says whether a Dockerfile is within the limits: its text, what is in it, and
// how long what its variables expand to becomes. Nothing is expanded for that, so it
// takes little time and memory whatever the file says. What the frontend refuses is
// left to the frontend, which knows better words.
func Check(b []byte, g Given) error {
	if err := CheckText(b); err != nil {
		return &LimitError{Text: err.Error()}
	}
	r, err := parser.Parse(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	if n := len(r.AST.Children); n > MaxInstructions {
		over := r.AST.Children[MaxInstructions]
		return limit([2]int{over.StartLine, over.EndLine}, "more than %d instructions", MaxInstructions)
	}
	stages, words := 0, 0
	for _, n := range r.AST.Children {
		if strings.EqualFold(n.Value, "from") {
			stages++
		}
		for m := n.Next; m != nil; m = m.Next {
			words++
		}
		if words > MaxWords {
			return limit([2]int{n.StartLine, n.EndLine}, "up to here more than %d words", MaxWords)
		}
		if stages > MaxStages {
			return limit([2]int{n.StartLine, n.EndLine}, "more than %d stages", MaxStages)
		}
	}
	list, meta, err := instructions.Parse(r.AST, linter.New(&linter.Config{}))
	if err != nil {
		return nil
	}
	c := &checker{given: g, escape: byte(r.EscapeToken), names: map[string]*stageSizes{}}
	c.meta = &stageSizes{vars: map[string]int64{}}
	for i := range meta {
		if err := c.args(c.meta, meta[i].Args, at(meta[i].Location())); err != nil {
			return err
		}
	}
	for i := range list {
		if err := c.stage(i, &list[i]); err != nil {
			return err
		}
	}
	return nil
}

// stageSizes are the lengths of a stage's variables.
type stageSizes struct {
	from    *stageSizes
	vars    map[string]int64
	count   int   // of variables, with those of the stages that it goes on from
	bytes   int64 // of all of them
	dir     int64 // of the working directory
	layers  int
	wild    int64 // any variable may be that long
	steps   int64 // instructions, with those of the stages that it goes on from
	onbuild []string
}

type checker struct {
	given    Given
	escape   byte
	meta     *stageSizes
	names    map[string]*stageSizes
	list     []*stageSizes
	triggers []string // of all stages
	largest  int64    // of all values
	expanded int64
	carried  int64
	inherit  int64
	pairs    int
	work     int64
}

func at(list []parser.Range) [2]int { return span(list) }

func limit(lines [2]int, format string, v ...any) error {
	return &LimitError{Lines: lines, Text: fmt.Sprintf(format, v...)}
}

// size is the greatest length of a variable in a stage.
func (c *checker) size(s *stageSizes, name string) int64 {
	wild := int64(0)
	for t := s; t != nil; t = t.from {
		c.work++
		wild = max(wild, t.wild)
		if n, ok := t.vars[name]; ok {
			return max(n, wild)
		}
	}
	if s == c.meta {
		return max(64, wild) // nothing but what the platform is called
	}
	if n, ok := c.given.Env[name]; ok {
		return max(n, wild)
	}
	return max(Unknown, wild)
}

// word is the greatest length of a word's expansion.
func (c *checker) word(s *stageSizes, word string, lines [2]int) (int64, error) {
	if strings.IndexByte(word, '$') < 0 {
		return weight(word), nil
	}
	var most int64
	for _, quotes := range []bool{true, false} {
		z := sizer{size: func(name string) int64 { return c.size(s, name) }, escape: c.escape, quotes: quotes}
		n, err := z.of(word)
		if err != nil {
			return 0, limit(lines, "%v", err)
		}
		most, c.work = max(most, n), bound(c.work+z.work)
	}
	c.expanded += most
	switch {
	case most > MaxValue:
		return 0, limit(lines, "with its variables filled in it would have up to %s; tare builds with values of up to %d MiB", bytesOf(most), MaxValue>>20)
	case c.expanded > MaxExpanded:
		return 0, limit(lines, "up to here the expansions of variables would have more than %d MiB", MaxExpanded>>20)
	case c.work > maxWork:
		return 0, limit(lines, "up to here filling in variables takes too long: patterns and values are too large")
	}
	return most, nil
}

func bytesOf(n int64) string {
	if n >= 1<<40 {
		return "a terabyte or more"
	}
	return fmt.Sprintf("%d bytes", n)
}

func (c *checker) set(s *stageSizes, name string, n int64, lines [2]int) error {
	if strings.IndexByte(name, '$') >= 0 { // which one is not known before
		s.wild = max(s.wild, n)
	} else {
		if old, ok := s.vars[name]; ok {
			s.bytes -= old
		} else {
			s.count++
			s.bytes += int64(len(name)) + 2
		}
		s.vars[name] = n
	}
	s.bytes += n
	c.largest = max(c.largest, n)
	if s.count > MaxVariables {
		return limit(lines, "more than %d variables", MaxVariables)
	}
	return nil
}

func (c *checker) args(s *stageSizes, list []instructions.KeyValuePairOptional, lines [2]int) error {
	for _, a := range list {
		var n int64
		value, given := c.given.Args[a.Key]
		switch {
		case given:
			n = weight(value)
		case a.Value != nil:
			var err error
			if n, err = c.word(s, *a.Value, lines); err != nil {
				return err
			}
		default:
			if s == c.meta {
				continue
			}
			global, ok := c.meta.vars[a.Key]
			if !ok && c.meta.wild == 0 {
				continue
			}
			n = max(global, c.meta.wild)
		}
		if err := c.set(s, a.Key, n, lines); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) stage(n int, st *instructions.Stage) error {
	lines := span(st.Location)
	s := &stageSizes{vars: map[string]int64{}}
	for _, w := range []string{st.BaseName, st.Platform} {
		if _, err := c.word(c.meta, w, lines); err != nil {
			return err
		}
	}
	switch base := c.names[strings.ToLower(st.BaseName)]; {
	case base != nil:
		s.from, s.count, s.bytes, s.dir, s.steps, s.layers = base, base.count, base.bytes, base.dir, base.steps, base.layers
		for _, t := range base.onbuild {
			if err := c.trigger(s, t, lines); err != nil {
				return err
			}
		}
	case strings.IndexByte(st.BaseName, '$') >= 0: // it may be any stage, or an image
		s.wild = c.largest
		for _, other := range c.list {
			s.count, s.bytes, s.dir, s.steps = max(s.count, other.count), max(s.bytes, other.bytes), max(s.dir, other.dir), max(s.steps, other.steps)
		}
		for _, t := range append(c.triggers, c.given.OnBuild...) {
			if err := c.trigger(s, t, lines); err != nil {
				return err
			}
		}
	default:
		for name, size := range c.given.Env {
			s.bytes += int64(len(name)) + 2 + size
		}
		for _, t := range c.given.OnBuild {
			if err := c.trigger(s, t, lines); err != nil {
				return err
			}
		}
	}
	// Every stage copies the history of the one that it goes on from.
	if c.inherit += s.steps; c.inherit > MaxInherited {
		return limit(lines, "up to here stages take over more than %d instructions from those that they go on from", MaxInherited)
	}
	s.steps += 1 + int64(len(st.Commands))
	for _, cmd := range st.Commands {
		if err := c.command(s, cmd, span(cmd.Location())); err != nil {
			return err
		}
	}
	c.list = append(c.list, s)
	if st.Name != "" {
		c.names[strings.ToLower(st.Name)] = s
	}
	c.names[fmt.Sprint(n)] = s
	return nil
}

// trigger is an ONBUILD instruction that a stage carries out.
func (c *checker) trigger(s *stageSizes, text string, lines [2]int) error {
	if c.work += 1000; c.work > maxWork {
		return limit(lines, "too many ONBUILD instructions up to here")
	}
	r, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		return nil
	}
	for _, n := range r.AST.Children {
		cmd, err := instructions.ParseCommand(n)
		if err != nil {
			return nil
		}
		if err := c.command(s, cmd, lines); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) command(s *stageSizes, cmd instructions.Command, lines [2]int) error {
	switch cmd := cmd.(type) {
	case *instructions.LabelCommand:
		c.pairs += len(cmd.Labels)
	case *instructions.EnvCommand:
		c.pairs += len(cmd.Env)
	case *instructions.ArgCommand:
		c.pairs += len(cmd.Args)
	}
	if c.pairs > MaxInstructions {
		return limit(lines, "up to here ENV, LABEL and ARG have more than %d pairs", MaxInstructions)
	}
	switch cmd := cmd.(type) {
	case *instructions.ArgCommand:
		return c.args(s, cmd.Args, lines)
	case *instructions.OnbuildCommand:
		s.onbuild = append(s.onbuild, cmd.Expression)
		c.triggers = append(c.triggers, cmd.Expression)
		return nil
	case *instructions.EnvCommand:
		sizes := make([]int64, len(cmd.Env))
		for i, kv := range cmd.Env {
			if _, err := c.word(s, kv.Key, lines); err != nil {
				return err
			}
			var err error
			if sizes[i], err = c.word(s, kv.Value, lines); err != nil {
				return err
			}
		}
		for i, kv := range cmd.Env {
			if err := c.set(s, kv.Key, sizes[i], lines); err != nil {
				return err
			}
		}
		return nil
	}
	return c.others(s, cmd, lines)
}

// others asks the instruction itself which of its words are filled in.
func (c *checker) others(s *stageSizes, cmd instructions.Command, lines [2]int) error {
	var beyond *LimitError
	var sum int64
	measure := func(word string) (string, error) {
		n, err := c.word(s, word, lines)
		sum += n
		return word, err
	}
	text := ""
	if named, ok := cmd.(fmt.Stringer); ok {
		text = named.String() // it is shown with variables filled in
	}
	if _, err := measure(text); err != nil {
		return err
	}
	sum = 0
	if ex, ok := cmd.(instructions.SupportsSingleWordExpansion); ok {
		if err := ex.Expand(measure); errors.As(err, &beyond) {
			return beyond
		}
	}
	if ex, ok := cmd.(instructions.SupportsSingleWordExpansionRaw); ok {
		if err := ex.ExpandRaw(measure); errors.As(err, &beyond) {
			return beyond
		}
	}
	switch cmd.(type) {
	case *instructions.WorkdirCommand:
		s.dir = bound(s.dir + sum + 1)
	case *instructions.RunCommand, *instructions.CopyCommand, *instructions.AddCommand:
	default:
		return nil
	}
	if s.layers++; s.layers > MaxLayers {
		return limit(lines, "more than %d instructions that make a layer: Linux cannot stack more mounts; combine some", MaxLayers)
	}
	// Every such instruction takes all variables and the working directory along.
	if c.carried += s.bytes + 16*int64(s.count) + s.dir; c.carried > MaxCarried {
		return limit(lines, "up to here the instructions take along more than %d MiB of variables", MaxCarried>>20)
	}
	return nil
}
