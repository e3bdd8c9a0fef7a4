package cli

import (
	"context"

	"github.com/spf13/cobra"

	"tare/internal/fsck"
	"tare/internal/progress"
	"tare/internal/report"
	"tare/internal/screen"
	"tare/internal/store"
	"tare/internal/suggest"
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
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := suggest.OneOf("--format", o.format, []string{"text", "json"}); err != nil {
				return err
			}
			return a.fsck(cmd.Context(), o, a.EnterToLook())
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().BoolVar(&o.repair, "repair", false, "remove damaged and leftover files, and names of incomplete images")
	c.Flags().StringVar(&o.format, "format", "text", "text or json")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (a *app) fsck(ctx context.Context, o fsckOptions, outside error) error {
	a.MakeRoom = true // a repair opens the engine to prune it
	st, err := a.Store()
	if err != nil {
		return err
	}
	events, done := a.watch()
	check, err := fsck.Run(ctx, fsck.Request{Store: st, Leftovers: a.Engines.Leftovers, Outside: outside,
		Engine: a.Engine,
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
		fsck.Print(a.Out, check, o.repair)
	}
	if err == nil && !check.Clean {
		err = exitCode(1)
	}
	return err
}
