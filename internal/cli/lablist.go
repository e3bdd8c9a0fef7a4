package cli

import (
	"time"

	"github.com/spf13/cobra"

	"tare/internal/lab"
)

func newLabList(a *app) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:     "list [NAME]",
		Short:   "List the results of experiments",
		Example: "  tare lab list\n  tare lab list python",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			runs, err := a.runs()
			if err != nil {
				return err
			}
			name := ""
			if len(args) > 0 {
				name = args[0]
			}
			rows, err := runs.Rows(name, time.Now(), a.note)
			if err != nil {
				return err
			}
			return lab.RunTable.Write(a.print.Data(), format, rows)
		},
	}
	c.Flags().StringVar(&format, "format", "", "table, json or a Go template")
	return c
}
