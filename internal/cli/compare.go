package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"

	"tare/internal/compare"
	"tare/internal/engine"
	"tare/internal/image"
	"tare/internal/report"
	"tare/internal/source"
	"tare/internal/store"
)

type compareOptions struct {
	baseline, format, output, platform string
	bytes                              bool
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
	c.Flags().StringVar(&o.baseline, "baseline", "", "the target that the others are measured against; default the first")
	c.Flags().StringVar(&o.format, "format", "text", "text, markdown or json")
	c.Flags().StringVarP(&o.output, "output", "o", "", "file to write instead of standard output")
	c.Flags().BoolVar(&o.bytes, "bytes", false, "print exact bytes and differences")
	c.Flags().StringVar(&o.platform, "platform", "", "platform of multi-platform images")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "markdown", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (a *app) compare(ctx context.Context, targets []string, o compareOptions) error {
	switch o.format {
	case "text", "markdown", "json":
	default:
		return usagef("--format %q: want text, markdown or json", o.format)
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
		subjects = append(subjects, s)
	}
	unique(subjects)
	r, err := compare.Compare(subjects, base)
	if err != nil {
		return err
	}
	w := a.Out
	if o.output != "" {
		f, err := os.Create(o.output)
		if err != nil {
			return fmt.Errorf("compare: %w", err)
		}
		defer func() { _ = f.Close() }()
		w = f
	}
	return a.writeComparison(w, r, o)
}

func (a *app) writeComparison(w io.Writer, r *compare.Result, o compareOptions) error {
	if o.format == "json" {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(r)
	}
	t, base := report.Comparison(r, o.bytes)
	if o.format == "markdown" {
		return report.Markdown(w, t)
	}
	_, width := terminal(w)
	return report.Text(w, t, report.Style{Width: width, Color: a.colored(w)}, base)
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
	rec, built, err := a.obtain(ctx, target, platform, want)
	if err != nil {
		return s, err
	}
	if built != nil {
		s.Build, s.Cached = built.Took, built.Executed == 0
	}
	if s.Image, err = image.Load(ctx, a.st.Content(), rec.Target, want); err != nil {
		return s, err
	}
	if err := fits(target, s.Image, want); err != nil {
		return s, err
	}
	d := newDisplay(a.Err, true)
	m := a.measurer(d.event)
	err = m.Measure(ctx, s.Image)
	if err == nil {
		err = m.Pack(ctx, s.Image, source.Packs(rec))
	}
	d.clear()
	return s, err
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
