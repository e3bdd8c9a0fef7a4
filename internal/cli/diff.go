package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tare/internal/flags"
	"tare/internal/printer"
	"tare/internal/report"
	"tare/internal/scales"
	"tare/internal/screen"
)

func init() { register(ownGroup, newDiff) }

type diffOptions struct {
	output
	scales.DiffRequest
	content  string
	top      int
	exitCode bool
}

func newDiff(a *app) *cobra.Command {
	var o diffOptions
	c := &cobra.Command{
		Use:   "diff [OPTIONS] TARGET TARGET",
		Short: "List packages, files and settings that differ between two images",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.From, o.To = args[0], args[1]
			err := a.diff(cmd.Context(), o)
			var code exitCode
			if err != nil && o.exitCode && !errors.As(err, &code) {
				a.errorf("%s", err)
				return exitCode(2)
			}
			return err
		},
		ValidArgsFunction: a.completeTargets,
	}
	o.Flags(c, printer.Plain, report.DiffParts)
	flags.UseIndex(c, &a.Trust)
	f := c.Flags()
	f.StringVar(&o.Platform, "platform", "", "platform of multi-platform images")
	f.StringVar(&o.content, "content", "", "show a text diff of the file at this path")
	f.IntVar(&o.top, "top", 10, "rows of each kind to list; 0 for all")
	f.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 if the images differ, 2 on errors")
	f.BoolVar(&o.IgnoreTimes, "ignore-times", false, "ignore files that differ only in modification time")
	f.BoolVar(&o.IgnoreHistory, "ignore-history", false, "ignore the history")
	return c
}

func (a *app) diff(ctx context.Context, o diffOptions) error {
	if err := o.Checked(); err != nil {
		return err
	}
	if o.top < 0 {
		return usagef("--top: want a number, 0 or more")
	}
	o.Platform = a.Platform(o.Platform)
	if err := a.enterFor(o.From, o.To); err != nil {
		return err
	}
	same, err := a.differ(ctx, o)
	if err != nil {
		return err
	}
	if o.exitCode && !same {
		return exitCode(1)
	}
	return nil
}

// differ prints what differs, and tells whether nothing does.
func (a *app) differ(ctx context.Context, o diffOptions) (same bool, err error) {
	if o.content != "" {
		return a.diffContent(ctx, o)
	}
	d, err := scales.Diff(ctx, a.Finder(), o.DiffRequest)
	if err != nil {
		return false, fmt.Errorf("diff %w", err)
	}
	return d.Same, a.print.Write(o.output, d, func() report.Document {
		return report.Diff(d, report.DiffOptions{Exact: o.Bytes, Top: o.top, Brief: o.FirstScreen()})
	})
}

// diffContent prints a unified diff of one file of both images.
func (a *app) diffContent(ctx context.Context, o diffOptions) (same bool, err error) {
	d, err := scales.DiffContent(ctx, a.Finder(), o.DiffRequest, o.content)
	switch {
	case errors.Is(err, scales.ErrNoFile):
		return false, fmt.Errorf("diff --content %s: %w", o.content, err)
	case err != nil:
		return false, fmt.Errorf("diff %w", err)
	case d.Binary:
		_, err = fmt.Fprintf(a.Out, "%s: %s\n", report.Safe(o.content), d.Text)
		return false, err
	}
	return d.Same, a.print.Show(func(w io.Writer) error { return screen.WriteLines(w, d.Text) })
}
