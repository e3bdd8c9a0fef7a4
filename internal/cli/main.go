// Package cli turns command lines into calls of the other packages, and their
// outcome into output and an exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tare/internal/buildinfo"
	"tare/internal/engine"
	"tare/internal/help"
	"tare/internal/logs"
	"tare/internal/request"
	"tare/internal/screen"
	"tare/internal/session"
	"tare/internal/settings"
)

// Streams are the standard streams. Err gets progress and errors, Out data.
type Streams struct {
	In       *os.File
	Out, Err io.Writer
	// Gone tells whether a command ended with err because nobody is left to read what it
	// prints. It may be nil.
	Gone func(err error) bool
}

// NobodyReads is the exit code where the reader of what is printed has gone: a shell's for
// the signal SIGPIPE.
const NobodyReads = 141

// exitCode is an error that only carries the code to exit with: everything has
// been said already.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// usagef is an error for a wrong command line: exit code 2 and a hint at --help.
func usagef(format string, a ...any) error { return request.Errorf(format, a...) }

// Main runs one command line and returns the code to exit with: 0 fine, 1 failed,
// 2 usage, 3 a check not met; `run` returns the program's own, 125 to 127 as
// Docker, and NobodyReads. release gives signals back to the caller's default handling.
func Main(ctx context.Context, args []string, s Streams, e session.Engines, release func()) int {
	logs.Start(nil, logs.Off)
	logs.Libraries(logs.Off)
	out, errs := screen.New(s.Out), screen.New(s.Err)
	defer func() { _, _ = out.Flush(), errs.Flush() }()
	s.Out, s.Err = out, errs
	a := newApp(ctx, s, e, release)
	root := newRoot(a, args)
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if cerr := a.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = out.Err()
	}
	if s.Gone != nil && s.Gone(err) {
		return NobodyReads // and not a word: other commands of a pipe are silent, too
	}
	if err == nil {
		return 0
	}
	return a.report(ctx, cmd, err)
}

// kept is what of an interrupted command is not lost, by its name.
var kept = map[string]string{
	"pull":    ": what was downloaded is kept, and the next tare pull continues there",
	"scan":    ": layers that were read are kept, and the same command goes on from there",
	"build":   ": steps that were finished are in the build cache",
	"profile": ": steps that were finished are in the build cache",
}

// report prints an error and chooses the exit code. It is the only place that does.
func (a *app) report(ctx context.Context, cmd *cobra.Command, err error) int {
	var code exitCode
	var lacking help.Instead
	var usage request.Error
	var file settings.Error
	var start *engine.StartError
	var build *engine.BuildError
	defer a.adviseRoom(err)
	if lines := a.set.Blame(err); lines != "" {
		defer a.note(lines)
	}
	switch {
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &start):
		a.errorf("%s", err)
		return start.Code
	case errors.As(err, &build):
		if ctx.Err() != nil {
			a.errorf("build: interrupted%s", kept["build"])
			return 130
		}
		_, _ = a.Err.Write([]byte(screen.ShortLines(build.Sources)))
		a.errorf("%s", build)
		return 1
	case errors.As(err, &lacking):
		a.errorf("%s", err)
		return 2
	case errors.As(err, &usage):
		a.errorf("%s", err)
		about := cmd.CommandPath() + " --help"
		if errors.As(err, &file) {
			about = "tare help config"
		}
		_, _ = fmt.Fprintf(a.Err, "See '%s'.\n", about)
		if cmd.Name() == "run" {
			return 125 // as Docker: 2 could be the program's own
		}
		return 2
	// What was cut off fails in words of its own.
	case ctx.Err() != nil, errors.Is(err, context.Canceled):
		a.errorf("interrupted%s", kept[cmd.Name()])
		return 130
	}
	a.errorf("%s", err)
	return 1
}

func (a *app) errorf(format string, v ...any) {
	_, _ = fmt.Fprintf(a.Err, "tare: %s\n", screen.Indented(screen.Short(fmt.Sprintf(format, v...))))
}

// prepare comes before every command: defaults from the user's file, and who hears what.
func (a *app) prepare(cmd *cobra.Command, _ []string) (err error) {
	if a.set, err = settings.Apply(a.ctx, cmd, a.Env); err != nil {
		return err
	}
	if f := cmd.Flags().Lookup("quiet"); f != nil && f.Value.String() == "true" {
		a.quiet = true // Docker's --quiet draws nothing either
	}
	level := logs.Off
	switch {
	case a.debug:
		level = logs.Debug
	case a.verbose:
		level = logs.Verbose
	}
	switch {
	case a.quiet:
		a.Progress = "quiet"
	case level != logs.Off:
		a.Progress = "plain" // lines and drawings would mix
	}
	logs.Start(a.Err, level)
	logs.Libraries(level)
	if a.set.File != "" {
		logs.Info("settings", "file", a.set.File)
	}
	return nil
}

// Commands are all commands with their flags and help, not to be run: manual pages are
// made from them.
func Commands() *cobra.Command {
	return newRoot(newApp(context.Background(), Streams{Out: io.Discard, Err: io.Discard}, session.Engines{}, func() {}), nil)
}

func newRoot(a *app, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "tare",
		Short: "The profiler for container images",
		Long: `tare pulls, builds and runs container images without a daemon, weighs every
byte of them, and explains how any number of them differ.

pull, images, build, run, history, tag, rmi, push, save, load, inspect and
system are Docker's: same flags, columns and exit codes. Images are kept in an
OCI image layout (TARE_HOME, default ~/.local/share/tare).`,
		Example: `  tare pull python:slim
  tare build -t app .
  tare run --rm app
  tare compare python:slim app`,
		Version:           buildinfo.Version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return help.Unknown(c, args[0])
			}
			return nil
		},
		PersistentPreRunE: a.prepare,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("tare version {{.Version}}\n")
	root.PersistentFlags().StringVar(&a.Builder, "builder", "", "address of the buildkitd to build and run on")
	root.PersistentFlags().StringArrayVar(&a.HostsDirs, "hosts-dir", nil, "directory of hosts.toml files for mirrors and certificates")
	root.PersistentFlags().BoolVar(&a.quiet, "quiet", false, "show no progress")
	root.PersistentFlags().BoolVar(&a.verbose, "verbose", false, "tell on stderr what is opened, cached and requested")
	root.PersistentFlags().BoolVarP(&a.debug, "debug", "D", false, "tell the same with all details, and libraries' logs")
	root.PersistentFlags().BoolVar(&a.print.NoPager, "no-pager", false, "do not use a pager for long output on a terminal")
	root.SetHelpCommandGroupID(careGroup)
	root.SetCompletionCommandGroupID(careGroup)
	addCommands(root, a)
	help.Install(root, args)
	return root
}
