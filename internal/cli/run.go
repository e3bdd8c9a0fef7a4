package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tare/internal/engine"
	"tare/internal/flags"
	"tare/internal/help"
	"tare/internal/request"
	"tare/internal/runner"
	"tare/internal/screen"
	"tare/internal/target"
)

func init() { register(dockerGroup, newRun) }

type runOptions struct {
	runner.Options
	quiet                   bool
	platform, pull, cidfile string
}

func newRun(a *app) *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "run [OPTIONS] IMAGE [COMMAND] [ARG...]",
		Short: "Run a program in a container",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("requires at least 1 argument: the image")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.EntrypointSet = cmd.Flags().Changed("entrypoint")
			if err := help.Refused(cmd.Flags()); err != nil {
				return &engine.StartError{Code: 125, Err: err}
			}
			if err := a.Enter(); err != nil {
				return &engine.StartError{Code: 125, Err: err}
			}
			err := a.run(cmd.Context(), args[0], args[1:], o)
			return startError(err)
		},
		ValidArgsFunction: a.completeImages,
	}
	f := c.Flags()
	flags.Run(f, &o.Options)
	f.StringVar(&o.platform, "platform", "", "platform of the image")
	f.StringVar(&o.pull, "pull", "missing", "when to pull the image: missing, always or never")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing while pulling")
	f.StringVar(&o.cidfile, "cidfile", "", "write the container's ID to this file")
	return c
}

// startError makes everything that went wrong before the program ran code 125.
func startError(err error) error {
	var code exitCode
	var start *engine.StartError
	var usage request.Error
	if err == nil || errors.As(err, &code) || errors.As(err, &start) || errors.Is(err, context.Canceled) {
		return err
	}
	if errors.As(err, &usage) {
		return &engine.StartError{Code: 125, Err: fmt.Errorf("run: %w", err)}
	}
	return &engine.StartError{Code: 125, Err: err}
}

func (a *app) run(ctx context.Context, ref string, args []string, o runOptions) error {
	if o.TTY && o.Interactive && !term.IsTerminal(int(a.In.Fd())) {
		return &engine.StartError{Code: 1, Err: errors.New("the input device is not a TTY: leave -t out, or run it on a terminal")}
	}
	if o.Network != "host" && o.Network != "none" {
		return usagef("--network %q: tare knows host and none", o.Network)
	}
	img, err := a.imageToRun(ctx, ref, o)
	if err != nil {
		return err
	}
	r, err := runner.Spec(ref, img.Image, args, o.Options)
	if err != nil {
		return err
	}
	r.Stdout, r.Stderr = screen.Raw(a.Out), screen.Raw(a.Err)
	if o.Interactive {
		r.Stdin = a.In
	}
	if err := runner.WriteCID(o.cidfile); err != nil {
		return err
	}
	e, err := a.Engine(ctx)
	if err != nil {
		return err
	}
	// From here on signals are the program's.
	a.release()
	sigs := make(chan os.Signal, 64)
	signal.Notify(sigs, forwarded...)
	defer signal.Stop(sigs)
	r.Signal = sigs
	code, err := e.Run(context.WithoutCancel(ctx), r)
	if err != nil {
		return fmt.Errorf("run %s: %w", ref, err)
	}
	if code != 0 {
		return exitCode(code)
	}
	return nil
}

// imageToRun finds the image, and pulls it where --pull says so.
func (a *app) imageToRun(ctx context.Context, ref string, o runOptions) (*target.Image, error) {
	pull, err := target.PullOf(o.pull)
	if err != nil {
		return nil, usagef("--pull %q: %w", o.pull, err)
	}
	return a.Finder().ToRun(ctx, ref, target.RunOptions{Platform: a.Platform(o.platform), Pull: pull, Fetch: func(missing bool) error {
		if missing && !o.quiet {
			name := ref
			if !strings.Contains(path.Base(ref), ":") && !strings.Contains(ref, "@") {
				name += ":latest"
			}
			_, _ = fmt.Fprintf(a.Err, "Unable to find image '%s' locally\n", name)
		}
		_, err := a.pull(ctx, ref, o.platform, a.pullOutput(o.quiet), o.quiet)
		return err
	}})
}

func (a *app) pullOutput(quiet bool) io.Writer {
	if quiet {
		return io.Discard
	}
	return a.Err
}
