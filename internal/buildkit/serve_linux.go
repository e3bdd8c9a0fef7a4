package buildkit

import (
	"context"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tare/internal/engine"
)

var _ engine.Server = (*Embedded)(nil)

// Serve implements engine.Server, on a server of its own: clients get BuildKit's API and
// nothing of what tares say to each other.
func (e *Embedded) Serve(ctx, now context.Context, l net.Listener, waiting func(builds int)) error {
	e.own.now = now.Done()
	g := &gate{root: e.root}
	srv := e.own.server(grpc.ChainUnaryInterceptor(g.unary), grpc.ChainStreamInterceptor(g.stream))
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	// The cache grows as clients like: nobody else prunes it after their builds.
	for tick := time.NewTicker(trimEvery); ctx.Err() == nil; {
		select {
		case err := <-failed:
			if ctx.Err() == nil {
				return err
			}
		case <-tick.C:
			e.trim(ctx)
		case <-ctx.Done():
		}
	}
	n, idle := g.close()
	if n > 0 {
		waiting(n)
	}
	select {
	case <-idle:
	case <-now.Done():
	}
	// What they still ask after the build takes a moment; who only watches never leaves.
	done := make(chan struct{})
	go func() { srv.GracefulStop(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Second):
	case <-now.Done():
	}
	stop(srv)
	return nil
}

// gate counts builds, and lets none in when it is closed.
type gate struct {
	root   string
	mu     sync.Mutex
	builds int
	closed bool
	all    sync.WaitGroup
}

// enter counts a build, unless it is too late for one.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.builds++
		g.all.Add(1)
	}
	return !g.closed
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.builds--
	g.all.Done()
}

// close lets no more builds in, and tells how many run and when they have ended.
func (g *gate) close() (running int, idle <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	ended := make(chan struct{})
	go func() { g.all.Wait(); close(ended) }()
	return g.builds, ended
}

func (g *gate) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if info.FullMethod != "/moby.buildkit.v1.Control/Solve" {
		return next(ctx, req)
	}
	if !g.enter() {
		return nil, status.Error(codes.Unavailable, "this tare serve is ending: it takes no more builds")
	}
	defer g.leave()
	return next(ctx, req)
}

// stream lets nobody prune what a container of tare run is using, as tare's own prune.
func (g *gate) stream(srv any, s grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	if info.FullMethod == "/moby.buildkit.v1.Control/Prune" {
		l := flock.New(filepath.Join(g.root, "runs.lock"))
		if ok, err := l.TryLock(); err != nil || !ok {
			return status.Error(codes.FailedPrecondition, "a tare run is using the build cache; try again when it has ended")
		}
		defer func() { _ = l.Unlock() }()
	}
	return next(srv, s)
}
