package main

import (
	"context"
	"sync"

	"tare/internal/buildkit"
	"tare/internal/container"
	"tare/internal/doctor"
	"tare/internal/engine"
	"tare/internal/session"
	"tare/internal/watch"
)

// early is what must happen before anything else: this program may have been
// started by itself, as a container's init, as a watcher or inside a new user namespace.
func early() error {
	container.InitMain()
	watch.Main()
	return container.StageOne()
}

func embedded(e *session.Engines) {
	e.Host = doctor.Host{Mappable: container.Mappable, Entered: container.Rootless, Trial: container.Trial,
		Runtime: func() (string, error) {
			rt, err := container.FindRuntime("")
			return rt.Path, err
		}}
	var refused error // why the user namespace could not be entered
	ready := sync.OnceValue(func() error { return doctor.Before(e.Host) })
	e.Ready = func() error {
		if refused != nil {
			return refused
		}
		return ready()
	}
	e.Enter = func() error {
		refused = doctor.NotEntered(e.Host, container.EnterRootless())
		return refused
	}
	e.Leftovers = buildkit.Leftovers
	e.Wipe = buildkit.Wipe
	e.Embedded = func(ctx context.Context, o session.EngineOptions) (engine.Engine, error) {
		return buildkit.OpenEmbedded(ctx, options(ctx, o))
	}
}
