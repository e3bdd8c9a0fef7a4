package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"tare/internal/engine"
	"tare/internal/listing"
	"tare/internal/table"
	"tare/internal/units"
)

func init() { register("system", newSystemDF) }

var dfTable = table.Format{
	Fields:  []string{"Active", "Reclaimable", "Size", "TotalCount", "Type"},
	Headers: map[string]string{"Type": "TYPE", "TotalCount": "TOTAL", "Active": "ACTIVE", "Size": "SIZE", "Reclaimable": "RECLAIMABLE"},
	Table:   "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
}

func newSystemDF(a *app) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "df [OPTIONS]",
		Short: "Show what tare takes on disk",
		Long: `Show what tare takes on disk, in blocks, as du counts: the images' blobs as stored
(a blob that several images share counts once), the build cache without what it
shares with them, what was derived from layers, and all the rest (databases,
downloads in progress, results of tare lab). The sizes sum to what "du -sx" says
of the store.

ACTIVE images have a name; RECLAIMABLE is what "tare system prune" would free.
With -a it frees all of the build cache and the layer indexes.`,
		Example: "  tare system df\n  tare system df --format json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.enter(); err != nil {
				return err
			}
			return a.df(cmd.Context(), format)
		},
	}
	c.Flags().StringVar(&format, "format", "", "table, json, 'table TEMPLATE' or a Go template")
	return c
}

func (a *app) df(ctx context.Context, format string) error {
	st, err := a.store()
	if err != nil {
		return err
	}
	// The engine first: it makes what it keeps for a full disk when it is closed.
	cache, err := a.cacheUsage(ctx)
	if err != nil {
		return err
	}
	list, err := listing.Usage(ctx, st, cache, a.address() != "")
	if err != nil {
		return err
	}
	var rows []table.Row
	for _, u := range list {
		free := units.Bytes(u.Free)
		if u.Size > 0 {
			free += fmt.Sprintf(" (%d%%)", u.Free*100/u.Size)
		}
		rows = append(rows, table.Row{"Type": u.Type, "TotalCount": fmt.Sprint(u.Total), "Active": fmt.Sprint(u.Active), "Size": units.Bytes(u.Size), "Reclaimable": free})
	}
	return dfTable.Write(a.data(), format, rows)
}

// cacheUsage asks the engine for its cache, unless there never was an engine.
func (a *app) cacheUsage(ctx context.Context) (engine.Usage, error) {
	if !a.hasEngine() {
		return engine.Usage{}, nil
	}
	a.makeRoom = true // to look is allowed on a full disk, too
	e, err := a.engine(ctx, 0)
	if err != nil {
		return engine.Usage{}, err
	}
	return e.Usage(ctx)
}

func (a *app) hasEngine() bool {
	if a.address() != "" {
		return true
	}
	st, err := a.store()
	if err != nil || a.engines.Embedded == nil {
		return false
	}
	_, err = os.Stat(st.EngineRoot())
	return err == nil
}
