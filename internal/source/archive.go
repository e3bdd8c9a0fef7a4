package source

import (
	"context"
	"io"

	"github.com/containerd/containerd/v2/core/images/archive"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"

	"tare/internal/image"
	"tare/internal/store"
)

// SavedBytes is about what Save writes: the blobs of the images, each once.
func SavedBytes(ctx context.Context, st *store.Store, recs []store.Record, want platforms.MatchComparer) int64 {
	seen := map[digest.Digest]bool{}
	var sum int64
	for _, r := range recs {
		img, err := image.Load(ctx, st.Content(), r.Target, want)
		if err != nil {
			continue // Save says what is wrong with it
		}
		for i := range img.Layers {
			if l := &img.Layers[i]; !seen[l.Digest] {
				seen[l.Digest] = true
				sum += l.Size
			}
		}
	}
	return sum
}

// Save writes images as one archive that `docker load`, `tare load`, skopeo and
// crane read: an OCI layout with Docker's manifest.json. names[i] are the names
// under which recs[i] is saved; none for an ID.
func Save(ctx context.Context, st *store.Store, w io.Writer, recs []store.Record, names [][]string, want platforms.MatchComparer) error {
	// Nobody collects the blobs meanwhile. A store that may only be read has no collector.
	if release, err := st.Hold(ctx); err == nil {
		defer release()
	} else if ctx.Err() != nil {
		return ctx.Err()
	}
	var opts []archive.ExportOpt
	for i, r := range recs {
		img, err := image.Load(ctx, st.Content(), r.Target, want)
		if err != nil {
			return err
		}
		d := img.Manifest
		if d.Platform == nil {
			p := img.Platform()
			d.Platform = &p
		}
		opts = append(opts, archive.WithManifest(d, names[i]...))
	}
	opts = append(opts, archive.WithAllPlatforms())
	return archive.Export(ctx, st.Content(), w, opts...)
}
