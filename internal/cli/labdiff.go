package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"tare/internal/lab"
	"tare/internal/report"
)

func newLabDiff(a *app) *cobra.Command {
	var o output
	var exit bool
	c := &cobra.Command{
		Use:   "diff [OPTIONS] RUN1 RUN2",
		Short: "Show what changed between two runs of an experiment",
		Long: `Show what changed between two runs of an experiment. Bytes and counts are
compared exactly; a change of a time counts if the Mann-Whitney U test gives p
< 0.01 and the medians differ by more than 10 %.`,
		Example: "  tare lab diff last~1 last\n  tare lab diff --exit-code main.json pr.json",
		Args:    cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			x, err := a.record(args, 0)
			if err != nil {
				return fmt.Errorf("lab diff: %w", err)
			}
			y, err := a.record(args, 1)
			if err != nil {
				return fmt.Errorf("lab diff: %w", err)
			}
			d := lab.Differ(x, y)
			if err := a.write(o, d, func() report.Document { return report.LabDiff(d, o.bytes) }); err != nil {
				return err
			}
			if exit && !d.Same {
				return exitCode(1)
			}
			return nil
		},
		ValidArgsFunction: a.completeRuns,
	}
	o.flags(c, report.LabDiffParts)
	c.Flags().BoolVar(&exit, "exit-code", false, "exit with 1 if anything changed")
	return c
}
