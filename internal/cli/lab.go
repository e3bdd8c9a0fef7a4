package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"

	"tare/internal/lab"
	"tare/internal/outfile"
	"tare/internal/report"
)

type labOptions struct {
	output
	resume, answers, open bool
	repeat, parallel      int
	fill                  string
}

func newLab(a *app) *cobra.Command {
	var o labOptions
	c := &cobra.Command{
		Use:   "lab [OPTIONS] [FILE|DIR]",
		Short: "Build, run and compare all variants of an experiment, repeatably",
		Long: `Carry out an experiment: build or pull every variant that a tare.yaml lists, check
that it works, weigh it, time its builds, rebuilds and starts again and again, and
compare all of them.

FILE is the experiment (default tare.yaml here). What takes time is interleaved and
repeated; medians are shown with confidence intervals, and a difference that could
be chance is called that. Results are kept as JSON (tare lab list, show, diff). The
images stay as tare-lab/NAME:VARIANT until you remove them.`,
		Example: `  tare lab init                      # write tare.yaml for what is here
  tare lab                           # carry it out
  tare lab --format html -o report.html --open examples/python
  tare lab --resume                  # go on after Ctrl-C
  tare lab --fill exercise.md        # fill the sizes into a course page's table
  tare lab --answers                 # answer its questions from measurements
  tare lab diff last~1 last`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if o.repeat < 0 || o.parallel < 0 {
				return usagef("--repeat and --parallel: want a number, 0 or more")
			}
			file := "."
			if len(args) > 0 {
				file = args[0]
			}
			if err := a.enter(); err != nil {
				return err
			}
			return a.lab(cmd.Context(), file, o)
		},
	}
	o.labFlags(c)
	f := c.Flags()
	f.BoolVar(&o.resume, "resume", false, "go on with the last run of this experiment if it was interrupted")
	f.IntVar(&o.repeat, "repeat", 0, "how often to repeat what takes time; default what the file says, or 6")
	f.IntVar(&o.parallel, "parallel", 0, "builds at a time before anything is timed; default one for each core")
	f.StringVar(&o.fill, "fill", "", "fill measured sizes into the tables of this Markdown file")
	c.AddCommand(newLabInit(a), newLabList(a), newLabShow(a), newLabDiff(a))
	return c
}

// labFlags are the flags of what shows an experiment.
func (o *labOptions) labFlags(c *cobra.Command) {
	o.formats(c, labFormats, report.LabParts)
	f := c.Flags()
	f.BoolVar(&o.answers, "answers", false, "answer the questions of the exercise from what was measured")
	f.BoolVar(&o.open, "open", false, "write the page (HTML) and open it in the browser")
}

var labFormats = append(slices.Clone(pageFormats), "bench")

// experiment finds and reads an experiment file.
func experiment(at string) (path string, f *lab.File, body []byte, err error) {
	path = at
	if isDir(at) {
		path = filepath.Join(at, "tare.yaml")
		if !exists(path) {
			return path, nil, nil, fmt.Errorf("there is no tare.yaml in %s: tare lab init writes one", at)
		}
	}
	fi, err := os.Stat(path)
	if err == nil && fi.Size() > lab.MaxFile {
		err = fmt.Errorf("%s: %d bytes are too many for an experiment", path, fi.Size())
	}
	if err == nil && !fi.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		return path, nil, nil, err
	}
	if body, err = os.ReadFile(path); err != nil {
		return path, nil, nil, err
	}
	f, err = lab.Parse(path, body)
	return path, f, body, err
}

func (a *app) runs() (lab.Runs, error) {
	st, err := a.store()
	if err != nil {
		return lab.Runs{}, err
	}
	return lab.Runs{Dir: filepath.Join(st.Root(), "lab")}, nil
}

