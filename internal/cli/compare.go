package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/flags"
	"tare/internal/insidereport"
	"tare/internal/page"
	"tare/internal/printer"
	"tare/internal/report"
	"tare/internal/scales"
	"tare/internal/suggest"
	"tare/internal/trace"
	"tare/internal/tracereport"
)

func init() { register(ownGroup, newCompare) }

type compareOptions struct {
	output
	scales.CompareRequest
	measure          string
	traces           []string
	top              int
	noStages, remote bool
}

func newCompare(a *app) *cobra.Command {
	var o compareOptions
	c := &cobra.Command{
		Use:   "compare [OPTIONS] TARGET [TARGET...]",
		Short: "Compare images on every measure and explain the differences",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Words, o.top = args, o.Rows(cmd, o.top)
			return a.compare(cmd.Context(), o)
		},
		ValidArgsFunction: a.completeTargets,
	}
	o.Flags(c, printer.Pictured, slices.Concat(report.ComparisonParts, insidereport.Parts[:1], []string{tracereport.Touched}))
	flags.Compare(c, &o.CompareRequest)
	flags.UseIndex(c, &a.Trust)
	f := c.Flags()
	f.BoolVar(&o.remote, "remote", false, "compare manifests and configurations in registries, without reading layers")
	f.StringVar(&o.measure, "measure", "live", "the measure whose differences are explained, or all or none")
	f.IntVar(&o.top, "top", 12, "causes to show for each difference with --full; 0 for all")
	f.StringArrayVar(&o.traces, "trace", nil, trace.FileHelp)
	f.BoolVar(&o.noStages, "no-stages", false, "do not build earlier stages of Dockerfiles")
	_ = c.RegisterFlagCompletionFunc("measure", cobra.FixedCompletions(measureNames(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (o *compareOptions) check() error {
	if err := o.output.Checked(); err != nil {
		return err
	}
	if o.top < 0 || o.Depth < 0 {
		return usagef("--top and --depth: want a number, 0 or more")
	}
	return suggest.OneOf("--measure", o.measure, measureNames())
}

func (a *app) compare(ctx context.Context, o compareOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	o.Platform = a.Platform(o.Platform)
	if o.remote {
		r, err := scales.Manifests(ctx, a.Finder(), o.CompareRequest)
		if err != nil {
			return fmt.Errorf("compare %w", err)
		}
		return a.print.Write(o.output, r, func() report.Document { return report.Remote(r, o.Bytes) })
	}
	if err := a.enterFor(o.Words...); err != nil {
		return err
	}
	if !o.noStages {
		if a.Bench().NeedsStages(ctx, o.Words) {
			_ = a.Enter() // where it cannot be entered, Stages says so later
		}
		o.Stages = a.Bench().Stages
	}
	o.Lines = a.Bench().Lines
	o.Maps, o.Findings = o.Pictured(), o.Format == "json"
	touched, err := trace.Contents(ctx, o.traces...)
	if err != nil {
		return fmt.Errorf("compare %w", err)
	}
	o.Touched = touched
	r, err := scales.Compare(ctx, a.Finder(), o.CompareRequest)
	if err != nil {
		return fmt.Errorf("compare %w", err)
	}
	if err := trace.Compared(ctx, o.traces, r.Result); err != nil {
		return fmt.Errorf("compare %w", err)
	}
	return a.print.WritePage(o.output, r.Result, func() report.Document {
		return append(report.Comparison(r.Result, report.ComparisonOptions{Exact: o.Bytes, Measure: o.measure, Top: o.top, Files: o.Depth > 0}), append(insidereport.Compared(r.Result, o.Bytes), tracereport.Compared(r.Result, o.Bytes)...)...)
	}, page.Page{Title: strings.Join(o.Words, ", "), Result: r.Result, Maps: r.Maps})
}

// measureNames are the values of --measure.
func measureNames() []string { return append(scales.Measures(), "all", "none") }
