package profiler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tare/internal/profile"
)

// stages weighs the stages that stay behind; one that cannot be built is left out.
func (p *profiler) stages(ctx context.Context, in *profile.Input) {
	need := profile.Needed(*in)
	inside := map[int]bool{}
	for _, n := range p.f.Chain(p.Build.Target) {
		inside[n] = true
	}
	for n, s := range p.f.Stages {
		if !need[n] || inside[n] {
			continue
		}
		w, err := p.stage(ctx, n)
		if err == nil {
			in.Stages[n] = w
		} else if ctx.Err() == nil {
			p.b.Note(fmt.Sprintf("stage %s is not weighed: %v", s.Name, err))
		}
	}
}

// stage builds and weighs a stage.
func (p *profiler) stage(ctx context.Context, n int) (w *profile.Weighed, err error) {
	s, r := p.f.Stages[n], p.again()
	r.Target = s.Name
	if !s.Named || p.f.StageIndex(s.Name, len(p.f.Stages)) != n {
		// No target can name it: it is the last of the file up to its end.
		dir, file, err := p.upTo(n)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		r.Target, r.Dockerfile = "", file
	}
	out, err := p.b.Build(ctx, s.Name, r, io.Discard)
	if err != nil {
		return nil, err
	}
	return p.weighed(ctx, out.Built)
}

// upTo writes the Dockerfile up to the end of a stage, and what belongs to it, into a
// directory of its own.
func (p *profiler) upTo(n int) (dir, file string, err error) {
	if dir, err = os.MkdirTemp("", "tare-stage-"); err != nil {
		return "", "", err
	}
	file = filepath.Join(dir, filepath.Base(p.file))
	text := strings.Join(strings.SplitAfter(string(p.src), "\n")[:p.f.Stages[n].Lines[1]], "")
	err = os.WriteFile(file, []byte(text), 0o600)
	const ignore = ".dockerignore"
	if b, rerr := os.ReadFile(p.file + ignore); rerr == nil && err == nil {
		err = os.WriteFile(file+ignore, b, 0o600)
	}
	if err != nil {
		return "", "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, file, nil
}
