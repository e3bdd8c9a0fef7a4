package lab

import (
	"context"
	"errors"

	"tare/internal/workspace"

	"tare/internal/experiment"
)

// edits finds out, for each variant and edit, what a node pulls again.
func (r *Runner) edits(ctx context.Context, variants []experiment.Variant, tmp string) error {
	if !r.wants("edit") {
		return nil
	}
	for n, v := range variants {
		if r.images[n] == nil {
			continue
		}
		res := r.Record.Variant(v.Name)
		res.Edits = nil
		for _, e := range r.File.Edit {
			r.tell(Progress{Variant: v.Name, What: "rebuilding after " + e.Name})
			ed, err := r.edit(ctx, v, e, tmp)
			if err != nil {
				return err
			}
			res.Edits = append(res.Edits, ed)
		}
	}
	return nil
}

func (r *Runner) edit(ctx context.Context, v experiment.Variant, e experiment.Edit, tmp string) (experiment.Edited, error) {
	out := experiment.Edited{Name: e.Name}
	if v.Image != "" {
		out.Skipped = "it is not built here"
		return out, nil
	}
	// Two versions of the same edit, where it has versions, and not the unedited image:
	// timed builds without cache leave several results of one step in the build cache,
	// and only builds that miss at the same step are sure to go on from the same one.
	defer r.Bench.Begin(ctx)()
	var images []*Obtained
	for _, nonce := range []string{"0000000000000000", "0000000000000001"} {
		how, done := How{}, func() {}
		if len(images) > 0 || varies(e) {
			var err error
			if how, done, err = r.edited(v, e, tmp, nonce); err != nil {
				out.Skipped = err.Error()
				return out, ctx.Err()
			}
		}
		o, err := r.build(ctx, v, how)
		done()
		if err != nil {
			out.Skipped = err.Error()
			return out, ctx.Err()
		}
		images = append(images, o)
	}
	unedited, edited := images[0], images[1]
	var err error
	if !varies(e) && edited.Executed > 0 {
		r.Record.Variant(v.Name).Sample(experiment.Rebuild+e.Name, "seconds", edited.Took.Seconds())
	}
	out.Layers, out.Repull, err = r.Bench.Repull(ctx, unedited, edited)
	return out, err
}

// edited prepares a build after an edit.
func (r *Runner) edited(v experiment.Variant, e experiment.Edit, tmp, nonce string) (How, func(), error) {
	if e.Base != "" {
		return How{Base: e.Base, Nonce: nonce}, func() {}, nil
	}
	w, err := workspace.New(tmp, r.rooted(v).Context, r.rooted(v).Dockerfile)
	if err != nil {
		return How{}, nil, err
	}
	if err := apply(e, w, nonce); err != nil {
		w.Remove()
		if errors.Is(err, workspace.ErrNoFile) {
			err = workspace.ErrNoFile
		}
		return How{}, nil, err
	}
	return How{Context: w.Dir}, w.Remove, nil
}
