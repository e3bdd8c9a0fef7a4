package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/display"
	"tare/internal/experiment"
	"tare/internal/infile"
	"tare/internal/logs"
	"tare/internal/outfile"
	"tare/internal/report"
	"tare/internal/trim"
	"tare/internal/trimmer"
	"tare/internal/units"
)

func init() { register(ownGroup, newTrim) }

type trimOptions struct {
	output
	build           buildOptions
	request         trimmer.Request
	checks, patches []string
	least           string
	write, force    bool
}

func newTrim(a *app) *cobra.Command {
	var o trimOptions
	c := &cobra.Command{
		Use:   "trim [OPTIONS] [DIR|DOCKERFILE]",
		Short: "Find edits that make an image smaller, and prove each by building it",
		Long: `Find edits of a Dockerfile that make its image smaller; build, compare, check
and measure each; and write a patch of those that save and pass.

Lossless edits leave what a container sees as it is, but for caches, logs,
package lists, byte code and times. That is proven by comparing the files, so it
needs no checks. With --drop tare also tries edits that take something away,
where checks exist that pass without it and do not touch it.

Checks are those of tare.yaml for this Dockerfile, or --check. Nothing in DIR
changes without --write.`,
		Example: `  tare trim
  tare trim -o trim.patch . && git apply trim.patch
  tare trim --drop --check 'python3 app.py --version'
  tare trim --write
  tare trim --patch proposal.diff
  tare trim --propose './agent --smaller'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			o.request.Target = "."
			if len(args) > 0 {
				o.request.Target = args[0]
			}
			if err := o.complete(); err != nil {
				return err
			}
			if err := a.Enter(); err != nil {
				return err
			}
			return a.trim(cmd.Context(), o)
		},
		ValidArgsFunction: a.completeTargets,
	}
	o.trimFlags(c)
	return c
}

func (o *trimOptions) trimFlags(c *cobra.Command) {
	o.formats(c, plainFormats, trim.Parts)
	f := c.Flags()
	f.Lookup("output").Usage = "file for the patch"
	f.StringVarP(&o.request.File, "file", "f", "", "the Dockerfile (default DIR/Dockerfile)")
	f.StringVar(&o.build.Target, "target", "", "stage to build")
	f.StringArrayVar(&o.build.BuildArgs, "build-arg", nil, "set a build argument (NAME=VALUE)")
	f.StringArrayVar(&o.build.ContextArgs, "build-context", nil, "additional context (NAME=PATH|…)")
	f.StringArrayVar(&o.build.Secrets, "secret", nil, "secret for RUN --mount=type=secret")
	f.StringSliceVar(&o.build.Platforms, "platform", nil, "platform to build for")
	f.BoolVar(&o.request.Drop, "drop", false, "also try edits that take away what no check touches")
	f.StringArrayVar(&o.checks, "check", nil, "a command that must succeed in the image (default those of tare.yaml)")
	f.StringVar(&o.request.Variant, "variant", "", "take the check of this variant of tare.yaml")
	f.StringSliceVar(&o.request.Rules, "rule", nil, "try only these rules")
	f.StringVar(&o.least, "least", "1kB", "try only edits that are to save as much in the tar")
	f.IntVar(&o.request.Jobs, "jobs", 0, "edits that are built at the same time (default 2)")
	f.BoolVar(&o.request.KeepGoing, "keep-going", false, "go on when an edit cannot be judged")
	f.BoolVar(&o.request.Resume, "resume", false, "take the verdicts of an interrupted run")
	f.StringArrayVar(&o.patches, "patch", nil, "judge this unified diff instead of tare's own edits (- for standard input)")
	f.StringArrayVar(&o.request.Propose, "propose", nil, "judge what this command writes; it reads the profile as JSON")
	f.BoolVar(&o.write, "write", false, "apply the patch")
	f.BoolVar(&o.force, "force", false, "with --write: also over changes that are not committed")
	var ids []string
	for _, r := range trim.Rules() {
		ids = append(ids, r.ID)
	}
	_ = c.RegisterFlagCompletionFunc("rule", cobra.FixedCompletions(ids, cobra.ShellCompDirectiveNoFileComp))
}

// complete reads what flags name.
func (o *trimOptions) complete() error {
	for _, c := range o.checks {
		if strings.TrimSpace(c) == "" {
			return usagef("--check: want a command")
		}
		o.request.Checks = append(o.request.Checks, experiment.Check{Command: []string{"/bin/sh", "-c", c}})
	}
	var err error
	if o.request.Least, err = units.ParseSI(o.least); err != nil {
		return usagef("--least: %w", err)
	}
	if o.request.Jobs < 0 {
		return usagef("--jobs: want a number, 1 or more")
	}
	if o.write {
		if err := trimmer.Writable(o.request.Target); err != nil {
			return err
		}
	}
	return nil
}

// readPatches reads the diffs that were named.
func (a *app) readPatches(ctx context.Context, names []string) (out []trimmer.Patch, err error) {
	for _, name := range names {
		var in io.Reader = a.In
		if name != "-" {
			f, err := infile.Open(ctx, name)
			if err != nil {
				return nil, fmt.Errorf("--patch: %w", err)
			}
			defer func() { _ = f.Close() }()
			in = f
		}
		b, err := io.ReadAll(io.LimitReader(infile.Reader(ctx, in), 8<<20))
		if err != nil {
			return nil, fmt.Errorf("--patch %s: %w", name, err)
		}
		out = append(out, trimmer.Patch{Name: name, Text: b})
	}
	return out, nil
}

func (a *app) trim(ctx context.Context, o trimOptions) error {
	b := o.build
	b.Progress = "quiet"
	if err := a.complete(&b, o.request.Target); err != nil {
		return err
	}
	st, err := a.Store()
	if err != nil {
		return err
	}
	folder := trimmer.FolderOf(filepath.Join(st.Root(), "trim"), o.request.Target, o.request.File)
	if !o.request.Resume {
		folder.Forget()
	}
	q := o.request
	if q.Patches, err = a.readPatches(ctx, o.patches); err != nil {
		return err
	}
	q.Build, q.Verdicts, q.Trace = b.Build, folder, a.tracer()
	where := screenOf(a.Err)
	where.TTY = where.TTY && !a.quiet && !logs.On()
	show := display.NewSteps(where)
	q.Progress = func(p trimmer.Progress) {
		show.Event(display.Step{Subject: p.Subject, What: p.What, Done: p.Done, Total: p.Total, Failed: p.Failed})
	}
	r, err := trimmer.Run(ctx, a.Bench(), q)
	show.End()
	var unfit *trimmer.Unfit
	switch {
	case errors.As(err, &unfit):
		a.note("trim: " + unfit.Text)
		return exitCode(3)
	case ctx.Err() != nil:
		a.note("interrupted: verdicts so far are kept; tare trim --resume continues")
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("trim: %w", err)
	}
	folder.Forget()
	return a.trimmed(ctx, o, r)
}

// trimmed writes what came out: the patch, the report, the files.
func (a *app) trimmed(ctx context.Context, o trimOptions, r *trim.Result) error {
	if o.file != "" {
		if err := outfile.WriteBytes(ctx, o.file, []byte(r.Patch)); err != nil {
			return err
		}
		o.file = ""
	}
	if err := a.write(o.output, r, func() report.Document { return trim.Document(r, o.bytes) }); err != nil {
		return err
	}
	if !o.write || r.Patch == "" {
		return nil
	}
	names, err := trimmer.Write(ctx, o.request.Target, o.request.File, r, o.force)
	if err != nil {
		return fmt.Errorf("trim --write: %w", err)
	}
	a.note("wrote " + strings.Join(names, ", "))
	return nil
}
