package trimmer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"tare/internal/bench"
	"tare/internal/draft"
	"tare/internal/engine"
	"tare/internal/experiment"
	"tare/internal/lab"
	"tare/internal/layer"
	"tare/internal/profiler"
	"tare/internal/seen"
	"tare/internal/trim"
	"tare/internal/workspace"
)

// candidate is an edit and what became of it.
type candidate struct {
	trim.Candidate
	trim.Verdict
	patch *Patch // of somebody else
	clash bool   // it changes bytes that another edit changes, too
}

// edits are changes of files: of the Dockerfile by ranges, of others as a whole.
type edits struct {
	docker []draft.Edit
	write  map[string][]byte
}

// candidates are those of the rules, or of whoever else wrote edits.
func (t *trimmer) candidates(ctx context.Context) ([]*candidate, error) {
	if len(t.Patches)+len(t.Propose) > 0 {
		return t.foreign(ctx)
	}
	list := trim.Find(t.p, trim.Lossless)
	if t.Drop {
		list = append(list, trim.Find(t.p, trim.Checked)...)
	}
	var out []*candidate
	for _, c := range list {
		if len(t.Rules) > 0 && !slices.Contains(t.Rules, c.Rule) {
			continue
		}
		v := trim.Verdict{Rule: c.Rule, Kind: c.Kind, File: t.name, Line: c.Line, What: c.What, Predicted: c.Predicted, Exact: c.Exact, Secret: c.Secret, Unknown: c.Unknown}
		out = append(out, &candidate{Candidate: c, Verdict: v})
	}
	return out, nil
}

// judge builds, compares, checks and measures each candidate by itself.
func (t *trimmer) judge(ctx context.Context, list []*candidate) error {
	jobs := t.Jobs
	if jobs == 0 {
		jobs = 2
	}
	var mu sync.Mutex
	done := 0
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(jobs)
	for _, c := range list {
		g.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			mu.Lock()
			t.tell(Progress{Subject: label(&c.Verdict), What: "building", Done: done, Total: len(list)})
			mu.Unlock()
			err := t.judgeOne(ctx, c)
			mu.Lock()
			defer mu.Unlock()
			done++
			t.tell(Progress{Subject: label(&c.Verdict), What: "judged", Done: done, Total: len(list)})
			if err != nil && ctx.Err() == nil && t.KeepGoing {
				c.Why, err = err.Error(), nil
			}
			return err
		})
	}
	return g.Wait()
}

func (t *trimmer) judgeOne(ctx context.Context, c *candidate) error {
	switch {
	case c.Why != "":
		return nil
	case c.Verdict.Predicted != nil && c.Verdict.Predicted.Tar < max(1, t.Least) && !c.Candidate.Secret:
		c.Why = "it would save nothing worth a build"
		return nil
	case c.Verdict.Kind == trim.Checked && c.patch == nil && t.trace == nil:
		c.Why = "no complete trace says that the checks do not touch what it takes away"
		return nil
	}
	if file := t.touched(c.Gone); file != "" {
		c.Why = "the checks touch /" + file
		return nil
	}
	e := edits{c.Edits, c.Write}
	if t.recall(c, e) {
		return nil
	}
	s, err := t.built(ctx, e, false)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var fault *fault
	if errors.As(err, &fault) {
		return err
	}
	if err != nil {
		c.Why = err.Error()
		t.remember(c, e)
		return nil
	}
	c.Built = true
	if err := t.verdict(ctx, c, s); err != nil {
		return err
	}
	t.remember(c, e)
	return nil
}

// fault is an error that no edit is to blame for: of this machine, of the store, of the
// engine. A build that fails is none.
type fault struct{ error }

// Unwrap returns the error.
func (f *fault) Unwrap() error { return f.error }

// touched is the first of some paths that the checks touch; "" if they touch none.
func (t *trimmer) touched(paths []string) string {
	if t.trace == nil {
		return ""
	}
	for _, p := range paths {
		if t.trace.Touched(p) {
			return p
		}
	}
	return ""
}

// verdict compares, measures and checks an image that an edit built.
func (t *trimmer) verdict(ctx context.Context, c *candidate, s *state) error {
	before, after := t.stands().facts.Sizes, s.facts.Sizes
	c.Measured = &trim.Saves{Tar: before.Tar - after.Tar, Transfer: before.Transfer.Minus(after.Transfer)}
	diff := t.differences(s)
	settings := settingsDiffer(t.original, s)
	c.Same = len(diff) == 0 && settings == ""
	why := t.allowed(c, diff, settings)
	if why == "" {
		var err error
		if c.Verdict.Checks, why, err = t.passes(ctx, s); err != nil {
			return err
		}
	}
	if why == "" && c.Candidate.Again != nil {
		var err error
		if why, err = t.rebuilds(ctx, c, s); err != nil {
			return err
		}
	}
	saves := c.Measured.Tar > 0 || c.Rebuild != nil
	if n, ok := c.Measured.Transfer.Int(); ok && n > 0 {
		saves = true
	}
	switch {
	case why != "":
		c.Why = why
	case !saves && !c.Candidate.Secret:
		c.Why = "it saves nothing"
	default:
		c.Kept = true
	}
	return nil
}

