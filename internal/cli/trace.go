package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tare/internal/display"
	"tare/internal/logs"
	"tare/internal/report"
	"tare/internal/screen"
	"tare/internal/touch"
	"tare/internal/trace"
	"tare/internal/tracereport"
)

func init() { register(ownGroup, newTrace) }

type traceOptions struct {
	output
	trace.Request
	prefetch string
	top      int
}

func newTrace(a *app) *cobra.Command {
	var o traceOptions
	c := &cobra.Command{
		Use:     "trace [OPTIONS] [TARGET|DIR] [-- COMMAND [ARG...]]",
		Short:   "Show which files of an image its checks really touch",
		Long:    trace.Help,
		Example: trace.Examples,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.Word, o.Command, err = trace.Words(args, cmd.ArgsLenAtDash()); err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return err
			}
			if err := a.Enter(); err != nil {
				return err
			}
			return a.trace(cmd.Context(), o)
		},
		ValidArgsFunction: a.completeTargets,
	}
	o.formats(c, append(plainFormats[:len(plainFormats):len(plainFormats)], tracereport.Paths), tracereport.Parts)
	f := c.Flags()
	f.StringVar(&o.prefetch, "prefetch", "", "write the files that were read as a list for soci, estargz or nydus")
	f.StringSliceVar(&o.Variants, "variant", nil, "only these variants of the tare.yaml")
	f.DurationVar(&o.StopAfter, "stop-after", 0, "stop the command after this time and report (a server)")
	f.IntVar(&o.top, "top", 0, "rows of each list; 0 for all")
	f.StringVar(&o.Platform, "platform", "", "platform of a multi-platform image")
	f.StringArrayVarP(&o.Options.Env, "env", "e", nil, "set a variable (NAME=VALUE, or NAME from the environment)")
	f.StringArrayVarP(&o.Options.Volumes, "volume", "v", nil, "bind mount (HOST:CONTAINER[:ro])")
	f.StringVarP(&o.Options.Workdir, "workdir", "w", "", "working directory in the container")
	f.StringVarP(&o.Options.User, "user", "u", "", "user (NAME|UID[:GROUP|GID])")
	f.StringVar(&o.Options.Network, "network", "host", "network: host or none")
	_ = c.RegisterFlagCompletionFunc("prefetch", cobra.FixedCompletions(touch.Prefetchers, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (o *traceOptions) check() error {
	if o.prefetch != "" && (o.format != "text" || o.open) {
		return usagef("--prefetch writes a list of its own: it goes with no --format")
	}
	if err := o.Check(o.prefetch, o.top); err != nil {
		return err
	}
	return o.output.check()
}

func (a *app) trace(ctx context.Context, o traceOptions) error {
	o.Platform = a.Platform(o.Platform)
	o.Stdout, o.Stderr = screen.Raw(a.Out), screen.Raw(a.Err)
	if o.format != "text" || o.prefetch != "" || o.file != "" {
		o.Stdout = o.Stderr // what is written is the report alone
	}
	where := screenOf(a.Err)
	where.TTY = where.TTY && !a.quiet && !logs.On() && len(o.Command) == 0
	show := display.NewSteps(where)
	o.Progress = func(p trace.Progress) {
		show.Event(display.Step{Subject: p.Check, What: p.What, Done: p.Done, Total: p.Total, Failed: p.Failed})
	}
	r, err := trace.Run(ctx, a.Bench(), o.Request)
	show.End()
	if err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	if list := tracereport.List(r.Traces, o.format, o.prefetch); list != nil {
		err = a.toFile(o.output, list)
	} else {
		err = a.writePage(o.output, oneOr(r.Traces, len(r.Traces) > 1), func() report.Document {
			return tracereport.Documents(r.Traces, tracereport.Options{Exact: o.bytes, Top: o.top})
		}, report.Page{Title: "Trace of " + o.Word})
	}
	if err == nil && !(r.Complete() && r.Passed()) {
		return exitCode(3)
	}
	return err
}
