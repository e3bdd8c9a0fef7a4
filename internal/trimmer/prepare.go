package trimmer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tare/internal/buildcontext"
	"tare/internal/dockerfile"
	"tare/internal/draft"
	"tare/internal/experiment"
	"tare/internal/lab"
	"tare/internal/profile"
	"tare/internal/profiler"
	"tare/internal/request"
	"tare/internal/trim"
)

// prepare finds and reads the Dockerfile, and the checks.
func (t *trimmer) prepare() error {
	dir, file, err := profiler.Find(t.Target, t.File)
	if err != nil {
		return err
	}
	if t.dir, err = filepath.Abs(dir); err == nil {
		t.file, err = filepath.Abs(file)
	}
	if err != nil {
		return err
	}
	if t.src, err = os.ReadFile(t.file); err != nil { // as it is, byte for byte: the patch is for it
		return err
	}
	if err := dockerfile.CheckText(t.src); err != nil {
		return err
	}
	if other := dockerfile.OtherSyntax(t.src); other != "" {
		return fmt.Errorf("%s is for another frontend (# syntax=%s): tare knows the Dockerfile frontend only", file, other)
	}
	if t.f, err = draft.Read(t.src); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	rel, err := filepath.Rel(t.dir, t.file)
	if err != nil || !filepath.IsLocal(rel) {
		return request.Errorf("%s lies outside of %s: a patch has paths relative to that directory", file, dir)
	}
	t.name = filepath.ToSlash(rel)
	t.Build.Context, t.Build.Dockerfile = t.dir, t.file
	t.out = &trim.Result{Schema: trim.Schema, Name: t.Target, Dockerfile: t.name, Candidates: []trim.Verdict{}, Checks: []string{}, Notes: []string{}}
	for _, r := range t.Rules {
		if err := known(r); err != nil {
			return err
		}
	}
	return t.findChecks()
}

// known tells whether there is a rule of a name.
func known(id string) error {
	var ids []string
	for _, r := range trim.Rules() {
		if r.ID == id {
			return nil
		}
		ids = append(ids, r.ID)
	}
	return request.Errorf("there is no rule %q: there are %s", id, strings.Join(ids, ", "))
}

// findChecks takes the checks of the request, or those of the experiment in the directory.
func (t *trimmer) findChecks() error {
	t.checks = t.Checks
	if len(t.checks) == 0 {
		list, err := t.experiment()
		if err != nil {
			return err
		}
		t.checks = list
	}
	for _, c := range t.checks {
		t.out.Checks = append(t.out.Checks, title(&c))
	}
	if t.Drop && len(t.checks) == 0 {
		return request.Errorf("--drop takes things away, and only checks can tell whether they are missed: name one with --check 'COMMAND', or write a tare.yaml (tare lab init)")
	}
	return nil
}

// experiment are the checks of tare.yaml for this Dockerfile.
func (t *trimmer) experiment() ([]experiment.Check, error) {
	if _, err := os.Stat(filepath.Join(t.dir, "tare.yaml")); errors.Is(err, fs.ErrNotExist) {
		if t.Variant != "" {
			return nil, request.Errorf("--variant: %s has no tare.yaml", t.dir)
		}
		return nil, nil
	}
	_, f, _, err := lab.Open(t.dir)
	if err != nil {
		return nil, err
	}
	variants, err := f.Expand()
	if err != nil {
		return nil, err
	}
	var out []experiment.Check
	var names []string
	for _, v := range variants {
		names = append(names, v.Name)
		file := v.Dockerfile
		if file == "" {
			file = "Dockerfile"
		}
		dir := v.Context
		if dir == "" {
			dir = "."
		}
		mine := v.Image == "" && (same(t.file, filepath.Join(t.dir, file)) || same(t.file, filepath.Join(t.dir, dir, file))) && v.Target == t.Build.Target
		if t.Variant != "" {
			mine = v.Name == t.Variant
		}
		if mine && v.Check != nil && !v.Check.Skip && len(out) == 0 {
			out = append(out, *v.Check)
		}
	}
	if t.Variant != "" && len(out) == 0 {
		return nil, request.Errorf("--variant %s: tare.yaml has no such variant with a check; it has %s", t.Variant, strings.Join(names, ", "))
	}
	return out, nil
}

func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// title is a check in one line.
func title(c *experiment.Check) string {
	switch {
	case c.HTTP != nil:
		return c.HTTP.URL
	case len(c.Command) == 3 && c.Command[0] == "/bin/sh" && c.Command[1] == "-c":
		return c.Command[2]
	case len(c.Command) > 0:
		return strings.Join(c.Command, " ")
	}
	return "the image's own command"
}

// project gathers what the rules look at.
func (t *trimmer) project() error {
	o := t.stands()
	r, err := profiler.Weighed(profile.Input{Name: t.file, Path: t.file, Target: t.Build.Target, Source: t.src, File: t.f.Parsed, Steps: o.built.Steps, Ops: o.built.Ops, Dockerfile: o.built.Dockerfile}, o.facts)
	if err != nil {
		return err
	}
	p := &trim.Project{File: t.f, Target: t.Build.Target, Name: t.name, Facts: o.facts, Layers: map[int]int{}, Base: len(o.facts.Image.Layers), Findings: r.Findings}
	for _, l := range r.Lines {
		if l.Layer > 0 && l.Keyword != "FROM" && r.Stages[l.Stage].Final && !l.Unsure {
			p.Layers[l.Lines[0]] = l.Layer - 1
			p.Base = min(p.Base, l.Layer-1)
		}
	}
	p.IgnoreName = ".dockerignore"
	if b, err := os.ReadFile(t.file + ".dockerignore"); err == nil {
		p.IgnoreName, p.Ignore = t.name+".dockerignore", b
	} else if b, err := os.ReadFile(filepath.Join(t.dir, ".dockerignore")); err == nil {
		p.Ignore = b
	}
	if body, ok := t.laid[p.IgnoreName]; ok {
		p.Ignore = body
	}
	err = buildcontext.Walk(t.dir, t.file, []string{t.tmp}, func(rel string, d fs.DirEntry) error {
		f := trim.ContextFile{Path: filepath.ToSlash(rel), Dir: d.IsDir()}
		if fi, err := d.Info(); err == nil {
			f.Size = fi.Size()
		}
		p.Context = append(p.Context, f)
		return nil
	})
	if err != nil {
		return err
	}
	// What the patch changes is no difference where the image carries it.
	for _, name := range []string{t.name, p.IgnoreName} {
		t.carried = append(t.carried, "**/"+filepath.Base(name))
	}
	t.p = p
	return nil
}
