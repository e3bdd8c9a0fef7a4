package testkit

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"tare/internal/engine"
	"tare/internal/store"
)

// Engine is an engine that builds what a function makes of a request, for tests of what
// commands do.
type Engine struct {
	T     testing.TB
	Store *store.Store
	// Make makes the image of a request and the steps that it took. With an error and
	// steps the build failed on its way, with an error alone it did not begin.
	Make func(r engine.Build) (*Built, []engine.Step, error)
	// Code is the exit code of a container.
	Code func(r engine.Run) int

	mu     sync.Mutex
	Builds []engine.Build // all requests, in their order
	Runs   []engine.Run
	Prunes int
}

// Open returns the engine, as commands open theirs.
func (e *Engine) Open(context.Context) (engine.Engine, error) { return e, nil }

// Build implements engine.Engine.
func (e *Engine) Build(ctx context.Context, r engine.Build) (*engine.Built, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.Builds = append(e.Builds, r)
	img, steps, err := e.Make(r)
	if err != nil {
		if steps == nil {
			return nil, err
		}
		return &engine.Built{Steps: steps, Took: time.Second}, err
	}
	out := &engine.Built{Steps: steps, Took: time.Second, Target: img.Target, Executed: len(steps)}
	if r.Call == "" {
		Put(e.T, e.Store, fmt.Sprintf("fake:%d", len(e.Builds)), store.Built, img)
	}
	return out, ctx.Err()
}

// Run implements engine.Engine.
func (e *Engine) Run(_ context.Context, r engine.Run) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.Runs = append(e.Runs, r)
	if e.Code == nil {
		return 0, nil
	}
	return e.Code(r), nil
}

// Usage implements engine.Engine.
func (e *Engine) Usage(context.Context) (engine.Usage, error) { return engine.Usage{}, nil }

// Prune implements engine.Engine.
func (e *Engine) Prune(context.Context, bool, int64) (engine.Pruned, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.Prunes++
	return engine.Pruned{Bytes: 1}, nil
}

// Close implements engine.Engine.
func (e *Engine) Close() error { return nil }
