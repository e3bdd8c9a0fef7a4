package lab

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tare/internal/experiment"
	"tare/internal/units"
)

// Runner carries an experiment out.
type Runner struct {
	Bench Bench
	File  *experiment.File
	Dir   string // of the file: where relative paths start
	// Record is filled in. One that was interrupted is continued.
	Record   *experiment.Record
	Parallel int // builds at a time; timed ones always run alone
	// Save, if given, is called after every step that measured something.
	Save func(*experiment.Record) error
	// Progress, if given, is told what is being done.
	Progress func(Progress)

	mu     sync.Mutex
	spent  experiment.Spent
	images []*Obtained // by variant; nil for one that failed
}

// Progress is a step of an experiment.
type Progress struct {
	Variant     string
	What        string
	Done, Total int // of the timed steps; 0 of 0 before them
	Failed      string
}

func (r *Runner) tell(p Progress) {
	if r.Progress != nil {
		r.Progress(p)
	}
}

func (r *Runner) wants(what string) bool { return slices.Contains(r.Record.Method.What, what) }

// Run carries the experiment out. When ctx ends it returns its error, with all that
// was measured in the Record. Variants that fail are no error.
func (r *Runner) Run(ctx context.Context) error {
	begin := time.Now()
	before := r.Record.Seconds
	defer func() {
		r.Record.Summarize()
		total := time.Since(begin).Seconds()
		r.Record.Seconds = experiment.Spent{Total: before.Total + total, Builds: before.Builds + r.spent.Builds, Runs: before.Runs + r.spent.Runs,
			Own: before.Own + total - r.spent.Builds - r.spent.Runs}
	}()
	variants, err := r.File.Expand()
	if err != nil {
		return err
	}
	r.prepare(variants)
	tmp, err := os.MkdirTemp("", "tare-lab-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	for _, step := range []func(context.Context, []experiment.Variant) error{
		r.obtain,
		r.compare,
		r.checks,
		func(ctx context.Context, vs []experiment.Variant) error { return r.edits(ctx, vs, tmp) },
		func(ctx context.Context, vs []experiment.Variant) error { return r.rounds(ctx, vs, tmp) },
	} {
		if err := step(ctx, variants); err != nil {
			return err
		}
		if err := r.save(); err != nil {
			return err
		}
	}
	now := time.Now()
	r.Record.Finished = &now
	return nil
}

// prepare makes the record fit the file: an interrupted one has its variants already.
func (r *Runner) prepare(variants []experiment.Variant) {
	rec := r.Record
	rec.Machine = r.Bench.Machine()
	rec.Method = experiment.Method{Repeat: experiment.DefaultRepeat, Warmup: experiment.DefaultWarmup, Confidence: experiment.Confidence, Alpha: experiment.Alpha, What: experiment.Whats}
	if n := r.File.Measure.Repeat; n > 0 {
		rec.Method.Repeat = n
	}
	if w := r.File.Measure.Warmup; w != nil {
		rec.Method.Warmup = *w
	}
	if r.File.Measure.What != nil {
		rec.Method.What = r.File.Measure.What
	}
	rec.Baseline = r.File.Baseline
	if rec.Baseline == "" {
		rec.Baseline = variants[0].Name
	}
	for _, v := range variants {
		if rec.Variant(v.Name) == nil {
			rec.Variants = append(rec.Variants, experiment.Result{Name: v.Name, Source: sourceOf(v), Inputs: []experiment.Input{}, Measures: []experiment.Measurement{}})
		}
	}
	r.images = make([]*Obtained, len(variants))
}

func sourceOf(v experiment.Variant) string {
	if v.Image != "" {
		return "image " + v.Image
	}
	return experiment.NameOf(v)
}

func (r *Runner) save() error {
	if r.Save == nil {
		return nil
	}
	return r.Save(r.Record)
}

func (r *Runner) book(builds bool, d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if builds {
		r.spent.Builds += d.Seconds()
	} else {
		r.spent.Runs += d.Seconds()
	}
}

// maxLog is how much of a build's output is kept of one that fails, in bytes.
const maxLog = 32 << 10

