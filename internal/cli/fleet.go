package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tare/internal/flags"
	"tare/internal/outfile"
	"tare/internal/scan"
	"tare/internal/shard"
)

func init() {
	register("fleet", newFleetPlan)
	register("fleet", newFleetScan)
	register("fleet", newFleetManifest)
}

// incomplete is the exit code of a plan or a scan that says what it could not read.
const incomplete = exitCode(3)

func newFleetPlan(a *app) *cobra.Command {
	var q scan.Request
	var file string
	c := &cobra.Command{
		Use:   "plan [OPTIONS] SOURCE...",
		Short: "List the images and layers of registries, lists and clusters",
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Sources = args
			return a.fleetPlan(cmd.Context(), q, file)
		},
	}
	c.Flags().StringVarP(&file, "output", "o", "-", "file for the plan")
	flags.Choose(c, &q)
	return c
}

func (a *app) fleetPlan(ctx context.Context, q scan.Request, file string) error {
	p, skipped, err := scan.Gather(ctx, a.scan(), q)
	if err != nil {
		return fmt.Errorf("fleet plan: %w", err)
	}
	b, err := p.Encode()
	if err != nil {
		return err
	}
	if file == "-" {
		_, err = a.print.Data().Write(b)
	} else {
		err = outfile.WriteBytes(ctx, file, b)
	}
	if err != nil {
		return err
	}
	if scan.Summary(a.Err, p, skipped); len(p.Unreadable) > 0 {
		return incomplete
	}
	return nil
}

// scan is what a scan needs of the program.
func (a *app) scan() scan.Session {
	s := scan.Session{Trust: a.Trust, Registry: a.Registry, Store: a.Look, Env: a.Env, Stdin: a.stdin(), Note: a.note, Watch: a.watch}
	if !screenOf(a.Err).TTY && !a.quiet {
		s.Log = a.note
	}
	return s
}

func newFleetScan(a *app) *cobra.Command {
	var q scan.Request
	var format string
	c := &cobra.Command{
		Use:   "scan [OPTIONS] [SOURCE...] --out DIR",
		Short: "Read every layer of many images once, in shards",
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Sources = args
			o, err := scan.Run(cmd.Context(), a.scan(), q)
			if err != nil {
				return fmt.Errorf("fleet scan: %w", err)
			}
			if err := a.print.Show(func(w io.Writer) error { return o.Write(w, format) }); err != nil || o.Complete() {
				return err
			}
			return incomplete
		},
	}
	c.Flags().StringVar(&format, "format", "text", "text or json")
	flags.Scan(c, &q)
	flags.UseIndex(c, &a.Trust)
	return c
}

func newFleetManifest(a *app) *cobra.Command {
	var q scan.Request
	var j shard.Job
	c := &cobra.Command{
		Use:       "manifest [OPTIONS] ENGINE [SOURCE...]",
		Short:     "Write what starts the shards of a scan on an engine",
		Args:      cobra.MinimumNArgs(1),
		ValidArgs: shard.Engines(),
		RunE: func(_ *cobra.Command, args []string) error {
			q.Sources, j.Engine = args[1:], args[0]
			if err := q.Job(&j); err != nil {
				return err
			}
			return j.Write(a.print.Data())
		},
	}
	flags.Job(c, &j, &q)
	return c
}
