package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"tare/internal/scales"
)

func init() { register(ownGroup, newCat) }

func newCat(a *app) *cobra.Command {
	var platform string
	c := &cobra.Command{
		Use:   "cat [OPTIONS] TARGET PATH",
		Short: "Print a file of an image, without running it",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.enterFor(args[0]); err != nil {
				return err
			}
			b, err := scales.ReadFile(cmd.Context(), a.Finder(), args[0], a.Platform(platform), args[1])
			if err != nil {
				return fmt.Errorf("cat %w", err)
			}
			_, err = a.print.Data().Write(b)
			return err
		},
		ValidArgsFunction: a.completeTargets,
	}
	c.Flags().StringVar(&platform, "platform", "", "platform of a multi-platform image")
	return c
}
