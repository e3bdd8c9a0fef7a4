package listing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"tare/internal/engine"
)

// CacheRequest says how much of the build cache goes.
type CacheRequest struct {
	All    bool  // also what images are made of
	Keep   int64 // bytes to keep
	Engine func(context.Context) (engine.Engine, error)
	// Wipe removes the whole cache without the engine, for a disk so full that it cannot
	// start; nil where the cache is not on this disk.
	Wipe func() (int64, error)
	Note func(text string) // tells the user something
}

// PruneCache removes build cache.
func PruneCache(ctx context.Context, r CacheRequest) (engine.Pruned, error) {
	e, err := r.Engine(ctx)
	if err == nil {
		return e.Prune(ctx, r.All, r.Keep)
	}
	if r.Wipe == nil || !r.All || r.Keep > 0 || !NoRoom(err) {
		return engine.Pruned{}, err
	}
	r.Note("the disk is so full that the build engine cannot start: its cache is removed whole")
	n, err := r.Wipe()
	return engine.Pruned{Bytes: n}, err
}

// NoRoom tells whether a full disk, or a quota, is the reason of an error. From a builder
// it comes as text.
func NoRoom(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) ||
		strings.Contains(err.Error(), syscall.ENOSPC.Error()) || strings.Contains(err.Error(), syscall.EDQUOT.Error())
}

// WriteRecords names records of the build cache that went, as Docker does.
func WriteRecords(w io.Writer, went []engine.CacheRecord) {
	for i, c := range went {
		if i == 0 {
			_, _ = fmt.Fprintln(w, "Deleted build cache objects:")
		}
		_, _ = fmt.Fprintln(w, c.ID)
	}
}
