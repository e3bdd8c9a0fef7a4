package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"tare/internal/lab"
)

func newLabInit(a *app) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "init [OPTIONS] [python]",
		Short: "Write a tare.yaml for the Dockerfiles here, or the Python exercise",
		Args:  cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"python"}, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			which := ""
			if len(args) > 0 {
				which = args[0]
			}
			names, err := lab.WriteScaffold(a.ctx, ".", which, force)
			for _, name := range names {
				_, _ = fmt.Fprintln(a.Out, name)
			}
			return err
		},
	}
	c.Flags().BoolVar(&force, "force", false, "overwrite files")
	return c
}
