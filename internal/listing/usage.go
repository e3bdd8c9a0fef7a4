package listing

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/builds"
	"tare/internal/engine"
	"tare/internal/store"
)

// Use is what one kind of thing takes on the disk, in bytes of blocks.
type Use struct {
	Type          string
	Total, Active int
	Size, Free    int64 // Free is what a prune gives back
}

// Usage is what the store takes. cache is the engine's answer, or the zero value where
// there is no engine; if it is on another machine (elsewhere), its bytes are not this
// disk's.
func Usage(ctx context.Context, st *store.Store, cache engine.Usage, elsewhere bool) ([]Use, error) {
	recs, err := st.Records()
	if err != nil {
		return nil, err
	}
	dangling, err := st.Dangling(ctx)
	if err != nil {
		return nil, err
	}
	use, err := st.Space(ctx)
	if err != nil {
		return nil, err
	}
	if !elsewhere {
		cache.Bytes = use.Cache.Bytes
	}
	inUse := 0
	for _, c := range cache.Records {
		if c.InUse {
			inUse++
		}
	}
	images := len(targets(recs))
	return []Use{
		{"Images", images, images - len(targets(dangling)), use.Images.Bytes, use.Dead},
		{"Build Cache", len(cache.Records), inUse, cache.Bytes, min(cache.Free, cache.Bytes)},
		{"Layer Indexes", int(use.Derived.Files), 0, use.Derived.Bytes, 0},
		{"Build Records", int(use.Builds.Files), int(use.Builds.Files), use.Builds.Bytes, 0},
		{"Other", int(use.Rest.Files), int(use.Rest.Files), use.Rest.Bytes, 0},
	}, nil
}

func targets(recs []store.Record) map[digest.Digest]bool {
	out := map[digest.Digest]bool{}
	for _, r := range recs {
		out[r.Target.Digest] = true
	}
	return out
}

// Pruned is what went when images were pruned.
type Pruned struct {
	Images []store.Record
	Bytes  int64 // what the disk got back
	// Busy says that blobs which no image uses stayed, since images are being added.
	Busy bool
}

// Write names the images that went, as Docker does.
func (p Pruned) Write(w io.Writer) {
	if len(p.Images) > 0 {
		_, _ = fmt.Fprintln(w, "Deleted Images:")
	}
	for _, r := range p.Images {
		if r.Repo != "" {
			_, _ = fmt.Fprintf(w, "untagged: %s@%s\n", Familiar(r.Repo), r.Target.Digest)
		}
		_, _ = fmt.Fprintf(w, "deleted: %s\n", r.Target.Digest)
	}
}

// Prune removes dangling images and blobs that no image uses, and forgets builds of long
// ago. With derived it removes what was derived from layers, too. What was done before an
// error is in the result.
func Prune(ctx context.Context, st *store.Store, derived bool) (Pruned, error) {
	var out Pruned
	if derived {
		_, out.Bytes = st.CacheSize()
		if err := st.ClearCache(); err != nil {
			return Pruned{}, err
		}
	}
	out.Bytes += builds.Open(st).Prune(time.Now())
	list, err := st.Dangling(ctx)
	if err != nil {
		return out, err
	}
	var gone []digest.Digest
	for _, r := range list {
		gone = append(gone, r.Target.Digest)
	}
	if len(gone) > 0 {
		if err := st.Forget(gone...); err != nil {
			return out, err
		}
	}
	out.Images = list
	f, err := st.Collect(ctx)
	out.Bytes += f.Bytes
	out.Busy = f.Busy
	return out, err
}
