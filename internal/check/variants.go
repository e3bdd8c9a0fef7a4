package check

import (
	"context"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"tare/internal/experiment"
	"tare/internal/lab"
	"tare/internal/revision"
)

// was is a job as a commit has it: a variant is what the tare.yaml of that commit says of it,
// so that its arguments, its target and its Dockerfile are part of what a change changes. Where
// the commit has no such variant, it is what it is now.
func (c *checker) was(ctx context.Context, ref string, j *job) (*job, error) {
	if j.variant == nil {
		return j, nil
	}
	repo, err := revision.Find(ctx, filepath.Dir(j.path))
	if err != nil {
		return nil, err
	}
	commit, err := repo.Commit(ctx, ref)
	if err != nil {
		return nil, err
	}
	name, within := repo.Within(j.path)
	if !within {
		return j, nil
	}
	body, ok, err := repo.Read(ctx, commit, name, experiment.MaxFile)
	if err != nil || !ok {
		return j, err
	}
	f, err := experiment.Parse(name, body)
	if err != nil {
		c.note("%s: the tare.yaml of commit %s cannot be read, so its variants are taken for what they are now: %v", j.name, commit[:12], err)
		return j, nil
	}
	all, err := f.Expand()
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all, func(v experiment.Variant) bool { return v.Name == j.name })
	if at < 0 || all[at].Image != "" {
		return j, nil
	}
	v := lab.Rooted(filepath.Dir(j.path), all[at])
	out := *j
	out.variant, out.dir, out.file = &v, v.Context, v.Dockerfile
	return &out, nil
}

// in is a job that is built from another directory.
func (j *job) in(dir, file string) *job {
	out := *j
	out.dir, out.file = dir, file
	if j.variant != nil {
		v := *j.variant
		v.Context, v.Dockerfile = dir, file
		out.variant = &v
	}
	return &out
}

// within is a word for a directory of a commit, with the Dockerfile that the job has there.
func (j *job) within(w revision.Word) revision.Word {
	rel, err := filepath.Rel(j.dir, j.file)
	if j.word != "" || w.Dir == "" || err != nil || !filepath.IsLocal(rel) || strings.ContainsAny(rel, `/\\`) || rel == "Dockerfile" {
		return w
	}
	w.Dir = strings.TrimSuffix(w.Dir, "/") + "/" + path.Clean(rel)
	return w
}
