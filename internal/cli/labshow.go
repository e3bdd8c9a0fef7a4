package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newLabShow(a *app) *cobra.Command {
	var o labOptions
	c := &cobra.Command{
		Use:   "show [OPTIONS] [RUN]",
		Short: "Show the results of an experiment",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := o.Checked(); err != nil {
				return err
			}
			runs, err := a.runs()
			if err != nil {
				return err
			}
			which := "last"
			if len(args) > 0 {
				which = args[0]
			}
			rec, err := runs.Record(which)
			if err != nil {
				return fmt.Errorf("lab show: %w", err)
			}
			return a.showRecord(rec, o)
		},
		ValidArgsFunction: a.completeRuns,
	}
	o.labFlags(c)
	c.Flags().StringVar(&o.fill, "fill", "", "fill measured sizes into the tables of this Markdown file")
	return c
}

func (a *app) completeRuns(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	runs, err := a.runs()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return runs.Words(), cobra.ShellCompDirectiveDefault
}
