package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/engine"
	"tare/internal/listing"
	"tare/internal/table"
	"tare/internal/units"
)

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

type pruneOptions struct {
	all, force bool
	keep       string
}

func newSystemPrune(a *app) *cobra.Command {
	var o pruneOptions
	c := &cobra.Command{
		Use:   "prune [OPTIONS]",
		Short: "Free disk space",
		Long: `Remove dangling images (those without a tag, as tare images -f dangling=true lists
them), blobs that no image uses, and build cache that no image is made of. With -a
all build cache goes, shared with images or not, and what was derived from layers,
which is computed again when needed. Images that have a tag always stay; tare rmi
removes those.

The space reclaimed is what the disk gets back. It works on a full disk.`,
		Example: "  tare system prune\n  tare system prune -af",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.enter(); err != nil {
				return err
			}
			return a.prune(cmd.Context(), o, true, true)
		},
	}
	pruneFlags(c, &o)
	return c
}

func newImagePrune(a *app) *cobra.Command {
	var o pruneOptions
	c := &cobra.Command{
		Use:     "prune [OPTIONS]",
		Short:   "Remove dangling images",
		Example: "  tare image prune -f",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.all {
				return usagef("-a: in Docker that removes every image no container uses, and tare keeps no containers; name them: tare rmi IMAGE…")
			}
			return a.prune(cmd.Context(), o, true, false)
		},
	}
	pruneFlags(c, &o)
	return c
}

func newBuilderPrune(a *app) *cobra.Command {
	var o pruneOptions
	c := &cobra.Command{
		Use:   "prune [OPTIONS]",
		Short: "Remove build cache",
		Long: `Remove build cache that no image is made of; with -a all of it. Mount caches and
contexts of earlier builds go either way.`,
		Example: "  tare builder prune -f\n  tare builder prune -af --keep-storage 5GB",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.enter(); err != nil {
				return err
			}
			return a.prune(cmd.Context(), o, false, true)
		},
	}
	pruneFlags(c, &o)
	c.Flags().StringVar(&o.keep, "keep-storage", "", "bytes of build cache to keep (5GB)")
	return c
}

func pruneFlags(c *cobra.Command, o *pruneOptions) {
	c.Flags().BoolVarP(&o.all, "all", "a", false, "remove all that is not in use")
	c.Flags().BoolVarP(&o.force, "force", "f", false, "do not ask")
}

func (a *app) prune(ctx context.Context, o pruneOptions, images, cache bool) error {
	var what []string
	if images {
		what = append(what, "all dangling images")
	}
	if cache {
		what = append(what, "build cache")
	}
	if !o.force {
		_, _ = fmt.Fprintf(a.Out, "WARNING! This will remove %s.\nAre you sure you want to continue? [y/N] ", strings.Join(what, " and "))
		answer, _ := bufio.NewReader(a.stdin()).ReadString('\n')
		if a.ctx.Err() != nil {
			return a.ctx.Err()
		}
		if s := strings.ToLower(strings.TrimSpace(answer)); s != "y" && s != "yes" {
			_, _ = fmt.Fprintln(a.Out)
			return nil
		}
	}
	var freed int64
	// Images first: cache that only they were made of goes then, too, and on a full disk
	// the engine has room.
	if images {
		n, err := a.pruneImages(ctx, o.all)
		if err != nil {
			return err
		}
		freed += n
	}
	if cache {
		n, err := a.pruneCache(ctx, o)
		if err != nil {
			return err
		}
		freed += n
	}
	_, _ = fmt.Fprintf(a.Out, "Total reclaimed space: %s\n", units.Bytes(freed))
	return nil
}

func (a *app) pruneImages(ctx context.Context, derived bool) (int64, error) {
	st, err := a.store()
	if err != nil {
		return 0, err
	}
	done, err := listing.Prune(ctx, st, derived)
	if len(done.Images) > 0 {
		_, _ = fmt.Fprintln(a.Out, "Deleted Images:")
	}
	for _, r := range done.Images {
		if r.Repo != "" {
			_, _ = fmt.Fprintf(a.Out, "untagged: %s@%s\n", listing.Familiar(r.Repo), r.Target.Digest)
		}
		_, _ = fmt.Fprintf(a.Out, "deleted: %s\n", r.Target.Digest)
	}
	if done.Busy {
		a.note("another tare is adding images: what no image uses stays until the next prune")
	}
	return done.Bytes, err
}

func (a *app) pruneCache(ctx context.Context, o pruneOptions) (int64, error) {
	if !a.hasEngine() {
		return 0, nil
	}
	r := listing.CacheRequest{All: o.all, Note: a.note, Engine: func(ctx context.Context) (engine.Engine, error) { return a.engine(ctx, 0) }}
	if o.keep != "" {
		var err error
		if r.Keep, err = units.ParseSI(o.keep); err != nil {
			return 0, usagef("--keep-storage: %w", err)
		}
	}
	if a.address() == "" && a.engines.Wipe != nil {
		r.Wipe = func() (int64, error) { return a.engines.Wipe(a.st.EngineRoot()) }
	}
	a.makeRoom = true
	done, err := listing.PruneCache(ctx, r)
	for i, c := range done.Records {
		if i == 0 {
			_, _ = fmt.Fprintln(a.Out, "Deleted build cache objects:")
		}
		_, _ = fmt.Fprintln(a.Out, c.ID)
	}
	return done.Bytes, err
}

// adviseRoom says what to do where the store's disk is full, unless that was said.
func (a *app) adviseRoom(err error) {
	if text := err.Error(); a.st != nil && listing.NoRoom(err) && strings.Contains(text, a.st.Root()) && !strings.Contains(text, "make room") {
		a.note("the disk of the image store is full: make room (tare system prune, tare rmi IMAGE), or set TARE_HOME to a directory on another disk")
	}
}
