// Package lab runs experiments: variants of an image that are built, run, measured
// repeatedly and compared. It knows no engine: what builds and runs is a Bench.
package lab

import (
	"context"
	"io"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/compare"
	"tare/internal/target"
	"tare/internal/weigh"

	"tare/internal/experiment"
)

// Bench is what builds, pulls and runs for an experiment.
type Bench interface {
	// Obtain pulls a variant's image, or builds it with what the build cache has. The
	// build's output goes to log. Several may be under way at once.
	Obtain(ctx context.Context, v experiment.Variant, log io.Writer) (*Obtained, error)
	// Build builds a variant for its time, or to see what an edit changes. The image
	// is not kept.
	Build(ctx context.Context, v experiment.Variant, how How) (*Obtained, error)
	// Begin is called before builds whose images are not kept, and end after them, when nothing of them is needed:
	// what they left on the disk may go.
	Begin(ctx context.Context) (end func())
	// Run runs a check's command in a container, until it ends or ctx does.
	Run(ctx context.Context, o *Obtained, c *experiment.Check, stdout, stderr io.Writer) (Ran, error)
	// Compare weighs what was obtained and sets it side by side. The images get the
	// variants' names; settled is what each is from now on: an image that was obtained
	// before and differs from it by nothing but timestamps.
	Compare(ctx context.Context, list []*Obtained, baseline int) (r *compare.Result, settled []*Obtained, err error)
	// Repull tells how many layers, and bytes in all, a node which has one image
	// fetches to have another.
	Repull(ctx context.Context, from, to *Obtained) (layers int, bytes int64, err error)
	// Machine says where this is.
	Machine() experiment.Machine
}

// How is a build that differs from the variant's own.
type How struct {
	NoCache bool
	Context string // instead of the variant's
	Base    string // instead of the variant's; "bump": what it has, with a small layer more
	Nonce   string // makes the small layer differ from others
}

// Obtained is an image that a Bench pulled or built.
type Obtained struct {
	Variant  experiment.Variant
	Manifest digest.Digest
	Platform string
	Inputs   []experiment.Input
	Took     time.Duration
	// Executed is the number of instructions that did not come from the cache.
	Executed int
	// Map is filled in by Compare.
	Map *weigh.Node
	// Image is the image itself.
	Image *target.Image
}

// Ran is what running a container came to.
type Ran struct {
	Exit  int
	First time.Duration // from the start of the runtime to the first output; 0 for none
	Took  time.Duration // from the start of the runtime to the end
	Peak  int64         // memory at its highest, in bytes; 0 if unknown
}
