// Package profiler profiles a Dockerfile: it builds it, weighs what came out, and puts
// both into a profile. An image that was built elsewhere is matched with its Dockerfile.
package profiler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"tare/internal/bench"
	"tare/internal/buildcontext"
	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/pattern"
	"tare/internal/profile"
	"tare/internal/request"
	"tare/internal/target"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Request says what to profile.
type Request struct {
	Target string // a directory with a Dockerfile, or a Dockerfile
	File   string // the Dockerfile, if it is not the directory's own
	// Build is the build; its context and Dockerfile are filled in from the above.
	Build engine.Build
	// Why asks only why lines were not in the cache.
	Why bool
	// Split weighs the commands of RUN lines one by one, in a copy.
	Split bool
	// NoChecks leaves BuildKit's own checks of the Dockerfile out.
	NoChecks bool
	// Edits are files to edit, or ranges of git commits; Swaps are pairs of lines ("5:6")
	// to swap for each of them.
	Edits, Swaps []string
	// Material is how much a finding must save not to be folded; the zero value means all.
	Material units.Material
	// Map makes the map of the image's files; nil for none.
	Map func(*weigh.Facts) weigh.Node
}

// Run profiles a Dockerfile. A build that fails is no error if it took any step: the
// result says so.
func Run(ctx context.Context, b *bench.Bench, r Request) (*profile.Result, error) {
	p, err := prepare(b, r)
	if err != nil {
		return nil, err
	}
	if err := p.resolve(ctx); err != nil {
		return nil, err
	}
	out, err := p.run(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.file, err)
	}
	return out, nil
}

// profiler profiles one Dockerfile.
type profiler struct {
	b *bench.Bench
	Request
	dir, file string
	src       []byte
	f         *dockerfile.File
	wanted    []wanted    // by Edits
	ops       []engine.Op // of the profiled build
}

// Find is the directory and the Dockerfile that words mean: a directory with a Dockerfile,
// or a Dockerfile; file is the Dockerfile if it is not the directory's own, or "".
func Find(word, file string) (dir, dockerfile string, err error) {
	dir, dockerfile = word, file
	fi, err := os.Stat(word)
	switch {
	case err != nil:
		return "", "", fmt.Errorf("%s: no such directory or Dockerfile", word)
	case !fi.IsDir():
		dir, dockerfile = filepath.Dir(word), word
	case file == "":
		dockerfile = filepath.Join(dir, "Dockerfile")
	case !exists(file) && exists(filepath.Join(dir, file)):
		dockerfile = filepath.Join(dir, file)
	}
	if !exists(dockerfile) {
		return "", "", fmt.Errorf("no %s in %s", filepath.Base(dockerfile), filepath.Dir(dockerfile))
	}
	return dir, dockerfile, nil
}

// Weighed is the profile of an image that was built and weighed already. in holds the
// build; its image is filled in.
func Weighed(in profile.Input, f *weigh.Facts) (*profile.Result, error) {
	in.Image, in.Stages = weighedOf(f), map[int]*profile.Weighed{}
	r := profile.Make(in)
	return r, r.Check()
}

// prepare finds and reads the Dockerfile.
func prepare(b *bench.Bench, r Request) (*profiler, error) {
	p := &profiler{b: b, Request: r}
	var err error
	if p.dir, p.file, err = Find(r.Target, r.File); err != nil {
		if _, serr := os.Stat(r.Target); serr != nil {
			err = fmt.Errorf("%w; for an image name its Dockerfile with --dockerfile", err)
		}
		return nil, err
	}
	if p.src, p.f, err = read(p.file); err != nil {
		return nil, err
	}
	p.Build.Context, p.Build.Dockerfile = p.dir, p.file
	p.f = p.f.With(arguments(p.Build))
	if len(r.Swaps) > 0 && len(r.Edits) == 0 {
		return nil, request.Errorf("--swap compares what edits cost: name some with --after-edit")
	}
	return p, nil
}

// arguments are all that FROM lines of a build may use.
func arguments(r engine.Build) map[string]string {
	platform := ""
	if len(r.Platforms) > 0 {
		platform = r.Platforms[0]
	}
	out := dockerfile.Automatic(platform, r.Target)
	maps.Copy(out, r.Args)
	return out
}

func read(file string) ([]byte, *dockerfile.File, error) {
	src, err := buildcontext.ReadDockerfile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, fmt.Errorf("no %s in %s", filepath.Base(file), filepath.Dir(file))
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := dockerfile.Parse(src)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	return src, f, nil
}

