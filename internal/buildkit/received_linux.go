package buildkit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/moby/buildkit/cache"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/source"
	"github.com/moby/buildkit/source/local"
	"github.com/moby/buildkit/worker"
	"github.com/moby/buildkit/worker/base"
)

// contextsName is a file that is there as long as all that the engine has of build
// contexts is whole. It is away while one is received, and stays away if that does not
// end well: also after a kill, when nobody is there to make a file. It is not synced:
// file systems keep the order in which names change.
const contextsName = "contexts-whole"

// received is BuildKit's source of build contexts, watched. BuildKit receives a context
// into the snapshot of its older version and writes the sums of the files afterwards.
// After a kill in between it believes that files are missing which are there ("failed
// to calculate checksum: not found"), or that changed ones are as they were, and never
// looks again. A cancelled build undoes that in the background, for which a process
// that ends leaves no time.
type received struct {
	source.Source
	mark string // path of contextsName

	mu     sync.Mutex
	active int
	broken bool // one did not end well
}

// watchContexts puts a received in the place of the worker's own source. What an
// earlier process left unfinished is dropped first: the next build sends it again.
func watchContexts(ctx context.Context, root string, w *base.Worker) error {
	own, err := local.NewSource(local.Opt{CacheAccessor: w.CacheMgr})
	if err != nil {
		return err
	}
	r := &received{Source: own, mark: filepath.Join(root, contextsName)}
	w.SourceManager.Register(r)
	if _, err := os.Stat(r.mark); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := dropContexts(ctx, w); err != nil {
		return err
	}
	return r.whole()
}

// whole makes the mark.
func (r *received) whole() error {
	f, err := os.OpenFile(r.mark, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (r *received) begin() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := os.Remove(r.mark); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("receive the build context: %w", err)
	}
	r.active++
	return nil
}

func (r *received) end(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.active--
	r.broken = r.broken || err != nil
	if r.active == 0 && !r.broken {
		_ = r.whole() // without it the next start does more than it must
	}
}

// Resolve implements source.Source.
func (r *received) Resolve(ctx context.Context, id source.Identifier, sm *session.Manager, v solver.Vertex) (source.SourceInstance, error) {
	i, err := r.Source.Resolve(ctx, id, sm, v)
	if err != nil {
		return nil, err
	}
	return receiving{i, r}, nil
}

type receiving struct {
	source.SourceInstance
	r *received
}

// Snapshot implements source.SourceInstance.
func (i receiving) Snapshot(ctx context.Context, job solver.JobContext) (cache.ImmutableRef, error) {
	if err := i.r.begin(); err != nil {
		return nil, err
	}
	ref, err := i.SourceInstance.Snapshot(ctx, job)
	i.r.end(err)
	return ref, err
}

// dropContexts removes all that the cache has of build contexts.
func dropContexts(ctx context.Context, w worker.Worker) error {
	gone := make(chan client.UsageInfo)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range gone { //nolint:revive // nobody wants to know which
		}
	}()
	err := w.Prune(ctx, gone, client.PruneInfo{All: true, Filter: []string{"type==" + string(client.UsageRecordTypeLocalSource)}})
	close(gone)
	<-done
	if err != nil {
		return fmt.Errorf("drop the build contexts that were not received to their end: %w", err)
	}
	return nil
}
