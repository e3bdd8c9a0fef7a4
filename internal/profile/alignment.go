package profile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tare/internal/dockerfile"
)

// align finds for each instruction the one of the last build that it was: the same text
// in the same order where possible (the longest common subsequence), and of what is
// left between two such pairs the one in the same place, if it is of the same kind.
func (c *causes) align() {
	old, err := dockerfile.Parse([]byte(c.in.Last.Source))
	stages := c.in.File.Stages
	c.oldStage, c.pairs = make([]int, len(stages)), make([][]int, len(stages))
	for n := range stages {
		c.pairs[n] = slices.Repeat([]int{-1}, len(stages[n].Instructions))
	}
	if err != nil {
		return
	}
	c.oldFile = old.With(c.in.Last.Args)
	for n := range stages {
		if c.oldStage[n] = stageLike(old, c.in.File, n); c.oldStage[n] >= 0 {
			c.pairs[n] = pair(old.Stages[c.oldStage[n]].Instructions, stages[n].Instructions)
		}
	}
}

// stageLike is the last build's stage of the same name, else of the same place; -1 for
// none. Of several with a name it is the one in the same order.
func stageLike(old, now *dockerfile.File, n int) int {
	nth := 0
	for i := range n {
		if strings.EqualFold(now.Stages[i].Name, now.Stages[n].Name) {
			nth++
		}
	}
	for i := range old.Stages {
		if strings.EqualFold(old.Stages[i].Name, now.Stages[n].Name) {
			if nth == 0 {
				return i
			}
			nth--
		}
	}
	if n < len(old.Stages) && n == len(now.Stages)-1 {
		return len(old.Stages) - 1 // the last is the target, whatever its name
	}
	if n < len(old.Stages) {
		return n
	}
	return -1
}

// maxPaired bounds the table of pair.
const maxPaired = 1 << 20

func pair(old, now []dockerfile.Instruction) []int {
	out := slices.Repeat([]int{-1}, len(now))
	if len(old)*len(now) > maxPaired {
		for i := range min(len(old), len(now)) {
			out[i] = i
		}
		return out
	}
	best := make([][]int, len(old)+1)
	for i := range best {
		best[i] = make([]int, len(now)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(now) - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1])
			if old[i].Text == now[j].Text {
				best[i][j] = max(best[i][j], best[i+1][j+1]+1)
			}
		}
	}
	i0, j0 := 0, 0
	gap := func(i1, j1 int) { // what is left between two pairs: the same kinds in order
		i := i0
		for j := j0; j < j1; j++ {
			for k := i; k < i1; k++ {
				if old[k].Keyword == now[j].Keyword {
					out[j], i = k, k+1
					break
				}
			}
		}
	}
	for i, j := 0, 0; i < len(old) && j < len(now); {
		switch {
		case old[i].Text == now[j].Text:
			gap(i, j)
			out[j] = i
			i, j = i+1, j+1
			i0, j0 = i, j
		case best[i+1][j] >= best[i][j+1]:
			i++
		default:
			j++
		}
	}
	gap(len(old), len(now))
	return out
}

// index is the place of a line's instruction in its stage; -1 for a FROM.
func (c *causes) index(l *Line) int {
	return slices.IndexFunc(c.in.File.Stages[l.Stage].Instructions, func(k dockerfile.Instruction) bool { return k.Lines == l.Lines })
}

func (c *causes) instruction(l *Line) *dockerfile.Instruction {
	if n := c.index(l); n >= 0 {
		return &c.in.File.Stages[l.Stage].Instructions[n]
	}
	return nil
}

// was is what a line's instruction was in the last build; nil if it was not there.
func (c *causes) was(l *Line) *dockerfile.Instruction {
	n := c.index(l)
	if n < 0 || c.pairs[l.Stage][n] < 0 {
		return nil
	}
	return &c.oldFile.Stages[c.oldStage[l.Stage]].Instructions[c.pairs[l.Stage][n]]
}

// variable says where a variable of the environment got another value.
func (c *causes) variable(l *Line, d factDiff) finding {
	then, now := d.sides()
	if c.declared(l, d.name) {
		return c.argument(l, d.name, then, now)
	}
	// The instruction that sets it, and the argument that it is made from.
	for _, k := range c.above(l) {
		if k.Keyword != "ENV" || !mentions(k.Text, d.name) {
			continue
		}
		o := c.line(k.Lines[0])
		if was := c.was(o); was == nil || was.Text != k.Text {
			text := "not there"
			if was != nil {
				text = fmt.Sprintf("%q", was.Text)
			}
			return finding{"setting", k.Text, fmt.Sprintf("line %d (%s) was %s", k.Lines[0], k.Text, text)}
		}
		if f := c.filledIn(o, k); f.kind != "" {
			return f
		}
	}
	if d.now == nil { // what set it is gone
		return finding{"setting", d.name, fmt.Sprintf("the environment variable %s was %q and is not set any more", d.name, then)}
	}
	return finding{"env", d.name, fmt.Sprintf("the environment variable %s was %q and is %q", d.name, then, now)}
}

