// Package trace runs the checks of an image under a watch and says which of its files they
// touch: what `tare trace` does, without a command line.
package trace

import (
	"context"
	"errors"
	"io"
	"time"

	"tare/internal/bench"
	"tare/internal/experiment"
	"tare/internal/runner"
	"tare/internal/target"
	"tare/internal/touch"
)

// Request says what to trace.
type Request struct {
	// Word is an image, a Dockerfile or its directory, or an experiment (a directory with
	// a tare.yaml, or that file).
	Word     string
	Platform string
	// Command is the whole command line that is run; without one the checks of the
	// experiment are, or the image's own command.
	Command  []string
	Variants []string       // of the experiment; none means all that have a check
	Options  runner.Options // of the container that runs Command
	Timeout  time.Duration  // of Command; 0 for none
	// Stdout and Stderr are where Command writes; what checks print goes nowhere.
	Stdout, Stderr io.Writer
	// Progress, if given, is told what is being done.
	Progress func(Progress)
}

// Progress is a step of the work.
type Progress struct {
	Check       string
	What        string // "building", "tracing", "checking untraced"
	Done, Total int    // checks
	Failed      string
}

// Result has one trace for each image: variants of an experiment with the same image share
// theirs.
type Result struct {
	Traces []*touch.Trace
}

// Named is a check with its name.
type Named struct {
	Name  string
	Check experiment.Check
}

// Run traces what was asked for.
func Run(ctx context.Context, b *bench.Bench, r Request) (*Result, error) {
	return nil, errors.New("not yet")
}

// Image traces the checks of an image that is in the store. Each is run under a watch; one
// that does not pass is run again without. Checks that fail and traces that are not complete
// are no errors: the trace says so.
func Image(ctx context.Context, b *bench.Bench, img *target.Image, checks []Named, progress func(Progress)) (*touch.Trace, error) {
	return nil, errors.New("not yet")
}
