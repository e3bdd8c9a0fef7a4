package target

import (
	"context"
	"errors"
	"fmt"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"

	"tare/internal/request"
)

// Pull says when an image is pulled before it runs.
type Pull int

// The values of --pull.
const (
	PullMissing Pull = iota // if the store does not have it
	PullAlways
	PullNever
)

// PullOf reads a value of --pull.
func PullOf(name string) (Pull, error) {
	switch name {
	case "missing", "":
		return PullMissing, nil
	case "always":
		return PullAlways, nil
	case "never":
		return PullNever, nil
	}
	return 0, errors.New("want missing, always or never")
}

// RunOptions say which image to run.
type RunOptions struct {
	Platform string
	Pull     Pull
	// Fetch pulls the image; missing says that the store does not have it.
	Fetch func(missing bool) error
}

// ToRun finds an image to run, and pulls it where the options say so.
func (f *Finder) ToRun(ctx context.Context, name string, o RunOptions) (*Image, error) {
	want, err := Platform(o.Platform)
	if err != nil {
		return nil, err
	}
	if _, err := reference.ParseAnyReference(name); err != nil {
		return nil, request.Errorf("%q is not an image name: %w", name, err)
	}
	if o.Pull == PullAlways {
		if err := o.Fetch(false); err != nil {
			return nil, err
		}
	}
	rec, img, err := f.Local(ctx, name, want)
	if Missing(err) && o.Pull == PullMissing {
		if err := o.Fetch(true); err != nil {
			return nil, f.mention(ctx, name, err)
		}
		rec, img, err = f.Local(ctx, name, want)
	} else if err == nil && want == nil && o.Pull != PullAlways && !platforms.Default().Match(img.Platform()) {
		f.Note(fmt.Sprintf("the image's platform (%s) is not this machine's (%s)", platforms.Format(img.Platform()), platforms.DefaultString()))
	}
	if err != nil {
		return nil, err
	}
	st, err := f.Store()
	if err != nil {
		return nil, err
	}
	return Stored(name, st, rec, img), nil
}
