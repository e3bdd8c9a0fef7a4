// Package buildkit builds and runs images with BuildKit: embedded in this process
// (Linux), or any buildkitd at an address. Only cmd/tare links it.
package buildkit

import (
	"context"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/docker/cli/cli/config/configfile"

	"tare/internal/engine"
	"tare/internal/store"
)

// Options configure an engine.
type Options struct {
	Store  *store.Store
	Hosts  docker.RegistryHosts   // how registries are reached
	Config *configfile.ConfigFile // Docker's configuration: credentials and proxies; may be nil
	// Token asks a token server, with the credentials of its registry if it may have
	// them; nil leaves that to BuildKit.
	Token func(ctx context.Context, r engine.TokenRequest) (engine.Token, error)

	// Keep is how many bytes of build cache stay after a build; 0 means DefaultKeep.
	Keep int64
	// Runtime is the OCI runtime: a path or a name on PATH; "" looks for runc, then crun.
	Runtime string
	// Snapshotter is "overlayfs" or "native"; "" takes overlayfs where it works.
	Snapshotter string
	// MakeRoom says that the engine is opened to prune its cache: on a full disk it may
	// use what is kept for that.
	MakeRoom bool
	// Version is BuildKit's, for clients that ask; "" if unknown.
	Version string
	// Own says that the engine must be this process's, not another's that is open.
	Own bool
	// Waiting is told why a command waits for another tare; nil drops it.
	Waiting func(text string)
}

// DefaultKeep is the size that the build cache is pruned to after builds: 20 GB.
const DefaultKeep = 20e9
