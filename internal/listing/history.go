package listing

import (
	"maps"
	"slices"
	"strings"
	"time"

	"tare/internal/image"
	"tare/internal/screen"
	"tare/internal/table"
	"tare/internal/units"
)

var historyTable = table.Format{
	Fields: []string{"Comment", "CreatedAt", "CreatedBy", "CreatedSince", "ID", "Size"},
	Headers: map[string]string{
		"Comment": "COMMENT", "CreatedAt": "CREATED AT", "CreatedBy": "CREATED BY", "CreatedSince": "CREATED", "ID": "IMAGE", "Size": "SIZE",
	},
}

// HistoryOptions choose how the steps of an image are shown.
type HistoryOptions struct {
	Remote bool // the layers were not read: sizes are those that a push sends
	Whole  bool // commands and IDs are not cut
	Exact  bool // bytes and dates instead of what people say
}

// History are the steps of an image, newest first, and the table that they make. Of an
// image that is not remote the layers are measured.
func History(img *image.Image, o HistoryOptions, now time.Time) (table.Format, []table.Row) {
	ids := HistoryIDs(img, o.Whole)
	var rows []table.Row
	for n, id := range ids {
		rows = append(rows, historyRow(img, len(ids)-1-n, id, o, now))
	}
	t := historyTable
	if o.Remote {
		t.Headers = maps.Clone(t.Headers)
		t.Headers["Size"] = "TRANSFER"
	}
	t.Table = "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
	if o.Exact {
		t.Table = "{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
	}
	return t, rows
}

// HistoryIDs are the IDs of an image's steps, newest first: the image's own for its last
// step; of others none is known.
func HistoryIDs(img *image.Image, whole bool) []string {
	ids := slices.Repeat([]string{"<missing>"}, len(img.History))
	if len(ids) > 0 {
		ids[0] = ImageID(img.ID(), whole)
	}
	return ids
}

func historyRow(img *image.Image, n int, id string, o HistoryOptions, now time.Time) table.Row {
	s := img.History[n]
	var size units.Amount
	switch {
	case s.Layer < 0:
	case o.Remote:
		size = img.Push.Size(s.Layer)
	default:
		size = units.Known(img.Layers[s.Layer].Sums.Docker)
	}
	var created time.Time
	if s.Created != nil {
		created = *s.Created
	}
	by := screen.Safe(strings.NewReplacer("\t", " ", "\n", " ").Replace(s.CreatedBy))
	if !o.Whole {
		by = table.Ellipsis(by, 45)
	}
	r := table.Row{"ID": id, "CreatedBy": by, "Comment": screen.Safe(s.Comment), "CreatedAt": created.Local().Format(time.RFC3339),
		"CreatedSince": units.Ago(created, now), "Size": size.Text(units.Bytes)}
	if o.Exact {
		r["CreatedSince"], r["Size"] = r["CreatedAt"], size.String()
	}
	return r
}
