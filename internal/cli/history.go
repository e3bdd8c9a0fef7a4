package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tare/internal/listing"
	"tare/internal/target"
)

func init() {
	register(dockerGroup, newHistory)
	register("image", newHistory)
}

func newHistory(a *app) *cobra.Command {
	var o historyOptions
	c := &cobra.Command{
		Use:   "history [OPTIONS] IMAGE",
		Short: "Show the history of an image",
		Long: `Show the steps of an image, newest first, with the bytes each one added.

SIZE counts as Docker does with a graph driver: the files of the step's layer
as unpacked; steps without a layer add 0B. Of an image outside the store and
the daemons (registry://NAME, oci-dir://DIR, …) only manifest and configuration
are read: there the column is TRANSFER, the bytes of the compressed layers,
where they are known.`,
		Example: `  tare history python:slim
  tare history registry://python:slim
  tare history --no-trunc --format '{{.Size}}\t{{.CreatedBy}}' app`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.history(cmd.Context(), args[0], o)
		},
		ValidArgsFunction: a.completeImages,
	}
	f := c.Flags()
	f.BoolVarP(&o.human, "human", "H", true, "print sizes and dates in human-readable form")
	f.BoolVar(&o.noTrunc, "no-trunc", false, "don't truncate commands and IDs")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print only IDs")
	f.StringVar(&o.format, "format", "", "table, json, 'table TEMPLATE' or a Go template")
	f.StringVar(&o.platform, "platform", "", "platform of a multi-platform image")
	return c
}

type historyOptions struct {
	platform, format      string
	human, noTrunc, quiet bool
}

func (a *app) history(ctx context.Context, ref string, o historyOptions) error {
	set, err := a.Finder().Open(ctx, []string{ref}, target.Options{Platform: a.Platform(o.platform), Names: target.Here})
	if err != nil {
		return fmt.Errorf("history of %w", err)
	}
	defer set.Close()
	img := set.Images[0]
	if o.quiet {
		for _, id := range listing.HistoryIDs(img.Image, o.noTrunc) {
			_, _ = fmt.Fprintln(a.Out, id)
		}
		return nil
	}
	// Of an image that is elsewhere only manifest and configuration are read.
	if img.Near {
		err = a.Finder().Measure(ctx, img)
	} else {
		err = set.Sent(ctx)
	}
	if err != nil {
		return fmt.Errorf("history of %s: %w", ref, err)
	}
	t, rows := listing.History(img.Image, listing.HistoryOptions{Remote: !img.Near, Whole: o.noTrunc, Exact: !o.human}, time.Now())
	return t.Write(a.data(), o.format, rows)
}
