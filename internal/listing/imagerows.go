package listing

import (
	"context"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/table"
	"tare/internal/units"
)

// ImageTable is what "images" prints.
var ImageTable = table.Format{
	Fields: []string{"Containers", "CreatedAt", "CreatedSince", "Digest", "ID", "Repository", "SharedSize", "Size", "Tag", "UniqueSize", "VirtualSize"},
	Headers: map[string]string{
		"Containers": "CONTAINERS", "CreatedAt": "CREATED AT", "CreatedSince": "CREATED", "Digest": "DIGEST", "ID": "IMAGE ID",
		"Repository": "REPOSITORY", "SharedSize": "SHARED SIZE", "Size": "SIZE", "Tag": "TAG", "UniqueSize": "UNIQUE SIZE", "VirtualSize": "SIZE",
	},
	Table: "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
}

// WithDigests is the default of ImageTable with --digests.
const WithDigests = "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"

// RawImages is Docker's format "raw": a block of lines for each image.
func RawImages(quiet, digests bool) string {
	if quiet {
		return "image_id: {{.ID}}"
	}
	digest := ""
	if digests {
		digest = "digest: {{.Digest}}\n"
	}
	return "repository: {{.Repository}}\ntag: {{.Tag}}\n" + digest + "image_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n"
}

// ImageID is an ID as Docker prints it: in twelve digits, or whole.
func ImageID(id digest.Digest, whole bool) string {
	if whole {
		return id.String()
	}
	return units.ShortID(id.String())
}

// Rows are the rows of images. Those that were never listed before are measured; one that
// cannot be measured has no size, and Note is told why.
func (l Lister) Rows(ctx context.Context, list []Listed, noTrunc bool) ([]table.Row, error) {
	var rows []table.Row
	for _, i := range list {
		size := "N/A"
		if err := l.Measurer.Measure(ctx, i.Image); err == nil {
			size = units.Bytes(DockerSize(i.Image))
		} else if ctx.Err() != nil {
			return nil, ctx.Err()
		} else {
			l.Note(fmt.Sprintf("image %s:%s: %v", i.Repository(), i.Tag(), err))
		}
		rows = append(rows, i.row(size, noTrunc, time.Now()))
	}
	return rows, nil
}

func (i Listed) row(size string, noTrunc bool, now time.Time) table.Row {
	dg := "<none>"
	if i.Repo != "" {
		dg = i.Target.Digest.String()
	}
	created := i.Image.Created()
	if created.IsZero() {
		created = time.Unix(0, 0) // what a daemon tells of an image that does not say
	}
	return table.Row{
		"Repository": i.Repository(), "Tag": i.Tag(), "ID": ImageID(i.Image.ID(), noTrunc), "Digest": dg,
		"CreatedSince": units.Since(created, now), "CreatedAt": created.Local().Format("2006-01-02 15:04:05 -0700 MST"),
		"Size": size, "VirtualSize": size, "Containers": "N/A", "SharedSize": "N/A", "UniqueSize": "N/A",
	}
}