func (d factDiff) sides() (then, now string) {
	if d.then != nil {
		then = *d.then
	}
	if d.now != nil {
		now = *d.now
	}
	return then, now
}

// mentions tells whether an ENV sets a variable: ENV A=b C=d, ENV A b.
func mentions(text, name string) bool {
	return slices.ContainsFunc(strings.Fields(text), func(w string) bool { return w == name || strings.HasPrefix(w, name+"=") })
}

// uses tells whether a variable is written in a text: $NAME, ${NAME} or ${NAME:-x}.
func uses(text, name string) bool {
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, "$")
		if !ok {
			return false
		}
		rest = after
		if v, ok := strings.CutPrefix(strings.TrimPrefix(after, "{"), name); ok && (v == "" || !isWord(v[0])) {
			return true
		}
	}
}

func isWord(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
}

// above are the instructions that are in force at a line: of its stage before it, and of
// the stages that it goes on from; the nearest first.
func (c *causes) above(l *Line) []*dockerfile.Instruction {
	var out []*dockerfile.Instruction
	for n := l.Stage; n >= 0; { // a stage goes on from an earlier one
		s := &c.in.File.Stages[n]
		for i := len(s.Instructions) - 1; i >= 0; i-- {
			if k := &s.Instructions[i]; k.Lines[0] < l.Lines[0] {
				out = append(out, k)
			}
		}
		n = c.in.File.StageIndex(s.Base, n)
	}
	return out
}

// declared tells whether a name is an argument in force at a line.
func (c *causes) declared(l *Line, name string) bool {
	return slices.ContainsFunc(c.above(l), func(k *dockerfile.Instruction) bool { _, ok := k.Vars[name]; return ok })
}

// filledIn finds a variable that is written in an instruction and has another value.
func (c *causes) filledIn(l *Line, k *dockerfile.Instruction) finding {
	names := map[string]bool{}
	for _, v := range c.above(l) {
		for name := range v.Vars {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !uses(k.Text, name) {
			continue
		}
		then, now := c.value(l, name, true), c.value(l, name, false)
		if then != now {
			return c.argument(l, name, then, now)
		}
	}
	for _, e := range c.above(l) { // ENV, which may be made from an argument itself
		if e.Keyword != "ENV" {
			continue
		}
		o := c.line(e.Lines[0])
		for _, w := range strings.Fields(e.Text)[1:] {
			name, _, _ := strings.Cut(w, "=")
			if !uses(k.Text, name) {
				continue
			}
			if was := c.was(o); was != nil && was.Text != e.Text {
				return finding{"setting", e.Text, fmt.Sprintf("line %d (%s) was %q", e.Lines[0], e.Text, was.Text)}
			}
			if f := c.filledIn(o, e); f.kind != "" {
				return f
			}
		}
	}
	return finding{}
}

// argument says why an argument has another value: it was given, or its default in the
// Dockerfile is another one.
func (c *causes) argument(l *Line, name, then, now string) finding {
	_, given := c.in.Now.Args[name]
	if _, was := c.in.Last.Args[name]; !was && !given {
		for _, k := range c.above(l) {
			if _, ok := k.Vars[name]; !ok {
				continue
			}
			if was := c.was(c.line(k.Lines[0])); was != nil && was.Text != k.Text {
				return finding{"setting", k.Text, fmt.Sprintf("line %d (%s) was %q", k.Lines[0], k.Text, was.Text)}
			}
		}
	}
	return finding{"arg", name, fmt.Sprintf("build argument %s was %q and is %q", name, then, now)}
}

// value is what an argument was in the last build, or is in this one: what was given,
// else its default, else that of an ARG before the first FROM, else what an ARG above said.
func (c *causes) value(l *Line, name string, then bool) string {
	b, f := c.in.Now, c.in.File
	if then {
		b, f = c.in.Last, c.oldFile
	}
	if v, ok := b.Args[name]; ok {
		return v
	}
	for _, k := range c.above(l) {
		if _, ok := k.Vars[name]; !ok {
			continue
		}
		if then {
			if k = c.was(c.line(k.Lines[0])); k == nil {
				continue
			}
		}
		if v := cmp.Or(k.Vars[name], f.Args[name]); v != "" {
			return v
		}
	}
	return ""
}

// setBy finds the nearest instruction of a kind above a line that is not as it was.
func (c *causes) setBy(l *Line, keyword string) finding {
	for _, k := range c.above(l) {
		if k.Keyword != keyword {
			continue
		}
		o := c.line(k.Lines[0])
		if was := c.was(o); was == nil {
			return finding{"setting", k.Text, fmt.Sprintf("line %d (%s) is new", k.Lines[0], k.Text)}
		} else if was.Text != k.Text {
			return finding{"setting", k.Text, fmt.Sprintf("line %d (%s) was %q", k.Lines[0], k.Text, was.Text)}
		}
		if f := c.filledIn(o, k); f.kind != "" {
			return f
		}
	}
	return finding{}
}
