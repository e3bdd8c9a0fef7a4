package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tare/internal/engine"
	"tare/internal/fsck"
	"tare/internal/progress"
	"tare/internal/report"
	"tare/internal/screen"
	"tare/internal/store"
	"tare/internal/suggest"
	"tare/internal/units"
)

func init() { register(careGroup, newFsck) }

type fsckOptions struct {
	repair bool
	format string
}

func newFsck(a *app) *cobra.Command {
	var o fsckOptions
	c := &cobra.Command{
		Use:   "fsck [OPTIONS]",
		Short: "Check the image store and repair it",
		Long: `Check the image store: every blob against its digest, every image down to its
layers, cache entries, and what killed commands left behind (partial downloads,
temporary files, locks, containers, mounts). It can run beside other commands.

--repair removes damaged and leftover files, and names of incomplete images
after saying how to get them back. Intact data stays.

The exit code is 0 if there are no problems (with --repair: afterwards), else
1.`,
		Example: `  tare fsck
  tare fsck --repair
  tare fsck --format json | jq -r '.problems[].image // empty'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := suggest.OneOf("--format", o.format, []string{"text", "json"}); err != nil {
				return err
			}
			if err := a.enter(); err != nil {
				return err
			}
			return a.fsck(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().BoolVar(&o.repair, "repair", false, "remove damaged and leftover files, and names of incomplete images")
	c.Flags().StringVar(&o.format, "format", "text", "text or json")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (a *app) fsck(ctx context.Context, o fsckOptions) error {
	st, err := a.store()
	if err != nil {
		return err
	}
	events, done := a.watch()
	check, err := fsck.Run(ctx, fsck.Request{Store: st, Leftovers: a.engines.Leftovers,
		Engine: func(ctx context.Context) (engine.Engine, error) { return a.engine(ctx, 0) },
		Options: store.CheckOptions{
			Repair: o.repair,
			Progress: func(done, total int64) {
				events.Report(progress.Event{ID: "blobs", Action: "Checking", Done: done, Total: total})
			},
			Waiting: func() { a.note("waiting for another tare that is adding images") },
		}})
	done()
	if err != nil {
		return err
	}
	if o.format == "json" {
		err = report.WriteJSON(screen.Raw(a.Out), check)
	} else {
		a.printCheck(check, o)
	}
	if err == nil && !check.Clean {
		err = exitCode(1)
	}
	return err
}

func (a *app) printCheck(c *store.Check, o fsckOptions) {
	say := func(format string, v ...any) { _, _ = fmt.Fprintf(a.Out, format, v...) }
	for _, p := range c.Problems {
		switch {
		case p.Repaired && p.Kind == store.ProblemImage:
			say("%s\n  forgotten; %s\n", p.Text, p.Remedy)
		case p.Repaired && p.Kind == store.ProblemIndex:
			say("%s\n  repaired: this %s\n", p.Text, p.Remedy)
		case p.Repaired:
			say("%s\n  repaired\n", p.Text)
		default:
			say("%s\n  %s\n", p.Text, p.Remedy)
		}
	}
	for _, n := range c.Notes {
		say("note: %s\n", n)
	}
	say("Checked: %s, %s (%s), %s, %s\n", units.Plural(c.Images, "image"), units.Plural(c.Blobs, "blob"), units.Bytes(c.Bytes), units.Plural(c.Layers, "layer"), units.Plural(c.Derived, "cache entry"))
	if c.Unread > 0 {
		say("Not checked: what %s to\n", units.Plural(c.Unread, "layer")+map[bool]string{true: " unpacks", false: " unpack"}[c.Unread == 1])
	}
	found := units.Plural(len(c.Problems), "problem") + " found"
	switch {
	case len(c.Problems) == 0:
		say("No problems found.\n")
	case c.Clean:
		say("%s and repaired.\n", found)
	case o.repair:
		say("%s; not all could be repaired.\n", found)
	default:
		say("%s; tare fsck --repair repairs what can be repaired.\n", found)
	}
}
