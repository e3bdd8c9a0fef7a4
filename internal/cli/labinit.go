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
		Long: `Write a tare.yaml with a variant for every Dockerfile in this directory
(Dockerfile, Dockerfile.*, *.Dockerfile). "python" writes the exercise:
python:slim against Alpine with Python in one stage and in two.`,
		Example: "  tare lab init\n  mkdir compare-python-images; cd compare-python-images; tare lab init python",
		Args:    cobra.MaximumNArgs(1),
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