func (p *profiler) run(ctx context.Context) (*profile.Result, error) {
	book := p.b.Book()
	recent := book.Recent(p.dir, p.file, p.Build.Target)
	out, failed, err := p.first(ctx)
	if err != nil {
		return nil, err
	}
	p.ops = out.Ops
	made := book.Made(p.Build, out)
	near, older := book.Nearest(recent, out.Ops)
	if failed == nil {
		book.NoteMade(p.Build, out, made)
	}
	in := profile.Input{Name: p.file, Path: p.file, Target: p.Build.Target, Source: p.src, File: p.f, Steps: out.Steps, Ops: out.Ops, Dockerfile: out.Dockerfile, Seconds: out.Took.Seconds(),
		Cold: book.Cold(out), Stages: map[int]*profile.Weighed{}, Last: near, Older: older, Now: made, NoCache: p.Build.NoCache, Failed: failed != nil}
	if failed == nil {
		if in.Image, err = p.weighed(ctx, out); err != nil {
			return nil, err
		}
		p.stages(ctx, &in)
	}
	r := profile.Make(in)
	if err := r.Check(); err != nil {
		return nil, err
	}
	fold(r, p.Material)
	draw(r, in.Image, p.Map)
	if failed != nil {
		r.Failed, r.FailedLine = failed.Error(), failedLine(r, failed)
		return r, nil
	}
	return r, p.more(ctx, r)
}

// fold marks findings that save less than what is material.
func fold(r *profile.Result, m units.Material) {
	if r.Savings != nil {
		r.Savings = weigh.Save(r.Findings, r.Total.Tar, m)
	}
}

// draw adds the map of an image's files to its result, where one is asked for.
func draw(r *profile.Result, w *profile.Weighed, how func(*weigh.Facts) weigh.Node) {
	if how != nil && w != nil {
		m := how(w.Facts)
		r.Map = &m
	}
}

// first is the build that is profiled, in the user's sight. A build that failed after
// some steps is returned with its error in failed.
func (p *profiler) first(ctx context.Context) (out *engine.Built, failed, err error) {
	r := p.Build
	if len(r.Names) == 0 {
		if err := p.b.Unlisted(ctx, &r); err != nil {
			return nil, nil, err
		}
	}
	e, err := p.b.Engine(ctx)
	if err != nil {
		return nil, nil, err
	}
	out, err = e.Build(ctx, r)
	switch {
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case err != nil && out == nil:
		return nil, nil, err
	case err != nil:
		return out, err, nil
	}
	return out, nil, nil
}

// more adds what was asked for beyond the build itself.
func (p *profiler) more(ctx context.Context, r *profile.Result) error {
	if p.Why {
		return nil
	}
	if !p.NoChecks {
		r.Checks = p.checks(ctx)
	}
	if err := p.afterEdits(ctx, r); err != nil {
		return err
	}
	if p.Split {
		return p.splits(ctx, r)
	}
	return nil
}

// again is the request of the profiled build for a look, from the cache.
func (p *profiler) again() engine.Build {
	r := p.Build
	r.Names, r.NoCache, r.Push, r.Outputs = nil, false, false, nil
	return r
}

// checks are the warnings of BuildKit's own checks, one a line.
func (p *profiler) checks(ctx context.Context) []string {
	e, err := p.b.Engine(ctx)
	if err != nil {
		return nil
	}
	r := p.again()
	var out bytes.Buffer
	r.Call, r.Progress, r.Stdout, r.Stderr = "check", "quiet", &out, io.Discard
	_, _ = e.Build(ctx, r) // problems found are an error, too
	var list []string
	for line := range strings.Lines(out.String()) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "WARNING: ") {
			list = append(list, strings.TrimPrefix(line, "WARNING: "))
		}
	}
	return list
}

// sourceLine finds "FILE:LINE" in a build error's excerpt.
var sourceLine = pattern.New(`(?m)^[^:\s]+:(\d+)$`)

// failedLine is the line at which a build failed; 0 if that is not known.
func failedLine(r *profile.Result, err error) int {
	for _, l := range r.Lines {
		if l.Error != "" {
			return l.Lines[0]
		}
	}
	var be *engine.BuildError
	if errors.As(err, &be) {
		if m := sourceLine().FindSubmatch(be.Sources); m != nil {
			n, _ := strconv.Atoi(string(m[1]))
			return n
		}
	}
	return 0
}

// weighed weighs a built image with all its packages and waste.
func (p *profiler) weighed(ctx context.Context, out *engine.Built) (*profile.Weighed, error) {
	img, err := p.b.Load(ctx, p.file, out, p.Build)
	if err != nil {
		return nil, err
	}
	facts, err := p.b.Finder.Facts(ctx, []*target.Image{img})
	if err != nil {
		return nil, err
	}
	return weighedOf(facts[0]), nil
}

func weighedOf(f *weigh.Facts) *profile.Weighed {
	w := &profile.Weighed{Report: f.Report("", 0), Facts: f}
	for _, s := range f.Image.History {
		w.History = append(w.History, profile.History{Instruction: s.Instruction(), Layer: s.Layer})
	}
	return w
}

func exists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}

// FirstLine is what an error says in its first line.
func FirstLine(s string) string {
	l, _, _ := strings.Cut(s, "\n")
	return l
}
