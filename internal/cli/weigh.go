package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/image"
	"tare/internal/report"
	"tare/internal/weigh"
)

type weighOptions struct {
	output
	platform     string
	top          int
	query        weigh.Query
	tree         bool
	depth        int
	allPlatforms bool
}

func newWeigh(a *app) *cobra.Command {
	var o weighOptions
	c := &cobra.Command{
		Use:   "weigh [OPTIONS] TARGET",
		Short: "Tell what is in an image and where its bytes sit",
		Long: `Tell what is in an image and where its bytes sit: its sizes under all their names,
layers with their instructions, packages with measured bytes, what no package
owns, bytes that no container can see and which layers wrote and hid them,
duplicates and the largest files. Every column sums up to the byte.

` + targetHelp + `

--layer, --package and --path list files instead; --tree shows them as
directories. What the words mean: docs/reference/measures.md.`,
		Example: `  tare weigh python:slim
  tare weigh --layer 2 python:slim
  tare weigh --package perl-base python:slim
  tare weigh --path 'usr/**/*.pyc' --sort transfer python:slim
  tare weigh --tree --depth 2 .
  docker save app | tare weigh -
  tare weigh --format json registry://alpine | jq .sizes`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(o.query.Fates) == 0 && cmd.Flags().Changed("layer") {
				o.query.Fates = []string{"all"}
			}
			return a.weigh(cmd.Context(), args[0], o)
		},
		ValidArgsFunction: a.completeTargets,
	}
	o.formats(c, pageFormats, report.WeighParts)
	f := c.Flags()
	f.StringVar(&o.platform, "platform", "", "platform of a multi-platform image")
	f.BoolVar(&o.allPlatforms, "all-platforms", false, "weigh each platform of a multi-platform image")
	f.IntVar(&o.top, "top", 10, "how many packages, files and duplicates to list; 0 lists all")
	f.IntVar(&o.query.Layer, "layer", 0, "list the files of this layer (from 1, bottom first)")
	f.StringVar(&o.query.Package, "package", "", "list the files of this package")
	f.StringVar(&o.query.Path, "path", "", "list the files whose path matches (** matches any directories)")
	f.StringSliceVar(&o.query.Fates, "state", nil, "list files that are live, waste, all, or of a class of waste; default live")
	f.StringVar(&o.query.Sort, "sort", "size", "order of files and packages: size, transfer, path or layer")
	f.BoolVar(&o.tree, "tree", false, "show the files as a tree of directories")
	f.IntVar(&o.depth, "depth", 3, "levels of the tree")
	_ = c.RegisterFlagCompletionFunc("sort", cobra.FixedCompletions(weigh.Orders, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(weigh.Fates(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (a *app) weigh(ctx context.Context, target string, o weighOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	switch {
	case o.top < 0 || o.depth < 1 || o.query.Layer < 0:
		return usagef("--top and --layer: want a number, 0 or more; --depth: 1 or more")
	case !slices.Contains(weigh.Orders, o.query.Sort):
		return usagef("--sort %q: want %s", o.query.Sort, strings.Join(weigh.Orders, ", "))
	}
	for _, s := range o.query.Fates {
		if !slices.Contains(weigh.Fates(), s) {
			return usagef("--state %q: want %s", s, strings.Join(weigh.Fates(), ", "))
		}
	}
	loaded, from, release, err := a.loaded(ctx, []string{target}, o.platform, o.allPlatforms)
	if err != nil {
		return fmt.Errorf("weigh %w", err)
	}
	defer release()
	var results []any
	var doc report.Document
	if o.query.Layer > 0 || o.query.Package != "" || o.query.Path != "" || len(o.query.Fates) > 0 || o.tree {
		results, doc, err = a.selected(ctx, loaded, from, o)
	} else {
		results, doc, err = a.weighed(ctx, loaded, from, o)
	}
	if err != nil {
		return fmt.Errorf("weigh %w", err)
	}
	var data any = results
	if !o.allPlatforms {
		data = results[0]
	}
	page := report.Page{Title: target}
	if o.pictured() {
		if page.Maps, err = a.maps(ctx, loaded, from); err != nil {
			return fmt.Errorf("weigh %w", err)
		}
	}
	return a.writePage(o.output, data, func() report.Document { return doc }, page)
}

// reportKind is the kind under which results are cached, with the longest lists that
// a cached result can serve.
const (
	reportKind = "report-v1"
	reportTop  = 100
)

// weighed sums up images. What was worked out for an image once is kept.
func (a *app) weighed(ctx context.Context, loaded []*image.Image, from []opened, o weighOptions) (results []any, doc report.Document, err error) {
	keep := o.top > 0 && o.top <= reportTop
	for n, img := range loaded {
		m := image.Measurer{Provider: from[n].provider, Cache: a.st}
		r := new(weigh.Result)
		known := false
		if keep && m.Packed(ctx, img, from[n].packs) {
			from[n].discount(img)
			known = a.st.Get(reportKind, weigh.Key(img), r) && r.Schema == weigh.Schema
		}
		if !known {
			list, err := a.factsOf(ctx, loaded[n:n+1], from[n:n+1])
			if err != nil {
				return nil, nil, err
			}
			top := o.top
			if keep {
				top = reportTop
			}
			r = list[0].Facts.Report("", top)
			if keep {
				a.st.Keep(reportKind, weigh.Key(img), r)
			}
		}
		r.Name = from[n].name
		r.Trim(o.top)
		r.Order(o.query.Sort)
		results = append(results, r)
		doc = append(doc, report.Weighed(r, o.top, o.bytes)...)
	}
	return results, doc, nil
}

// selected lists files of images.
func (a *app) selected(ctx context.Context, loaded []*image.Image, from []opened, o weighOptions) (results []any, doc report.Document, err error) {
	list, err := a.factsOf(ctx, loaded, from)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range list {
		q := o.query
		if !o.tree {
			q.Top = o.top
		}
		r, err := s.Facts.Select(s.Name, q)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		results = append(results, r)
		doc = append(doc, report.Selected(r, report.SelectedOptions{Exact: o.bytes, Tree: o.tree, Depth: o.depth, Top: o.top})...)
	}
	return results, doc, nil
}
