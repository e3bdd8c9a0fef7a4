// Package trimmer finds out which edits of a Dockerfile hold what they promise: it builds
// each, compares what containers see, runs the user's checks, measures, and puts those that
// save and pass into one patch, which it builds once more from scratch.
package trimmer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"tare/internal/bench"
	"tare/internal/draft"
	"tare/internal/engine"
	"tare/internal/experiment"
	"tare/internal/seen"
	"tare/internal/target"
	"tare/internal/touch"
	"tare/internal/trim"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Request says what to trim.
type Request struct {
	Target string // a directory with a Dockerfile, or a Dockerfile
	File   string // the Dockerfile, if it is not the directory's own
	// Build is the build; its context and Dockerfile are filled in from the above.
	Build engine.Build
	// Drop also tries edits that take something away, where checks exist.
	Drop bool
	// Checks are what every edit must pass; without any, those of the experiment in the
	// directory (tare.yaml) for this Dockerfile, if there is one, or for its Variant.
	Checks  []experiment.Check
	Variant string
	// Rules bounds the rules that are tried; none means all.
	Rules []string
	// Least is what an edit must save to be tried, in bytes of tar. Secrets are tried always.
	Least int64
	// Jobs is how many edits are built at the same time; 0 means 2.
	Jobs int
	// KeepGoing goes on when an edit cannot be judged because of an error of the engine's.
	KeepGoing bool
	// Patches are edits that somebody else wrote, as unified diffs; with any, no rule is tried.
	Patches []Patch
	// Propose are commands that read the profile as JSON and write a unified diff.
	Propose []string
	// Resume takes the verdicts of an interrupted run of the same files.
	Resume bool
	// Verdicts, if given, remembers verdicts as they are made.
	Verdicts Journal
	// Trace traces an image's checks; nil where this machine cannot.
	Trace func(context.Context, *target.Image, []experiment.Check) (*touch.Trace, error)
	// Progress, if given, is told what is being done.
	Progress func(Progress)
}

// Progress is a step of the work.
type Progress struct {
	Subject     string // "original", or the rule and its line
	What        string
	Done, Total int
	Failed      string
}

// Unfit says that nothing can be proven, since the original fails its own checks, or passes
// them only sometimes.
type Unfit struct{ Text string }

// Error implements error.
func (u *Unfit) Error() string { return u.Text }

// trimmer trims one Dockerfile.
type trimmer struct {
	Request
	b         *bench.Bench
	dir, file string // absolute
	name      string // of the Dockerfile, relative to dir; with slashes
	tmp       string
	src       []byte
	f         *draft.File
	p         *trim.Project
	checks    []experiment.Check
	original  *state
	trace     *touch.Trace
	out       *trim.Result
	noise     map[string]seen.Aspects // in what two builds of the original differ, by path
	carried   []string                // patterns of files that the image carries and every edit changes
	clock     *clock

	// Of rounds after the first: the Dockerfile as it was given, the files as earlier rounds
	// left them, and the image that they build.
	given []byte
	laid  map[string][]byte
	stand *state
	next  *state // the image of the edits that are kept, built from scratch
}

// state is an image that was built and weighed.
type state struct {
	image   *target.Image
	facts   *weigh.Facts
	built   *engine.Built
	seconds float64
}

// Run trims a Dockerfile. The error is an *Unfit where the original is not fit for it.
func Run(ctx context.Context, b *bench.Bench, r Request) (*trim.Result, error) {
	t := &trimmer{Request: r, b: b, clock: &clock{}}
	t.clock.start()
	if err := t.prepare(); err != nil {
		return nil, err
	}
	done, err := t.workplace()
	if err != nil {
		return nil, err
	}
	defer done()
	if err := t.measure(ctx); err != nil {
		return nil, err
	}
	list, err := t.candidates(ctx)
	if err != nil {
		return nil, err
	}
	if err := t.judge(ctx, list); err != nil {
		return nil, err
	}
	kept, err := t.together(ctx, list)
	if err != nil {
		return nil, err
	}
	if list, err = t.rounds(ctx, list, kept); err != nil {
		return nil, err
	}
	for _, c := range list {
		t.out.Candidates = append(t.out.Candidates, c.Verdict)
	}
	t.out.Seconds = t.clock.seconds()
	return t.out, nil
}

