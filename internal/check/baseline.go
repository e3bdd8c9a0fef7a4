package check

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"tare/internal/buildcontext"
	"tare/internal/builds"
	"tare/internal/gate"
	"tare/internal/pattern"
	"tare/internal/profile"
	"tare/internal/profiler"
	"tare/internal/request"
	"tare/internal/revision"
)

// baseTree are the files of a commit, opened once.
type baseTree struct {
	*revision.Tree
	repo *revision.Repository
}

// baseline is what the growth of an image is measured against; nil for none.
func (c *checker) baseline(ctx context.Context, j *job, now *obtained) (*gate.Subject, error) {
	word := c.base(j)
	switch word {
	case "":
		return nil, nil
	case Last:
		return c.last(j), nil
	}
	if w, ok := revision.Parse(word); ok {
		return c.commit(ctx, w, j, now)
	}
	if fi, err := os.Stat(word); err == nil && fi.Mode().IsRegular() {
		if s, err := saved(word, now.subject.Name, now.subject.Platform); s != nil || err != nil {
			return s, err
		}
	} else if missing(err) && strings.HasSuffix(word, ".json") {
		return nil, fmt.Errorf("no such file: tare check --save %s writes it", word)
	}
	if word == c.Baseline && !strings.Contains(c.Baseline, "{name}") && j.variant != nil && c.several(j) {
		return nil, request.Errorf("it is one image, and the tare.yaml has several: write {name} where their names stand")
	}
	open := word
	m, err := c.manifest(ctx, word, platformOf(j, now))
	switch {
	case err != nil:
		return nil, err
	case m != nil:
		if s := alike(m, word, now); s != nil {
			return s, nil
		}
		open = m.Pinned
	}
	then, err := c.open(ctx, open, &job{name: j.name, word: word, dir: j.dir, file: j.file, platform: platformOf(j, now), now: now, experimentFile: j.experimentFile})
	if err != nil {
		return nil, err
	}
	then.subject.Name, then.subject.Reference = j.name, word
	return then.subject, nil
}

func platformOf(j *job, now *obtained) string {
	if j.platform != "" {
		return j.platform
	}
	return now.subject.Platform
}

// several tells whether a tare.yaml has more variants than one that are checked.
func (c *checker) several(j *job) bool {
	all, err := j.Expand()
	return err == nil && len(all) > 1 && len(c.Variants) != 1
}

// saved is the image of a name and platform in a file of --save; nil if the file is none.
func saved(name, image, platform string) (*gate.Subject, error) {
	b, err := whole(name)
	if err != nil {
		return nil, err
	}
	var all gate.Baseline
	if err := json.Unmarshal(b, &all); err != nil || !strings.HasPrefix(all.Schema, "tare.baseline/") {
		if strings.HasSuffix(name, ".json") {
			return nil, fmt.Errorf("%s is no file of tare check --save", name)
		}
		return nil, nil
	}
	if all.Schema != gate.BaselineSchema {
		return nil, fmt.Errorf("%s is %s, and this tare reads %s: save it again", name, all.Schema, gate.BaselineSchema)
	}
	var others []string
	for i := range all.Images {
		s := &all.Images[i]
		if (s.Name == image || len(all.Images) == 1) && s.Platform == platform {
			return s, s.Check()
		}
		others = append(others, s.Name+" "+s.Platform)
	}
	return nil, fmt.Errorf("%s has no %s for %s, it has %s", name, image, platform, list(others))
}

// whole reads a file that is not too large.
func whole(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxBaseline+1))
	if err == nil && len(b) > maxBaseline {
		err = fmt.Errorf("%s is too large for a baseline", name)
	}
	return b, err
}

// maxBaseline is how large a saved baseline may be, in bytes.
const maxBaseline = 256 << 20

// commit builds what a commit has of the job, in today's world.
func (c *checker) commit(ctx context.Context, w revision.Word, j *job, now *obtained) (*gate.Subject, error) {
	if j.word != "" && j.variant != nil {
		c.note("%s: it is not built here: a commit says nothing of it", j.name)
		return nil, nil
	}
	if j.word != "" || w.Dir != "" {
		return c.elsewhere(ctx, w, j)
	}
	was, err := c.was(ctx, w.Ref, j)
	if err != nil {
		return nil, err
	}
	t, file, err := c.files(ctx, w.Ref, was)
	if err != nil {
		return nil, err
	}
	r, err := c.request(ctx, was.in(t.Dir, file))
	if err != nil {
		return nil, err
	}
	then, err := c.build(ctx, r, j.name, place{dir: t.Dir, file: file, within: t.Path, commit: t.Commit, word: w.String()}, false)
	if err != nil {
		return nil, err
	}
	then.subject.Reference, then.subject.Revision, then.subject.Source.Rebuilt = w.String(), t.Commit, true
	return then.subject, c.ignored(ctx, t.repo, j.dir, now)
}

