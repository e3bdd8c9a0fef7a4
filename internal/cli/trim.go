package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"tare/internal/display"
	"tare/internal/flags"
	"tare/internal/logs"
	"tare/internal/printer"
	"tare/internal/report"
	"tare/internal/trimmer"
)

func init() { register(ownGroup, newTrim) }

type trimOptions struct {
	output
	build buildOptions
	order trimmer.Order
}

func newTrim(a *app) *cobra.Command {
	var o trimOptions
	c := &cobra.Command{
		Use:   "trim [OPTIONS] [DIR|DOCKERFILE]",
		Short: "Find edits that make an image smaller, and prove them",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.Checked(); err != nil {
				return err
			}
			o.order.Target = "."
			if len(args) > 0 {
				o.order.Target = args[0]
			}
			if err := o.order.Check(); err != nil {
				return err
			}
			if err := a.Enter(); err != nil {
				return err
			}
			return a.trim(cmd.Context(), o)
		},
		ValidArgsFunction: a.completeTargets,
	}
	o.trimFlags(c)
	return c
}

func (o *trimOptions) trimFlags(c *cobra.Command) {
	o.Flags(c, printer.Plain, trimmer.Parts)
	f, r := c.Flags(), &o.order
	f.Lookup("output").Usage = "file for the patch"
	flags.Sources(f, &o.build.Options)
	f.StringVarP(&r.File, "file", "f", "", "the Dockerfile (default DIR/Dockerfile)")
	f.BoolVar(&r.Drop, "drop", false, "also try edits that take away what no check touches")
	f.StringArrayVar(&r.Commands, "check", nil, "a command that must succeed in the image (default those of tare.yaml)")
	f.StringVar(&r.Variant, "variant", "", "take the check of this variant of tare.yaml")
	f.StringSliceVar(&r.Rules, "rule", nil, "try only these rules")
	f.StringVar(&r.Size, "least", "1kB", "try only edits that are to save as much in the tar")
	f.IntVar(&r.Jobs, "jobs", 0, "edits that are built at the same time (default 2)")
	f.BoolVar(&r.KeepGoing, "keep-going", false, "go on when an edit cannot be judged")
	f.BoolVar(&r.Resume, "resume", false, "take the verdicts of an interrupted run")
	f.StringArrayVar(&r.Diffs, "patch", nil, "judge this unified diff instead of tare's own edits (- for standard input)")
	f.StringArrayVar(&r.Propose, "propose", nil, "judge what this command writes; it reads the profile as JSON")
	f.BoolVar(&r.Write, "write", false, "apply the patch")
	f.BoolVar(&r.Force, "force", false, "with --write: also over changes that are not committed")
	_ = c.RegisterFlagCompletionFunc("rule", cobra.FixedCompletions(trimmer.RuleIDs(), cobra.ShellCompDirectiveNoFileComp))
}

func (a *app) trim(ctx context.Context, o trimOptions) error {
	b := o.build
	b.Progress = "quiet"
	if err := a.complete(&b, o.order.Target); err != nil {
		return err
	}
	st, err := a.Store()
	if err != nil {
		return err
	}
	q := o.order
	q.Build, q.In, q.Note, q.Journals, q.Output = b.Build, a.In, a.note, filepath.Join(st.Root(), "trim"), o.File
	where := screenOf(a.Err)
	where.TTY = where.TTY && !a.quiet && !logs.On()
	show := display.NewSteps(where)
	q.Progress = func(p trimmer.Progress) {
		show.Event(display.Step{Subject: p.Subject, What: p.What, Done: p.Done, Total: p.Total, Failed: p.Failed})
	}
	r, err := trimmer.Conduct(ctx, a.Bench(), q)
	show.End()
	var unfit *trimmer.Unfit
	if errors.As(err, &unfit) {
		a.note("trim: " + unfit.Text)
		return exitCode(3)
	}
	if err != nil {
		return fmt.Errorf("trim: %w", err)
	}
	o.File = ""
	if err := a.print.Write(o.output, r, func() report.Document { return trimmer.Document(r, o.Bytes) }); err != nil {
		return err
	}
	if err := q.Apply(ctx, r); err != nil {
		return fmt.Errorf("trim %w", err)
	}
	return nil
}
