package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spf13/cobra"

	"tare/internal/compare"
	"tare/internal/engine"
	"tare/internal/explain"
	"tare/internal/image"
	"tare/internal/report"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/weigh"
)

type compareOptions struct {
	output
	baseline, platform, measure string
	top, depth                  int
	pairs, noStages             bool
}

func newCompare(a *app) *cobra.Command {
	var o compareOptions
	c := &cobra.Command{
		Use:   "compare [OPTIONS] TARGET [TARGET...]",
		Short: "Set images side by side on every measure",
		Long: `Set any number of images side by side: bytes on the wire, on disk and in files,
layers, base and build time, each with its difference from the first image or
--baseline.

A TARGET is an image (pulled if it is not here), a Dockerfile, or a directory
with one; those are built. Write ./NAME for a directory that has an image's name.

  transfer   layer blobs as a push sends them, plus manifest and config
  tar        the uncompressed layer tars
  files      the regular files in all layers; hard links count once a layer
  overhead   tar without files: headers, padding, trailer
  docker     what docker images prints with a graph driver`,
		Example: `  tare compare python:slim ./Dockerfile ./Dockerfile.multistage
  tare compare --baseline alpine alpine debian python:slim
  tare compare --format markdown python:slim app > sizes.md
  tare compare --format json --bytes python:slim app`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.compare(cmd.Context(), args, o)
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, s string) ([]string, cobra.ShellCompDirective) {
			names, _ := a.completeImages(c, args, s)
			return names, cobra.ShellCompDirectiveDefault
		},
	}
	o.flags(c)
	f := c.Flags()
	f.StringVar(&o.baseline, "baseline", "", "the target that the others are measured against; default the first")
	f.StringVar(&o.platform, "platform", "", "platform of multi-platform images")
	f.StringVar(&o.measure, "measure", "tar", "the measure whose differences are divided into causes, or all or none")
	f.IntVar(&o.top, "top", 12, "how many causes to show for each difference; 0 shows all")
	f.IntVar(&o.depth, "depth", 0, "how many files to show for each cause")
	f.BoolVar(&o.pairs, "pairs", false, "compare every pair, not only with the baseline and between neighbours")
	f.BoolVar(&o.noStages, "no-stages", false, "do not build earlier stages of Dockerfiles to see what they keep out")
	_ = c.RegisterFlagCompletionFunc("measure", cobra.FixedCompletions(measureNames(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (a *app) compare(ctx context.Context, targets []string, o compareOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.top < 0 || o.depth < 0 {
		return usagef("--top and --depth: want a number, 0 or more")
	}
	if !slices.Contains(measureNames(), o.measure) {
		return usagef("--measure %q: want one of %s", o.measure, strings.Join(measureNames(), ", "))
	}
	builds := false
	for _, t := range targets {
		builds = builds || dockerfileOf(t) != ""
	}
	if builds {
		if err := a.enter(); err != nil {
			return err
		}
	}
	base, err := baselineIndex(targets, o.baseline)
	if err != nil {
		return err
	}
	st, err := a.store()
	if err != nil {
		return err
	}
	// What is built for the comparison has no name: keep it from being collected.
	release, err := st.Hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	var subjects []compare.Subject
	for _, t := range targets {
		s, err := a.subject(ctx, t, o.platform)
		if err != nil {
			return fmt.Errorf("compare %s: %w", t, err)
		}
		if !o.noStages {
			s.Stages = a.stages(ctx, s.Facts.Image.Target.Digest)
		}
		subjects = append(subjects, s)
	}
	unique(subjects)
	r, err := compare.Compare(subjects, compare.Options{Baseline: base, Pairs: o.pairs, Depth: o.depth})
	if err != nil {
		return err
	}
	r.Sentences = explain.Sentences(r)
	return a.write(o.output, r, func() report.Document {
		d := report.Comparison(r, report.ComparisonOptions{Exact: o.bytes, Measure: o.measure, Top: o.top})
		return d
	})
}

// measureNames are the values of --measure.
func measureNames() []string {
	var out []string
	for _, m := range compare.Measures {
		out = append(out, m.Name)
	}
	return append(out, "all", "none")
}

func baselineIndex(targets []string, baseline string) (int, error) {
	if baseline == "" {
		return 0, nil
	}
	for n, t := range targets {
		if t == baseline {
			return n, nil
		}
	}
	return 0, usagef("--baseline %q is not among the targets (%s)", baseline, strings.Join(targets, ", "))
}

// unique makes subjects distinguishable that were given twice.
func unique(list []compare.Subject) {
	seen := map[string]int{}
	for n := range list {
		name := list[n].Name
		seen[name]++
		if seen[name] > 1 {
			list[n].Name = fmt.Sprintf("%s#%d", name, seen[name])
		}
	}
}

// subject finds, pulls or builds one target and measures it.
func (a *app) subject(ctx context.Context, target, platform string) (compare.Subject, error) {
	want, err := a.platform(platform)
	if err != nil {
		return compare.Subject{}, err
	}
	s := compare.Subject{Name: target}
	if _, err := a.store(); err != nil {
		return s, err
	}
	rec, built, err := a.obtain(ctx, target, platform, want)
	if err != nil {
		return s, err
	}
	if built != nil {
		s.Build, s.Cached = built.Took, built.Executed == 0
	}
	img, err := image.Load(ctx, a.st.Content(), rec.Target, want)
	if err != nil {
		return s, err
	}
	if err := fits(target, img, want); err != nil {
		return s, err
	}
	s.Facts, err = a.facts(ctx, img, a.st.Content(), source.Packs(rec))
	return s, err
}

// facts indexes an image and works out where its bytes sit.
func (a *app) facts(ctx context.Context, img *image.Image, p content.Provider, packs func(ocispec.Descriptor) bool) (*weigh.Facts, error) {
	d := newDisplay(a.Err, true)
	m := image.Measurer{Provider: p, Cache: a.st, Progress: d.event}
	err := m.Index(ctx, img)
	if err == nil {
		err = m.Pack(ctx, img, packs)
	}
	d.clear()
	if err != nil {
		return nil, err
	}
	return weigh.New(img)
}

// obtain returns the image of a target, and the build if it was built.
func (a *app) obtain(ctx context.Context, target, platform string, want platforms.MatchComparer) (store.Record, *engine.Built, error) {
	if file := dockerfileOf(target); file != "" {
		return a.buildTarget(ctx, file, platform)
	}
	st, err := a.store()
	if err != nil {
		return store.Record{}, nil, err
	}
	rec, err := st.Find(ctx, target)
	if err == nil {
		var img *image.Image
		if img, err = image.Load(ctx, st.Content(), rec.Target, want); err == nil {
			err = fits(target, img, want)
		}
	}
	missing := errdefs.IsNotFound(err) || errors.Is(err, image.ErrNoPlatform)
	if err == nil || !missing {
		return rec, nil, err
	}
	if strings.HasPrefix(target, ".") || strings.HasPrefix(target, "/") {
		return rec, nil, fmt.Errorf("there is no Dockerfile at %s", target)
	}
	if _, err := a.pull(ctx, target, platform, a.Err, false); err != nil {
		return rec, nil, err
	}
	rec, err = st.Find(ctx, target)
	return rec, nil, err
}

// buildTarget builds a Dockerfile for the comparison only: the image gets no name.
func (a *app) buildTarget(ctx context.Context, file, platform string) (store.Record, *engine.Built, error) {
	st, err := a.store()
	if err != nil {
		return store.Record{}, nil, err
	}
	before, err := st.Records()
	if err != nil {
		return store.Record{}, nil, err
	}
	o := buildOptions{}
	o.Dockerfile = file
	if platform != "" {
		o.Platforms = []string{platform}
	}
	out, err := a.build(ctx, filepath.Dir(file), o)
	if err != nil {
		return store.Record{}, nil, err
	}
	rec := store.Record{Target: out.Target, Origin: store.Built}
	if !has(before, out.Target.Digest) {
		// The blobs stay readable until the next collection of garbage.
		err = st.Forget(out.Target.Digest)
	}
	return rec, out, err
}

func has(list []store.Record, d digest.Digest) bool {
	for _, r := range list {
		if r.Target.Digest == d {
			return true
		}
	}
	return false
}

// dockerfileOf is the Dockerfile that a target means, "" if it means an image: a
// file, or a directory with a Dockerfile in it. A bare name is an image unless
// such a file or directory is there.
func dockerfileOf(target string) string {
	fi, err := os.Stat(target)
	switch {
	case err != nil:
		return ""
	case !fi.IsDir():
		return target
	}
	if f := filepath.Join(target, "Dockerfile"); exists(f) {
		return f
	}
	return ""
}
