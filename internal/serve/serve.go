// Package serve keeps the engine inside tare open for other programs: BuildKit's clients
// reach it over a socket that only its user can use.
package serve

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	"tare/internal/engine"
	"tare/internal/suggest"
)

// Help is what tare serve --help says.
const Help = `Keep the engine inside tare open for BuildKit's clients (docker buildx,
buildctl, tare --builder) until a signal ends it. Other tares share it.

The socket is for one user, and without authentication: only its file mode,
0600, protects it. Whoever can open it can run commands as this user, with the
network of this machine. The default is $XDG_RUNTIME_DIR/tare/buildkit.sock or,
where that is not set, engine/buildkit.sock in the image store.

Standard output gets one line: the command that tells docker buildx of it. The
first SIGINT, SIGTERM or SIGHUP takes no more builds, waits for those that run,
and exits with 0. A second one cancels them, and exits with 130.`

// ErrCancelled says that a second signal cancelled what was running.
var ErrCancelled = errors.New("serve: what was running was cancelled")

// Request asks to serve.
type Request struct {
	Socket string // its path; "" for Default
	// Root is the engine's directory, and Engine opens the engine for this process alone.
	Root   string
	Engine func(context.Context) (engine.Engine, error)

	Out  io.Writer // gets the line that tells docker buildx of the socket
	Note func(text string)
}

// Default is where the socket is if nobody says: below the user's runtime directory, or
// in the engine's directory root.
func Default(runtimeDir, root string) string {
	if filepath.IsAbs(runtimeDir) {
		return filepath.Join(runtimeDir, "tare", "buildkit.sock")
	}
	return filepath.Join(root, "buildkit.sock")
}

// command is the line that tells docker buildx of a socket.
func command(path string) string {
	return "docker buildx create --name tare --driver remote " + suggest.Quote("unix://"+path)
}
