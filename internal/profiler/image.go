package profiler

import (
	"context"
	"errors"
	"fmt"
	"os"

	"tare/internal/profile"
	"tare/internal/target"
	"tare/internal/units"
	"tare/internal/weigh"
)

// ImageRequest names an image that was built elsewhere, and its Dockerfile.
type ImageRequest struct {
	Word       string // the image
	Dockerfile string
	Stage      string // the stage that was built; "" for the last
	Platform   string
	Args       map[string]string // the build arguments that were given
	Material   units.Material    // as in Request
	Map        func(*weigh.Facts) weigh.Node
}

// Image matches an image that was built elsewhere with the lines of its Dockerfile. Where
// that is unsure the result says so.
func Image(ctx context.Context, f *target.Finder, r ImageRequest) (*profile.Result, error) {
	src, file, err := read(r.Dockerfile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("--dockerfile: %w", err)
	}
	if err != nil {
		return nil, err
	}
	set, err := f.Open(ctx, []string{r.Word}, target.Options{Platform: r.Platform})
	if err != nil {
		return nil, err
	}
	defer set.Close()
	facts, err := set.Facts(ctx)
	if err != nil {
		return nil, err
	}
	out := profile.Make(profile.Input{Name: set.Images[0].Name, Path: r.Dockerfile, Target: r.Stage, Source: src, File: file,
		Image: weighedOf(facts[0]), Now: &profile.Build{Args: r.Args}})
	if err := out.Check(); err != nil {
		return nil, err
	}
	fold(out, r.Material)
	draw(out, &profile.Weighed{Facts: facts[0]}, r.Map)
	out.Notes = append(out.Notes, profile.Doubts(out)...)
	return out, nil
}
