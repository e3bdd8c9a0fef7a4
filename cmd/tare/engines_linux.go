package main

import (
	"context"

	"tare/internal/buildkit"
	"tare/internal/container"
	"tare/internal/engine"
	"tare/internal/session"
)

// early is what must happen before anything else: this program may have been
// started by itself, as a container's init or inside a new user namespace.
func early() error {
	container.InitMain()
	return container.StageOne()
}

func embedded(e *session.Engines) {
	e.Enter = container.EnterRootless
	e.Leftovers = buildkit.Leftovers
	e.Wipe = buildkit.Wipe
	e.Embedded = func(ctx context.Context, o session.EngineOptions) (engine.Engine, error) {
		return buildkit.OpenEmbedded(ctx, options(ctx, o))
	}
}
