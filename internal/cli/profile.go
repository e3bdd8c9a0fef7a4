package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"tare/internal/flags"
	"tare/internal/page"
	"tare/internal/printer"
	"tare/internal/profiler"
	"tare/internal/report"
	"tare/internal/scales"
	"tare/internal/trace"
	"tare/internal/tracereport"
)

func init() { register(ownGroup, newProfile) }

type profileOptions struct {
	output
	build            buildOptions
	file, against    string
	trace            string
	cold, why, split bool
	noChecks         bool
	edits, swaps     []string
	material         scales.Material
}

func newProfile(a *app) *cobra.Command {
	var o profileOptions
	c := &cobra.Command{
		Use:   "profile [OPTIONS] [DIR|DOCKERFILE|IMAGE]",
		Short: "Show what each line of a Dockerfile costs, in seconds and bytes",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.Checked(); err != nil {
				return err
			}
			word := "."
			if len(args) > 0 {
				word = args[0]
			}
			if o.against != "" {
				if err := a.enterFor(word); err != nil {
					return err
				}
				return a.profileImage(cmd.Context(), word, o)
			}
			if err := a.Enter(); err != nil {
				return err
			}
			return a.profile(cmd.Context(), word, o)
		},
		ValidArgsFunction: a.completeTargets,
	}
	o.profileFlags(c)
	return c
}

func (o *profileOptions) profileFlags(c *cobra.Command) {
	o.Flags(c, printer.Pictured, slices.Concat(report.ProfileParts, []string{tracereport.Touched}))
	f := c.Flags()
	f.StringVarP(&o.file, "file", "f", "", "the Dockerfile (default DIR/Dockerfile)")
	flags.Sources(f, &o.build.Options)
	f.StringArrayVarP(&o.build.Tags, "tag", "t", nil, "name and tag of the image (NAME:TAG)")
	f.BoolVar(&o.cold, "cold", false, "build without the cache")
	f.BoolVar(&o.build.ChecksumContext, "checksum-context", false, "compare the context's files by content, not by time and length")
	f.BoolVar(&o.why, "why-cache", false, "only explain cache misses")
	f.BoolVar(&o.split, "split", false, "build the commands of RUN lines one by one, in a copy, to measure each")
	f.StringVar(&o.trace, "trace", "", trace.FileHelp)
	f.BoolVar(&o.noChecks, "no-checks", false, "skip BuildKit's checks of the Dockerfile")
	f.StringArrayVar(&o.edits, "after-edit", nil, "show the cost to rebuild, push and pull after an edit of this file, or after a range of git commits")
	f.StringArrayVar(&o.swaps, "swap", nil, "with --after-edit: the same with the instructions at lines A:B swapped")
	f.Var(o.material.Default(), "material", scales.FindingsHelp)
	f.StringVar(&o.against, "dockerfile", "", "profile an image that was built elsewhere from this Dockerfile")
}

func (a *app) profile(ctx context.Context, dir string, o profileOptions) error {
	b := o.build
	b.NoCache = o.cold
	if tty, _ := printer.Terminal(a.Err); !tty {
		b.Progress = "quiet"
	}
	if err := a.complete(&b, dir); err != nil {
		return err
	}
	touched, err := trace.Contents(ctx, o.trace)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	r, err := profiler.Run(ctx, a.Bench(), profiler.Request{Target: dir, File: o.file, Build: b.Build, Why: o.why, Split: o.split,
		NoChecks: o.noChecks, Edits: o.edits, Swaps: o.swaps, Material: o.material, Map: scales.Map(o.Pictured(), dir, touched)})
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	if err := trace.Profiled(ctx, o.trace, r); err != nil && r.Failed == "" {
		return fmt.Errorf("profile: %w", err)
	}
	if err := a.print.WritePage(o.output, r, func() report.Document {
		return append(report.Profile(r, report.ProfileOptions{Exact: o.Bytes, WhyOnly: o.why}), tracereport.Profiled(r, o.Bytes)...)
	}, page.Profile(r, r.Name)); err != nil {
		return err
	}
	if r.Failed != "" {
		return exitCode(1)
	}
	return nil
}

// profileImage matches an image that was built elsewhere with a Dockerfile.
func (a *app) profileImage(ctx context.Context, word string, o profileOptions) error {
	if o.why || o.split || o.cold || len(o.edits) > 0 {
		return usagef("--why-cache, --split, --cold and --after-edit are for what is built here, not for an image")
	}
	args, err := a.Args(o.build.BuildArgs)
	if err != nil {
		return err
	}
	platform := ""
	if len(o.build.Platforms) > 0 {
		platform = o.build.Platforms[0]
	}
	touched, err := trace.Contents(ctx, o.trace)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	r, err := profiler.Image(ctx, a.Finder(), profiler.ImageRequest{Word: word, Dockerfile: o.against, Stage: o.build.Target, Platform: a.Platform(platform), Args: args, Material: o.material, Map: scales.Map(o.Pictured(), word, touched)})
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	if err := trace.Profiled(ctx, o.trace, r); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return a.print.WritePage(o.output, r, func() report.Document {
		return append(report.Profile(r, report.ProfileOptions{Exact: o.Bytes}), tracereport.Profiled(r, o.Bytes)...)
	}, page.Profile(r, word))
}
