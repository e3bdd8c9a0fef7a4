package engine

import "context"

// Sweeper is an Engine that can drop what a piece of work has made in its cache.
type Sweeper interface {
	// Holds are the records that the cache has now. visits is how often somebody else has begun to use the engine,
	// and alone that nobody does: if both are the same later, all that is new is the caller's own work.
	Holds(ctx context.Context) (list []CacheRecord, visits int64, alone bool, err error)
	// Drop removes records, but those that are in use and what those are made of.
	Drop(ctx context.Context, ids []string) error
}
