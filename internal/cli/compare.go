package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/compare"
	"tare/internal/explain"
	"tare/internal/report"
)

type compareOptions struct {
	output
	baseline, platform, measure           string
	top, depth                            int
	pairs, noStages, allPlatforms, remote bool
}

func newCompare(a *app) *cobra.Command {
	var o compareOptions
	c := &cobra.Command{
		Use:   "compare [OPTIONS] TARGET [TARGET...]",
		Short: "Set images side by side on every measure, and say why they differ",
		Long: `Set any number of images side by side on every measure, divide each difference
into causes that sum up to the byte, and say in plain sentences what the numbers
show. Differences are those from the first image (or --baseline) to each other
one, and between neighbours; --pairs works out all.

` + targetHelp + `

What the measures mean: docs/reference/measures.md. For Dockerfiles with several
stages the earlier ones are built, too (from the build cache), to see what they
keep out of the image.`,
		Example: `  tare compare python:slim ./Dockerfile ./Dockerfile.multistage
  tare compare --baseline alpine alpine debian python:slim
  tare compare --depth 5 --measure transfer app:1.0 app:1.1
  tare compare --all-platforms registry://python:slim
  tare compare --remote python:3.11 python:slim alpine
  tare compare --format markdown python:slim app > sizes.md
  tare compare --format json --bytes python:slim app`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.compare(cmd.Context(), args, o)
		},
		ValidArgsFunction: a.completeTargets,
	}
	o.formats(c, pageFormats, report.ComparisonParts)
	f := c.Flags()
	f.StringVar(&o.baseline, "baseline", "", "the target that the others are measured against; default the first")
	f.StringVar(&o.platform, "platform", "", "platform of multi-platform images")
	f.BoolVar(&o.allPlatforms, "all-platforms", false, "compare each platform of multi-platform images")
	f.BoolVar(&o.remote, "remote", false, "compare by manifests and configurations in the registry alone, without reading layers")
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
	base, err := baselineIndex(targets, o.baseline)
	if err != nil {
		return err
	}
	if o.remote {
		return a.compareRemote(ctx, targets, base, o)
	}
	if !o.noStages {
		a.enterForStages(ctx, targets)
	}
	list, release, err := a.subjects(ctx, targets, o.platform, o.allPlatforms)
	if err != nil {
		return fmt.Errorf("compare %w", err)
	}
	defer release()
	var subjects []compare.Subject
	for _, s := range list {
		if !o.noStages {
			s.Stages = a.stages(ctx, s.Facts.Image.Target.Digest)
		}
		subjects = append(subjects, s.Subject)
	}
	if o.allPlatforms && o.baseline == "" {
		base = 0
	}
	r, err := compare.Compare(subjects, compare.Options{Baseline: base, Pairs: o.pairs, Depth: o.depth})
	if err != nil {
		return err
	}
	r.Sentences = explain.Sentences(r)
	page := report.Page{Title: strings.Join(targets, ", "), Result: r}
	if o.pictured() {
		for _, s := range list {
			page.Maps = append(page.Maps, s.Facts.Map(s.Name, mapParts))
		}
	}
	return a.writePage(o.output, r, func() report.Document {
		return report.Comparison(r, report.ComparisonOptions{Exact: o.bytes, Measure: o.measure, Top: o.top})
	}, page)
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
