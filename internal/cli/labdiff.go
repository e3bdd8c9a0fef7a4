package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"tare/internal/lab"
	"tare/internal/printer"
	"tare/internal/report"
)

func newLabDiff(a *app) *cobra.Command {
	var o output
	var exit bool
	c := &cobra.Command{
		Use:   "diff [OPTIONS] RUN1 RUN2",
		Short: "Show what changed between two runs of an experiment",
		Args:  cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := o.Checked(); err != nil {
				return err
			}
			runs, err := a.runs()
			if err != nil {
				return err
			}
			x, y, err := runs.Pair(args[0], args[1], ".")
			if err != nil {
				return fmt.Errorf("lab diff: %w", err)
			}
			d := lab.Differ(x, y)
			if err := a.print.Write(o, d, func() report.Document { return report.LabDiff(d, o.Bytes) }); err != nil {
				return err
			}
			if exit && !d.Same {
				return exitCode(1)
			}
			return nil
		},
		ValidArgsFunction: a.completeRuns,
	}
	o.Flags(c, printer.Plain, report.LabDiffParts)
	c.Flags().BoolVar(&exit, "exit-code", false, "exit with 1 if anything changed")
	return c
}
