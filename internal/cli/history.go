package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tare/internal/growth"
	"tare/internal/listing"
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
	var growing bool
	var tags string
	c := &cobra.Command{
		Use:   "history [OPTIONS] IMAGE",
		Short: "Show the history of an image",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if growing {
				return a.growth(cmd.Context(), cmp.Or(o.format, "text"), g, releases.Request{Word: args[0], Platform: a.Platform(o.platform), Tags: tags})
			}
			return a.history(cmd.Context(), args[0], o)
		},
		ValidArgsFunction: a.completeImages,
	}
	f := c.Flags()
	f.BoolVarP(&o.human, "human", "H", true, "print sizes and dates in human-readable form")
	f.BoolVar(&o.noTrunc, "no-trunc", false, "don't truncate commands and IDs")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print only IDs")
	f.StringVar(&o.format, "format", "", "table, json, 'table TEMPLATE' or a Go template; with --growth: "+strings.Join(pageFormats, ", "))
	f.StringVar(&o.platform, "platform", "", "platform of a multi-platform image")
	f.BoolVar(&growing, "growth", false, "show how an image grew over the tags of its repository, from manifests only")
	f.StringVar(&tags, "tags", "", "with --growth: only tags that match this pattern, such as '1.*-slim'")
	f.StringVarP(&g.file, "output", "o", "", "with --growth: file to write instead of standard output")
	f.BoolVar(&g.bytes, "bytes", false, "with --growth: print exact bytes")
	f.BoolVar(&g.view.Full, "full", false, "with --growth: print everything, not only the first screen")
	f.StringSliceVar(&g.view.Show, "show", nil, "with --growth: print only these parts: "+strings.Join(growth.Parts, ", "))
	f.BoolVar(&g.open, "open", false, "with --growth: write an HTML page and open it in the browser")
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

// growth shows how an image grew over the tags of its repository.
func (a *app) growth(ctx context.Context, format string, o output, q releases.Request) error {
	o.command, o.format, o.known, o.parts = "history", format, pageFormats, growth.Parts
	if err := errors.Join(q.Check(), o.check()); err != nil {
		return err
	}
	r, err := releases.Growth(ctx, a.Finder(), q)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return a.writePage(o, r, func() report.Document { return r.Document(o.bytes) }, r.Page())
}
