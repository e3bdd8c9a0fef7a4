package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"

	"tare/internal/listing"
	"tare/internal/table"
	"tare/internal/units"
)

func init() {
	register(dockerGroup, newImages)
	register("image", newImageLs)
}

var imageTable = table.Format{
	Fields: []string{"Containers", "CreatedAt", "CreatedSince", "Digest", "ID", "Repository", "SharedSize", "Size", "Tag", "UniqueSize", "VirtualSize"},
	Headers: map[string]string{
		"Containers": "CONTAINERS", "CreatedAt": "CREATED AT", "CreatedSince": "CREATED", "Digest": "DIGEST", "ID": "IMAGE ID",
		"Repository": "REPOSITORY", "SharedSize": "SHARED SIZE", "Size": "SIZE", "Tag": "TAG", "UniqueSize": "UNIQUE SIZE", "VirtualSize": "SIZE",
	},
	Table: "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
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
		Long: `List the images in the local store, newest first.

SIZE is what Docker prints with a graph driver: the files of all layers as
unpacked. An image is weighed when it is first listed; after that its layers are
known for good.`,
		Example: `  tare images
  tare images python
  tare images --format '{{.Repository}}:{{.Tag}} {{.Size}}'
  tare images -q --filter dangling=true`,
		Args: cobra.MaximumNArgs(1),
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
	f.BoolVar(&o.noTrunc, "no-trunc", false, "print whole IDs")
	f.BoolVar(&o.digests, "digests", false, "print digests")
	f.StringVar(&o.format, "format", "", "table, json, raw, 'table TEMPLATE' or a Go template")
	f.StringArrayVarP(&o.filters, "filter", "f", nil, "dangling=true, label=KEY[=VALUE], reference=PATTERN, before=IMAGE, since=IMAGE, until=TIME|24h")
	return c
}

func (a *app) images(ctx context.Context, o imagesOptions) error {
	st, err := a.store()
	if err != nil {
		return err
	}
	list, err := listing.Lister{Store: st, Note: a.note}.List(ctx, o.filters, o.all)
	if err != nil {
		return err
	}
	if o.quiet && (o.format == "" || o.format == "table") {
		for _, l := range list {
			_, _ = fmt.Fprintln(a.Out, imageID(l.Image.ID(), o.noTrunc))
		}
		return nil
	}
	rows, err := a.imageRows(ctx, list, o.noTrunc)
	if err != nil {
		return err
	}
	t := imageTable
	if o.format == "raw" {
		o.format = rawImages(o.quiet, o.digests)
	}
	if o.digests {
		t.Table = "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
	}
	return t.Write(a.data(), o.format, rows)
}

// imageRows measures the images that were never listed before. One that cannot be
// measured has no size.
func (a *app) imageRows(ctx context.Context, list []listing.Listed, noTrunc bool) ([]table.Row, error) {
	events, done := a.watch()
	defer done()
	m, err := a.finder().Measurer(events)
	if err != nil {
		return nil, err
	}
	var rows []table.Row
	for _, l := range list {
		size := "N/A"
		if err := m.Measure(ctx, l.Image); err == nil {
			size = units.Bytes(listing.DockerSize(l.Image))
		} else if ctx.Err() != nil {
			return nil, ctx.Err()
		} else {
			done()
			a.note(fmt.Sprintf("image %s:%s: %v", l.Repository(), l.Tag(), err))
		}
		rows = append(rows, imageRow(l, size, noTrunc, time.Now()))
	}
	return rows, nil
}

// rawImages is Docker's format "raw": a block of lines for each image.
func rawImages(quiet, digests bool) string {
	if quiet {
		return "image_id: {{.ID}}"
	}
	digest := ""
	if digests {
		digest = "digest: {{.Digest}}\n"
	}
	return "repository: {{.Repository}}\ntag: {{.Tag}}\n" + digest + "image_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n"
}

func imageID(id digest.Digest, whole bool) string {
	if whole {
		return id.String()
	}
	return units.ShortID(id.String())
}

func imageRow(l listing.Listed, size string, noTrunc bool, now time.Time) table.Row {
	dg := "<none>"
	if l.Repo != "" {
		dg = l.Target.Digest.String()
	}
	created := l.Image.Created()
	if created.IsZero() {
		created = time.Unix(0, 0) // what a daemon tells of an image that does not say
	}
	return table.Row{
		"Repository": l.Repository(), "Tag": l.Tag(), "ID": imageID(l.Image.ID(), noTrunc), "Digest": dg,
		"CreatedSince": units.Since(created, now), "CreatedAt": created.Local().Format("2006-01-02 15:04:05 -0700 MST"),
		"Size": size, "VirtualSize": size, "Containers": "N/A", "SharedSize": "N/A", "UniqueSize": "N/A",
	}
}

// newImageLs is images under Docker's long name.
func newImageLs(a *app) *cobra.Command {
	c := newImages(a)
	c.Use, c.Aliases = "ls [OPTIONS] [REPOSITORY[:TAG]]", []string{"list"}
	return c
}
