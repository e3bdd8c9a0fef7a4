package cli

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tare/internal/listing"
	"tare/internal/report"
	"tare/internal/table"
	"tare/internal/target"
	"tare/internal/units"
)

func init() {
	register(dockerGroup, newHistory)
	register("image", newHistory)
}

var historyTable = table.Format{
	Fields: []string{"Comment", "CreatedAt", "CreatedBy", "CreatedSince", "ID", "Size"},
	Headers: map[string]string{
		"Comment": "COMMENT", "CreatedAt": "CREATED AT", "CreatedBy": "CREATED BY", "CreatedSince": "CREATED", "ID": "IMAGE", "Size": "SIZE",
	},
}

func newHistory(a *app) *cobra.Command {
	var o historyOptions
	c := &cobra.Command{
		Use:   "history [OPTIONS] IMAGE",
		Short: "Show the history of an image",
		Long: `Show the steps of an image, newest first, with the bytes each one added.

SIZE counts as Docker does with a graph driver: the files of the step's layer
as unpacked; steps without a layer add 0B. Of an image outside the store
(registry://NAME, oci-dir://DIR, …) only manifest and configuration are read:
there the column is TRANSFER, the bytes of the compressed layers.`,
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
	set, err := a.finder().Open(ctx, []string{ref}, target.Options{Platform: a.platformName(o.platform), Names: target.InStore})
	if err != nil {
		return fmt.Errorf("history of %w", err)
	}
	defer set.Close()
	img := set.Images[0]
	if o.quiet {
		return a.historyIDs(img, o)
	}
	// Of an image that is elsewhere only manifest and configuration are read.
	if !img.Remote {
		if err := a.measure(ctx, img); err != nil {
			return fmt.Errorf("history of %s: %w", ref, err)
		}
	}
	var rows []table.Row
	for n := len(img.History) - 1; n >= 0; n-- {
		rows = append(rows, historyRow(img, n, o))
	}
	t := historyTable
	if img.Remote {
		t.Headers = maps.Clone(t.Headers)
		t.Headers["Size"] = "TRANSFER"
	}
	t.Table = "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
	if !o.human {
		t.Table = "{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
	}
	return t.Write(a.data(), o.format, rows)
}

// measure reads what is not known yet of an image's layers.
func (a *app) measure(ctx context.Context, img *target.Image) error {
	events, done := a.watch()
	defer done()
	m, err := a.finder().Measurer(events)
	if err != nil {
		return err
	}
	return m.Measure(ctx, img.Image)
}

func (a *app) historyIDs(img *target.Image, o historyOptions) error {
	for n := len(img.History) - 1; n >= 0; n-- {
		if _, err := fmt.Fprintln(a.Out, historyID(img, n, o)); err != nil {
			return err
		}
	}
	return nil
}

// historyID is the image's ID for its last step; of others none is known.
func historyID(img *target.Image, n int, o historyOptions) string {
	if n < len(img.History)-1 {
		return "<missing>"
	}
	return listing.ImageID(img.ID(), o.noTrunc)
}

func historyRow(img *target.Image, n int, o historyOptions) table.Row {
	s := img.History[n]
	var size int64
	switch {
	case s.Layer < 0:
	case img.Remote:
		size = img.Layers[s.Layer].Size
	default:
		size = img.Layers[s.Layer].Sums.Docker
	}
	var created time.Time
	if s.Created != nil {
		created = *s.Created
	}
	by := report.Safe(strings.NewReplacer("\t", " ", "\n", " ").Replace(s.CreatedBy))
	if !o.noTrunc {
		by = table.Ellipsis(by, 45)
	}
	r := table.Row{"ID": historyID(img, n, o), "CreatedBy": by, "Comment": report.Safe(s.Comment), "CreatedAt": created.Local().Format(time.RFC3339),
		"CreatedSince": units.Ago(created, time.Now()), "Size": units.Bytes(size)}
	if !o.human {
		r["CreatedSince"], r["Size"] = r["CreatedAt"], strconv.FormatInt(size, 10)
	}
	return r
}
