package cli

import (
	"context"

	"github.com/spf13/cobra"

	"tare/internal/doctor"
	"tare/internal/report"
	"tare/internal/screen"
	"tare/internal/suggest"
)

func init() { register(careGroup, newDoctor) }

func newDoctor(a *app) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:     "doctor [OPTIONS]",
		Short:   "Check whether this machine can build and run containers",
		Long:    doctor.Help,
		Example: "  tare doctor\n  tare doctor --format json | jq '.checks[] | select(.verdict != \"fine\")'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := suggest.OneOf("--format", format, doctor.Formats); err != nil {
				return err
			}
			r := doctor.Examine(cmd.Context(), doctor.Request{Host: a.Engines.Host, Enter: a.EnterToTry(), Store: a.StoreRoot, Builder: a.Address(),
				Ask: func(ctx context.Context) error { _, err := a.Engine(ctx); return err }})
			err := map[string]func() error{
				"text": func() error { return doctor.Print(a.Out, r) },
				"json": func() error { return report.WriteJSON(screen.Raw(a.Out), r) },
			}[format]()
			if err == nil && !r.Builds {
				err = exitCode(1)
			}
			return err
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().StringVar(&format, "format", "text", "text or json")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(doctor.Formats, cobra.ShellCompDirectiveNoFileComp))
	return c
}
