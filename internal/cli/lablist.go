package cli

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"tare/internal/lab"
	"tare/internal/report"
	"tare/internal/table"
	"tare/internal/units"
)

// runTable is what tare lab list prints.
var runTable = table.Format{
	Fields:  []string{"Experiment", "Run", "Started", "Variants", "State", "File"},
	Headers: map[string]string{"Experiment": "EXPERIMENT", "Run": "RUN", "Started": "STARTED", "Variants": "VARIANTS", "State": "STATE", "File": "FILE"},
	Table:   "{{.Experiment}}\t{{.Run}}\t{{.Started}}\t{{.Variants}}\t{{.State}}",
}

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
			list, err := runs.List(name)
			if err != nil {
				return err
			}
			var rows []table.Row
			for n := len(list) - 1; n >= 0; n-- {
				rec, err := lab.Load(list[n])
				if err != nil {
					a.note(err.Error())
					continue
				}
				state := "finished"
				if rec.Finished == nil {
					state = "interrupted"
				}
				rows = append(rows, table.Row{"Experiment": report.Safe(rec.Name), "Run": rec.ID, "Started": units.Ago(rec.Started, time.Now()), "Variants": strconv.Itoa(len(rec.Variants)), "State": state, "File": list[n]})
			}
			return runTable.Write(a.data(), format, rows)
		},
	}
	c.Flags().StringVar(&format, "format", "", "table, json or a Go template")
	return c
}
