package target

import (
	"context"
	"errors"
	"fmt"
	"os"

	"tare/internal/engine"
	"tare/internal/request"
	"tare/internal/revision"
)

// commit builds the Dockerfile of a commit. Its files stay until what is returned is
// called, since stages may be built again meanwhile.
func (f *Finder) commit(ctx context.Context, w revision.Word, o Options) (*Image, func() error, error) {
	if w.Ref == "" {
		return nil, nil, request.Errorf("which commit? Write git:REF, such as git:HEAD~1 or git:main")
	}
	st, err := f.Store()
	if err != nil {
		return nil, nil, err
	}
	cwd, err := os.Getwd()
	if err != nil {
		return nil, nil, err
	}
	tree, file, _, err := revision.Open(ctx, w, cwd)
	if errors.Is(err, revision.ErrNoRepository) {
		return nil, nil, fmt.Errorf("%w; for an image of that name write store://%s", err, w)
	}
	if err != nil {
		return nil, nil, err
	}
	gone := func() error {
		tree.Close()
		return nil
	}
	for _, n := range tree.Notes {
		f.Note(w.String() + ": " + n)
	}
	built, err := f.Passing(ctx, file, o.Platform)
	if err != nil {
		return nil, gone, unbuilt(err, w.String()+" (commit "+tree.Short()+")")
	}
	return f.built(st, built), gone, nil
}

// unbuilt says of a build that failed which of several words it was for.
func unbuilt(err error, word string) error {
	var be *engine.BuildError
	if !errors.As(err, &be) {
		return err
	}
	return &engine.BuildError{Err: fmt.Errorf("%s: %w", word, be.Err), Sources: be.Sources}
}
