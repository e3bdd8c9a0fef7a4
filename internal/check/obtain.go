package check

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tare/internal/bench"
	"tare/internal/buildcontext"
	"tare/internal/builds"
	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/experiment"
	"tare/internal/gate"
	"tare/internal/lab"
	"tare/internal/profile"
	"tare/internal/profiler"
	"tare/internal/target"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// obtained is an image that was built or opened, and weighed.
type obtained struct {
	subject  *gate.Subject
	facts    *weigh.Facts
	profile  *profile.Result // nil where no Dockerfile is known
	findings []weigh.Finding
}

// obtain builds or opens the image of a job.
func (c *checker) obtain(ctx context.Context, j *job) (*obtained, error) {
	if j.word != "" {
		word := j.word
		if m := c.manifests[word+" "+j.platform]; m != nil {
			word = m.Pinned
		}
		o, err := c.open(ctx, word, j)
		if err == nil {
			o.subject.Reference = j.word
		}
		return o, err
	}
	r, err := c.request(ctx, j)
	if err != nil {
		return nil, err
	}
	return c.build(ctx, r, j.name, place{dir: r.Context, file: r.Dockerfile, root: top(r.Context)}, true)
}

// place is where what an image is built from lies.
type place struct {
	dir, file string // the context and the Dockerfile
	root      string // of the repository, or the context
	within    string // where dir lies in the repository, if it is no part of root here
	commit    string // the commit; "" for files that are here
	word      string // that names the commit
}

// rel is a file's path in the repository, with slashes.
func (p place) rel(name string) string {
	from, below := p.root, ""
	if p.commit != "" {
		from, below = p.dir, p.within
	}
	rel, err := filepath.Rel(from, name)
	if err != nil || !filepath.IsLocal(rel) && rel != "." {
		return filepath.ToSlash(name)
	}
	return filepath.ToSlash(filepath.Join(below, rel))
}

// top is the top of the git repository that holds a directory; the directory itself if none
// does.
func top(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir
	}
	for at := abs; ; at = filepath.Dir(at) {
		if isRepository(at) {
			return at
		}
		if filepath.Dir(at) == at {
			return abs
		}
	}
}

// isRepository tells whether a directory is the top of a working tree.
func isRepository(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, ".git"))
	return err == nil
}

// inRepository is a file's path as reports name it.
func inRepository(name string) string {
	abs, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	return place{root: top(filepath.Dir(abs))}.rel(abs)
}

// request is the build of a job.
func (c *checker) request(ctx context.Context, j *job) (engine.Build, error) {
	if j.variant != nil {
		v := *j.variant
		v.Platform = j.platform
		r, _, err := (&bench.Lab{Bench: c.b}).Request(ctx, v, lab.How{})
		return r, err
	}
	r := c.Build.Build
	r.Context, r.Dockerfile, r.Platforms = j.dir, j.file, nil
	if p := j.platform; p != "" {
		r.Platforms = []string{p}
	} else if c.b.Platform != "" {
		r.Platforms = []string{c.b.Platform}
	}
	return r, nil
}

// build builds and weighs an image, in the user's sight. remember keeps how it was built.
func (c *checker) build(ctx context.Context, r engine.Build, name string, p place, remember bool) (*obtained, error) {
	src, err := buildcontext.ReadDockerfile(r.Dockerfile)
	if err != nil {
		return nil, err
	}
	f, err := dockerfile.Parse(src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.rel(r.Dockerfile), err)
	}
	given := r.Args
	f = f.With(given)
	r.Names, r.Stdin, r.Push, r.Outputs = nil, nil, false, nil
	r.Stdout, r.Stderr, r.Progress = c.b.Watched.Out, c.b.Watched.Err, cmp.Or(c.Build.Progress, c.b.Watched.Progress)
	if err := c.b.Unlisted(ctx, &r); err != nil {
		return nil, err
	}
	e, err := c.b.Engine(ctx)
	if err != nil {
		return nil, err
	}
	out, err := c.watched(ctx, e, r, f, name, p)
	if err != nil {
		return nil, err
	}
	book := c.b.Book()
	made := book.Made(r, out)
	if remember {
		book.NoteMade(r, out, made)
	} else {
		book.NoteSteps(out)
	}
	img, err := c.b.Load(ctx, name, out, r)
	if err != nil {
		return nil, err
	}
	facts, err := c.b.Finder.Facts(ctx, []*target.Image{img})
	if err != nil {
		return nil, err
	}
	prof, err := profiler.Weighed(profile.Input{Name: name, Path: r.Dockerfile, Target: r.Target, Source: src, File: f, Steps: out.Steps, Ops: out.Ops, Dockerfile: out.Dockerfile, Now: made, Stages: map[int]*profile.Weighed{}}, facts[0])
	if err != nil {
		return nil, err
	}
	o := &obtained{subject: gate.Of(name, facts[0]), facts: facts[0], profile: prof, findings: prof.Findings}
	o.subject.Source = source{f: f, prof: prof, layers: len(o.subject.Layers), made: made, p: p, text: src}.make()
	if made == nil || len(made.Ops) == 0 { // a builder that tells nothing: what the file says, and what is here
		o.subject.Source.Files, o.subject.Source.Known = builds.Files(r.Context, r.Dockerfile)
	}
	o.subject.Source.Args = args(given)
	return o, nil
}

