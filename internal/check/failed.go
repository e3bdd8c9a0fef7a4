package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/pattern"
)

// maxLog bounds what is kept of a build's log, in bytes: its end.
const maxLog = 256 << 10

// tail keeps the end of what is written.
type tail struct{ b []byte }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if over := len(t.b) - maxLog; over > maxLog {
		t.b = slices.Clone(t.b[over:])
	}
	return len(p), nil
}

// lastBlock is what a builder's log says at its end of the steps that failed: their names and
// what they had printed.
func (t *tail) lastBlock() string {
	const mark = "------\n"
	text := string(t.b)
	at := strings.LastIndex(text, mark+" > ")
	if at < 0 {
		return ""
	}
	for { // several steps that failed at once
		before := strings.TrimSuffix(text[:at], mark)
		first := strings.LastIndex(before, mark+" > ")
		if first < 0 || len(before) == at || strings.Contains(before[first+len(mark):], mark) {
			return text[at:]
		}
		at = first
	}
}

// watched builds and lets the user see it. Where nobody watches (no terminal, in CI), nothing is
// printed unless a step fails: then what that had printed is.
func (c *checker) watched(ctx context.Context, e engine.Engine, r engine.Build, f *dockerfile.File, name string, p place) (*engine.Built, error) {
	log := new(tail)
	quiet := r.Progress == "quiet"
	if quiet {
		r.Progress, r.Stderr = "plain", log
	}
	out, err := e.Build(ctx, r)
	if err == nil || ctx.Err() != nil {
		return out, err
	}
	if quiet {
		_, _ = io.WriteString(c.b.Watched.Err, log.lastBlock())
	}
	return nil, failed(err, out, f, name, p)
}

// sourceLine finds "FILE:LINE" in a build error's excerpt.
var sourceLine = pattern.New(`(?m)^[^:\s]+:(\d+)$`)

// failed says which side could not be built, and at which line of which Dockerfile.
func failed(err error, out *engine.Built, f *dockerfile.File, name string, p place) error {
	where := p.side()
	var be *engine.BuildError
	errors.As(err, &be)
	if be != nil {
		if m := sourceLine().FindSubmatch(be.Sources); m != nil {
			where += fmt.Sprintf(", %s:%s", p.rel(p.file), m[1])
			if text := instructionAt(f, string(m[1])); text != "" {
				where += " (" + short(text) + ")"
			}
		} else if step := failedStep(out); step != "" {
			where += ", " + p.rel(p.file) + " (" + short(step) + ")"
		}
		err = be.Err
	}
	err = fmt.Errorf("%s: %s: %w", name, where, err)
	if be == nil {
		return err
	}
	return &engine.BuildError{Err: err, Sources: be.Sources}
}

// side is what is built, in words.
func (p place) side() string {
	switch {
	case p.commit != "" && p.word != "":
		return fmt.Sprintf("the baseline %s (commit %s)", p.word, p.commit[:min(12, len(p.commit))])
	case p.commit != "":
		return "commit " + p.commit[:min(12, len(p.commit))]
	case p.root != "" && p.root != p.dir:
		return "the working tree"
	}
	if isRepository(p.dir) {
		return "the working tree"
	}
	return "what is in " + p.dir
}

// instructionAt is the instruction that has a line.
func instructionAt(f *dockerfile.File, line string) string {
	var n int
	if _, err := fmt.Sscan(line, &n); err != nil || f == nil {
		return ""
	}
	for _, st := range f.Stages {
		if st.From[0] <= n && n <= st.From[1] {
			return st.Text
		}
		for _, in := range st.Instructions {
			if in.Lines[0] <= n && n <= in.Lines[1] {
				return in.Text
			}
		}
	}
	return ""
}

// failedStep is the name of the step that failed; "" if none did.
func failedStep(out *engine.Built) string {
	if out == nil {
		return ""
	}
	for _, s := range out.Steps {
		if s.Error != "" && !strings.Contains(s.Error, context.Canceled.Error()) {
			return s.Name
		}
	}
	return ""
}

// short is a text that is not too long for a line.
func short(text string) string {
	const most = 80
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
