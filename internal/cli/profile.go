package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"

	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/image"
	"tare/internal/profile"
	"tare/internal/report"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/weigh"
)

type profileOptions struct {
	output
	build            buildOptions
	file, against    string
	cold, why, split bool
	noChecks         bool
	edits, swaps     []string
}

func newProfile(a *app) *cobra.Command {
	var o profileOptions
	c := &cobra.Command{
		Use:   "profile [OPTIONS] [DIR|DOCKERFILE|IMAGE]",
		Short: "Tell what each line of a Dockerfile costs, in seconds and bytes",
		Long: `Build a Dockerfile and print it with what each line costs: seconds now and when it
was last really carried out, the bytes that it adds, what later lines hide of them,
whether it came from the cache and if not, why; then the critical path, and what
could be saved.

With --dockerfile an image that was built elsewhere is profiled: its history is
matched with the lines of the file, and where that is unsure it is said.`,
		Example: `  tare profile
  tare profile --cold -f Dockerfile.multistage .
  tare profile --why-cache
  tare profile --after-edit main.py --after-edit requirements.txt
  tare profile --after-edit HEAD~1..HEAD
  tare profile --after-edit main.py --swap 5:6
  tare profile --split
  tare profile --dockerfile Dockerfile registry://app:1.0
  tare profile --format html -o profile.html`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			target := "."
			if len(args) > 0 {
				target = args[0]
			}
			if len(o.swaps) > 0 && len(o.edits) == 0 {
				return usagef("--swap compares what edits cost: name some with --after-edit")
			}
			if o.against != "" {
				return a.profileImage(cmd.Context(), target, o)
			}
			if err := a.enter(); err != nil {
				return err
			}
			return a.profile(cmd.Context(), target, o)
		},
		ValidArgsFunction: a.completeTargets,
	}
	o.formats(c, pageFormats, report.ProfileParts)
	f := c.Flags()
	f.StringVarP(&o.file, "file", "f", "", "the Dockerfile (default DIR/Dockerfile)")
	f.StringVar(&o.build.Target, "target", "", "stage to build")
	f.StringArrayVar(&o.build.buildArgs, "build-arg", nil, "set a build argument (NAME=VALUE)")
	f.StringArrayVar(&o.build.contexts, "build-context", nil, "additional context (NAME=PATH|…)")
	f.StringArrayVar(&o.build.Secrets, "secret", nil, "secret for RUN --mount=type=secret")
	f.StringSliceVar(&o.build.Platforms, "platform", nil, "platform to build for")
	f.StringArrayVarP(&o.build.tags, "tag", "t", nil, "name the image")
	f.BoolVar(&o.cold, "cold", false, "build without the cache")
	f.BoolVar(&o.why, "why-cache", false, "only say why lines were not in the cache")
	f.BoolVar(&o.split, "split", false, "build the commands of RUN lines one by one, in a copy, to weigh each")
	f.BoolVar(&o.noChecks, "no-checks", false, "leave BuildKit's own checks of the Dockerfile out")
	f.StringArrayVar(&o.edits, "after-edit", nil, "a file that is edited, or a range of git commits: what does it cost to rebuild, push and pull?")
	f.StringArrayVar(&o.swaps, "swap", nil, "with --after-edit: what would it cost with the instructions at lines A:B swapped?")
	f.StringVar(&o.against, "dockerfile", "", "profile an image that was built elsewhere from this Dockerfile")
	return c
}

