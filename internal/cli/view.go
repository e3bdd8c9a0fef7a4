package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"tare/internal/viewer"
)

func init() { register(ownGroup, newView) }

func newView(a *app) *cobra.Command {
	var r viewer.Request
	c := &cobra.Command{
		Use:   "view [OPTIONS] TARGET [TARGET...]",
		Short: "Look around in images, in the terminal",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := viewer.Terminal(a.In, a.Out, os.Environ())
			if err != nil {
				return err
			}
			if err := a.enterFor(args...); err != nil {
				return err
			}
			r.Words, r.Platform, r.Lines = args, a.Platform(r.Platform), a.Bench().Lines
			if err := viewer.View(cmd.Context(), a.Finder(), r, t); err != nil {
				return fmt.Errorf("view %w", err)
			}
			return nil
		},
		ValidArgsFunction: a.completeTargets,
	}
	c.Flags().StringVar(&r.Platform, "platform", "", "platform of a multi-platform image")
	return c
}
