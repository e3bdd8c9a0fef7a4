package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tare/internal/flags"
	"tare/internal/growth"
	"tare/internal/listing"
	"tare/internal/printer"
	"tare/internal/releases"
	"tare/internal/report"
	"tare/internal/target"
)

func init() {
	register(dockerGroup, newHistory)
	register("image", newHistory)
}

func newHistory(a *app) *cobra.Command {
	var o historyOptions
	var g output
	var q releases.Request
	c := &cobra.Command{
		Use:   "history [OPTIONS] IMAGE",
		Short: "Show the history of an image",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.format = g.Format; q.Growth {
				q.Word, q.Platform, g.Format = args[0], a.Platform(o.platform), cmp.Or(g.Format, "text")
				return a.growth(cmd.Context(), g, q)
			}
			return a.history(cmd.Context(), args[0], o)
		},
		ValidArgsFunction: a.completeImages,
	}
	f := c.Flags()
	f.BoolVarP(&o.human, "human", "H", true, "print sizes and dates in human-readable form")
	f.BoolVar(&o.noTrunc, "no-trunc", false, "don't truncate commands and IDs")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print only IDs")
	g.Flags(c, printer.Pictured, growth.Parts)
	flags.Growth(c, &q)
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
	return t.Write(a.print.Data(), o.format, rows)
}

// growth shows how an image grew over the tags of its repository.
func (a *app) growth(ctx context.Context, o output, q releases.Request) error {
	if err := errors.Join(q.Check(), o.Checked()); err != nil {
		return err
	}
	r, err := releases.Growth(ctx, a.Finder(), q)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return a.print.WritePage(o, r, func() report.Document { return r.Document(o.Bytes) }, r.Page())
}
