package cli

import (
	"context"

	"tare/internal/experiment"
	"tare/internal/target"
	"tare/internal/touch"
	"tare/internal/trace"
)

// tracer traces the checks of an image for trim.
func (a *app) tracer() func(context.Context, *target.Image, []experiment.Check) (*touch.Trace, error) {
	return func(ctx context.Context, img *target.Image, checks []experiment.Check) (*touch.Trace, error) {
		var named []trace.Named
		for _, c := range checks {
			named = append(named, trace.Named{Check: c})
		}
		return trace.Image(ctx, a.Bench(), img, named, nil)
	}
}