// ignored notes the files here that are in no commit.
func (c *checker) ignored(ctx context.Context, repo *revision.Repository, dir string, now *obtained) (err error) {
	if now != nil && now.subject.Source != nil {
		now.subject.Source.Ignored, err = repo.Ignored(ctx, dir)
	}
	return err
}

// elsewhere builds git:REF:DIR, or git:REF for an image.
func (c *checker) elsewhere(ctx context.Context, w revision.Word, j *job) (*gate.Subject, error) {
	cwd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	t, file, _, err := revision.Open(ctx, j.within(w), cwd)
	if err != nil && j.within(w) != w {
		t, file, _, err = revision.Open(ctx, w, cwd)
	}
	if err != nil {
		return nil, err
	}
	c.close = append(c.close, t.Close)
	c.tell(t)
	r, err := c.request(ctx, j.in(t.Dir, file))
	if err != nil {
		return nil, err
	}
	then, err := c.build(ctx, r, j.name, place{dir: t.Dir, file: file, within: t.Path, commit: t.Commit, word: w.String()}, false)
	if err != nil {
		return nil, err
	}
	then.subject.Reference, then.subject.Revision = w.String(), t.Commit
	return then.subject, nil
}

func (c *checker) tell(t *revision.Tree) {
	for _, n := range t.Notes {
		c.note("%s", n)
	}
}

// files are the context of a job in a commit, and the Dockerfile there, whatever it was
// called.
func (c *checker) files(ctx context.Context, ref string, j *job) (*baseTree, string, error) {
	repo, err := revision.Find(ctx, j.dir)
	if err != nil {
		return nil, "", err
	}
	commit, err := repo.Commit(ctx, ref)
	if err != nil {
		return nil, "", err
	}
	at, ok := repo.Within(j.dir)
	if !ok {
		return nil, "", fmt.Errorf("%s is not in the repository %s", j.dir, repo.Top)
	}
	name, within := repo.Within(j.file)
	if !within {
		return nil, "", fmt.Errorf("%s is not in the repository %s", j.file, repo.Top)
	}
	src, err := buildcontext.ReadDockerfile(j.file)
	if err != nil && !missing(err) {
		return nil, "", err
	}
	was, err := repo.Renamed(ctx, commit, name, string(src))
	if err != nil {
		return nil, "", err
	}
	if was != name {
		c.note("%s: in commit %s the Dockerfile is %s", j.name, commit[:12], was)
	}
	context, err := repo.Moved(ctx, commit, at, name, was)
	if err != nil {
		return nil, "", err
	}
	if was, err = repo.Follow(ctx, commit, was); err != nil {
		return nil, "", err
	}
	key := commit + "\x00" + context
	t := c.trees[key]
	if t == nil {
		t = &baseTree{repo: repo}
		if t.Tree, err = repo.OpenHere(ctx, commit, context); err != nil {
			return nil, "", err
		}
		c.trees[key] = t
		c.close = append(c.close, t.Close)
		c.tell(t.Tree)
	}
	rel, err := filepath.Rel(filepath.FromSlash(context), filepath.FromSlash(was))
	if err == nil && filepath.IsLocal(rel) {
		if f := t.Dockerfile(filepath.ToSlash(rel)); f != "" {
			return t, f, nil
		}
	}
	// A Dockerfile beside the context: its directory is opened, too.
	d, err := repo.OpenHere(ctx, commit, path.Dir(was))
	if err != nil {
		return nil, "", err
	}
	c.close = append(c.close, d.Close)
	if f := d.Dockerfile(path.Base(was)); f != "" {
		return t, f, nil
	}
	return nil, "", fmt.Errorf("commit %s has no %s", commit[:12], was)
}

// commitName is the name of a commit, or the beginning of one.
var commitName = pattern.New(`^[0-9a-f]{7,64}$`)

