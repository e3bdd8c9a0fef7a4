// Package check judges images against budgets: it builds or opens what is to be checked
// and what it is measured against, finds out how both were built, and lets package gate
// divide what is between them.
package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"tare/internal/bench"
	"tare/internal/builds"
	"tare/internal/experiment"
	"tare/internal/gate"
	"tare/internal/lab"
	"tare/internal/request"
	"tare/internal/suggest"
	"tare/internal/target"
)

// Request says what to check.
type Request struct {
	// Target is a directory, with a tare.yaml or a Dockerfile, a file of either, or an image.
	Target string
	// File is the Dockerfile, if it is not the directory's own.
	File string
	// Build has the options of builds, Complete: all but context and Dockerfile.
	Build builds.Options
	// Baseline is what growth is measured against: an image, git:REF[:DIR], a file of Save,
	// or "last"; "" for what the tare.yaml says.
	Baseline string
	// Budgets are limits, NAME=VALUE.
	Budgets []string
	// Variants are those of the tare.yaml that are checked; all if there are none.
	Variants []string
	// Platform of images; Build has those of builds.
	Platform string
	// Save is a file that the images are noted in, to be a baseline; "" for none.
	Save string
	// Runs are the records of tare lab.
	Runs lab.Runs
	// NoBuild judges what can be told without a build, of Target and of More.
	NoBuild bool
	More    []string
}

// Last is the baseline that the last check which passed has left.
const Last = "last"

// checker does one check.
type checker struct {
	Request
	b     *bench.Bench
	flags []experiment.Rule
	notes []string
	close []func()
	trees map[string]*baseTree
	// manifests of registries, by word and platform: a tag that moves meanwhile means the
	// same throughout.
	manifests map[string]*target.Manifest
}

// Run checks. An image over its budget is no error: the result says so.
func Run(ctx context.Context, b *bench.Bench, r Request) (_ *gate.Result, err error) {
	c := &checker{Request: r, b: b, trees: map[string]*baseTree{}, manifests: map[string]*target.Manifest{}}
	defer func() {
		for _, f := range slices.Backward(c.close) {
			f()
		}
	}()
	if c.flags, err = experiment.ParseRules(r.Budgets); err != nil {
		return nil, request.Errorf("--budget %w", err)
	}
	for _, f := range c.flags {
		if err := rule(f); err != nil {
			return nil, request.Errorf("--budget %s=%s: %w", f.Name, f.Value, err)
		}
	}
	if c.NoBuild {
		return c.unbuilt(ctx)
	}
	jobs, err := c.jobs()
	if err != nil {
		return nil, err
	}
	if err := c.b.Hold(ctx); err != nil {
		return nil, err
	}
	out := &gate.Result{Schema: gate.Schema, Verdict: gate.Pass, Images: []gate.Image{}, Violations: []gate.Violation{}}
	var subjects []gate.Subject
	for _, j := range jobs {
		done, err := c.job(ctx, j)
		if err != nil {
			return nil, err
		}
		out.Images = append(out.Images, done.image)
		out.Violations = append(out.Violations, done.violations...)
		c.notes = append(c.notes, done.notes...)
		if done.subject != nil {
			subjects = append(subjects, *done.subject)
		}
	}
	if len(out.Violations) > 0 {
		out.Verdict = gate.Violated
	}
	for _, n := range c.notes {
		if !slices.Contains(out.Notes, n) {
			out.Notes = append(out.Notes, n)
		}
	}
	return out, c.keep(ctx, jobs, subjects, out.Verdict == gate.Pass)
}

// note is something that the report says.
func (c *checker) note(format string, a ...any) { c.notes = append(c.notes, fmt.Sprintf(format, a...)) }

// finished is a job that was done.
type finished struct {
	image      gate.Image
	subject    *gate.Subject
	violations []gate.Violation
	notes      []string
}

// job checks one image.
func (c *checker) job(ctx context.Context, j *job) (*finished, error) {
	if f, err := c.unchanged(ctx, j); f != nil || err != nil {
		if err != nil {
			err = fmt.Errorf("%s: %w", j.name, err)
		}
		return f, err
	}
	now, err := c.obtain(ctx, j)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", j.name, err)
	}
	out := &finished{subject: now.subject}
	out.image = gate.Image{Name: j.name, Platform: now.subject.Platform, After: side(now.subject), Causes: []gate.Cause{}}
	before, err := c.baseline(ctx, j, now)
	if err != nil {
		return nil, fmt.Errorf("baseline %s: %w", c.base(j), err)
	}
	if before != nil {
		s := side(before)
		out.image.Before = &s
		if out.image.Delta, out.image.Causes, err = gate.Divide(before, now.subject); err != nil {
			return nil, err
		}
	}
	out.violations, out.notes = gate.Judge(&out.image, c.facts(j, now), c.budget(j, now.subject.Platform))
	return out, nil
}

func side(s *gate.Subject) gate.Side {
	return gate.Side{Reference: s.Reference, Revision: s.Revision, Sizes: s.Sizes}
}

// variants are those of a tare.yaml that are checked.
func (c *checker) chosen(all []experiment.Variant) ([]experiment.Variant, error) {
	var names []string
	for _, v := range all {
		names = append(names, v.Name)
	}
	for _, name := range c.Variants {
		if !slices.Contains(names, name) {
			return nil, request.Errorf("no variant %q%s The variants are %s", name, suggest.MeantEnd(name, names), list(names))
		}
	}
	if len(c.Variants) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(v experiment.Variant) bool { return !slices.Contains(c.Variants, v.Name) }), nil
}

func list(names []string) string {
	out := ""
	for n, s := range names {
		if n > 0 {
			out += ", "
		}
		out += s
	}
	return out
}

// missing tells whether an error says that a file is not there.
func missing(err error) bool { return errors.Is(err, os.ErrNotExist) }
