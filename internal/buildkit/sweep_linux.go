package buildkit

import (
	"context"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/moby/buildkit/client"

	"tare/internal/engine"
)

var _ engine.Sweeper = (*Embedded)(nil)

// Holds implements engine.Sweeper. Who has joined another's engine is never alone.
func (e *Embedded) Holds(ctx context.Context) (list []engine.CacheRecord, visits int64, alone bool, err error) {
	if e.own == nil || e.own.joined == nil {
		return nil, 0, false, nil
	}
	u, err := e.builder().usage(ctx)
	visits, here := e.own.joined.Visits()
	return u.Records, visits, here == 0, err
}

// Drop implements engine.Sweeper. While a container runs it drops nothing, as Prune.
func (e *Embedded) Drop(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	l := flock.New(filepath.Join(e.root, "runs.lock"))
	if ok, err := l.TryLock(); err != nil || !ok {
		return err
	}
	defer func() { _ = l.Unlock() }()
	var filters []string
	for _, id := range ids {
		filters = append(filters, "id=="+id)
	}
	_, err := e.builder().prune(ctx, true, 0, client.WithFilter(filters))
	return err
}
