package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tare/internal/listing"
)

func init() {
	register(dockerGroup, newImages)
	register("image", newImageLs)
}

type imagesOptions struct {
	all, quiet, noTrunc, digests bool
	format                       string
	filters                      []string
}

func newImages(a *app) *cobra.Command {
	var o imagesOptions
	c := &cobra.Command{
		Use:   "images [OPTIONS] [REPOSITORY[:TAG]]",
		Short: "List images",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.filters = append(o.filters, "reference="+args[0])
			}
			return a.images(cmd.Context(), o)
		},
		ValidArgsFunction: a.completeImages,
	}
	f := c.Flags()
	f.BoolVarP(&o.all, "all", "a", false, "show dangling images too")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print only image IDs")
	f.BoolVar(&o.noTrunc, "no-trunc", false, "don't truncate IDs")
	f.BoolVar(&o.digests, "digests", false, "print digests")
	f.StringVar(&o.format, "format", "", "table, json, raw, 'table TEMPLATE' or a Go template")
	f.StringArrayVarP(&o.filters, "filter", "f", nil, "dangling=true, label=KEY[=VALUE], reference=PATTERN, before=IMAGE, since=IMAGE, until=TIME|24h")
	return c
}

func (a *app) images(ctx context.Context, o imagesOptions) error {
	l, done, err := a.lister()
	if err != nil {
		return err
	}
	defer done()
	list, err := l.List(ctx, o.filters, o.all)
	if err != nil {
		return err
	}
	if o.quiet && (o.format == "" || o.format == "table") {
		for _, i := range list {
			_, _ = fmt.Fprintln(a.Out, listing.ImageID(i.Image.ID(), o.noTrunc))
		}
		return nil
	}
	rows, err := l.Rows(ctx, list, o.noTrunc)
	if err != nil {
		return err
	}
	done()
	t := listing.ImageTable
	if o.format == "raw" {
		o.format = listing.RawImages(o.quiet, o.digests)
	}
	if o.digests {
		t.Table = listing.WithDigests
	}
	return t.Write(a.print.Data(), o.format, rows)
}

// lister lists and measures images of the store; done takes its progress away.
func (a *app) lister() (l listing.Lister, done func(), err error) {
	st, err := a.Look()
	if err == nil && st.Nowhere() {
		err = st.Looking() // "no images" would be a claim
	}
	if err != nil {
		return l, nil, err
	}
	events, done := a.watch()
	l = listing.Lister{Store: st, Note: func(text string) { done(); a.note(text) }}
	l.Measurer, err = a.Finder().Measurer(events)
	return l, done, err
}

// newImageLs is images under Docker's long name.
func newImageLs(a *app) *cobra.Command {
	c := newImages(a)
	c.Use, c.Aliases = "ls [OPTIONS] [REPOSITORY[:TAG]]", []string{"list"}
	return c
}
