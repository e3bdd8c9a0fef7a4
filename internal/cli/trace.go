package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tare/internal/display"
	"tare/internal/flags"
	"tare/internal/logs"
	"tare/internal/page"
	"tare/internal/printer"
	"tare/internal/report"
	"tare/internal/screen"
	"tare/internal/trace"
	"tare/internal/tracereport"
)

func init() { register(ownGroup, newTrace) }

type traceOptions struct {
	output
	trace.Request
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
			if err := errors.Join(o.Check(o.Format != "text" || o.Open), o.Checked()); err != nil {
				return err
			}
			if err := a.Enter(); err != nil {
				return err
			}
			return a.trace(cmd.Context(), o)
		},
		ValidArgsFunction: a.completeTargets,
	}
	o.Flags(c, append(printer.Plain[:len(printer.Plain):len(printer.Plain)], tracereport.Paths), tracereport.Parts)
	flags.Trace(c, &o.Request)
	return c
}

func (a *app) trace(ctx context.Context, o traceOptions) error {
	o.Platform = a.Platform(o.Platform)
	o.Stdout, o.Stderr = screen.Raw(a.Out), screen.Raw(a.Err)
	if o.Format != "text" || o.Prefetch != "" || o.File != "" {
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
	if list := tracereport.List(r.Traces, o.Format, o.Prefetch); list != nil {
		err = a.print.ToFile(o.output, list)
	} else {
		err = a.print.WritePage(o.output, oneOr(r.Traces, len(r.Traces) > 1), func() report.Document {
			return tracereport.Documents(r.Traces, tracereport.Options{Exact: o.Bytes, Top: o.Top})
		}, page.Page{Title: "Trace of " + o.Word})
	}
	if err != nil && o.Prefetch != "" && !r.Complete() { // no list is made of it
		a.errorf("trace: %s", err)
		err = nil
	}
	if err == nil && !(r.Complete() && r.Passed()) {
		return exitCode(3)
	}
	return err
}
