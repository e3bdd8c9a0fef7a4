package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"tare/internal/flags"
	"tare/internal/inside"
	"tare/internal/insidereport"
	"tare/internal/page"
	"tare/internal/printer"
	"tare/internal/report"
	"tare/internal/scales"
	"tare/internal/suggest"
	"tare/internal/target"
	"tare/internal/trace"
	"tare/internal/tracereport"
)

func init() { register(ownGroup, newWeigh) }

type weighOptions struct {
	output
	scales.FilesRequest
	top, depth int
	tree       bool
	trace      string
	inside     inside.Pattern
	material   scales.Material
}

func newWeigh(a *app) *cobra.Command {
	var o weighOptions
	c := &cobra.Command{
		Use:   "weigh [OPTIONS] TARGET",
		Short: "Show what is in an image and where its bytes are",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(o.Query.Fates) == 0 && cmd.Flags().Changed("layer") {
				o.Query.Fates = []string{"all"}
			}
			if o.Query.Layer < 0 {
				return usagef("--layer: want 1 or more")
			}
			if cmd.Flags().Changed("layer") && o.Query.Layer == 0 {
				o.Query.Layer = scales.NoLayer
			}
			o.Word, o.top = args[0], o.Rows(cmd, o.top)
			return a.weigh(cmd.Context(), o)
		},
		ValidArgsFunction: a.completeTargets,
	}
	o.Flags(c, printer.Pictured, slices.Concat(report.WeighParts, insidereport.Parts, []string{tracereport.Touched}))
	flags.Files(c, &o.FilesRequest)
	flags.UseIndex(c, &a.Trust)
	f := c.Flags()
	f.IntVar(&o.top, "top", 10, "rows of each list; 0 for all")
	f.Var(o.material.Default(), "material", scales.FindingsHelp)
	f.StringVar(&o.trace, "trace", "", trace.FileHelp)
	f.Var(&o.inside, "inside", inside.Help)
	f.BoolVar(&o.tree, "tree", false, "show the files as a tree of directories")
	f.IntVar(&o.depth, "depth", 3, "levels of the tree")
	return c
}

func (o *weighOptions) check() error {
	if err := o.output.Checked(); err != nil {
		return err
	}
	if o.top < 0 || o.depth < 1 || o.Query.Layer < scales.NoLayer {
		return usagef("--top: want a number, 0 or more; --depth: 1 or more")
	}
	for _, s := range o.Query.Fates {
		if err := suggest.OneOf("--state", s, scales.States()); err != nil {
			return err
		}
	}
	return suggest.OneOf("--sort", o.Query.Sort, scales.Orders())
}

// lists tells whether files are asked for instead of sums.
func (o *weighOptions) lists() bool {
	q := o.Query
	return q.Layer != 0 || q.Package != "" || q.Path != "" || len(q.Fates) > 0 || o.tree
}

func (a *app) weigh(ctx context.Context, o weighOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	o.Platform = a.Platform(o.Platform)
	if err := a.enterFor(o.Word); err != nil {
		return err
	}
	if o.inside != "" {
		return a.weighInside(ctx, o)
	}
	if o.lists() {
		if o.trace != "" {
			return usagef("--trace goes with sums, not with lists of files")
		}
		return a.weighFiles(ctx, o)
	}
	touched, err := trace.Contents(ctx, o.trace)
	if err != nil {
		return fmt.Errorf("weigh %w", err)
	}
	r, err := scales.Weigh(ctx, a.Finder(), scales.WeighRequest{Touched: touched, Word: o.Word, Platform: o.Platform, AllPlatforms: o.AllPlatforms, Compress: o.Compress, Layers: o.Layers, Top: o.top, Sort: o.Query.Sort, Maps: o.Pictured(), Material: o.material, Lines: a.Bench().Lines})
	if err != nil {
		return fmt.Errorf("weigh %w", err)
	}
	if err := trace.Weighed(ctx, o.trace, r.Results); err != nil {
		return fmt.Errorf("weigh %w", err)
	}
	return a.print.WritePage(o.output, oneOr(r.Results, o.AllPlatforms), func() (doc report.Document) {
		for _, one := range r.Results {
			doc = append(doc, insidereport.Into(report.Weighed(one, o.top, o.Bytes), insidereport.Weighed(one, o.Bytes))...)
			doc = append(doc, tracereport.Weighed(one, o.Bytes)...)
		}
		return doc
	}, page.Page{Title: o.Word, Maps: r.Maps})
}

// weighFiles lists files of an image.
func (a *app) weighFiles(ctx context.Context, o weighOptions) error {
	if !o.tree {
		o.Query.Top = o.top
	}
	list, err := scales.Files(ctx, a.Finder(), o.FilesRequest)
	if err != nil {
		return fmt.Errorf("weigh %w", err)
	}
	return a.print.WritePage(o.output, oneOr(list, o.AllPlatforms), func() (doc report.Document) {
		for _, one := range list {
			doc = append(doc, report.Selected(one, report.SelectedOptions{Exact: o.Bytes, Tree: o.tree, Depth: o.depth, Top: o.top})...)
		}
		return doc
	}, page.Page{Title: o.Word})
}

// weighInside looks into files of an image.
func (a *app) weighInside(ctx context.Context, o weighOptions) error {
	if o.lists() || o.trace != "" || o.Compress {
		return inside.ErrAlone
	}
	list, err := inside.Run(ctx, a.Finder(), inside.Request{Word: o.Word, Platform: o.Platform, AllPlatforms: o.AllPlatforms, Pattern: o.inside})
	if err != nil {
		return fmt.Errorf("weigh %w", err)
	}
	return a.print.WritePage(o.output, oneOr(list, o.AllPlatforms), func() report.Document {
		return insidereport.Documents(list, insidereport.Options{Exact: o.Bytes, Top: o.top})
	}, page.Page{Title: o.Word})
}

// oneOr is the list, or its only element where no list was asked for.
func oneOr[T any](list []T, all bool) any {
	if all {
		return list
	}
	return list[0]
}

// enterFor enters the engine's world if one of the words is built: see enter.
func (a *app) enterFor(words ...string) error {
	if !target.NeedsBuild(words) {
		return nil
	}
	return a.Enter()
}

// completeTargets offers images and files.
func (a *app) completeTargets(c *cobra.Command, args []string, s string) ([]string, cobra.ShellCompDirective) {
	names, _ := a.completeImages(c, args, s)
	return names, cobra.ShellCompDirectiveDefault
}