// differences are those between the original and an image, but for paths that two builds of
// the original itself leave in the same way different: they have no fixed content to keep.
func (t *trimmer) differences(s *state) []trim.Difference {
	return trim.Beyond(trim.Differences(t.original.facts, s.facts, t.carried...), t.noise)
}

// allowed says why differences are not allowed; "" if they are.
func (t *trimmer) allowed(c *candidate, diff []trim.Difference, settings string) string {
	if c.Same {
		return ""
	}
	if c.Verdict.Kind == trim.Lossless && c.patch == nil {
		if settings != "" {
			return "the image's configuration differs: " + settings
		}
		return fmt.Sprintf("/%s %s (of %d paths that differ)", diff[0].Path, diff[0].In, len(diff))
	}
	switch {
	case len(t.checks) == 0:
		if len(diff) > 0 {
			return fmt.Sprintf("/%s %s, and no check tells whether that is missed", diff[0].Path, diff[0].In)
		}
		return "the image's configuration differs (" + settings + "), and no check tells whether that matters"
	case t.trace == nil:
		return "no complete trace says that the checks do not touch what differs"
	}
	for _, d := range diff {
		if d.In&seen.Missing != 0 && t.gone(d.Path) && t.trace.Touched(d.Path) && !t.isDir(d.Path) {
			return fmt.Sprintf("the checks touch /%s, which %s", d.Path, "is gone")
		}
	}
	return ""
}

// gone tells whether the original has a path: it is not one that an edit added.
func (t *trimmer) gone(path string) bool {
	_, ok := t.original.facts.Tree.At(path, len(t.original.facts.Tree.Lists)-1)
	return ok
}

func (t *trimmer) isDir(path string) bool {
	r, ok := t.original.facts.Tree.At(path, len(t.original.facts.Tree.Lists)-1)
	return ok && t.original.facts.Tree.Entry(r).Kind == layer.Dir
}

// settingsDiffer names a setting of the configuration in which two images differ; "" for
// none.
func settingsDiffer(a, b *state) string {
	fields := func(s *state) map[string]json.RawMessage {
		out := map[string]json.RawMessage{}
		body, err := json.Marshal(s.facts.Image.Config.Config)
		if err == nil {
			_ = json.Unmarshal(body, &out)
		}
		return out
	}
	x, y := fields(a), fields(b)
	for _, name := range slices.Sorted(keys(x, y)) {
		if !bytes.Equal(x[name], y[name]) {
			return name
		}
	}
	return ""
}

func keys(maps ...map[string]json.RawMessage) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, m := range maps {
			for k := range m {
				if !yield(k) {
					return
				}
			}
		}
	}
}

// oneByOne keeps checks from running at the same time: they may share ports.
var oneByOne sync.Mutex

// passes runs all checks of an image.
func (t *trimmer) passes(ctx context.Context, s *state) (out trim.Checks, why string, err error) {
	for n := range t.checks {
		c, err := t.check(ctx, s, n)
		if err != nil {
			return out, "", err
		}
		if c.Passed {
			out.Passed++
			continue
		}
		out.Failed++
		if why == "" {
			why = fmt.Sprintf("the check %q fails: %s", t.out.Checks[n], c.Reason)
		}
	}
	return out, why, nil
}

func (t *trimmer) check(ctx context.Context, s *state, n int) (experiment.Checked, error) {
	oneByOne.Lock()
	defer oneByOne.Unlock()
	defer t.clock.enter(checking)()
	l := &bench.Lab{Bench: t.b}
	o := &lab.Obtained{Variant: experiment.Variant{Name: "trim"}, Image: s.image}
	return lab.Verify(ctx, l, o, &t.checks[n])
}

// built builds the Dockerfile with edits, in a copy of the context.
func (t *trimmer) built(ctx context.Context, e edits, fresh bool) (*state, error) {
	w, err := t.copied(e)
	if err != nil {
		return nil, err
	}
	defer w.Remove()
	r := bench.InCopy(t.Build, w.Dir)
	r.NoCache = fresh
	return t.build(ctx, r, filepath.Join(w.Dir, filepath.FromSlash(t.name)))
}

// fill writes files into a copy of the context: those that earlier rounds changed, and
// others; nil deletes one.
func (t *trimmer) fill(w *workspace.Copy, files map[string][]byte) error {
	all := maps.Clone(t.laid)
	if all == nil {
		all = map[string][]byte{}
	}
	maps.Copy(all, files)
	for name, body := range all {
		if body == nil {
			if err := w.Delete(name); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			continue
		}
		if err := w.Put(name, body); err != nil {
			return err
		}
	}
	return nil
}

// files are all files that edits write: nil for those that they delete.
func (e *edits) files(dockerfile string, text []byte) map[string][]byte {
	out := map[string][]byte{}
	if len(e.docker) > 0 {
		out[dockerfile] = text
	}
	for name, body := range e.write {
		out[name] = body
	}
	return out
}

// failure says in one line why a build failed.
func failure(err error, out *engine.Built, log *tail) error {
	if out != nil {
		for _, s := range out.Steps {
			if s.Error != "" {
				return fmt.Errorf("it does not build: %s: %s%s", s.Name, profiler.FirstLine(s.Error), log.last())
			}
		}
	}
	return fmt.Errorf("it does not build: %s", profiler.FirstLine(err.Error()))
}
