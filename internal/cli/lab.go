package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"tare/internal/bench"
	"tare/internal/display"
	"tare/internal/exercise"
	"tare/internal/lab"
	"tare/internal/logs"
	"tare/internal/page"
	"tare/internal/printer"
	"tare/internal/report"
	"tare/internal/scales"
)

func init() { register(ownGroup, newLab) }

type labOptions struct {
	output
	resume, answers  bool
	repeat, parallel int
	fill             string
	material         scales.Material
}

func newLab(a *app) *cobra.Command {
	var o labOptions
	c := &cobra.Command{
		Use:   "lab [OPTIONS] [FILE|DIR]",
		Short: "Build, run and compare all variants of an experiment, repeatably",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.Checked(); err != nil {
				return err
			}
			if o.repeat < 0 || o.parallel < 0 {
				return usagef("--repeat and --parallel: want a number, 0 or more")
			}
			file := "."
			if len(args) > 0 {
				file = args[0]
			}
			if err := a.Enter(); err != nil {
				return err
			}
			return a.lab(cmd.Context(), file, o)
		},
	}
	o.labFlags(c)
	f := c.Flags()
	f.BoolVar(&o.resume, "resume", false, "continue the last run of this experiment if it was interrupted")
	f.IntVar(&o.repeat, "repeat", 0, "repetitions of timed steps; default what the file says, or 6")
	f.IntVar(&o.parallel, "parallel", 0, "parallel builds before anything is timed; default one per core")
	f.Var(o.material.Default(), "material", scales.MaterialHelp)
	f.StringVar(&o.fill, "fill", "", "fill measured sizes into the tables of this Markdown file")
	c.AddCommand(newLabInit(a), newLabList(a), newLabShow(a), newLabDiff(a))
	return c
}

// labFlags are the flags of what shows an experiment.
func (o *labOptions) labFlags(c *cobra.Command) {
	o.Flags(c, labFormats, report.LabParts)
	f := c.Flags()
	f.BoolVar(&o.answers, "answers", false, "answer the questions of the exercise from measurements")
}

var labFormats = append(slices.Clone(printer.Pictured), "bench")

func (a *app) runs() (lab.Runs, error) {
	st, err := a.Store()
	if err != nil {
		return lab.Runs{}, err
	}
	return lab.Runs{Dir: filepath.Join(st.Root(), "lab")}, nil
}

func (a *app) lab(ctx context.Context, at string, o labOptions) error {
	if _, err := os.Stat(o.fill); o.fill != "" && err != nil { // before an hour of work, not after
		return fmt.Errorf("lab --fill: %s: no such file", o.fill)
	}
	runs, err := a.runs()
	if err != nil {
		return err
	}
	if err := a.Bench().Hold(ctx); err != nil { // what is built has no name while it is measured
		return err
	}
	var work *bench.Lab
	where := screenOf(a.Err)
	where.TTY = where.TTY && !a.quiet && !logs.On()
	show := display.NewSteps(where)
	rec, err := lab.Conduct(ctx, lab.Request{At: at, Repeat: o.repeat, Parallel: o.parallel, Resume: o.resume, Runs: runs,
		Progress: func(p lab.Progress) {
			show.Event(display.Step{Subject: p.Variant, What: p.What, Done: p.Done, Total: p.Total, Failed: p.Failed})
		}, Note: a.note,
		Bench: func(images map[string]string) lab.Bench {
			work = &bench.Lab{Bench: a.Bench(), Images: images, Material: o.material}
			return work
		}})
	show.End()
	if work != nil {
		work.Tidy(ctx)
	}
	if err != nil && (rec == nil || ctx.Err() == nil) {
		return fmt.Errorf("lab: %w", err)
	}
	if err != nil {
		a.note("interrupted: measurements so far are kept; tare lab --resume continues")
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
	switch lab.VerdictOf(rec) {
	case lab.Failed:
		return exitCode(1)
	case lab.Unmet:
		return exitCode(3)
	}
	return nil
}

// showRecord writes an experiment's report, in the format that was asked for.
func (a *app) showRecord(rec *lab.Record, o labOptions) error {
	if o.fill != "" {
		if err := bench.FillFile(a.ctx, rec, o.fill); err != nil {
			return fmt.Errorf("lab --fill: %w", err)
		}
		a.note("filled " + o.fill)
	}
	if o.Open && o.File == "" {
		o.File = rec.Name + ".html"
	}
	rec = lab.Shown(rec, o.answers)
	page := page.Page{Title: rec.Name, Record: rec, Result: rec.Comparison}
	for i := range rec.Variants {
		if m := rec.Variants[i].Map; m != nil {
			page.Maps = append(page.Maps, *m)
		}
	}
	doc := func() report.Document {
		if o.answers {
			return exercise.Answers(rec, o.Bytes)
		}
		return report.Lab(rec, o.Bytes)
	}
	var err error
	if o.Format == "bench" {
		err = a.print.ToFile(o.output, rec.WriteBenchmarks)
	} else {
		err = a.print.WritePage(o.output, rec, doc, page)
	}
	if err != nil {
		return err
	}
	if o.File != "" && !o.Open {
		a.note("wrote " + o.File)
	}
	return nil
}
