package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"tare/internal/flags"
	"tare/internal/viewer"
)

func init() { register(ownGroup, newView) }

func newView(a *app) *cobra.Command {
	var r viewer.Request
	b := viewer.Browser{Out: a.Out, Note: a.note, Env: a.Env}
	c := &cobra.Command{
		Use:   "view [OPTIONS] TARGET [TARGET...]",
		Short: "Look around in images, in the terminal or the browser",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Words, b.PortGiven = args, cmd.Flags().Changed("port")
			return a.view(cmd.Context(), r, b)
		},
		ValidArgsFunction: a.completeTargets,
	}
	flags.View(c, &r, &b)
	flags.UseIndex(c, &a.Trust)
	return c
}

func (a *app) view(ctx context.Context, r viewer.Request, b viewer.Browser) error {
	if err := b.Check(); err != nil {
		return err
	}
	show := func() error { return viewer.Web(ctx, a.Finder(), r, b) }
	if !b.Web {
		t, err := viewer.Terminal(a.In, a.Out, os.Environ())
		if err != nil {
			return err
		}
		show = func() error { return viewer.View(ctx, a.Finder(), r, t) }
	}
	if err := a.enterFor(r.Words...); err != nil {
		return err
	}
	r.Platform, r.Lines = a.Platform(r.Platform), a.Bench().Lines
	if err := show(); err != nil {
		return fmt.Errorf("view %w", err)
	}
	return nil
}
