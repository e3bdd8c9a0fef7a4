package target

import (
	"context"

	"tare/internal/progress"
)

// Compute runs what only computes on values: no files, nothing to give back. When it takes
// longer than half a second, the finder shows what is being done to what. It returns as
// soon as ctx ends, however long the work would take; nobody waits for that any more.
func Compute[T any](ctx context.Context, f *Finder, what, action string, work func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	done := make(chan result, 1)
	go func() {
		v, err := work()
		done <- result{v, err}
	}()
	defer progress.Slow(f.Watch, what, action)()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}
