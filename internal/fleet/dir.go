package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/opencontainers/go-digest"

	"tare/internal/outfile"
	"tare/internal/request"
)

// Names of results. The plan and the layers are the result of a scan: the same bytes however the work was divided. What is under
// shards tells of the division alone.
const (
	PlanName   = "plan.json"
	workName   = "shards.json"
	layersName = "layers"
	shardsName = "shards"
)

// layerName is the name of what is known of a layer.
func layerName(d digest.Digest) string {
	return path.Join(layersName, d.Algorithm().String(), d.Encoded()[:2], d.Encoded())
}

// Keeper is where results are: a directory, or anything else that keeps bytes by name. Names are paths with slashes.
type Keeper interface {
	// Open opens a result; fs.ErrNotExist (wrapped) says that there is none.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	// Write writes a result, or another in its place, whole or not at all.
	Write(ctx context.Context, name string, b []byte) error
	// Create is Write for a name that is not taken; made tells whether it was not.
	Create(ctx context.Context, name string, b []byte) (made bool, err error)
	// Each calls do for the names of all results below a folder.
	Each(ctx context.Context, folder string, do func(name string)) error
	// String names the place for people.
	String() string
}

// At is the place that a word means: a directory.
func At(word string) (Keeper, error) {
	switch {
	case word == "":
		return nil, request.Errorf("a scan needs a place for its results: --out DIR, or --out oci://REGISTRY/REPOSITORY")
	case strings.Contains(word, "://"):
		return nil, request.Errorf("%.60q: results of a scan are kept in a directory, or a repository (oci://REGISTRY/REPOSITORY)", word)
	}
	return Dir(word), nil
}

// Dir is a directory that keeps results.
type Dir string

// String implements Keeper.
func (d Dir) String() string { return string(d) }

func (d Dir) path(name string) string { return filepath.Join(string(d), filepath.FromSlash(name)) }

// Open implements Keeper. What is not a regular file is refused: a pipe would be waited for.
func (d Dir) Open(_ context.Context, name string) (io.ReadCloser, error) {
	fi, err := os.Stat(d.path(name))
	if err == nil && !fi.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", d.path(name))
	}
	if err != nil {
		return nil, err
	}
	return os.Open(d.path(name))
}

// Write implements Keeper.
func (d Dir) Write(ctx context.Context, name string, b []byte) error {
	if err := d.mkdir(name); err != nil {
		return err
	}
	return d.explain(outfile.WriteBytes(ctx, d.path(name), b))
}

// Create implements Keeper.
func (d Dir) Create(_ context.Context, name string, b []byte) (bool, error) {
	if err := d.mkdir(name); err != nil {
		return false, err
	}
	made, err := outfile.WriteNew(d.path(name), b)
	return made, d.explain(err)
}

func (d Dir) mkdir(name string) error {
	return d.explain(os.MkdirAll(filepath.Dir(d.path(name)), 0o777))
}

// explain says what to do about a full disk: the layers that are done are no loss.
func (d Dir) explain(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &FullError{Where: string(d), Err: err}
	}
	return err
}

// Each implements Keeper.
func (d Dir) Each(ctx context.Context, folder string, do func(name string)) error {
	err := filepath.WalkDir(d.path(folder), func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if rel, err := filepath.Rel(string(d), p); err == nil && e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
			do(filepath.ToSlash(rel))
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// FullError is a disk without room for results.
type FullError struct {
	Where string
	Err   error
}

// Error implements error.
func (e *FullError) Error() string {
	return fmt.Sprintf("no room left in %s: what is written is kept; make room, and run the same command again to go on", e.Where)
}

// Unwrap implements errors.Unwrap.
func (e *FullError) Unwrap() error { return e.Err }
