package profile

import (
	"fmt"
	"slices"
	"strings"

	"tare/internal/dockerfile"
	"tare/internal/engine"
)

// difference compares what the builder was asked for at a line with what the last build
// was asked for there. It is no finding if that is the same, all that it stands on
// included.
func (c *causes) difference(l *Line, op *engine.Op) finding {
	if c.oldKeys[op.Key] != nil {
		return finding{}
	}
	then := c.counterpart(l, op)
	if then == nil {
		return c.added(l, op)
	}
	if then.Own != op.Own {
		return c.itself(l, op, then)
	}
	return c.below(l, op, then)
}

// added says that what a line asked for has no counterpart in the last build.
func (c *causes) added(l *Line, op *engine.Op) finding {
	switch {
	case c.oldStage[l.Stage] < 0:
		return finding{"text", "", "its stage was not in the last build"}
	case l.Keyword == "FROM" && fetched(op): // in place of another stage
		was, now := c.oldFile.Stages[c.oldStage[l.Stage]].Base, short(op.Source)
		if was == c.in.File.Stages[l.Stage].Base {
			return finding{"unknown", "", "what its base was in the last build is not known"}
		}
		return finding{"base", now, fmt.Sprintf("the base was %s and is %s", was, now)}
	case l.Keyword == "FROM":
		return finding{"base", "", "what its base triggers (ONBUILD) was not in the last build"}
	}
	if k := c.was(l); k != nil { // the instruction was there, and made no step
		if k.Text != l.Text {
			return finding{"text", k.Text, fmt.Sprintf("its text was %q", k.Text)}
		}
		return finding{"unknown", "", "the last build did not need it"}
	}
	return finding{"text", "", fmt.Sprintf("line %d is new", l.Lines[0])}
}

// itself names what differs in the operation itself.
func (c *causes) itself(l *Line, op, then *engine.Op) finding {
	k, now := c.was(l), c.instruction(l)
	if k != nil && k.Text != now.Text {
		return finding{"text", k.Text, fmt.Sprintf("its text was %q", k.Text)}
	}
	diff := factsThatDiffer(then.Facts, op.Facts)
	for _, d := range diff { // a variable explains a command, not the other way round
		if d.what == "env" {
			return c.variable(l, d)
		}
	}
	if f := c.filledIn(l, now); f.kind != "" {
		return f
	}
	for _, d := range diff {
		switch d.what {
		case "command", "document":
			if k != nil && code(string(c.in.Source), now.Lines) != code(c.in.Last.Source, k.Lines) {
				return finding{"text", now.Text, "its here-document is another one"}
			}
			if f := c.setBy(l, "SHELL"); f.kind != "" {
				return f
			}
		case "directory", "copy":
			if f := c.setBy(l, "WORKDIR"); f.kind != "" {
				return f
			}
		case "user", "owner":
			if f := c.setBy(l, "USER"); f.kind != "" {
				return f
			}
		}
		return finding{"setting", d.what, d.text()}
	}
	return finding{"setting", "", "the builder was asked for another operation than in the last build"}
}

// below names what differs in what an operation stands on, though that was in the cache.
func (c *causes) below(l *Line, op, then *engine.Op) finding {
	for n, d := range op.Inputs {
		in := c.ops[d]
		var was *engine.Op
		if n < len(then.Inputs) {
			was = c.old[then.Inputs[n]]
		}
		if in == nil || was != nil && was.Key == in.Key {
			continue
		}
		switch {
		case was != nil && fetched(in) && fetched(was):
			return c.image(was, in)
		case was != nil && in.Kind == was.Kind && len(in.Lines) == 0 && in.Own != was.Own:
			for _, f := range factsThatDiffer(was.Facts, in.Facts) {
				if f.what == "document" {
					return finding{"text", l.Text, "its here-document is another one"}
				}
				return finding{"text", f.name, f.text()}
			}
		}
		at := 0
		if len(in.Lines) > 0 {
			at = in.Lines[0][0]
		}
		o := c.line(at)
		if o == nil || at == l.Lines[0] {
			continue
		}
		if c.oldKeys[in.Key] != nil { // it was there, and something stood between
			if was != nil && len(was.Lines) > 0 {
				if k := instructionAt(c.oldFile, was.Lines[0][0]); k != nil {
					return finding{"text", k.Text, fmt.Sprintf("in the last build it stood on %s", k.Text)}
				}
			}
			return finding{"text", "", "in the last build it stood on something else"}
		}
		f := c.difference(o, in)
		switch {
		case f.kind == "base" || f.kind == "arg" || f.kind == "setting": // it names its own line
			return f
		case strings.HasPrefix(f.text, "its text was "):
			return finding{"setting", o.Text, fmt.Sprintf("line %d (%s) was %s", at, o.Text, strings.TrimPrefix(f.text, "its text was "))}
		case f.kind == "text":
			return finding{"setting", o.Text, fmt.Sprintf("line %d (%s) is new", at, o.Text)}
		default:
			return finding{f.kind, f.detail, fmt.Sprintf("line %d (%s), on which it stands: %s", at, o.Text, f.text)}
		}
	}
	return finding{"unknown", "", "what it stands on is not as it was in the last build"}
}

