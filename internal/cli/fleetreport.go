package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tare/internal/flags"
	"tare/internal/fleetreport"
	"tare/internal/report"
	"tare/internal/stratareport"
)

func init() { register("fleet", newFleetReport) }

func newFleetReport(a *app) *cobra.Command {
	var o output
	var q fleetreport.Request
	c := &cobra.Command{
		Use:   "report [OPTIONS] DIR|oci://REPOSITORY|SOURCE...",
		Short: "Show what many images cost together, and what a change would free",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Words, q.Top = args, o.Rows(cmd, q.Top)
			return a.fleetReport(cmd.Context(), o, q)
		},
	}
	o.Flags(c, fleetreport.Formats, stratareport.Parts)
	flags.FleetReport(c, &q)
	return c
}

func (a *app) fleetReport(ctx context.Context, o output, q fleetreport.Request) error {
	if err := errors.Join(q.Check(), o.Checked(), q.Write(o.Format, o.File)); err != nil {
		return err
	}
	r, err := fleetreport.Make(ctx, a.scan(), q)
	if err != nil {
		return fmt.Errorf("fleet report: %w", err)
	}
	if q.Tables != "" {
		a.note("wrote " + q.Tables)
		return nil
	}
	return a.print.WritePage(o, r, func() report.Document { return stratareport.Document(r, o.Bytes) }, stratareport.Page(r))
}
