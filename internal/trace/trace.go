// Package trace runs the checks of an image under a watch and says which of its files they
// touch: what `tare trace` does, without a command line.
package trace

import (
	"context"
	"fmt"
	"io"
	"time"

	"tare/internal/bench"
	"tare/internal/compare"
	"tare/internal/engine"
	"tare/internal/experiment"
	"tare/internal/lab"
	"tare/internal/layer"
	"tare/internal/runner"
	"tare/internal/target"
	"tare/internal/touch"
	"tare/internal/tree"
	"tare/internal/weigh"
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
	// StopAfter ends Command, which passes then: a server would not end by itself.
	StopAfter time.Duration
	// Stdout and Stderr are where Command writes; what checks print goes nowhere.
	Stdout, Stderr io.Writer
	// Prefetch is the tool that a list is written for, instead of a report; see
	// touch.Prefetchers. Top bounds the lists of a report; 0 means all.
	Prefetch string
	Top      int
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

// Complete tells whether nothing was lost in any trace, and Passed whether every check
// passed.
func (r *Result) Complete() bool {
	for _, t := range r.Traces {
		if !t.Complete {
			return false
		}
	}
	return true
}

// Passed tells whether every check of every trace passed.
func (r *Result) Passed() bool {
	for _, t := range r.Traces {
		for _, c := range t.Checks {
			if !c.Passed {
				return false
			}
		}
	}
	return true
}

// Named is a check with its name.
type Named struct {
	Name  string
	Check experiment.Check
}

// Run traces what was asked for.
func Run(ctx context.Context, b *bench.Bench, r Request) (*Result, error) {
	if err := b.Hold(ctx); err != nil { // what is built has no name
		return nil, err
	}
	if len(r.Command) == 0 {
		if at := experimentAt(r.Word); at != "" {
			return r.experiment(ctx, b, at)
		}
	}
	img, err := r.image(ctx, b)
	if err != nil {
		return nil, err
	}
	p, err := newPlan(ctx, b, img)
	if err != nil {
		return nil, err
	}
	run, err := p.command(ctx, r)
	if err != nil {
		return nil, err
	}
	t, err := p.trace([]touch.Run{run})
	if err != nil {
		return nil, err
	}
	return &Result{Traces: []*touch.Trace{t}}, nil
}

// Image traces the checks of an image that is in the store. Each is run under a watch; one
// that does not pass is run again without. Checks that fail and traces that are not complete
// are no errors: the trace says so. progress may be nil.
func Image(ctx context.Context, b *bench.Bench, img *target.Image, checks []Named, progress func(Progress)) (*touch.Trace, error) {
	p, err := newPlan(ctx, b, img)
	if err != nil {
		return nil, err
	}
	var runs []touch.Run
	for n, c := range checks {
		if progress != nil {
			progress(Progress{Check: c.Name, What: "tracing", Done: n, Total: len(checks)})
		}
		run, err := p.check(ctx, c)
		if err != nil {
			return nil, err
		}
		if progress != nil && !run.Passed {
			progress(Progress{Check: c.Name, What: "tracing", Failed: run.Reason})
		}
		runs = append(runs, run)
	}
	return p.trace(runs)
}

// plan is what is known of an image before its checks are run.
type plan struct {
	bench *bench.Bench
	img   *target.Image
	in    touch.Input
	names []engine.Name
	// weighed has the facts, or the error, once they are worked out: that goes on while the
	// checks run.
	weighed chan error
}

func newPlan(ctx context.Context, b *bench.Bench, img *target.Image) (*plan, error) {
	go func() { _, _ = b.Engine(ctx) }() // it takes its time, and is needed soon; whoever needs it has its error
	list := []*target.Image{img}
	if err := b.Finder.Index(ctx, list); err != nil {
		return nil, err
	}
	var layers []*layer.Index
	for i := range img.Layers {
		layers = append(layers, img.Layers[i].Index)
	}
	p := &plan{bench: b, img: img, in: touch.Input{Name: img.Name}, names: touch.Names(tree.New(layers)), weighed: make(chan error, 1)}
	if file, lines := b.Lines(img.Target.Digest); len(lines) > 0 {
		p.in.Dockerfile = compare.Match(file, lines, img.Image)
	}
	go func() {
		facts, err := weigh.New(img.Image)
		p.in.Facts = facts
		p.weighed <- err
	}()
	return p, nil
}

// trace makes the trace of what was run.
func (p *plan) trace(runs []touch.Run) (*touch.Trace, error) {
	if err := <-p.weighed; err != nil {
		return nil, fmt.Errorf("%s: %w", p.img.Name, err)
	}
	p.in.Runs = runs
	return touch.Make(p.in), nil
}

// watch is a watch over the image's names.
func (p *plan) watch() *engine.Watch { return &engine.Watch{Names: p.names} }

// check runs a check under a watch, and again without if it does not pass.
func (p *plan) check(ctx context.Context, c Named) (touch.Run, error) {
	w := p.watch()
	var took time.Duration
	run := func(w *engine.Watch) lab.Start {
		return func(ctx context.Context, stdout, stderr io.Writer) (lab.Ran, error) {
			ran, err := p.bench.Check(ctx, p.img, &c.Check, w, stdout, stderr)
			took = ran.Took
			return ran, err
		}
	}
	got, err := lab.Judge(ctx, &c.Check, run(w))
	if err != nil {
		return touch.Run{}, err
	}
	out := touch.Run{Check: touch.Check{Name: c.Name, Command: p.line(c.Check.Command), Passed: got.Passed, Exit: got.Exit, Reason: got.Reason, Seconds: took.Seconds()}, Seen: w.Seen}
	if got.Passed || w.Seen.Lost > 0 { // nothing is concluded from it anyway
		return out, nil
	}
	again, err := lab.Judge(ctx, &c.Check, run(nil))
	if err != nil {
		return touch.Run{}, err
	}
	out.Untraced = &touch.Untraced{Passed: again.Passed, Exit: again.Exit, Reason: again.Reason, Seconds: took.Seconds()}
	return out, nil
}

// line is a command line: the image's own where a check has none.
func (p *plan) line(command []string) []string {
	if len(command) > 0 {
		return command
	}
	cfg := p.img.Config.Config
	return append(append([]string{}, cfg.Entrypoint...), cfg.Cmd...)
}

// command runs the command that was asked for, and again without a watch if it fails.
func (p *plan) command(ctx context.Context, r Request) (touch.Run, error) {
	opt := r.Options
	opt.EntrypointSet = len(r.Command) > 0
	if opt.Network == "" {
		opt.Network = "host"
	}
	spec, err := runner.Spec(p.img.Name, p.img.Image, r.Command, opt)
	if err != nil {
		return touch.Run{}, err
	}
	spec.Stdout, spec.Stderr = r.Stdout, r.Stderr
	w := p.watch()
	spec.Watch = w
	out := touch.Run{Check: touch.Check{Name: "command", Command: spec.Args}}
	out.Exit, out.Reason, out.Seconds, err = p.once(ctx, spec, r.StopAfter)
	if err != nil {
		return out, err
	}
	out.Passed, out.Seen = out.Reason == "", w.Seen
	if out.Passed || w.Seen.Lost > 0 { // nothing is concluded from it anyway
		return out, nil
	}
	if r.Progress != nil {
		r.Progress(Progress{Check: out.Name, What: "running it untraced"})
	}
	spec.Watch, spec.Stdout, spec.Stderr = nil, io.Discard, io.Discard
	u := new(touch.Untraced)
	u.Exit, u.Reason, u.Seconds, err = p.once(ctx, spec, r.StopAfter)
	u.Passed = u.Reason == ""
	out.Untraced = u
	return out, err
}

// once runs a container, for so many seconds. reason says why that is no success; the error
// is one of ctx.
func (p *plan) once(ctx context.Context, spec engine.Run, stopAfter time.Duration) (exit int, reason string, seconds float64, err error) {
	inner, cancel := ctx, context.CancelFunc(func() {})
	if stopAfter > 0 {
		inner, cancel = context.WithTimeout(ctx, stopAfter)
	}
	defer cancel()
	ran, err := p.bench.Measured(inner, spec)
	seconds = ran.Took.Seconds()
	switch {
	case ctx.Err() != nil:
		return 0, "", seconds, ctx.Err()
	case inner.Err() != nil: // it was stopped, as was asked for
	case err != nil:
		reason = err.Error()
	case ran.Exit != 0:
		exit, reason = ran.Exit, fmt.Sprintf("exit code %d", ran.Exit)
	}
	return exit, reason, seconds, nil
}
