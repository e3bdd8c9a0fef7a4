package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/report"
	"tare/internal/scales"
	"tare/internal/screen"
	"tare/internal/target"
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
		Short: "List the packages, files and settings that differ between two images",
		Long: `List what differs between two images: packages and their versions, files (added,
removed, with other content, with other metadata only), environment, labels and
other settings, and steps of the history. Files are compared as a container sees
them; layers are matched by content, not by their place.

` + target.Help + `

With --exit-code the exit code is 0 if nothing differs, 1 if something does, 2 in
case of trouble.`,
		Example: `  tare diff python:3.11-slim python:slim
  tare diff --content /etc/os-release alpine:3.20 alpine:latest
  tare diff --exit-code --ignore-times --ignore-history app:a app:b
  tare diff --format json registry://app:1.0 registry://app:1.1 | jq .count`,
		Args: cobra.ExactArgs(2),
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
	o.flags(c, report.DiffParts)
	f := c.Flags()
	f.StringVar(&o.Platform, "platform", "", "platform of multi-platform images")
	f.StringVar(&o.content, "content", "", "show how the text of the file at this path differs")
	f.IntVar(&o.top, "top", 10, "how many of each kind the first screen lists; 0 lists all")
	f.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 if something differs, 2 in case of trouble")
	f.BoolVar(&o.IgnoreTimes, "ignore-times", false, "a modification time alone is no difference")
	f.BoolVar(&o.IgnoreHistory, "ignore-history", false, "history is no difference")
	return c
}

func (a *app) diff(ctx context.Context, o diffOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.top < 0 {
		return usagef("--top: want a number, 0 or more")
	}
	o.Platform = a.platformName(o.Platform)
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
	d, err := scales.Diff(ctx, a.finder(), o.DiffRequest)
	if err != nil {
		return false, fmt.Errorf("diff %w", err)
	}
	return d.Same, a.write(o.output, d, func() report.Document {
		return report.Diff(d, report.DiffOptions{Exact: o.bytes, Top: o.top})
	})
}

// diffContent prints a unified diff of one file of both images.
func (a *app) diffContent(ctx context.Context, o diffOptions) (same bool, err error) {
	d, err := scales.DiffContent(ctx, a.finder(), o.DiffRequest, o.content)
	switch {
	case errors.Is(err, scales.ErrNoFile):
		return false, fmt.Errorf("diff --content %s: %w", o.content, err)
	case err != nil:
		return false, fmt.Errorf("diff %w", err)
	case d.Binary:
		_, err = fmt.Fprintf(a.Out, "%s: %s\n", report.Safe(o.content), d.Text)
		return false, err
	}
	for line := range strings.Lines(d.Text) {
		body, end := strings.CutSuffix(line, "\n")
		text := screen.Text(body) // by the line: a carriage return at its end is shown
		if end {
			text += "\n"
		}
		if _, err := a.Out.Write([]byte(text)); err != nil {
			return false, err
		}
	}
	return d.Same, nil
}