// origin finds out how an image was built: what is remembered of its build, else the
// Dockerfile of the commit that its label names.
func (c *checker) origin(ctx context.Context, o *obtained, word string, j *job) error {
	if w, ok := revision.Parse(word); ok {
		if r, ok := c.b.Passed(o.facts.Image.Target.Digest); ok {
			o.subject.Reference = w.String()
			return c.recorded(o, r.Made, place{dir: r.Context, file: r.Dockerfile, root: r.Context})
		}
		return nil
	}
	if made := c.b.Book().MadeOf(o.facts.Image.ID()); made != nil {
		dir, file := made.Dir, made.File
		return c.recorded(o, made, place{dir: dir, file: file, root: top(dir)})
	}
	switch {
	case o.subject.Revision == "":
		return nil
	case !commitName().MatchString(o.subject.Revision):
		// A branch or tag means another commit by now, and whoever made the image chose the word.
		c.note("%s: its Dockerfile is not known: its label %s is %q, which is no name of a commit", o.subject.Reference, gate.RevisionLabel, clip(o.subject.Revision))
		return nil
	}
	return c.labelled(ctx, o, j)
}

// recorded takes how an image was built from what is remembered.
func (c *checker) recorded(o *obtained, made *profile.Build, p place) error {
	f, err := parseText(made.Source)
	if err != nil {
		return nil //nolint:nilerr // what cannot be read says nothing
	}
	f = f.With(made.Args)
	prof, err := profiler.Weighed(profile.Input{Name: o.subject.Name, Path: p.file, Target: made.Target, Source: []byte(made.Source), File: f, Ops: made.Ops, Dockerfile: []byte(made.Source), Stages: map[int]*profile.Weighed{}}, o.facts)
	if err != nil {
		return err
	}
	o.profile = prof
	o.subject.Source = source{f: f, prof: prof, layers: len(o.subject.Layers), made: made, p: p, text: []byte(made.Source)}.make()
	o.subject.Source.Args = args(made.Args)
	o.subject.Source.Read = nil // the files are others by now
	return nil
}

// labelled takes it from the commit that the image's label names.
func (c *checker) labelled(ctx context.Context, o *obtained, j *job) (err error) {
	dir, file := j.dir, j.file
	if dir == "" {
		dir = "."
		if file = "Dockerfile"; j.experimentFile != nil {
			dir = filepath.Dir(j.path)
		}
		file = filepath.Join(dir, file)
	}
	if _, err := os.Stat(file); err != nil {
		return nil //nolint:nilerr // it may be anybody's
	}
	t, was, err := c.files(ctx, o.subject.Revision, &job{name: j.name, dir: dir, file: file})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		c.note("%s: its Dockerfile is not known: its label says commit %s: %v", o.subject.Reference, clip(o.subject.Revision), err)
		return nil
	}
	src, f, err := parse(was)
	if err != nil {
		c.note("%s: its Dockerfile of commit %s cannot be read: %v", o.subject.Reference, t.Short(), err)
		return nil
	}
	f = f.With(args(c.Build.Args))
	prof, err := profiler.Weighed(profile.Input{Name: o.subject.Name, Path: was, Target: c.Build.Target, Source: src, File: f, Stages: map[int]*profile.Weighed{}}, o.facts)
	if err != nil {
		return err
	}
	made := source{f: f, prof: prof, layers: len(o.subject.Layers), p: place{dir: t.Dir, file: was, within: t.Path, commit: t.Commit}, text: src}.make()
	if flat(made) {
		c.note("%s: its layers are not those of the lines of its Dockerfile: whoever built it made one of several", o.subject.Reference)
		return nil
	}
	o.profile, o.subject.Source = prof, made
	o.subject.Source.Files, o.subject.Source.Known = builds.Files(t.Dir, was)
	if j.now != nil {
		err = c.ignored(ctx, t.repo, dir, j.now)
	}
	o.subject.Source.Args = args(c.Build.Args)
	return err
}

// flat tells whether a line that copies has no layer, though others of its stage have: see
// gate.Flat.
func flat(s *gate.Source) bool {
	last := -1
	for i := range s.Lines {
		last = max(last, s.Lines[i].Stage)
	}
	for i := range s.Lines {
		l := &s.Lines[i]
		if l.Stage == last && (l.Keyword == "COPY" || l.Keyword == "ADD") && len(l.Layers) == 0 {
			return true
		}
	}
	return false
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40]
	}
	return s
}
