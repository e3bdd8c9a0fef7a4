package profiler

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"tare/internal/bench"
	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/profile"
	"tare/internal/workspace"
)

// afterEdits simulates commits: it edits files in copies of the context, rebuilds, and
// tells what changed.
func (p *profiler) afterEdits(ctx context.Context, r *profile.Result) error {
	if len(p.Edits) == 0 {
		return nil
	}
	tmp, err := os.MkdirTemp("", "tare-profile-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	build := p.again()
	if build.Context, err = filepath.Abs(p.dir); err != nil {
		return err
	}
	if build.Dockerfile, err = filepath.Abs(p.file); err != nil {
		return err
	}
	orders, err := p.orders(tmp)
	if err != nil {
		return err
	}
	orders = append([]order{{file: build.Dockerfile, f: p.f, src: p.src}}, orders...)
	for _, e := range p.wanted {
		for _, o := range orders {
			build.Dockerfile = o.file
			edit, err := p.afterEdit(ctx, build, tmp, e.files, o)
			if err != nil {
				return err
			}
			edit.Name = e.name + o.name
			r.Edits = append(r.Edits, edit)
		}
	}
	return nil
}

// afterEdit makes one edit in two versions, and compares the second build with the
// first: see docs/reference/measures.md.
func (p *profiler) afterEdit(ctx context.Context, build engine.Build, tmp string, files []string, o order) (profile.Edit, error) {
	edit := profile.Edit{Rebuilt: []int{}}
	var outs []bench.Built
	for range 2 {
		out, err := p.edited(ctx, build, tmp, files)
		if ctx.Err() != nil {
			return edit, ctx.Err()
		}
		if err != nil {
			edit.Skipped = FirstLine(err.Error())
			return edit, nil
		}
		outs = append(outs, out)
	}
	var err error
	edit.Seconds = outs[1].Took.Seconds()
	if edit.Layers, edit.Repull, err = p.b.Repull(ctx, outs[0].Image, outs[1].Image); err != nil {
		return edit, err
	}
	edit.Pushed = edit.Repull
	src := o.src
	if bytes.HasPrefix(outs[1].Dockerfile, src) { // it may be the file that was edited: a line more at its end
		src = outs[1].Dockerfile
	}
	after := profile.Make(profile.Input{Source: src, File: o.f, Target: p.Build.Target, Steps: outs[1].Steps, Ops: outs[1].Ops, Dockerfile: outs[1].Dockerfile})
	for _, l := range after.Lines {
		if l.Ran && !l.Cached && l.Keyword != "FROM" {
			edit.Rebuilt = append(edit.Rebuilt, l.Lines[0])
		}
	}
	return edit, nil
}

// edited builds a copy of the context in which files have a line more.
func (p *profiler) edited(ctx context.Context, build engine.Build, tmp string, files []string) (bench.Built, error) {
	w, err := workspace.New(tmp, build.Context, build.Dockerfile)
	if err != nil {
		return bench.Built{}, err
	}
	defer w.Remove()
	// An edit that was made before would come from the cache.
	if err := w.Touch(fmt.Sprintf("%016x", time.Now().UnixNano()), files...); err != nil {
		return bench.Built{}, err
	}
	return p.b.Build(ctx, p.file, bench.InCopy(build, w.Dir), io.Discard)
}

// order is a Dockerfile with two of its instructions swapped, or as it is.
type order struct {
	name, file string
	f          *dockerfile.File
	src        []byte
}
