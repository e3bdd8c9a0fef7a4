package buildkit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"tare/internal/engine"
	"tare/internal/infile"
)

var _ engine.Engine = (*Embedded)(nil)

func (e *Embedded) builder() *builder {
	dirs, _ := infile.Glob(e.root, "worker-*", "content")
	b := &builder{opt: e.opt, conn: e.conn}
	switch {
	case e.own != nil:
		b.blobs = e.own.back.dir
	case len(dirs) == 1:
		b.blobs = dirs[0]
	}
	return b
}

// Build implements engine.Engine. After a build the cache is pruned to its limit.
func (e *Embedded) Build(ctx context.Context, req engine.Build) (*engine.Built, error) {
	if e.own != nil && e.own.doubtful != nil {
		return nil, fmt.Errorf("%w; make room with: tare builder prune -af", e.own.doubtful)
	}
	out, err := e.builder().build(ctx, req)
	if err == nil && out.Executed > 0 {
		e.trim(ctx)
	}
	return out, err
}

// trimEvery is how long the cache may grow without being measured: that means to
// walk what the last builds made, a tenth of a build's time.
const trimEvery = 10 * time.Minute

// trim prunes the cache to its limit. BuildKit's own collection first runs a
// second after the start, which short commands do not live to see. A limit that
// was asked for is kept after every build, the default one now and then.
func (e *Embedded) trim(ctx context.Context) {
	stamp := filepath.Join(e.root, "trimmed")
	keep := e.opt.Keep
	if keep == 0 {
		keep = DefaultKeep
		// A time in the future is a clock that was set back.
		if fi, err := os.Stat(stamp); err == nil && time.Since(fi.ModTime()).Abs() < trimEvery {
			return
		}
	}
	if _, err := e.prune(ctx, false, keep, nil); err != nil && e.opt.Waiting != nil {
		e.opt.Waiting(fmt.Sprintf("the build cache could not be pruned: %v", err))
		return
	}
	_ = os.WriteFile(stamp, nil, 0o600) // its time is what counts
}

// Prune implements engine.Engine. While a container runs, nothing is pruned: its
// files are in the cache.
func (e *Embedded) Prune(ctx context.Context, all bool, keep int64) (engine.Pruned, error) {
	var images spared
	if !all {
		var err error
		if images, err = e.spare(ctx); err != nil {
			return engine.Pruned{}, fmt.Errorf("prune the build cache: %w", err)
		}
	}
	return e.prune(ctx, all, keep, images)
}

func (e *Embedded) prune(ctx context.Context, all bool, keep int64, images spared) (engine.Pruned, error) {
	var out engine.Pruned
	l := flock.New(filepath.Join(e.root, "runs.lock"))
	ok, err := l.TryLock()
	if err != nil {
		return out, fmt.Errorf("prune the build cache: %w", err)
	}
	if !ok {
		return out, fmt.Errorf("prune the build cache: a `tare run` is using it; try again when it has ended")
	}
	defer func() { _ = l.Unlock() }()
	giveUpReserve(e.root)
	before := cacheFiles(ctx, e.root)
	out, err = e.builder().prune(ctx, all, keep, images)
	if full(err) && os.RemoveAll(reserveDir(e.root)) == nil { // a quota, which shows only so
		var more engine.Pruned
		more, err = e.builder().prune(ctx, all, keep, images)
		out.Records = append(out.Records, more.Records...)
	}
	out.Bytes = freed(before)
	return out, err
}
