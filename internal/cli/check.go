package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tare/internal/buildinfo"
	"tare/internal/check"
	"tare/internal/flags"
	"tare/internal/gate"
	"tare/internal/gatereport"
	"tare/internal/printer"
	"tare/internal/suggest"
)

func init() { register(ownGroup, newCheck) }

type checkOptions struct {
	output
	check.Request
	build  buildOptions
	report gatereport.Options
	also   []string // further reports
}

func newCheck(a *app) *cobra.Command {
	var o checkOptions
	c := &cobra.Command{
		Use:   "check [OPTIONS] [TARGET|DIR]",
		Short: "Hold an image against its budgets, and tell your change from drift",
		Args: func(cmd *cobra.Command, args []string) error {
			if o.NoBuild {
				return nil // of any number of Dockerfiles
			}
			return cobra.MaximumNArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := suggest.OneOf("--format", o.report.Format, gatereport.Names()); err != nil {
				return err
			}
			if len(args) > 0 {
				o.Target, o.More = args[0], args[1:]
			}
			return a.check(cmd.Context(), o)
		},
		ValidArgsFunction: a.completeTargets,
	}
	c.Flags().StringVarP(&o.output.File, "output", "o", "", "file to write instead of standard output")
	flags.Report(c, &o.report, &o.also)
	flags.Check(c, &o.Request)
	return c
}

func (a *app) check(ctx context.Context, o checkOptions) error {
	reports, err := gatereport.Reports(o.also)
	if err != nil {
		return err
	}
	o.build.Options = o.Build
	if tty, _ := printer.Terminal(a.Err); !tty {
		o.build.Progress = "quiet"
	}
	if err := a.complete(&o.build, "."); err != nil {
		return err
	}
	o.Build = o.build.Options
	if o.NeedsBuild() {
		if err := a.Enter(); err != nil {
			return err
		}
	}
	if !o.NoBuild { // that opens no store
		if o.Runs, err = a.runs(); err != nil {
			return err
		}
	}
	r, err := check.Run(ctx, a.Bench(), o.Request)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	o.report.Always, o.report.Version = o.report.Always || o.report.Details, buildinfo.Version
	for _, one := range append(reports, gatereport.Report{Format: o.report.Format, File: o.output.File}) {
		if err := a.print.ToFile(output{File: one.File}, func(w io.Writer) error {
			o.report.Style, o.report.Format = a.print.Style(w), one.Format
			return gatereport.Write(w, r, o.report)
		}); err != nil {
			return err
		}
	}
	if r.Verdict == gate.Violated {
		return exitCode(3)
	}
	return nil
}
