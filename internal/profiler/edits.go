package profiler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	for _, e := range p.Edits {
		files := []string{e}
		if isRange(build.Context, e) {
			if files, err = gitFiles(ctx, build.Context, e); err != nil {
				return fmt.Errorf("--after-edit %s: %w", e, err)
			}
		}
		for _, o := range orders {
			build.Dockerfile = o.file
			edit, err := p.afterEdit(ctx, build, tmp, files, o)
			if err != nil {
				return err
			}
			edit.Name = e + o.name
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
			edit.Skipped = firstLine(err.Error())
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
	after := profile.Make(profile.Input{Source: o.src, File: o.f, Target: p.Build.Target, Steps: outs[1].Steps, Ops: outs[1].Ops, Dockerfile: outs[1].Dockerfile})
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

// isRange tells whether an edit is a range of commits, not a file.
func isRange(dir, e string) bool {
	return strings.Contains(e, "..") && !strings.Contains(e, "../") && !exists(filepath.Join(dir, e))
}

// gitFiles are the files of a directory that a range of commits changes.
func gitFiles(ctx context.Context, dir, commits string) ([]string, error) {
	if strings.HasPrefix(commits, "-") {
		return nil, fmt.Errorf("%q is no range of commits", commits)
	}
	out, err := exec.CommandContext(ctx, "git", "-C", dir, "diff", "--name-only", "--relative", "--diff-filter=AM", "-z", commits, "--").Output()
	if err != nil {
		return nil, fmt.Errorf("git diff: %w (is %s in a git repository, and is that a range of its commits?)", err, dir)
	}
	var list []string
	for _, f := range strings.Split(string(out), "\x00") {
		if f != "" && exists(filepath.Join(dir, f)) {
			list = append(list, f)
		}
	}
	if len(list) == 0 {
		return nil, errors.New("the range changes no file that is here")
	}
	return list, nil
}

// order is a Dockerfile with two of its instructions swapped, or as it is.
type order struct {
	name, file string
	f          *dockerfile.File
	src        []byte
}
