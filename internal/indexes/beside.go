package indexes

import (
	"context"
	"fmt"

	"tare/internal/image"
	"tare/internal/report"
	"tare/internal/target"
	"tare/internal/units"
)

// BesideHelp explains --index of a push.
const BesideHelp = "attach an index of the layers as well: others weigh the image without reading them"

// Prepare works out what is known of the layers of an image of the store before a push sends it: the push compresses layers that tare built,
// and their indexes tell of the compressed blobs. The image may not be there: the push says so.
func Prepare(ctx context.Context, f *target.Finder, name, platform string) error {
	want, err := target.Platform(platform)
	if err != nil {
		return err
	}
	st, err := f.Store()
	if err != nil {
		return err
	}
	rec, err := st.Find(ctx, name)
	if err != nil {
		return nil //nolint:nilerr // the push says it better
	}
	list := []*target.Image{}
	if manifests, err := image.Manifests(ctx, st.Content(), rec.Target); err == nil && want == nil {
		for _, m := range manifests {
			if img, err := image.LoadManifest(ctx, st.Content(), rec.Target, m); err == nil { // others are not here, and not pushed
				list = append(list, target.Stored(name, st, rec, img))
			}
		}
	} else if img, err := image.Load(ctx, st.Content(), rec.Target, want); err == nil {
		list = append(list, target.Stored(name, st, rec, img))
	}
	return f.Index(ctx, list)
}

// Beside attaches indexes to images that were pushed just now, to all of their platforms that were, and says so. An error says that the
// image itself is there.
func Beside(ctx context.Context, f *target.Finder, names []string, say func(text string)) error {
	r, err := push(ctx, f, Request{Words: names, AllPlatforms: true})
	for _, i := range r.Images {
		for _, x := range i.Indexes {
			say(i.sentence(x, units.Bytes))
		}
	}
	if err != nil {
		return fmt.Errorf("the image is pushed, an index of its layers is not: %w", err)
	}
	return nil
}

// sentence says what was done with an index of an image.
func (i *Image) sentence(x Index, size func(int64) string) string {
	done := map[State]string{Pushed: "pushed", Present: "already there"}[x.State]
	return fmt.Sprintf("%s: index of %s, %s%s, %s: %s", i.title(), units.Plural(i.Layers, "layer"), size(x.Bytes), i.part(x), done, x.Digest)
}

// title is the image's name, with its platform.
func (i *Image) title() string {
	if i.Platform == "" {
		return report.Safe(i.Name)
	}
	return report.Safe(i.Name) + " (" + report.Safe(i.Platform) + ")"
}

// part is the part that an index is of the layers that it saves reading, in parentheses; "" where there are none.
func (i *Image) part(x Index) string {
	if i.Bytes <= 0 {
		return ""
	}
	return fmt.Sprintf(" (%s of the layers' %s)", percent(x.Bytes, i.Bytes), units.Bytes(i.Bytes))
}

func percent(n, of int64) string { return fmt.Sprintf("%.1f%%", 100*float64(n)/float64(of)) }