// obtain pulls and builds all variants, several at once.
func (r *Runner) obtain(ctx context.Context, variants []experiment.Variant) error {
	begin := time.Now()
	defer func() { r.book(true, time.Since(begin)) }()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, r.Parallel))
	for n, v := range variants {
		g.Go(func() error {
			doing := "building"
			if v.Image != "" {
				doing = "pulling"
			}
			r.tell(Progress{Variant: v.Name, What: doing})
			res := r.Record.Variant(v.Name)
			var log bytes.Buffer
			o, err := r.Bench.Obtain(gctx, r.rooted(v), &lastOf{b: &log})
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				res.Error, res.Log = err.Error(), strings.ToValidUTF8(log.String(), "\uFFFD")
				r.tell(Progress{Variant: v.Name, What: doing, Failed: err.Error()})
				return nil
			}
			res.Error, res.Log = "", ""
			r.images[n] = o
			return nil
		})
	}
	return g.Wait()
}

// lastOf keeps the end of what is written.
type lastOf struct {
	mu sync.Mutex
	b  *bytes.Buffer
}

// Write implements io.Writer.
func (l *lastOf) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Write(p)
	if over := l.b.Len() - maxLog; over > 0 {
		l.b.Next(over)
	}
	return len(p), nil
}

// rooted makes a variant's paths absolute.
func (r *Runner) rooted(v experiment.Variant) experiment.Variant { return Rooted(r.Dir, v) }

// Rooted is a variant whose paths begin at dir, the directory of its file.
func Rooted(dir string, v experiment.Variant) experiment.Variant {
	if v.Image != "" {
		return v
	}
	abs := func(p string) string {
		if filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(dir, p)
	}
	v.Context = abs(v.Context)
	if v.Dockerfile == "" {
		v.Dockerfile = filepath.Join(v.Context, "Dockerfile")
	} else {
		v.Dockerfile = abs(v.Dockerfile)
	}
	return v
}

// compare weighs everything that was obtained.
func (r *Runner) compare(ctx context.Context, _ []experiment.Variant) error {
	var list []*Obtained
	var at []int
	base := 0
	for n, o := range r.images {
		if o == nil {
			continue
		}
		if o.Variant.Name == r.Record.Baseline {
			base = len(list)
		}
		list, at = append(list, o), append(at, n)
	}
	if len(list) == 0 {
		return nil
	}
	r.tell(Progress{What: "weighing and comparing"})
	res, settled, err := r.Bench.Compare(ctx, list, base)
	if err != nil {
		return err
	}
	r.Record.Comparison = res
	for k, n := range at {
		r.images[n] = settled[k]
		v := r.Record.Variant(settled[k].Variant.Name)
		v.Manifest, v.Inputs, v.Platform = settled[k].Manifest, settled[k].Inputs, settled[k].Platform
		v.Map = settled[k].Map
		if r.wants("pull") {
			model := func(name string, bytes units.Amount) {
				n, known := bytes.Int()
				for _, mbit := range experiment.Bandwidths {
					if known { // else there is nothing to model it from
						v.Set(name+strconv.Itoa(mbit)+"mbit", "seconds", experiment.Modelled, experiment.PullSeconds(n, mbit))
					}
				}
			}
			model("pull-cold-", res.Images[k].Sizes.Transfer)
			model("pull-shared-", res.Sharing.Blob.Images[k].Unique)
		}
	}
	return nil
}

// checks runs every check once.
func (r *Runner) checks(ctx context.Context, variants []experiment.Variant) error {
	for n, v := range variants {
		if r.images[n] == nil || v.Check == nil || v.Check.Skip {
			continue
		}
		r.tell(Progress{Variant: v.Name, What: "checking"})
		begin := time.Now()
		s, err := r.verify(ctx, n, v.Check)
		r.book(false, time.Since(begin))
		if err != nil {
			return err
		}
		r.Record.Variant(v.Name).Check = &s.Checked
		if !s.Passed {
			r.tell(Progress{Variant: v.Name, What: "checking", Failed: s.Reason})
		}
	}
	return nil
}

// verify runs a variant's check once.
func (r *Runner) verify(ctx context.Context, n int, c *experiment.Check) (started, error) {
	return verify(ctx, c, func(ctx context.Context, stdout, stderr io.Writer) (Ran, error) {
		return r.Bench.Run(ctx, r.images[n], c, stdout, stderr)
	})
}

// build is one build whose time counts as building.
func (r *Runner) build(ctx context.Context, v experiment.Variant, how How) (*Obtained, error) {
	begin := time.Now()
	o, err := r.Bench.Build(ctx, r.rooted(v), how)
	r.book(true, time.Since(begin))
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("build %s again: %w", v.Name, err)
	}
	return o, err
}
