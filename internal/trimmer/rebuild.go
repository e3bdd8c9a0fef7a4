package trimmer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"

	"tare/internal/bench"
	"tare/internal/draft"
	"tare/internal/engine"
	"tare/internal/trim"
	"tare/internal/workspace"
)

// rebuilds finds out what a change of a source file costs before and after an edit; why says
// why the edit is no gain. What proves it is the builder's own record: whether the step came
// from the cache. The seconds are those of one rebuild each, and told as such.
func (t *trimmer) rebuilds(ctx context.Context, c *candidate, s *state) (why string, err error) {
	step := c.Candidate.Again
	out := &trim.Rebuild{File: step.File, Line: step.Line}
	for n, e := range []edits{{}, {c.Edits, c.Candidate.Write}} {
		image := t.original
		again := &out.Before
		if n == 1 {
			image, again = s, &out.After
		}
		r, err := t.changed(ctx, e, step.File)
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		var fault *fault
		if errors.As(err, &fault) {
			return "", err
		}
		if err != nil {
			return "after a change of " + step.File + " " + err.Error(), nil
		}
		known := false
		if again.Cached, known = cached(r.built, step.Text); !known {
			return "the builder does not tell whether line " + fmt.Sprint(step.Line) + " came from the cache", nil
		}
		again.Seconds = r.seconds
		if again.Layers, again.Bytes, err = t.b.Repull(ctx, image.image, r.image); err != nil {
			return "", err
		}
	}
	c.Rebuild = out
	switch {
	case !out.After.Cached:
		return fmt.Sprintf("after a change of %s, line %d runs again all the same", out.File, out.Line), nil
	case out.Before.Cached:
		return fmt.Sprintf("after a change of %s, line %d comes from the cache as it is", out.File, out.Line), nil
	}
	return "", nil
}

// changed builds the Dockerfile with edits in a copy of the context in which a file has a
// line more.
func (t *trimmer) changed(ctx context.Context, e edits, file string) (*state, error) {
	w, err := t.copied(e)
	if err != nil {
		return nil, err
	}
	defer w.Remove()
	if err := w.Touch(rand.Text(), file); err != nil {
		return nil, err
	}
	return t.build(ctx, bench.InCopy(t.Build, w.Dir), filepath.Join(w.Dir, filepath.FromSlash(t.name)))
}

// copied is a copy of the context with edits.
func (t *trimmer) copied(e edits) (*workspace.Copy, error) {
	text, err := draft.Apply(t.src, e.docker)
	if err != nil {
		return nil, err
	}
	w, err := workspace.New(t.tmp, t.dir, t.file)
	if err != nil {
		return nil, &fault{err}
	}
	if err := t.fill(w, e.files(t.name, text)); err != nil {
		w.Remove()
		return nil, &fault{err}
	}
	return w, nil
}

// cached tells whether the step of an instruction came from the cache; known is false where
// the records do not say.
func cached(b *engine.Built, text string) (is, known bool) {
	if b == nil {
		return false, false
	}
	f, err := draft.Read(b.Dockerfile)
	if err != nil {
		return false, false
	}
	lines := map[int]bool{}
	for _, s := range f.Stages {
		for _, i := range s.List {
			if i.Text == text {
				lines[i.Lines[0]] = true
			}
		}
	}
	steps := map[string]engine.Step{}
	for _, s := range b.Steps {
		steps[s.Digest] = s
	}
	for _, o := range b.Ops {
		for _, l := range o.Lines {
			if s, ok := steps[o.Digest]; ok && lines[l[0]] {
				return s.Cached, true
			}
		}
	}
	return false, false
}
