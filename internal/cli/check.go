package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/buildinfo"
	"tare/internal/check"
	"tare/internal/flags"
	"tare/internal/gate"
	"tare/internal/gatereport"
	"tare/internal/suggest"
)

func init() { register(ownGroup, newCheck) }

type checkOptions struct {
	output
	check.Request
	build  buildOptions
	report gatereport.Options
}

func newCheck(a *app) *cobra.Command {
	var o checkOptions
	c := &cobra.Command{
		Use:   "check [OPTIONS] [TARGET|DIR]",
		Short: "Hold an image against its budgets, and tell your change from drift",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := suggest.OneOf("--format", o.report.Format, gatereport.Names()); err != nil {
				return err
			}
			if len(args) > 0 {
				o.Target = args[0]
			}
			return a.check(cmd.Context(), o)
		},
		ValidArgsFunction: a.completeTargets,
	}
	f := c.Flags()
	f.StringVar(&o.report.Format, "format", "text", strings.Join(gatereport.Names(), ", "))
	f.StringVarP(&o.file, "output", "o", "", "file to write instead of standard output")
	f.StringVar(&o.report.Name, "name", "", "tells several checks of a repository apart, in comments and in SARIF")
	f.BoolVar(&o.report.Details, "full", false, "print everything")
	f.BoolVar(&o.report.Always, "always", false, "with --format markdown: also where nothing of yours changed")
	f.BoolVar(&o.report.Exact, "bytes", false, "print exact bytes")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(gatereport.Names(), cobra.ShellCompDirectiveNoFileComp))
	flags.Check(c, &o.Request)
	return c
}

func (a *app) check(ctx context.Context, o checkOptions) error {
	o.build.Options = o.Build
	if tty, _ := terminal(a.Err); !tty {
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
	o.report.Always, o.report.Exact, o.report.Style, o.report.Version = o.report.Always || o.report.Details, o.bytes, a.style(a.Out), buildinfo.Version
	var err error
	if o.Runs, err = a.runs(); err != nil {
		return err
	}
	r, err := check.Run(ctx, a.Bench(), o.Request)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	o.report.Version = buildinfo.Version
	if err := a.toFile(o.output, func(w io.Writer) error {
		o.report.Style = a.style(w)
		return gatereport.Write(w, r, o.report)
	}); err != nil {
		return err
	}
	if r.Verdict == gate.Violated {
		return exitCode(3)
	}
	return nil
}