// telling keeps Progress from being called at the same time.
var telling sync.Mutex

func (t *trimmer) tell(p Progress) {
	if t.Progress != nil {
		telling.Lock()
		defer telling.Unlock()
		t.Progress(p)
	}
}

// label names a candidate for people.
func label(v *trim.Verdict) string {
	if v.Line > 0 {
		return fmt.Sprintf("%s, line %d", v.Rule, v.Line)
	}
	return v.Rule
}

// measure builds the original twice, the second time without the cache, checks both, and
// weighs them: where it is not the same to its own checks, nothing can be proven with it.
func (t *trimmer) measure(ctx context.Context) error {
	t.tell(Progress{Subject: "original", What: "building"})
	first, err := t.made(ctx, t.Build, t.file)
	if err != nil {
		return fmt.Errorf("%s does not build as it is: %w", t.name, err)
	}
	// The base image is read, which may take as long as a build, while it is built once more.
	var again *state
	g, inner := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := t.weigh(inner, first); err != nil {
			return err
		}
		t.original = first
		if err := t.project(); err != nil {
			return err
		}
		return t.fit(inner, first, "the image as it is")
	})
	g.Go(func() error {
		fresh := t.Build
		fresh.NoCache = true
		t.tell(Progress{Subject: "original", What: "building from scratch"})
		var err error
		if again, err = t.made(inner, fresh, t.file); err != nil && inner.Err() == nil {
			return fmt.Errorf("%s does not build from scratch as it is: %w", t.name, err)
		}
		return err
	})
	if err := g.Wait(); err != nil {
		return err
	}
	t.out.Notes = append(t.out.Notes, information(t.p.Findings, t.Least)...)
	if err := t.weigh(ctx, again); err != nil {
		return err
	}
	if err := t.fit(ctx, again, "the image as it is, built from scratch,"); err != nil {
		return err
	}
	t.out.Before = trim.State{Sizes: again.facts.Sizes, Seconds: again.seconds}
	t.out.After = t.out.Before
	t.noise = map[string]seen.Aspects{}
	diff := trim.Differences(first.facts, again.facts, t.carried...)
	for _, d := range diff {
		t.noise[d.Path] = d.In
	}
	if len(diff) > 0 {
		t.out.Notes = append(t.out.Notes, fmt.Sprintf("two builds of the original differ: /%s %s (%s in all): what differs by itself is not compared", diff[0].Path, diff[0].In, units.Plural(len(diff), "path")))
	}
	return t.watch(ctx, first)
}

// fit tells whether an image of the original passes the checks.
func (t *trimmer) fit(ctx context.Context, s *state, what string) error {
	for n := range t.checks {
		t.tell(Progress{Subject: "original", What: "checking"})
		c, err := t.check(ctx, s, n)
		if err != nil {
			return err
		}
		if !c.Passed {
			return &Unfit{fmt.Sprintf("%s fails its check %q: %s: mend that first, since no edit could be told from it", what, t.out.Checks[n], c.Reason)}
		}
	}
	return nil
}

// build builds and weighs an image.
func (t *trimmer) build(ctx context.Context, r engine.Build, file string) (*state, error) {
	s, err := t.made(ctx, r, file)
	if err != nil {
		return nil, err
	}
	return s, t.weigh(ctx, s)
}

// made builds an image.
func (t *trimmer) made(ctx context.Context, r engine.Build, file string) (*state, error) {
	r.Dockerfile = file
	log := &tail{}
	leave := t.clock.enter(building)
	out, err := t.b.Build(ctx, filepath.Base(file), r, log)
	leave()
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, failure(err, out.Built, log)
	}
	return &state{image: out.Image, built: out.Built, seconds: out.Took.Seconds()}, nil
}

// weigh weighs an image that was built.
func (t *trimmer) weigh(ctx context.Context, s *state) error {
	facts, err := t.b.Finder.Facts(ctx, []*target.Image{s.image})
	if err != nil {
		return &fault{fmt.Errorf("its image cannot be read: %w", err)}
	}
	s.facts = facts[0]
	return nil
}

// errNoPatch says that an edit cannot be made.
var errNoPatch = errors.New("it does not apply")