func fetched(o *engine.Op) bool { return o.Kind == "image" || o.Kind == "layout" }

// image says of an image that was fetched how it is another one than before. It is a base
// where a FROM asked for it, else what a COPY or a mount takes files of.
func (c *causes) image(was, now *engine.Op) finding {
	what, name := "base", short(now.Source)
	if len(now.Lines) > 0 {
		if o := c.line(now.Lines[0][0]); o != nil && o.Keyword != "FROM" {
			what = "image"
		}
	}
	if was.Source != now.Source {
		return finding{"base", name, fmt.Sprintf("the %s was %s and is %s", what, familiar(was.Source), name)}
	}
	return finding{"base", name, fmt.Sprintf("the %s %s was %s and is %s", what, name, abbreviated(digestOf(was)), abbreviated(digestOf(now)))}
}

// familiar is an image's name without what every name has that Docker completes.
func familiar(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, "docker.io/"), "library/")
}

// short is a familiar name without the tag that is meant where none is given.
func short(name string) string { return strings.TrimSuffix(familiar(name), ":latest") }

func digestOf(o *engine.Op) string {
	for _, f := range o.Facts {
		if f.What == "image" {
			return f.Value
		}
	}
	return ""
}

func abbreviated(d string) string {
	if i := strings.Index(d, ":"); i >= 0 && len(d) > i+13 {
		return d[:i+13]
	}
	return d
}

// counterpart is the last build's operation for the same instruction.
func (c *causes) counterpart(l *Line, op *engine.Op) *engine.Op {
	at := 0
	switch k := c.was(l); {
	case k != nil:
		at = k.Lines[0]
	case l.Keyword == "FROM" && c.oldStage[l.Stage] >= 0:
		at = c.oldFile.Stages[c.oldStage[l.Stage]].From[0]
	default:
		return nil
	}
	// The n-th of its kind: a COPY of several here-documents is several operations.
	n := 0
	for i := range c.in.Ops {
		o := &c.in.Ops[i]
		if o == op {
			break
		}
		if o.Kind == op.Kind && slices.ContainsFunc(o.Lines, func(at [2]int) bool { return at[0] == l.Lines[0] }) {
			n++
		}
	}
	for i := range c.in.Last.Ops {
		o := &c.in.Last.Ops[i]
		if o.Kind != op.Kind || !slices.ContainsFunc(o.Lines, func(x [2]int) bool { return x[0] == at }) {
			continue
		}
		if n == 0 {
			return o
		}
		n--
	}
	return nil
}

// factDiff is a fact that is not as it was; a nil side is not there.
type factDiff struct {
	what, name string
	then, now  *string
}

func (d factDiff) text() string {
	name := d.what
	if d.name != "" {
		name += " " + d.name
	}
	switch {
	case d.then == nil:
		return fmt.Sprintf("%s was not there and is %q", name, *d.now)
	case d.now == nil:
		return fmt.Sprintf("%s was %q and is not there any more", name, *d.then)
	default:
		return fmt.Sprintf("%s was %q and is %q", name, *d.then, *d.now)
	}
}

// factsThatDiffer pairs the facts of two operations by what and name, in order.
func factsThatDiffer(then, now []engine.Fact) []factDiff {
	type key struct{ what, name string }
	old := map[key][]string{}
	for _, f := range then {
		k := key{f.What, f.Name}
		old[k] = append(old[k], f.Value)
	}
	var out []factDiff
	for _, f := range now {
		k := key{f.What, f.Name}
		d := factDiff{what: f.What, name: f.Name, now: &f.Value}
		if list := old[k]; len(list) > 0 {
			d.then, old[k] = &list[0], list[1:]
			if *d.then == f.Value {
				continue
			}
		}
		out = append(out, d)
	}
	for _, f := range then {
		k := key{f.What, f.Name}
		if list := old[k]; len(list) > 0 && list[0] == f.Value {
			old[k] = list[1:]
			out = append(out, factDiff{what: f.What, name: f.Name, then: &f.Value})
		}
	}
	return out
}

// code is what stands in the lines of a file.
func code(source string, lines [2]int) string {
	all := strings.Split(source, "\n")
	if lines[0] < 1 || lines[1] > len(all) {
		return ""
	}
	return strings.TrimSpace(strings.Join(all[lines[0]-1:lines[1]], "\n"))
}

// instructionAt is the instruction that begins at a line; nil for none.
func instructionAt(f *dockerfile.File, line int) *dockerfile.Instruction {
	if f == nil {
		return nil
	}
	for n := range f.Stages {
		for i := range f.Stages[n].Instructions {
			if k := &f.Stages[n].Instructions[i]; k.Lines[0] == line {
				return k
			}
		}
	}
	return nil
}
