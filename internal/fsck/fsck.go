// Package fsck checks the image store together with what killed builds and runs left
// where the engine works, and repairs both.
package fsck

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"tare/internal/engine"
	"tare/internal/store"
)

// Leftovers looks in the engine's directory for what killed builds and runs left, and
// removes it if told so. inStore tells of a file whether it is also a blob of the image
// store, which has been checked already. The note says what could not be looked at.
type Leftovers func(ctx context.Context, root string, remove bool, inStore func(os.FileInfo) bool) (found []engine.Leftover, note string, err error)

// Request says what to check.
type Request struct {
	Store     *store.Store
	Options   store.CheckOptions
	Leftovers Leftovers // nil where no engine is part of this program
	// Outside says why this process cannot look into the engine's directory; nil if it can.
	Outside error
	// Engine opens the engine, to drop what is damaged of its cache.
	Engine func(context.Context) (engine.Engine, error)
}

// Run checks, and with Options.Repair repairs.
func Run(ctx context.Context, r Request) (*store.Check, error) {
	check, err := r.Store.Check(ctx, r.Options)
	switch {
	case err != nil || r.Leftovers == nil:
	case r.Outside != nil:
		check.Notes = append(check.Notes, fmt.Sprintf("the build engine's directories were left out: %v", r.Outside))
	default:
		err = r.engine(ctx, check)
	}
	return check, err
}

// engine adds what is left in the engine's directory.
func (r Request) engine(ctx context.Context, check *store.Check) error {
	inStore := func(fi os.FileInfo) bool {
		blob, err := os.Stat(filepath.Join(check.Root, "blobs", "sha256", fi.Name()))
		return err == nil && os.SameFile(fi, blob)
	}
	repair := r.Options.Repair
	found, note, err := r.Leftovers(ctx, r.Store.EngineRoot(), repair, inStore)
	if err != nil {
		return err
	}
	if note != "" {
		check.Notes = append(check.Notes, note)
	}
	damaged, contexts := false, false
	for _, l := range found {
		contexts = contexts || l.Kind == engine.Contexts
		damaged = damaged || l.Kind == engine.Damage && !l.Removed && l.Err == nil
	}
	var pruned error
	switch {
	case damaged && repair:
		pruned = r.dropCache(ctx)
	case contexts && repair: // to open the engine is to drop them
		_, pruned = r.Engine(ctx)
	}
	for _, l := range found {
		check.Add(problem(check.Root, l, repair, pruned))
	}
	return nil
}

// dropCache removes the whole build cache: which records a damaged blob belongs to
// is not worth finding out for something that can be built again.
func (r Request) dropCache(ctx context.Context) error {
	e, err := r.Engine(ctx)
	if err != nil {
		return err
	}
	_, err = e.Prune(ctx, true, 0)
	return err
}

// problem is a leftover as the store's check tells of it.
func problem(root string, l engine.Leftover, repair bool, pruned error) store.Problem {
	p := store.Problem{Kind: l.Kind, Path: l.Path, Text: l.Text, Remedy: "tare fsck --repair removes it", Repaired: l.Removed}
	if rel, err := filepath.Rel(root, l.Path); err == nil {
		p.Path = rel
	}
	if l.Kind == engine.Contexts {
		p.Remedy = "the next build drops it and sends the context again, and so does tare fsck --repair"
		p.Repaired, l.Err = repair && pruned == nil, pruned
	}
	if l.Kind == engine.Damage {
		p.Remedy = "tare fsck --repair drops the build cache, which is built again when needed"
		if _, err := os.Lstat(l.Path); repair && l.Err == nil {
			p.Repaired, l.Err = l.Removed || err != nil && pruned == nil, pruned
		}
	}
	if l.Err != nil {
		p.Remedy = fmt.Sprintf("the repair failed: %v", l.Err)
	}
	return p
}
