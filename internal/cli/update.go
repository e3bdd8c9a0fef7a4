package cli

import (
	"github.com/spf13/cobra"

	"tare/internal/flags"
	"tare/internal/update"
)

func init() { register(ownGroup, newUpdate) }

func newUpdate(a *app) *cobra.Command {
	var q update.Request
	c := &cobra.Command{
		Use:   "update [OPTIONS] FROM TO",
		Short: "Show what an update downloads, before it does",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			q.From, q.To, q.Platform = args[0], args[1], a.Platform(q.Platform)
			u, err := update.Of(cmd.Context(), a.Finder(), q)
			if err != nil {
				return err
			}
			return u.Print(a.print.Data(), q)
		},
		ValidArgsFunction: a.completeTargets,
	}
	flags.Update(c, &q)
	return c
}
