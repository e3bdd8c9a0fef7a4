package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"

	"tare/internal/image"
	"tare/internal/store"
	"tare/internal/units"
)

var imageTable = tableFormat{
	fields: []string{"Containers", "CreatedAt", "CreatedSince", "Digest", "ID", "Repository", "SharedSize", "Size", "Tag", "UniqueSize", "VirtualSize"},
	headers: map[string]string{
		"Containers": "CONTAINERS", "CreatedAt": "CREATED AT", "CreatedSince": "CREATED", "Digest": "DIGEST", "ID": "IMAGE ID",
		"Repository": "REPOSITORY", "SharedSize": "SHARED SIZE", "Size": "SIZE", "Tag": "TAG", "UniqueSize": "UNIQUE SIZE", "VirtualSize": "SIZE",
	},
	table: "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
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

// listed is an image of the store as `images` sees it.
type listed struct {
	rec    store.Record
	img    *image.Image
	tagged bool // it, or another record of the same image, has a name
}

func (a *app) images(ctx context.Context, o imagesOptions) error {
	st, err := a.store()
	if err != nil {
		return err
	}
	keep, showDangling, err := a.filter(ctx, o.filters)
	if err != nil {
		return err
	}
	recs, err := st.Records()
	if err != nil {
		return err
	}
	var list []listed
	tagged := map[digest.Digest]bool{} // by image ID
	for _, r := range recs {
		img, err := image.Load(ctx, st.Content(), r.Target, nil)
		if err != nil {
			a.note(fmt.Sprintf("image %s:%s is damaged and not listed: %v; remove it (tare rmi %s) and pull or build it again", r.Repository(), r.Tag(), err, r.Target.Digest))
			continue
		}
		list = append(list, listed{rec: r, img: img})
		tagged[img.ID()] = tagged[img.ID()] || r.Name != ""
	}
	all := list
	list = nil
	for _, l := range all {
		l.tagged = tagged[l.img.ID()]
		if l, ok := keep(l); ok && (l.rec.Name != "" || o.all || showDangling || l.rec.Repo != "") {
			list = append(list, l)
		}
	}
	slices.SortStableFunc(list, func(x, y listed) int { return y.img.Created().Compare(x.img.Created()) })
	if o.quiet && (o.format == "" || o.format == "table") {
		for _, l := range list {
			_, _ = fmt.Fprintln(a.Out, imageID(l.img, o.noTrunc))
		}
		return nil
	}
	d := newDisplay(a.Err, true)
	m := a.measurer(d.event)
	var rows []row
	for _, l := range list {
		size := "N/A"
		if err := m.Measure(ctx, l.img); err == nil {
			size = units.Bytes(dockerSize(l.img))
		} else if ctx.Err() != nil {
			return ctx.Err()
		} else {
			d.clear()
			a.note(fmt.Sprintf("image %s:%s: %v", l.rec.Repository(), l.rec.Tag(), err))
		}
		rows = append(rows, imageRow(l, size, o.noTrunc, time.Now()))
	}
	d.clear()
	t := imageTable
	if o.format == "raw" {
		o.format = rawImages(o.quiet, o.digests)
	}
	if o.digests {
		t.table = "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
	}
	return t.write(a.data(), o.format, rows)
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

func dockerSize(img *image.Image) int64 {
	var n int64
	for _, l := range img.Layers {
		n += l.Sums.Docker
	}
	return n
}

func imageID(img *image.Image, whole bool) string {
	if whole {
		return img.ID().String()
	}
	return units.ShortID(img.ID().String())
}

func imageRow(l listed, size string, noTrunc bool, now time.Time) row {
	dg := "<none>"
	if l.rec.Repo != "" {
		dg = l.rec.Target.Digest.String()
	}
	created := l.img.Created()
	if created.IsZero() {
		created = time.Unix(0, 0) // what a daemon tells of an image that does not say
	}
	return row{
		"Repository": l.rec.Repository(), "Tag": l.rec.Tag(), "ID": imageID(l.img, noTrunc), "Digest": dg,
		"CreatedSince": units.Since(created, now), "CreatedAt": created.Local().Format("2006-01-02 15:04:05 -0700 MST"),
		"Size": size, "VirtualSize": size, "Containers": "N/A", "SharedSize": "N/A", "UniqueSize": "N/A",
	}
}

// filter turns --filter values into a test, which returns the row as it is to be shown.
// An unknown key is an error, as in Docker.
func (a *app) filter(ctx context.Context, filters []string) (func(listed) (listed, bool), bool, error) {
	var tests []func(listed) bool
	var patterns []string
	dangling := false
	for _, f := range filters {
		k, v, ok := strings.Cut(f, "=")
		if !ok {
			return nil, false, usagef("--filter %q: want KEY=VALUE", f)
		}
		switch k {
		case "dangling":
			if v != "true" && v != "false" && v != "1" && v != "0" {
				return nil, false, usagef("--filter %q: want true or false", f)
			}
			wish := v == "true" || v == "1"
			dangling = dangling || wish
			// Docker lists an image that has a digest and no tag both ways.
			tests = append(tests, func(l listed) bool {
				if wish {
					return !l.tagged
				}
				return l.rec.Name != "" || l.rec.Repo != ""
			})
		case "label":
			key, val, valued := strings.Cut(v, "=")
			tests = append(tests, func(l listed) bool {
				got, has := l.img.Config.Config.Labels[key]
				return has && (!valued || got == val)
			})
		case "reference":
			patterns = append(patterns, v)
		case "before", "since":
			_, other, err := a.load(ctx, v, nil)
			if err != nil {
				return nil, false, err
			}
			at := other.Created()
			tests = append(tests, func(l listed) bool {
				if k == "before" {
					return l.img.Created().Before(at)
				}
				return l.img.Created().After(at)
			})
		case "until":
			at, err := until(v, time.Now())
			if err != nil {
				return nil, false, usagef("--filter %q: %w", f, err)
			}
			tests = append(tests, func(l listed) bool { return l.img.Created().Before(at) })
		default:
			return nil, false, usagef("--filter %q: tare knows dangling, label, reference, before, since and until", f)
		}
	}
	return func(l listed) (listed, bool) {
		for _, t := range tests {
			if !t(l) {
				return l, false
			}
		}
		if len(patterns) == 0 {
			return l, true
		}
		var ok bool
		l.rec, ok = l.rec.Matching(patterns)
		return l, ok
	}, dangling, nil
}

// until reads a time as Docker's filters have it: how long ago, a date, or seconds
// since 1970.
func until(v string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(v); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02T15", "2006-01-02Z07:00", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, v, time.Local); err == nil {
			return t, nil
		}
	}
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		return time.Unix(n, 0), nil
	}
	return time.Time{}, fmt.Errorf("want how long ago (24h), a date (2006-01-02T15:04:05) or seconds since 1970")
}
