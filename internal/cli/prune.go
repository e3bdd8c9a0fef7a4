package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/listing"
	"tare/internal/progress"
	"tare/internal/prompt"
	"tare/internal/units"
)

func init() {
	register("system", newSystemPrune)
	register("image", newImagePrune)
	register("builder", newBuilderPrune)
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
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.EnterToLook(); err != nil {
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
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.EnterToLook(); err != nil {
				return err
			}
			return a.prune(cmd.Context(), o, false, true)
		},
	}
	pruneFlags(c, &o)
	c.Flags().StringVar(&o.keep, "keep-storage", "", "build cache to keep (5GB)")
	return c
}

func pruneFlags(c *cobra.Command, o *pruneOptions) {
	c.Flags().BoolVarP(&o.all, "all", "a", false, "remove all of the build cache, and layer indexes")
	c.Flags().BoolVarP(&o.force, "force", "f", false, "do not ask for confirmation")
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
		yes, err := prompt.Confirm(a.ctx, a.stdin(), a.Out, strings.Join(what, " and "))
		if err != nil || !yes {
			return err
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
	st, err := a.Store()
	if err != nil {
		return 0, err
	}
	end := progress.Slow(a.watch, "image store", "Removing what no image uses")
	done, err := listing.Prune(ctx, st, derived)
	end()
	done.Write(a.Out)
	if done.Busy {
		a.note("another tare is adding images: what no image uses stays until the next prune")
	}
	return done.Bytes, err
}

func (a *app) pruneCache(ctx context.Context, o pruneOptions) (int64, error) {
	if !a.HasEngine() {
		return 0, nil
	}
	r := listing.CacheRequest{All: o.all, Note: a.note, Engine: a.Engine}
	if o.keep != "" {
		var err error
		if r.Keep, err = units.ParseSI(o.keep); err != nil {
			return 0, usagef("--keep-storage: %w", err)
		}
	}
	if a.Address() == "" && a.Engines.Wipe != nil {
		r.Wipe = func() (int64, error) { return a.Engines.Wipe(a.Opened().EngineRoot()) }
	}
	a.MakeRoom = true
	done, err := listing.PruneCache(ctx, r)
	listing.WriteRecords(a.Out, done.Records)
	return done.Bytes, err
}

// adviseRoom says what to do where the store's disk is full, unless that was said.
func (a *app) adviseRoom(err error) {
	if text := err.Error(); a.Opened() != nil && listing.NoRoom(err) && strings.Contains(text, a.Opened().Root()) && !strings.Contains(text, "make room") {
		a.note("the disk of the image store is full: make room (tare system prune, tare rmi IMAGE), or set TARE_HOME to a directory on another disk")
	}
}
