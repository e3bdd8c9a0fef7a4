package main

import (
	"context"
	"runtime/debug"

	"tare/internal/buildkit"
	"tare/internal/engine"
	"tare/internal/session"
)

func options(ctx context.Context, o session.EngineOptions) buildkit.Options {
	token := func(ctx context.Context, r engine.TokenRequest) (engine.Token, error) {
		t, err := o.Registry.Token(ctx, r.Registry, r.Realm, r.Service, r.Scopes)
		return engine.Token(t), err
	}
	return buildkit.Options{Store: o.Store, Hosts: o.Registry.Hosts(context.WithoutCancel(ctx)), Config: o.Config, Token: token, Keep: o.Keep, MakeRoom: o.MakeRoom, Own: o.Own, Version: buildkitVersion(), Waiting: o.Waiting}
}

// engines are the engines that this program was built with.
func engines() session.Engines {
	e := session.Engines{
		Version: buildkitVersion(),
		Remote: func(ctx context.Context, addr string, o session.EngineOptions) (engine.Engine, error) {
			return buildkit.OpenRemote(ctx, addr, options(ctx, o))
		},
	}
	embedded(&e)
	return e
}

// buildkitVersion is the version of the BuildKit module that is linked.
func buildkitVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range info.Deps {
		if m.Path == "github.com/moby/buildkit" {
			return m.Version
		}
	}
	return "unknown"
}
