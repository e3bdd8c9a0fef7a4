package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"tare/internal/lab"
)

func newLabShow(a *app) *cobra.Command {
	var o labOptions
	c := &cobra.Command{
		Use:   "show [OPTIONS] [RUN]",
		Short: "Show the results of an experiment",
		Long: `Show the results of an experiment in any format. RUN is an ID of tare lab list
or its beginning, last (default), last~N, NAME/last, or a JSON file.`,
		Example: `  tare lab show
  tare lab show --format html -o report.html last
  tare lab show --format bench last | benchstat -
  tare lab show --answers`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			rec, err := a.record(args, 0)
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

// record loads the nth run that was named; the last one if none was.
func (a *app) record(args []string, n int) (*lab.Record, error) {
	which := "last"
	if n < len(args) {
		which = args[n]
	}
	runs, err := a.runs()
	if err != nil {
		return nil, err
	}
	path, err := runs.Find(which)
	if err != nil {
		return nil, err
	}
	return lab.Load(path)
}

func (a *app) completeRuns(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	out := []string{"last", "last~1"}
	if runs, err := a.runs(); err == nil {
		list, _ := runs.List("")
		for _, p := range list {
			out = append(out, filepath.Base(p[:len(p)-len(".json")]))
		}
	}
	return out, cobra.ShellCompDirectiveDefault
}
