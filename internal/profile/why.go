package profile

import (
	"fmt"
	"slices"

	"tare/internal/dockerfile"
	"tare/internal/engine"
)

// Miss says why a line was not in the cache.
type Miss struct {
	Line  int    `json:"line"`  // first line of the instruction
	Cause string `json:"cause"` // in words
	// Kind is text, setting, arg, file, base, follows, no-cache, unknown-build, builder,
	// source, evicted or unknown.
	Kind   string `json:"kind"`
	Detail string `json:"detail"` // the file, the argument, the base
	// Follows is the line whose miss made this one; 0 for a cause of its own.
	Follows int `json:"follows,omitempty"`
}

// causes finds causes of misses: the difference between the definitions of two builds,
// and between the files that their operations take, is the cause.
type causes struct {
	in       Input
	r        *Result
	ops      map[string]*engine.Op // by digest
	steps    map[string]*engine.Step
	old      map[string]*engine.Op // the last build's, by digest
	oldKeys  map[string]*engine.Op
	oldFile  *dockerfile.File
	pairs    [][]int // by stage and instruction: the last build's instruction, -1 for none
	oldStage []int   // by stage: the last build's stage, -1 for none
}

// misses explains every line that was carried out though it might have been cached.
func (r *Result) misses(in Input) {
	c := &causes{in: in, r: r, ops: map[string]*engine.Op{}, steps: map[string]*engine.Step{}, old: map[string]*engine.Op{}, oldKeys: map[string]*engine.Op{}}
	for i := range in.Ops {
		c.ops[in.Ops[i].Digest] = &in.Ops[i]
	}
	for i := range in.Steps {
		c.steps[in.Steps[i].Digest] = &in.Steps[i]
	}
	if in.Last != nil {
		for i := range in.Last.Ops {
			o := &in.Last.Ops[i]
			c.old[o.Digest], c.oldKeys[o.Key] = o, o
		}
		c.align()
	}
	var follow []Miss
	for i := range r.Lines {
		l := &r.Lines[i]
		op := c.missed(l)
		if op == nil {
			continue
		}
		m := c.explain(l, op)
		if m.Follows > 0 {
			follow = append(follow, m)
			continue
		}
		r.Misses = append(r.Misses, m)
	}
	r.Misses = append(r.Misses, follow...)
}

// missed is the first operation of a line that was carried out and might have been
// cached; nil for none. To fetch an image or a file is no miss.
func (c *causes) missed(l *Line) *engine.Op {
	for _, d := range l.steps {
		if op := c.ops[d]; !op.IsSource() && Executed(c.steps[d]) {
			return op
		}
	}
	return nil
}

// explain finds the cause of one miss.
func (c *causes) explain(l *Line, op *engine.Op) Miss {
	m := Miss{Line: l.Lines[0]}
	say := func(kind, detail, format string, a ...any) Miss {
		m.Kind, m.Detail, m.Cause = kind, detail, fmt.Sprintf(format, a...)
		return m
	}
	if from := c.upstream(l, op); from != nil {
		m = say("follows", "", "line %d was rebuilt", from.Lines[0])
		m.Follows = from.Lines[0]
		return m
	}
	last := c.in.Last
	switch {
	case op.NoCache || c.in.NoCache:
		return say("no-cache", "", "the build was told not to use the cache")
	case last == nil:
		return say("unknown-build", "", "no earlier build of this Dockerfile is known")
	case len(last.Ops) == 0:
		return say("unknown-build", "", "what the last build was asked for is not known")
	case c.in.Now == nil, c.oldFile == nil: // nothing is noted, or nothing that can be read
		return say("unknown", "", "what changed since the last build is not known")
	case last.Builder != c.in.Now.Builder:
		return say("builder", last.Builder, "the last build ran on another builder")
	}
	f := c.difference(l, op)
	if f.kind == "" {
		f = c.content(op)
	}
	return say(f.kind, f.detail, "%s", f.text)
}

// finding is a cause; its kind is "" if there is none.
type finding struct{ kind, detail, text string }

// content compares what an operation takes of contexts and other sources, now that
// it was asked for the same as in the last build.
func (c *causes) content(op *engine.Op) finding {
	unsure := ""
	for _, t := range op.Takes {
		from := c.ops[t.Input]
		if from == nil || from.Kind != "local" {
			continue
		}
		then, had := c.in.Last.Files[from.Source]
		now, has := c.in.Now.Files[from.Source]
		if !had || !has {
			unsure = fmt.Sprintf("nothing in its definition changed; whether the files that it takes of %s did is not known", contextName(from.Source))
			continue
		}
		if p, what := changed(t, then, now); p != "" {
			return finding{"file", p, p + ": " + what}
		}
		if slices.Contains(c.in.Last.Partial, from.Source) || slices.Contains(c.in.Now.Partial, from.Source) {
			unsure = fmt.Sprintf("nothing in its definition changed; %s has too many files to remember which of them did", contextName(from.Source))
		}
	}
	for _, d := range op.Inputs {
		if in := c.ops[d]; in != nil && (in.Kind == "http" || in.Kind == "git") {
			return finding{"source", in.Source, fmt.Sprintf("nothing in its definition changed; whether %s serves the same as before is not known", in.Source)}
		}
	}
	if unsure != "" {
		return finding{"unknown", "", unsure}
	}
	return finding{"evicted", "", "nothing that it depends on changed: its result was no longer in the build cache"}
}

func contextName(name string) string {
	if name == "context" {
		return "the build context"
	}
	return "the context " + name
}

// upstream is the line of an operation below this one that was carried out itself; nil
// if there is none.
func (c *causes) upstream(l *Line, op *engine.Op) *Line {
	lineOf := c.r.lineOf()
	seen := map[string]bool{}
	next := slices.Clone(op.Inputs)
	for len(next) > 0 {
		d := next[0]
		next = next[1:]
		o := c.ops[d]
		if o == nil || seen[d] {
			continue
		}
		seen[d] = true
		if s := c.steps[d]; s != nil && Executed(s) && !o.IsSource() && lineOf[d] > 0 && lineOf[d] != l.Lines[0] {
			return c.line(lineOf[d])
		}
		next = append(next, o.Inputs...)
	}
	return nil
}

// line is the line of the file that begins there: each instruction's is one; nil for none.
func (c *causes) line(first int) *Line {
	for i := range c.r.Lines {
		if c.r.Lines[i].Lines[0] == first {
			return &c.r.Lines[i]
		}
	}
	return nil
}
