package testkit

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

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
		out := &engine.Built{Steps: steps, Took: time.Second}
		define(r, out)
		return out, err
	}
	out := &engine.Built{Steps: steps, Took: time.Second, Target: img.Target, Executed: len(steps)}
	define(r, out)
	if r.Call == "" {
		Put(e.T, e.Store, fmt.Sprintf("fake:%d", len(e.Builds)), store.Built, img)
	}
	return out, ctx.Err()
}

// define makes up the definition that a builder would tell of: a step "[2/3] RUN x" is of
// the line that says so.
func define(r engine.Build, out *engine.Built) {
	src, err := os.ReadFile(r.Dockerfile)
	if err != nil {
		return
	}
	out.Dockerfile = src
	for _, s := range out.Steps {
		_, text, _ := strings.Cut(s.Name, "] ")
		key := digest.FromString(text).String()
		op := engine.Op{Digest: s.Digest, Key: key, Own: key, Kind: "exec", Name: s.Name, Inputs: s.Inputs}
		n := 0
		for line := range strings.Lines(string(src)) {
			if n++; strings.TrimSpace(line) == text {
				op.Lines = append(op.Lines, [2]int{n, n})
				break
			}
		}
		out.Ops = append(out.Ops, op)
	}
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
