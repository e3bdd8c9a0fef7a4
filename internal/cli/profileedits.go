package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tare/internal/dockerfile"
	"tare/internal/lab"
	"tare/internal/profile"
)

// afterEdits simulates commits: it edits files in copies of the context, rebuilds, and
// tells what changed.
func (p *profiler) afterEdits(ctx context.Context, r *profile.Result) error {
	if len(p.o.edits) == 0 {
		return nil
	}
	tmp, err := os.MkdirTemp("", "tare-profile-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	dir, err := filepath.Abs(p.dir)
	if err != nil {
		return err
	}
	file, err := filepath.Abs(p.file)
	if err != nil {
		return err
	}
	bench := &labBench{a: p.a, name: "profile"}
	args := map[string]string{}
	for _, kv := range p.o.build.buildArgs {
		if k, v, ok := strings.Cut(kv, "="); ok {
			args[k] = v
		}
	}
	v := lab.Variant{Name: p.file, Context: dir, Dockerfile: file, Target: p.o.build.Target, Args: args, Platform: first(p.o.build.Platforms)}
	orders, err := p.orders(tmp)
	if err != nil {
		return err
	}
	for _, e := range p.o.edits {
		files := []string{e}
		if strings.Contains(e, "..") && !strings.Contains(e, "../") && !exists(filepath.Join(dir, e)) { // a range of commits
			if files, err = gitFiles(ctx, dir, e); err != nil {
				return fmt.Errorf("--after-edit %s: %w", e, err)
			}
		}
		for _, o := range append([]order{{file: file, f: p.f, src: p.src}}, orders...) {
			v.Dockerfile = o.file
			edit, err := p.afterEdit(ctx, bench, v, tmp, files, o)
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
func (p *profiler) afterEdit(ctx context.Context, bench *labBench, v lab.Variant, tmp string, files []string, o order) (profile.Edit, error) {
	edit := profile.Edit{Rebuilt: []int{}}
	var builds []*lab.Obtained
	for range 2 {
		// An edit that was made before would come from the cache.
		w, cleanup, err := lab.Touched(tmp, v.Context, v.Dockerfile, files, fmt.Sprintf("%016x", time.Now().UnixNano()))
		if err != nil {
			edit.Skipped = err.Error()
			return edit, nil
		}
		b, err := bench.Build(ctx, v, lab.How{Context: w})
		cleanup()
		if ctx.Err() != nil {
			return edit, ctx.Err()
		}
		if err != nil {
			edit.Skipped = firstLine(err.Error())
			return edit, nil
		}
		builds = append(builds, b)
	}
	var err error
	edit.Seconds = builds[1].Took.Seconds()
	if edit.Layers, edit.Repull, err = bench.Repull(ctx, builds[0], builds[1]); err != nil {
		return edit, err
	}
	edit.Pushed = edit.Repull
	after := profile.Make(profile.Input{Source: o.src, File: o.f, Target: p.o.build.Target, Steps: builds[1].Image.(*labImage).steps})
	for _, l := range after.Lines {
		if l.Ran && !l.Cached && l.Keyword != "FROM" {
			edit.Rebuilt = append(edit.Rebuilt, l.Lines[0])
		}
	}
	return edit, nil
}

// order is a Dockerfile with two of its instructions swapped, or as it is.
type order struct {
	name, file string
	f          *dockerfile.File
	src        []byte
}

// orders writes the Dockerfiles that --swap asks for.
func (p *profiler) orders(tmp string) ([]order, error) {
	var out []order
	for n, s := range p.o.swaps {
		var a, b int
		if k, err := fmt.Sscanf(s, "%d:%d", &a, &b); err != nil || k != 2 || a == b {
			return nil, usagef("--swap %q: want two lines, such as 5:6", s)
		}
		x, y := p.instructionAt(min(a, b)), p.instructionAt(max(a, b))
		if x == nil || y == nil || x[0] == y[0] {
			return nil, usagef("--swap %q: want lines of two instructions of one stage, behind its FROM", s)
		}
		lines := strings.Split(string(p.src), "\n")
		swapped := slices.Concat(lines[:x[0]-1], lines[y[0]-1:y[1]], lines[x[1]:y[0]-1], lines[x[0]-1:x[1]], lines[y[1]:])
		o := order{name: ", lines " + s + " swapped", file: filepath.Join(tmp, fmt.Sprintf("swap-%d.Dockerfile", n)), src: []byte(strings.Join(swapped, "\n"))}
		var err error
		if o.f, err = dockerfile.Parse(o.src); err != nil {
			return nil, fmt.Errorf("--swap %s: %w", s, err)
		}
		if err := os.WriteFile(o.file, o.src, 0o600); err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// instructionAt are the lines of the instruction at a line; nil for a FROM.
func (p *profiler) instructionAt(line int) *[2]int {
	for _, s := range p.f.Stages {
		for _, in := range s.Instructions {
			if in.Lines[0] <= line && line <= in.Lines[1] {
				return &in.Lines
			}
		}
	}
	return nil
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
		return nil, fmt.Errorf("the range changes no file that is here")
	}
	return list, nil
}

// splits takes RUN lines apart at their && and builds each command as a line of its own
// in a copy of the Dockerfile.
func (p *profiler) splits(ctx context.Context, r *profile.Result) error {
	lines := strings.Split(string(p.src), "\n")
	type part struct{ line, at, n int } // of the file, in the copy, commands
	var parts []part
	var out []string
	next := 1
	for _, s := range p.f.Stages {
		for _, in := range s.Instructions {
			if in.Keyword != "RUN" {
				continue
			}
			commands := dockerfile.Split(in.Script)
			if commands == nil {
				continue
			}
			out = append(out, lines[next-1:in.Lines[0]-1]...)
			_, flags, _ := strings.Cut(strings.Join(lines[in.Lines[0]-1:in.Lines[1]], " "), "RUN")
			prefix := "RUN "
			for _, w := range strings.Fields(flags) {
				if !strings.HasPrefix(w, "--") {
					break
				}
				prefix += w + " "
			}
			parts = append(parts, part{in.Lines[0], len(out) + 1, len(commands)})
			for _, c := range commands {
				out = append(out, prefix+strings.Join(strings.Fields(c), " "))
			}
			next = in.Lines[1] + 1
		}
	}
	if len(parts) == 0 {
		r.Notes = append(r.Notes, "--split: no RUN has several commands that could be built one by one")
		return nil
	}
	out = append(out, lines[next-1:]...)
	src := []byte(strings.Join(out, "\n"))
	f, err := dockerfile.Parse(src)
	if err != nil {
		r.Notes = append(r.Notes, "--split: the Dockerfile cannot be taken apart: "+err.Error())
		return nil
	}
	tmp, err := os.CreateTemp("", "tare-split-*.Dockerfile")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(src)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	req := p.req0(p.o.build)
	req.Dockerfile = tmp.Name()
	built, err := p.a.quietly(ctx, req)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		r.Notes = append(r.Notes, "--split: the commands do not work as lines of their own (a variable or directory that an earlier one sets?): "+firstLine(err.Error()))
		return nil
	}
	w, err := p.weighed(ctx, built, p.o.build.Platforms)
	if err != nil {
		return err
	}
	apart := profile.Make(profile.Input{Source: src, File: f, Target: p.o.build.Target, Steps: built.Steps, Cold: p.a.coldSeconds(built.Steps), Image: w})
	p.a.noteSteps(built)
	for _, x := range parts {
		s := profile.Split{Line: x.line}
		for k := range x.n {
			i := slices.IndexFunc(apart.Lines, func(l profile.Line) bool { return l.Lines[0] == x.at+k })
			if i < 0 {
				continue
			}
			l := apart.Lines[i]
			c := profile.SplitCommand{Text: strings.TrimPrefix(l.Text, "RUN "), Seconds: l.Seconds, Bytes: l.Bytes}
			if l.Cold != nil {
				c.Seconds = *l.Cold
			}
			s.Commands = append(s.Commands, c)
		}
		r.Splits = append(r.Splits, s)
	}
	return nil
}

func firstLine(s string) string {
	l, _, _ := strings.Cut(s, "\n")
	return l
}
