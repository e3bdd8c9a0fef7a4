package buildkit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"

	"tare/internal/buildcontext"
	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/image"
	"tare/internal/pattern"
)

var (
	missing     = pattern.New(`failed to calculate checksum of ref .*: "/([^"]*)": not found`)
	unreachable = pattern.New(`failed to resolve source metadata for (\S+): .*(dial tcp|no such host|connection refused|network is unreachable|i/o timeout|Temporary failure)`)
)

// explain says in the user's terms what BuildKit says in its own: a checksum of a ref
// that is not found is a file that is not in the context, and most often there is a
// line of .dockerignore behind it.
func explain(err error, req engine.Build) error {
	text := err.Error()
	// The kernel's answer to too many layers is "invalid argument", and containerd quotes
	// all of them.
	if strings.Count(text, "/fs:") >= dockerfile.MaxLayers-1 {
		return fmt.Errorf("the image has more than %d layers, with those of its base: Linux cannot stack more mounts; combine instructions", dockerfile.MaxLayers)
	}
	if m := unreachable().FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%w\n  the base image %s is not here, and its registry cannot be reached: bring the image here with tare load, or build where there is a network", err, m[1])
	}
	if m := unknownType().FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%w: %w", err, image.Artifact(m[1])) // of FROM: BuildKit says no more
	}
	m := missing().FindStringSubmatch(text)
	if m == nil {
		return err
	}
	rel, what := m[1], failedInstruction(err)
	if fi, serr := os.Stat(req.Context); serr != nil || !fi.IsDir() || strings.Contains(what, "from=") {
		return err
	}
	if what, _, _ = strings.Cut(what, " "); strings.EqualFold(what, "run") {
		what = "RUN --mount of"
	} else if what = strings.ToUpper(what); what == "" {
		what = "the Dockerfile takes"
	}
	file := req.Dockerfile
	if file == "" {
		file = filepath.Join(req.Context, "Dockerfile")
	}
	if e, ok := buildcontext.Excluded(req.Context, file, rel); ok {
		return &explained{err, fmt.Sprintf("%s %s: it is excluded from the build context by %s", what, rel, e)}
	}
	if _, serr := os.Lstat(filepath.Join(req.Context, filepath.FromSlash(rel))); os.IsNotExist(serr) {
		return &explained{err, fmt.Sprintf("%s %s: there is no such file in the build context %s", what, rel, req.Context)}
	}
	return err
}

// unknownType is what BuildKit says of a manifest that is no image's.
var unknownType = pattern.New(`encountered unknown type ([^; ]+); children may not be fetched`)

// explained is an error with another text.
type explained struct {
	error
	text string
}

// Error implements error.
func (e *explained) Error() string { return e.text }

// Unwrap returns the original.
func (e *explained) Unwrap() error { return e.error }

// failedInstruction is the line of the Dockerfile at which a build failed; "" if that
// is not known.
func failedInstruction(err error) string {
	for _, s := range errdefs.Sources(err) {
		if len(s.Ranges) == 0 || s.Ranges[0].Start == nil {
			continue
		}
		lines := strings.Split(string(s.GetInfo().GetData()), "\n")
		if n := int(s.Ranges[0].Start.Line); n > 0 && n <= len(lines) {
			return strings.TrimSpace(lines[n-1])
		}
	}
	return ""
}
