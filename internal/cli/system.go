package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"

	"tare/internal/engine"
	"tare/internal/units"
)

var dfTable = tableFormat{
	fields:  []string{"Active", "Reclaimable", "Size", "TotalCount", "Type"},
	headers: map[string]string{"Type": "TYPE", "TotalCount": "TOTAL", "Active": "ACTIVE", "Size": "SIZE", "Reclaimable": "RECLAIMABLE"},
	table:   "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
}

func newSystemDF(a *app) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "df [OPTIONS]",
		Short: "Show what tare takes on disk",
		Long: `Show what tare takes on disk: the images' blobs as stored (a blob that several
images share counts once), the build cache, and what was derived from layers.

ACTIVE images have a name; RECLAIMABLE is what "tare system prune" would free.`,
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
	recs, err := st.Records()
	if err != nil {
		return err
	}
	targets := map[string]bool{}
	var dangling []string
	for _, r := range recs {
		d := r.Target.Digest.String()
		targets[d] = targets[d] || r.Name != "" || r.Repo != ""
	}
	active := 0
	for d, named := range targets {
		if named {
			active++
		} else {
			dangling = append(dangling, d)
		}
	}
	use, err := st.Usage(ctx)
	if err != nil {
		return err
	}
	free := use.Dead
	if len(dangling) > 0 {
		n, err := st.Without(ctx, dangling)
		if err != nil {
			return err
		}
		free += n
	}
	cache, err := a.cacheUsage(ctx)
	if err != nil {
		return err
	}
	var cacheBytes, cacheFree int64
	inUse := 0
	for _, c := range cache {
		cacheBytes += c.Bytes
		if c.InUse {
			inUse++
		} else {
			cacheFree += c.Bytes
		}
	}
	derived, derivedBytes := st.CacheSize()
	line := func(kind string, total, active int, size, free int64) row {
		r := units.Bytes(free)
		if size > 0 {
			r += fmt.Sprintf(" (%d%%)", free*100/size)
		}
		return row{"Type": kind, "TotalCount": fmt.Sprint(total), "Active": fmt.Sprint(active), "Size": units.Bytes(size), "Reclaimable": r}
	}
	return dfTable.write(a.data(), format, []row{
		line("Images", len(targets), active, use.Bytes, free),
		line("Build Cache", len(cache), inUse, cacheBytes, cacheFree),
		line("Layer Indexes", int(derived), 0, derivedBytes, derivedBytes),
	})
}

// cacheUsage asks the engine for its cache, unless there never was an engine.
func (a *app) cacheUsage(ctx context.Context) ([]engine.CacheRecord, error) {
	if !a.hasEngine() {
		return nil, nil
	}
	e, err := a.engine(ctx, 0)
	if err != nil {
		return nil, err
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
		Long: `Remove dangling images (those that lost their last name), blobs that no image
uses, and build cache. With -a all build cache goes, shared with images or not,
and what was derived from layers, which is computed again when needed. Images
that have a name always stay; tare rmi removes those.`,
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
		Use:     "prune [OPTIONS]",
		Short:   "Remove build cache",
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
		answer, _ := bufio.NewReader(a.In).ReadString('\n')
		if s := strings.ToLower(strings.TrimSpace(answer)); s != "y" && s != "yes" {
			_, _ = fmt.Fprintln(a.Out)
			return nil
		}
	}
	var freed int64
	if cache {
		n, err := a.pruneCache(ctx, o)
		if err != nil {
			return err
		}
		freed += n
	}
	if images {
		n, err := a.pruneImages(ctx)
		if err != nil {
			return err
		}
		freed += n
		if o.all {
			_, bytes := a.st.CacheSize()
			if err := a.st.ClearCache(); err != nil {
				return err
			}
			freed += bytes
		}
	}
	_, _ = fmt.Fprintf(a.Out, "Total reclaimed space: %s\n", units.Bytes(freed))
	return nil
}

func (a *app) pruneImages(ctx context.Context) (int64, error) {
	st, err := a.store()
	if err != nil {
		return 0, err
	}
	recs, err := st.Records()
	if err != nil {
		return 0, err
	}
	// To forget an image is to forget its names: one that has any is not dangling.
	named := map[digest.Digest]bool{}
	for _, r := range recs {
		if r.Name != "" || r.Repo != "" {
			named[r.Target.Digest] = true
		}
	}
	first := true
	for _, r := range recs {
		if named[r.Target.Digest] {
			continue
		}
		if first {
			_, _ = fmt.Fprintln(a.Out, "Deleted Images:")
			first = false
		}
		if err := st.Forget(r.Target.Digest); err != nil {
			return 0, err
		}
		_, _ = fmt.Fprintf(a.Out, "deleted: %s\n", r.Target.Digest)
	}
	f, err := st.Collect(ctx)
	return f.Bytes, err
}

func (a *app) pruneCache(ctx context.Context, o pruneOptions) (int64, error) {
	if !a.hasEngine() {
		return 0, nil
	}
	var keep int64
	if o.keep != "" {
		var err error
		if keep, err = units.ParseSI(o.keep); err != nil {
			return 0, usagef("--keep-storage: %w", err)
		}
	}
	e, err := a.engine(ctx, 0)
	if err != nil {
		return 0, err
	}
	list, err := e.Prune(ctx, o.all, keep)
	var n int64
	for i, c := range list {
		if i == 0 {
			_, _ = fmt.Fprintln(a.Out, "Deleted build cache objects:")
		}
		_, _ = fmt.Fprintln(a.Out, c.ID)
		n += c.Bytes
	}
	return n, err
}
