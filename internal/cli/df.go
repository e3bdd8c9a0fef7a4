package cli

import (
	"context"

	"github.com/spf13/cobra"

	"tare/internal/engine"
	"tare/internal/listing"
	"tare/internal/progress"
)

func init() { register("system", newSystemDF) }

func newSystemDF(a *app) *cobra.Command {
	var format string
	var verbose bool
	c := &cobra.Command{
		Use:   "df [OPTIONS]",
		Short: "Show disk usage",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.EnterToLook(); err != nil {
				return err
			}
			return a.df(cmd.Context(), format, verbose)
		},
	}
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "list images and build cache one by one")
	c.Flags().StringVar(&format, "format", "", "table, json, 'table TEMPLATE' or a Go template")
	return c
}

func (a *app) df(ctx context.Context, format string, verbose bool) error {
	l, done, err := a.lister()
	if err != nil {
		return err
	}
	defer done()
	// The engine first: it makes what it keeps for a full disk when it is closed.
	cache, err := a.cacheUsage(ctx)
	if err != nil {
		return err
	}
	if verbose {
		d, err := l.Details(ctx, cache)
		if err != nil {
			return err
		}
		done()
		return d.Write(a.print.Data(), format)
	}
	end := progress.Slow(a.watch, "image store", "Measuring")
	list, err := listing.Usage(ctx, l.Store, cache, a.Address() != "")
	end()
	if err != nil {
		return err
	}
	return listing.WriteUsage(a.print.Data(), format, list)
}

// cacheUsage asks the engine for its cache, unless there never was an engine.
func (a *app) cacheUsage(ctx context.Context) (engine.Usage, error) {
	if !a.HasEngine() {
		return engine.Usage{}, nil
	}
	a.MakeRoom = true // to look is allowed on a full disk, too
	e, err := a.Engine(ctx)
	if err != nil {
		return engine.Usage{}, err
	}
	return e.Usage(ctx)
}