// open opens and weighs an image, and finds out how it was built, if that is known.
func (c *checker) open(ctx context.Context, word string, j *job) (*obtained, error) {
	set, err := c.b.Finder.Open(ctx, []string{word}, target.Options{Platform: j.platform})
	if err != nil {
		return nil, err
	}
	c.close = append(c.close, set.Close)
	facts, err := set.Facts(ctx)
	if err != nil {
		return nil, err
	}
	o := &obtained{subject: gate.Of(set.Images[0].Name, facts[0]), facts: facts[0]}
	if err := c.origin(ctx, o, word, j); err != nil {
		return nil, err
	}
	if o.profile != nil {
		o.findings = o.profile.Findings
		return o, nil
	}
	rep, err := set.Report(ctx, 0, 0, nil)
	if err != nil {
		return nil, err
	}
	o.findings = rep.Findings
	return o, nil
}

// facts are what budgets are held against.
func (c *checker) facts(j *job, o *obtained) gate.Facts {
	out := gate.Facts{Layers: len(o.subject.Layers), Findings: o.findings, Classes: gate.ClassesOf(o.facts)}
	lines := map[int]int{}
	if s := o.subject.Source; s != nil {
		out.Dockerfile = s.Dockerfile
		for _, l := range s.Lines {
			for _, k := range l.Layers {
				lines[k] = l.Line
			}
		}
	}
	first := map[int32]int{}
	for k, list := range o.facts.Tree.Lists {
		for n := range list {
			id := o.facts.OwnerID(tree.Ref{Layer: int32(k), Entry: int32(n)})
			if _, had := first[id]; !had {
				first[id] = lines[k]
			}
		}
	}
	for _, id := range o.facts.Final {
		out.Packages = append(out.Packages, gate.Installed{Name: o.facts.Packages[id].Name, Line: first[id]})
	}
	out.Times, out.Untimed = c.times(j, o)
	return out
}

// times are what tare lab measured of this very image.
func (c *checker) times(j *job, o *obtained) (list []experiment.Measurement, why string) {
	if j.variant == nil {
		return nil, "tare lab measures variants of a tare.yaml"
	}
	path, err := c.Runs.Find(j.Name + "/" + Last)
	if err != nil {
		return nil, "tare lab has not measured it"
	}
	rec, err := lab.Load(path)
	if err != nil {
		return nil, err.Error()
	}
	v := rec.Variant(j.variant.Name)
	if v == nil {
		return nil, "the last tare lab did not measure this variant"
	}
	if v.Manifest != o.facts.Image.Manifest.Digest && v.Manifest != o.subject.Manifest && v.Manifest != o.facts.Image.Target.Digest {
		return nil, "tare lab measured another image (" + units.ShortID(v.Manifest.String()) + "): run it again"
	}
	return v.Measures, ""
}

// args are the build arguments without those that every build gets from its surroundings:
// they may have passwords, and say nothing of the image.
func args(m map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		if !strings.HasSuffix(strings.ToLower(k), "_proxy") && !slices.Contains([]string{"SOURCE_DATE_EPOCH"}, k) {
			out[k] = v
		}
	}
	return out
}
