package main

import (
	"context"

	"github.com/moby/buildkit/version"

	"tare/internal/buildkit"
	"tare/internal/cli"
	"tare/internal/engine"
)

func options(ctx context.Context, o cli.EngineOptions) buildkit.Options {
	return buildkit.Options{Store: o.Store, Hosts: o.Registry.Hosts(context.WithoutCancel(ctx)), Config: o.Config, Keep: o.Keep, Waiting: o.Waiting}
}

// engines are the engines that this program was built with.
func engines() cli.Engines {
	e := cli.Engines{
		Version: version.Version,
		Remote: func(ctx context.Context, addr string, o cli.EngineOptions) (engine.Engine, error) {
			return buildkit.OpenRemote(ctx, addr, options(ctx, o))
		},
	}
	embedded(&e)
	return e
}
