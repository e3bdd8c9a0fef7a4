package trimmer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"tare/internal/bench"
	"tare/internal/experiment"
	"tare/internal/infile"
	"tare/internal/outfile"
	"tare/internal/report"
	"tare/internal/request"
	"tare/internal/target"
	"tare/internal/touch"
	"tare/internal/trace"
	"tare/internal/trim"
	"tare/internal/units"
)

// Order is a request in the words of a command line, and what is to be done with the patch.
type Order struct {
	Request
	Commands []string // checks: command lines that must succeed
	Diffs    []string // files with unified diffs; "-" is In
	Size     string   // Least, as "1kB"
	Output   string   // a file for the patch; "" for none
	// Write applies the patch to the directory, with Force also over changes that are not
	// committed.
	Write, Force bool
	In           io.Reader
	// Journals is a directory for the verdicts of interrupted runs.
	Journals string
	Note     func(string)
}

// Parts are the parts of a result's document.
var Parts = trim.Parts

// RuleIDs are the names of all rules.
func RuleIDs() []string {
	var out []string
	for _, r := range trim.Rules() {
		out = append(out, r.ID)
	}
	return out
}

// Document lays a result out.
func Document(r *trim.Result, exact bool) report.Document { return trim.Document(r, exact) }

// Check completes an order from its words. It is asked before anything is built.
func (o *Order) Check() error {
	for _, c := range o.Commands {
		if strings.TrimSpace(c) == "" {
			return request.Errorf("--check: want a command")
		}
		o.Checks = append(o.Checks, experiment.Check{Command: []string{"/bin/sh", "-c", c}})
	}
	var err error
	if o.Least, err = units.ParseSI(o.Size); err != nil {
		return request.Errorf("--least: %w", err)
	}
	if o.Jobs < 0 {
		return request.Errorf("--jobs: want a number, 1 or more")
	}
	if o.Write {
		return Writable(o.Target)
	}
	return nil
}

// Conduct carries an order out. The error is an *Unfit where the original is not fit for it.
func Conduct(ctx context.Context, b *bench.Bench, o Order) (*trim.Result, error) {
	folder := FolderOf(o.Journals, o.Target, o.File)
	if !o.Resume {
		folder.Forget()
	}
	o.Verdicts = folder
	if o.Trace == nil {
		o.Trace = tracer(b)
	}
	if err := o.read(ctx); err != nil {
		return nil, err
	}
	r, err := Run(ctx, b, o.Request)
	if ctx.Err() != nil {
		o.Note("interrupted: verdicts so far are kept; tare trim --resume continues")
		return nil, ctx.Err()
	}
	var unfit *Unfit
	if err == nil || errors.As(err, &unfit) {
		folder.Forget()
	}
	if err != nil || o.Output == "" {
		return r, err
	}
	return r, outfile.WriteBytes(ctx, o.Output, []byte(r.Patch))
}

// Apply applies the patch of a result to the directory, if the order says so.
func (o *Order) Apply(ctx context.Context, r *trim.Result) error {
	if !o.Write || r.Patch == "" {
		return nil
	}
	names, err := Write(ctx, o.Target, o.File, r, o.Force)
	if err != nil {
		return fmt.Errorf("--write: %w", err)
	}
	o.Note("wrote " + strings.Join(names, ", "))
	return nil
}

// read reads the diffs that were named.
func (o *Order) read(ctx context.Context) error {
	for _, name := range o.Diffs {
		in := o.In
		if name != "-" {
			f, err := infile.Open(ctx, name)
			if err != nil {
				return fmt.Errorf("--patch: %w", err)
			}
			defer func() { _ = f.Close() }()
			in = f
		}
		b, err := io.ReadAll(io.LimitReader(infile.Reader(ctx, in), maxPatch+1))
		if err != nil {
			return fmt.Errorf("--patch %s: %w", name, err)
		}
		o.Patches = append(o.Patches, Patch{Name: filepath.Base(name), Text: b})
	}
	return nil
}

// tracer traces the checks of an image.
func tracer(b *bench.Bench) func(context.Context, *target.Image, []experiment.Check) (*touch.Trace, error) {
	return func(ctx context.Context, img *target.Image, checks []experiment.Check) (*touch.Trace, error) {
		var named []trace.Named
		for _, c := range checks {
			named = append(named, trace.Named{Name: title(&c), Check: c})
		}
		return trace.Image(ctx, b, img, named, nil)
	}
}