func (a *app) profile(ctx context.Context, target string, o profileOptions) error {
	dir, file := target, o.file
	if !isDir(target) {
		if !exists(target) {
			return fmt.Errorf("profile %s: no such directory or Dockerfile; for an image name its Dockerfile with --dockerfile", target)
		}
		dir, file = filepath.Dir(target), target
	}
	if file == "" {
		file = filepath.Join(dir, "Dockerfile")
	} else if !exists(file) && exists(filepath.Join(dir, file)) {
		file = filepath.Join(dir, file)
	}
	src, err := dockerfile.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("profile: there is no Dockerfile at %s", file)
	}
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	f, err := dockerfile.Parse(src)
	if err != nil {
		return fmt.Errorf("profile %s: %w", file, err)
	}
	b := o.build
	b.Dockerfile, b.NoCache = file, o.cold
	tty, _ := terminal(a.Err)
	if !tty {
		b.Progress = "quiet"
	}
	if _, err := a.store(); err != nil {
		return err
	}
	free, err := a.st.Hold(ctx)
	if err != nil {
		return err
	}
	defer free()
	p := &profiler{a: a, dir: dir, file: file, src: src, f: f, o: o}
	r, err := p.run(ctx, b)
	if err != nil {
		return fmt.Errorf("profile %s: %w", file, err)
	}
	page := report.Page{Title: "Profile of " + file, Extra: []report.Picture{report.Gantt(r)}}
	if werr := a.writePage(o.output, r, func() report.Document {
		return report.Profile(r, report.ProfileOptions{Exact: o.bytes, WhyOnly: o.why})
	}, page); werr != nil {
		return werr
	}
	if r.Failed != "" {
		return exitCode(1)
	}
	return nil
}

// profiler profiles one Dockerfile.
type profiler struct {
	a         *app
	dir, file string
	src       []byte
	f         *dockerfile.File
	o         profileOptions
}

