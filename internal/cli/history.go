package cli

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tare/internal/report"
	"tare/internal/source"
	"tare/internal/units"
)

var historyTable = tableFormat{
	fields: []string{"Comment", "CreatedAt", "CreatedBy", "CreatedSince", "ID", "Size"},
	headers: map[string]string{
		"Comment": "COMMENT", "CreatedAt": "CREATED AT", "CreatedBy": "CREATED BY", "CreatedSince": "CREATED", "ID": "IMAGE", "Size": "SIZE",
	},
}

func newHistory(a *app) *cobra.Command {
	var human, noTrunc, quiet bool
	var format, platform string
	c := &cobra.Command{
		Use:   "history [OPTIONS] IMAGE",
		Short: "Show how an image was made, step by step",
		Long: `Show the steps of an image, newest first, with the bytes each one added.

SIZE counts as Docker does with a graph driver: the files of the step's layer as
unpacked; steps without a layer add 0B. Of an image that is elsewhere
(registry://NAME, oci-dir://DIR and so on) only manifest and configuration are
read: there the column is TRANSFER, the bytes of the compressed layers.`,
		Example: `  tare history python:slim
  tare history registry://python:slim
  tare history --no-trunc --format '{{.Size}}\t{{.CreatedBy}}' app`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.history(cmd.Context(), args[0], platform, format, human, noTrunc, quiet)
		},
		ValidArgsFunction: a.completeImages,
	}
	f := c.Flags()
	f.BoolVarP(&human, "human", "H", true, "print sizes and dates for people")
	f.BoolVar(&noTrunc, "no-trunc", false, "print whole commands and IDs")
	f.BoolVarP(&quiet, "quiet", "q", false, "print only IDs")
	f.StringVar(&format, "format", "", "table, json, 'table TEMPLATE' or a Go template")
	f.StringVar(&platform, "platform", "", "platform of a multi-platform image")
	return c
}

func (a *app) history(ctx context.Context, ref, platform, format string, human, noTrunc, quiet bool) error {
	imgs, _, done, err := a.manifests(ctx, ref, platform, false, false)
	if err != nil {
		return fmt.Errorf("history of %s: %w", ref, err)
	}
	defer done()
	img := imgs[0]
	scheme, _, err := source.Scheme(ref)
	if err != nil {
		return err
	}
	// Of an image that is elsewhere only manifest and configuration are read.
	remote := scheme != ""
	if !quiet && !remote {
		d := newDisplay(a.Err, true)
		err = a.measurer(d.event).Measure(ctx, img)
		d.clear()
		if err != nil {
			return fmt.Errorf("history of %s: %w", ref, err)
		}
	}
	var rows []row
	for n := len(img.History) - 1; n >= 0; n-- {
		s := img.History[n]
		id := "<missing>"
		if n == len(img.History)-1 {
			id = imageID(img, noTrunc)
		}
		if quiet {
			_, _ = fmt.Fprintln(a.Out, id)
			continue
		}
		var size int64
		switch {
		case s.Layer < 0:
		case remote:
			size = img.Layers[s.Layer].Size
		default:
			size = img.Layers[s.Layer].Sums.Docker
		}
		var created time.Time
		if s.Created != nil {
			created = *s.Created
		}
		by := report.Safe(strings.NewReplacer("\t", " ", "\n", " ").Replace(s.CreatedBy))
		if !noTrunc {
			by = ellipsis(by, 45)
		}
		r := row{"ID": id, "CreatedBy": by, "Comment": report.Safe(s.Comment), "CreatedAt": created.Local().Format(time.RFC3339),
			"CreatedSince": units.Ago(created, time.Now()), "Size": units.Bytes(size)}
		if !human {
			r["CreatedSince"], r["Size"] = r["CreatedAt"], strconv.FormatInt(size, 10)
		}
		rows = append(rows, r)
	}
	if quiet {
		return nil
	}
	t := historyTable
	if remote {
		t.headers = maps.Clone(t.headers)
		t.headers["Size"] = "TRANSFER"
	}
	t.table = "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
	if !human {
		t.table = "{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
	}
	return t.write(a.data(), format, rows)
}
