package dockerfile

import (
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"tare/internal/pattern"
)

// builtin are the frontends that the built-in one stands for: Docker's own, of the
// major version 1, whatever its minor version.
var builtin = pattern.New(`^(docker\.io/|index\.docker\.io/)?docker/dockerfile(:(1(\.\d+)*|latest|stable))?(@sha256:[0-9a-f]{64})?$`)

// OtherSyntax is the frontend that a "# syntax=" line names, where it is another one
// than the built-in; "" else. Channels with more features (labs, upstream, master) are
// others.
func OtherSyntax(b []byte) string {
	ref, _, _, ok := parser.DetectSyntax(b)
	if !ok || builtin().MatchString(ref) {
		return ""
	}
	return ref
}