func (p *profiler) run(ctx context.Context, b buildOptions) (*profile.Result, error) {
	a := p.a
	last := a.lastBuild(p.dir, p.file, b.Target)
	if len(b.tags) == 0 {
		if err := a.unlisted(ctx, &b.Build); err != nil {
			return nil, err
		}
	}
	out, berr := a.build(ctx, p.dir, b)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if out == nil && berr != nil {
		out = a.failed
		if out == nil {
			return nil, berr
		}
	}
	in := profile.Input{Name: p.file, Path: p.file, Target: b.Target, Source: p.src, File: p.f, Steps: out.Steps, Seconds: out.Took.Seconds(),
		Cold: a.coldSeconds(out.Steps), Stages: map[int]*profile.Weighed{}, Last: last, Now: a.lastBuild(p.dir, p.file, b.Target), NoCache: b.NoCache}
	if berr == nil {
		var err error
		if in.Image, err = p.weighed(ctx, out, b.Platforms); err != nil {
			return nil, err
		}
		p.stages(ctx, b, &in)
	}
	r := profile.Make(in)
	if err := r.Check(); err != nil {
		return nil, err
	}
	if berr != nil {
		r.Failed, r.FailedLine = berr.Error(), failedLine(r, berr)
	}
	if berr == nil && !p.o.why {
		if !p.o.noChecks {
			r.Checks = p.checks(ctx)
		}
		if err := p.afterEdits(ctx, r); err != nil {
			return nil, err
		}
		if p.o.split {
			if err := p.splits(ctx, r); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// failedLine is the line at which a build failed.
func failedLine(r *profile.Result, err error) int {
	for _, l := range r.Lines {
		if l.Error != "" {
			return l.Lines[0]
		}
	}
	var be *engine.BuildError
	if errors.As(err, &be) {
		if m := regexp.MustCompile(`(?m)^[^:\s]+:(\d+)$`).FindSubmatch(be.Sources); m != nil {
			n, _ := strconv.Atoi(string(m[1]))
			return n
		}
	}
	return 0
}

// weighed weighs a built image with all its packages and waste.
func (p *profiler) weighed(ctx context.Context, out *engine.Built, plats []string) (*profile.Weighed, error) {
	want, err := p.a.platform(first(plats))
	if err != nil {
		return nil, err
	}
	img, err := image.Load(ctx, p.a.st.Content(), out.Target, want)
	if err != nil {
		return nil, err
	}
	list, err := p.a.factsOf(ctx, []*image.Image{img}, []opened{{name: p.file, provider: p.a.st.Content(), target: out.Target, packs: source.Packs(store.Record{Origin: store.Built})}})
	if err != nil {
		return nil, err
	}
	return weighedOf(list[0].Facts), nil
}

func weighedOf(f *weigh.Facts) *profile.Weighed {
	w := &profile.Weighed{Report: f.Report("", 0), Facts: profile.Facts{Cells: f.Cells}}
	for i := range f.Packages {
		w.Facts.Owners = append(w.Facts.Owners, f.Packages[i].Key())
	}
	for _, s := range f.Image.History {
		w.History = append(w.History, profile.History{Instruction: s.Instruction(), Layer: s.Layer})
	}
	return w
}

// stages weighs the stages that stay behind; one that cannot be built is left out.
func (p *profiler) stages(ctx context.Context, b buildOptions, in *profile.Input) {
	need := p.f.Needed(b.Target)
	chain := p.f.Chain(b.Target)
	for n, s := range p.f.Stages {
		inside := false
		for _, c := range chain {
			inside = inside || c == n
		}
		if !need[n] || inside {
			continue
		}
		req := p.req0(b)
		req.Target = s.Name
		out, err := p.a.quietly(ctx, req)
		if err == nil {
			in.Stages[n], err = p.weighed(ctx, out, b.Platforms)
		}
		if err != nil && ctx.Err() == nil {
			p.a.note(fmt.Sprintf("stage %s is not weighed: %v", s.Name, err))
		}
	}
}

// req0 is the request of the profiled build, from the cache.
func (p *profiler) req0(b buildOptions) engine.Build {
	o := b
	o.Names, o.tags, o.NoCache = nil, nil, false
	if _, err := p.a.complete(&o, p.dir); err != nil {
		return b.Build
	}
	return o.Build
}

// quietly builds without a word and without a name.
func (a *app) quietly(ctx context.Context, r engine.Build) (*engine.Built, error) {
	e, err := a.engine(ctx, 0)
	if err == nil {
		err = a.unlisted(ctx, &r)
	}
	if err != nil {
		return nil, err
	}
	r.Names, r.Progress, r.Stdout, r.Stderr, r.Stdin = nil, "quiet", io.Discard, io.Discard, nil
	return e.Build(ctx, r)
}

// checks are the warnings of BuildKit's own checks, one a line.
func (p *profiler) checks(ctx context.Context) []string {
	r := p.req0(p.o.build)
	var out bytes.Buffer
	r.Call, r.Progress, r.Stdout, r.Stderr = "check", "quiet", &out, io.Discard
	_, _ = p.a.eng.Build(ctx, r) // problems found are an error, too
	var list []string
	for line := range strings.Lines(out.String()) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "WARNING: ") {
			list = append(list, strings.TrimPrefix(line, "WARNING: "))
		}
	}
	return list
}

// profileImage matches an image that was built elsewhere with a Dockerfile.
func (a *app) profileImage(ctx context.Context, target string, o profileOptions) error {
	src, err := dockerfile.ReadFile(o.against)
	if err != nil {
		return fmt.Errorf("profile --dockerfile: %w", err)
	}
	f, err := dockerfile.Parse(src)
	if err != nil {
		return fmt.Errorf("profile %s: %w", o.against, err)
	}
	if o.why || o.split || o.cold || len(o.edits) > 0 {
		return usagef("--why-cache, --split, --cold and --after-edit are for what is built here, not for an image")
	}
	list, release, err := a.subjects(ctx, []string{target}, first(o.build.Platforms), false)
	if err != nil {
		return fmt.Errorf("profile %w", err)
	}
	defer release()
	args, err := a.buildArgs(o.build.buildArgs)
	if err != nil {
		return err
	}
	in := profile.Input{Name: target, Path: o.against, Target: o.build.Target, Source: src, File: f, Image: weighedOf(list[0].Facts), Now: &profile.Build{Args: args}}
	r := profile.Make(in)
	if err := r.Check(); err != nil {
		return err
	}
	r.Notes = append(r.Notes, profile.Doubts(r)...)
	return a.writePage(o.output, r, func() report.Document { return report.Profile(r, report.ProfileOptions{Exact: o.bytes}) }, report.Page{Title: "Profile of " + target})
}

// contextDigest names what is kept of the builds of one Dockerfile.
func contextDigest(dir, file, target string) digest.Digest {
	d, _ := filepath.Abs(dir)
	f, _ := filepath.Abs(file)
	return digest.FromString(d + "\x00" + f + "\x00" + target)
}
