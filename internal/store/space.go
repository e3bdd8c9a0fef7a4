package store

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/opencontainers/go-digest"
)

// Space is what the store takes on its disk: blocks, as du counts them, every file once
// however many names it has. The parts sum to what `du -x` says of the store's root.
type Space struct {
	Images  Part // blobs, whether the build cache has links to them or not
	Cache   Part // unpacked layers of the build cache, and blobs that only it has
	Derived Part // what was derived from layers
	Builds  Part // what is remembered of builds
	Rest    Part // the engine's databases, downloads in progress, results of the lab, directories

	// Dead is the part of Images that `image prune` would remove: blobs that only
	// dangling images lead to, or none.
	Dead int64
}

// Part is a number of files and their bytes in blocks.
type Part struct{ Files, Bytes int64 }

// Total is the sum of the parts.
func (s Space) Total() int64 {
	return s.Images.Bytes + s.Cache.Bytes + s.Derived.Bytes + s.Builds.Bytes + s.Rest.Bytes
}

// Space measures the store. Other file systems that are mounted below its root, such as
// the root file systems of containers, are no part of it.
func (s *Store) Space(ctx context.Context) (Space, error) {
	var out Space
	dead, err := s.dead(ctx, true)
	if err != nil {
		return out, err
	}
	fi, err := os.Lstat(s.root)
	if err != nil {
		return out, fmt.Errorf("measure %s: %w", s.root, err)
	}
	top := diskOf(fi)
	type inode struct{ dev, ino uint64 }
	seen := map[inode]bool{}
	walk := func(from string, into func(rel string, dir bool) *Part) error {
		return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				return nil //nolint:nilerr // gone meanwhile
			}
			fi, err := e.Info()
			if err != nil {
				return nil //nolint:nilerr // gone meanwhile
			}
			d := diskOf(fi)
			if d.dev != top.dev {
				if e.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			if at := (inode{d.dev, d.ino}); d.ino != 0 {
				if seen[at] {
					return nil
				}
				seen[at] = true
			}
			rel, _ := filepath.Rel(s.root, path)
			part := into(filepath.ToSlash(rel), e.IsDir())
			if part == nil {
				delete(seen, inode{d.dev, d.ino})
				return nil
			}
			part.Bytes += d.bytes
			if !e.IsDir() {
				part.Files++
			}
			if part == &out.Images {
				alg, hex := filepath.Base(filepath.Dir(path)), filepath.Base(path)
				if _, ok := dead[digest.NewDigestFromEncoded(digest.Algorithm(alg), hex)]; ok {
					out.Dead += d.bytes
				}
			}
			return nil
		})
	}
	// Blobs come first, so that what the build cache shares with images is theirs.
	err = walk(filepath.Join(s.root, "blobs"), func(_ string, dir bool) *Part {
		if dir {
			return nil
		}
		return &out.Images
	})
	if err == nil {
		err = walk(s.root, func(rel string, dir bool) *Part {
			switch {
			case isBuildCache(rel):
				return &out.Cache
			case strings.HasPrefix(rel, cacheDir+"/") && !dir:
				return &out.Derived
			case strings.HasPrefix(rel, buildsDir+"/") && !dir:
				return &out.Builds
			}
			return &out.Rest
		})
	}
	if err != nil {
		return out, fmt.Errorf("measure %s: %w", s.root, err)
	}
	return out, nil
}

// isBuildCache tells whether a file of the store is what a record of the build cache
// consists of: a snapshot's directory and all in it, or a blob.
func isBuildCache(rel string) bool {
	p := strings.Split(rel, "/")
	if len(p) < 5 || p[0] != "engine" || !strings.HasPrefix(p[1], "worker-") {
		return false
	}
	return p[2] == "snapshots" && p[3] == "snapshots" || len(p) > 5 && p[2] == "content" && p[3] == "blobs"
}

// Dangling lists the images without a name, which `image prune` removes: as Docker, also
// those that have a digest still, unless another reference to them has a name.
func (s *Store) Dangling(ctx context.Context) ([]Record, error) {
	recs, err := s.Records()
	if err != nil {
		return nil, err
	}
	ids := make([]digest.Digest, len(recs))
	named := map[digest.Digest]bool{}
	for i, r := range recs {
		ids[i] = s.imageID(ctx, r)
		named[ids[i]] = named[ids[i]] || r.Name != ""
	}
	var out []Record
	for i, r := range recs {
		if !named[ids[i]] {
			out = append(out, r)
		}
	}
	return out, nil
}

// dead lists the blobs, with their lengths, that no record reaches; with dangling also
// those that only dangling images reach.
func (s *Store) dead(ctx context.Context, dangling bool) (map[digest.Digest]int64, error) {
	recs, err := s.Records()
	if err != nil {
		return nil, err
	}
	leave := map[digest.Digest]bool{}
	if dangling {
		list, err := s.Dangling(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			leave[r.Target.Digest] = true
		}
	}
	w := walk{live: map[digest.Digest]bool{}, read: map[digest.Digest]bool{}}
	for _, r := range recs {
		if leave[r.Target.Digest] {
			continue
		}
		if err := s.reach(ctx, r.Target.Digest, w); err != nil {
			return nil, err
		}
	}
	out := map[digest.Digest]int64{}
	err = s.blob.Walk(ctx, func(i content.Info) error {
		if !w.live[i.Digest] {
			out[i.Digest] = i.Size
		}
		return nil
	})
	return out, err
}