func (a *app) lab(ctx context.Context, at string, o labOptions) error {
	path, f, body, err := experiment(at)
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	if o.repeat > 0 {
		f.Measure.Repeat = o.repeat
	}
	if o.fill != "" && !exists(o.fill) { // before an hour of work, not after
		return fmt.Errorf("lab --fill: there is no %s", o.fill)
	}
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	if f.Name == "" {
		f.Name = filepath.Base(filepath.Dir(path))
	}
	runs, err := a.runs()
	if err != nil {
		return err
	}
	now := time.Now()
	rec := &lab.Record{Schema: lab.Schema, ID: lab.NewID(now), Name: f.Name, File: path, FileDigest: digest.FromBytes(body), Started: now, Variants: []lab.Result{}, Timed: []lab.TimedDifference{}}
	if o.resume {
		old, err := runs.Unfinished(rec)
		if err != nil {
			return fmt.Errorf("lab --resume: %w", err)
		}
		if old == nil {
			a.note("no interrupted run of this experiment: it starts anew")
		} else {
			rec = old
		}
	}
	free, err := a.st.Hold(ctx) // what is built has no name while it is measured
	if err != nil {
		return err
	}
	defer free()
	if _, err := a.engine(ctx, 0); err != nil {
		return err
	}
	bench := &labBench{a: a, name: f.Name}
	defer bench.tidy()
	if o.parallel == 0 {
		o.parallel = runtime.NumCPU()
	}
	show := a.newLabDisplay()
	r := &lab.Runner{Bench: bench, File: f, Dir: filepath.Dir(path), Record: rec, Parallel: o.parallel, Save: runs.Save, Progress: show.event}
	err = r.Run(ctx)
	show.end()
	if serr := runs.Save(rec); err == nil {
		err = serr
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("lab %s: %w", path, err)
	}
	if err != nil {
		a.note("interrupted: what was measured is kept; tare lab --resume goes on")
		if rec.Comparison == nil {
			return err
		}
	}
	if serr := a.showRecord(rec, o); serr != nil {
		return serr
	}
	if err != nil {
		return err
	}
	return verdict(rec)
}

// verdict is exit code 3 where a check was not passed, 1 where a variant failed.
func verdict(rec *lab.Record) error {
	code := exitCode(0)
	for i := range rec.Variants {
		v := &rec.Variants[i]
		switch {
		case v.Error != "":
			return exitCode(1)
		case v.Check != nil && !v.Check.Passed:
			code = 3
		}
	}
	if code != 0 {
		return code
	}
	return nil
}

// showRecord writes an experiment's report, in the format that was asked for.
func (a *app) showRecord(rec *lab.Record, o labOptions) error {
	if o.fill != "" {
		if err := fillFile(a.ctx, rec, o.fill); err != nil {
			return fmt.Errorf("lab --fill: %w", err)
		}
		a.note("filled " + o.fill)
	}
	if o.open {
		if o.file == "" {
			o.file = rec.Name + ".html"
		}
		o.format = "html"
	}
	page := report.Page{Title: rec.Name, Record: rec, Result: rec.Comparison}
	for i := range rec.Variants {
		if m := rec.Variants[i].Map; m != nil {
			page.Maps = append(page.Maps, *m)
		}
	}
	doc := func() report.Document {
		if o.answers {
			return report.Answers(rec, o.bytes)
		}
		return report.Lab(rec, o.bytes)
	}
	var err error
	if o.format == "bench" {
		err = a.toFile(o.output, rec.WriteBenchmarks)
	} else {
		err = a.writePage(o.output, rec, doc, page)
	}
	if err != nil {
		return err
	}
	if o.file != "" {
		a.note("wrote " + o.file)
	}
	if o.open {
		return a.openBrowser(o.file)
	}
	return nil
}

func fillFile(ctx context.Context, rec *lab.Record, name string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	out, n, err := lab.Fill(b, rec)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if n == 0 {
		return fmt.Errorf("%s: no table has a cell to fill beside the name of an image or a variant (%s)", name, strings.Join(names(rec), ", "))
	}
	return outfile.WriteBytes(ctx, name, out)
}

func names(rec *lab.Record) []string {
	var out []string
	for _, v := range rec.Variants {
		out = append(out, v.Name)
	}
	return out
}
