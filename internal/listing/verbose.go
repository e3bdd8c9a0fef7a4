package listing

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/engine"
	"tare/internal/screen"
	"tare/internal/table"
	"tare/internal/units"
)

// usageTable is what "system df" prints.
var usageTable = table.Format{
	Fields:  []string{"Active", "Reclaimable", "Size", "TotalCount", "Type"},
	Headers: map[string]string{"Type": "TYPE", "TotalCount": "TOTAL", "Active": "ACTIVE", "Size": "SIZE", "Reclaimable": "RECLAIMABLE"},
	Table:   "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
}

// WriteUsage prints what kinds of things take on the disk.
func WriteUsage(w io.Writer, format string, list []Use) error {
	var rows []table.Row
	for _, u := range list {
		free := units.Bytes(u.Free)
		if u.Size > 0 {
			free += fmt.Sprintf(" (%d%%)", u.Free*100/u.Size)
		}
		rows = append(rows, table.Row{"Type": u.Type, "TotalCount": fmt.Sprint(u.Total), "Active": fmt.Sprint(u.Active), "Size": units.Bytes(u.Size), "Reclaimable": free})
	}
	return usageTable.Write(w, format, rows)
}

// cacheTable is what "system df -v" prints of the build cache.
var cacheTable = table.Format{
	Fields: []string{"CacheType", "CreatedSince", "Description", "ID", "InUse", "LastUsedSince", "Shared", "Size"},
	Headers: map[string]string{"ID": "CACHE ID", "CacheType": "CACHE TYPE", "Size": "SIZE", "CreatedSince": "CREATED", "LastUsedSince": "LAST USED",
		"InUse": "IN USE", "Shared": "SHARED", "Description": "DESCRIPTION"},
	Table: "{{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedSince}}\t{{.LastUsedSince}}\t{{.InUse}}\t{{.Shared}}",
}

// Details is the store one by one: every image, and every record of the build cache.
type Details struct {
	Images, BuildCache []table.Row
	CacheBytes         int64 // what the build cache takes on the disk
}

// Details lists the store one by one. The size of an image is Docker's with a graph
// driver; it is shared as far as other images have the same layers on the same ones.
func (l Lister) Details(ctx context.Context, cache engine.Usage) (Details, error) {
	d := Details{Images: []table.Row{}, BuildCache: []table.Row{}, CacheBytes: cache.Bytes}
	list, err := l.List(ctx, nil, true)
	if err != nil {
		return d, err
	}
	rows, err := l.Rows(ctx, list, false)
	if err != nil {
		return d, err
	}
	for n, shared := range sharedBytes(list) {
		if rows[n]["Size"] != "N/A" {
			rows[n]["SharedSize"], rows[n]["UniqueSize"] = units.Bytes(shared), units.Bytes(DockerSize(list[n].Image)-shared)
		}
	}
	d.Images = append(d.Images, rows...)
	now := time.Now()
	for _, c := range cache.Records {
		d.BuildCache = append(d.BuildCache, table.Row{"ID": c.ID, "CacheType": c.Kind, "Size": units.Bytes(c.Bytes), "CreatedSince": units.Ago(c.Created, now),
			"LastUsedSince": units.Ago(c.LastUsed, now), "InUse": strconv.FormatBool(c.InUse), "Shared": strconv.FormatBool(c.Shared), "Description": screen.Safe(c.Description)})
	}
	return d, nil
}

// sharedBytes are, for each image, the bytes of the layers that another image has as well,
// on top of the same layers.
func sharedBytes(list []Listed) []int64 {
	chainOf := func(i Listed, visit func(at digest.Digest, bytes int64)) {
		var at digest.Digest
		for _, l := range i.Image.Layers {
			at = digest.FromString(string(at) + " " + string(l.DiffID))
			visit(at, l.Sums.Docker)
		}
	}
	users := map[digest.Digest]map[digest.Digest]bool{} // layer in its place -> IDs of images
	for _, i := range list {
		chainOf(i, func(at digest.Digest, _ int64) {
			if users[at] == nil {
				users[at] = map[digest.Digest]bool{}
			}
			users[at][i.Image.ID()] = true
		})
	}
	out := make([]int64, len(list))
	for n, i := range list {
		chainOf(i, func(at digest.Digest, bytes int64) {
			if len(users[at]) > 1 {
				out[n] += bytes
			}
		})
	}
	return out
}

// Write prints details: two tables as Docker does, or with a template over both lists.
func (d Details) Write(w io.Writer, format string) error {
	if format != "" && format != "table" {
		return table.Template(w, format, struct{ Images, BuildCache []table.Row }{d.Images, d.BuildCache})
	}
	if _, err := io.WriteString(w, "Images space usage:\n\n"); err != nil {
		return err
	}
	images := ImageTable
	images.Table = "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}"
	if err := images.Write(w, "", d.Images); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "\nBuild cache usage: %s\n\n", units.Bytes(d.CacheBytes)); err != nil {
		return err
	}
	return cacheTable.Write(w, "", d.BuildCache)
}
