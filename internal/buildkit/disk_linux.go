package buildkit

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"

	"tare/internal/engine"
	"tare/internal/infile"
	"tare/internal/store"
)

// BuildKit knows a size of each record: its snapshot and its blob, as if nobody else had
// that. But blobs are hard links of the image store's, so the sum of the records is no
// number of any disk. What the cache takes and what a prune gives back is therefore
// measured: the blocks of the snapshots' directories, which belong to nobody else, and of
// the blobs that have no link elsewhere. (docs/decisions/0064-disk-figures.md)

// cacheFiles are the snapshots' directories and the blobs of the cache, and what the
// disk gets back for each.
func cacheFiles(ctx context.Context, root string) map[string]int64 {
	out := map[string]int64{}
	dirs, _ := infile.Glob(root, "worker-*", "snapshots", "snapshots", "*")
	for _, d := range dirs {
		if ctx.Err() != nil {
			return out
		}
		out[d] = blocks(d)
	}
	blobs, _ := infile.Glob(root, "worker-*", "content", "blobs", "*", "*")
	for _, b := range blobs {
		out[b] = 0
		if st, ok := stat(b); ok && st.Nlink == 1 {
			out[b] = st.Blocks * 512
		}
	}
	return out
}

func stat(path string) (*syscall.Stat_t, bool) {
	fi, err := os.Lstat(path)
	if err != nil {
		return nil, false
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	return st, ok
}

// blocks is what a directory and all in it takes, in bytes, every file once. What is
// mounted in it is no part of it.
func blocks(dir string) int64 {
	top, ok := stat(dir)
	if !ok {
		return 0
	}
	var n int64
	links := map[uint64]bool{}
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // gone meanwhile
		}
		st, ok := stat(path)
		if !ok {
			return nil
		}
		if st.Dev != top.Dev {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if st.Nlink > 1 && !e.IsDir() {
			if links[st.Ino] {
				return nil
			}
			links[st.Ino] = true
		}
		n += st.Blocks * 512
		return nil
	})
	return n
}

// freed is what went of before.
func freed(before map[string]int64) int64 {
	var n int64
	for path, bytes := range before {
		if _, err := os.Lstat(path); err != nil {
			n += bytes
		}
	}
	return n
}

// Usage implements engine.Engine.
func (e *Embedded) Usage(ctx context.Context) (engine.Usage, error) {
	out, err := e.builder().usage(ctx)
	if err != nil {
		return out, err
	}
	out.Bytes = 0
	for _, bytes := range cacheFiles(ctx, e.root) {
		out.Bytes += bytes
	}
	costs, err := e.costs(ctx)
	if err != nil {
		return out, err
	}
	if err := e.mark(ctx, out.Records, costs); err != nil {
		return out, err
	}
	out.Free = out.Bytes
	for id := range kept(out.Records) {
		c := costs[id]
		out.Free -= c.Snapshot
		if st, ok := stat(e.builder().blobPath(c.Blob)); ok && st.Nlink == 1 {
			out.Free -= st.Blocks * 512
		}
	}
	out.Free = max(out.Free, 0)
	return out, nil
}

// kept tells which records a prune without -a leaves: those in use, BuildKit's own, those
// of images, and all that they are built upon.
func kept(list []engine.CacheRecord) map[string]bool {
	parents := map[string][]string{}
	out := map[string]bool{}
	var keep func(id string)
	keep = func(id string) {
		if !out[id] {
			out[id] = true
			for _, p := range parents[id] {
				keep(p)
			}
		}
	}
	for _, r := range list {
		parents[r.ID] = r.Parents
	}
	for _, r := range list {
		if r.InUse || r.Shared || slices.Contains([]string{"internal", "frontend"}, r.Kind) {
			keep(r.ID)
		}
	}
	return out
}

// mark sets Shared of the records that images with a name are made of.
func (e *Embedded) mark(ctx context.Context, list []engine.CacheRecord, costs map[string]cost) error {
	chains, err := e.opt.Store.Chains(ctx)
	if err != nil {
		return err
	}
	records := map[string]engine.CacheRecord{}
	for _, r := range list {
		records[r.ID] = r
	}
	known := map[string][]digest.Digest{}
	var chain func(id string, depth int) []digest.Digest
	// The layers of a record, bottom first; nil if they are no image's: those that were
	// never exported have no blobs.
	chain = func(id string, depth int) (out []digest.Digest) {
		if c, ok := known[id]; ok || depth > maxChain {
			return c
		}
		defer func() { known[id] = out }()
		blob, parents := digest.Digest(costs[id].Blob), records[id].Parents
		switch {
		case len(parents) > 1 && blob == "": // a merge is what it merges
			for _, p := range parents {
				c := chain(p, depth+1)
				if c == nil {
					return nil
				}
				out = append(out, c...)
			}
			return out
		case blob == "":
			return nil
		case len(parents) == 1:
			below := chain(parents[0], depth+1)
			if below == nil {
				return nil
			}
			return append(slices.Clone(below), blob)
		}
		return []digest.Digest{blob} // a base's first layer, or a difference
	}
	for i, r := range list {
		if c := chain(r.ID, 0); c != nil && chains[store.Chain(c)] {
			list[i].Shared = true
		}
	}
	return nil
}

// maxChain is how many records may stand upon one another; an image has at most some
// hundred layers.
const maxChain = 10_000

// spared is a filter for BuildKit that leaves out what images are made of.
type spared []string

// SetPruneOption implements client.PruneOption.
func (s spared) SetPruneOption(p *client.PruneInfo) {
	if len(s) > 0 {
		p.Filter = []string{strings.Join(s, ",")}
	}
}

func (e *Embedded) spare(ctx context.Context) (spared, error) {
	use, err := e.builder().usage(ctx)
	if err != nil {
		return nil, err
	}
	costs, err := e.costs(ctx)
	if err != nil {
		return nil, err
	}
	if err := e.mark(ctx, use.Records, costs); err != nil {
		return nil, err
	}
	var ids spared
	for _, r := range use.Records {
		if r.Shared { // what they stand upon is in use by them
			ids = append(ids, "id!="+r.ID)
		}
	}
	return ids, nil
}

// cost is what a record has on the disk.
type cost struct {
	Snapshot int64  `json:"snapshot"` // bytes in blocks, as measured when it was made
	Blob     string `json:"blob"`     // digest; "" if none
}

// costs asks BuildKit's databases, which only the owner has open.
func (o *owner) costs(ctx context.Context) (map[string]cost, error) {
	items, err := o.records.All()
	if err != nil {
		return nil, err
	}
	text := func(id, key string) string {
		item, ok := o.records.Get(id)
		if !ok {
			return ""
		}
		var s string
		if v := item.Get(key); v == nil || v.Unmarshal(&s) != nil {
			return ""
		}
		return s
	}
	out := map[string]cost{}
	for _, item := range items {
		id := item.ID()
		snapshot := text(id, "cache.snapshot")
		// The two share a snapshot: that of the mutable one.
		if other := text(id, "cache.equalMutable"); other != "" {
			snapshot = text(other, "cache.snapshot")
		}
		c := cost{Blob: text(id, "cache.blob")}
		if u, err := o.worker.Snapshotter.Usage(ctx, snapshot); err == nil {
			c.Snapshot = u.Size
		}
		out[id] = c
	}
	return out, nil
}
