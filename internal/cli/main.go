// Package cli turns command lines into calls of the other packages, and their
// outcome into output and an exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"os"
	"strings"

	"github.com/containerd/log"
	"github.com/spf13/cobra"

	"tare/internal/buildinfo"
	"tare/internal/engine"
	"tare/internal/help"
	"tare/internal/request"
	"tare/internal/screen"
	"tare/internal/session"
	"tare/internal/suggest"
)

// Streams are the standard streams. Err gets progress and errors, Out data.
type Streams struct {
	In       *os.File
	Out, Err io.Writer
}

// exitCode is an error that only carries the code to exit with: everything has
// been said already.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// usagef is an error for a wrong command line: exit code 2 and a hint at --help.
func usagef(format string, a ...any) error { return request.Errorf(format, a...) }

// Main runs one command line and returns the code to exit with: 0 fine, 1 failed,
// 2 usage, 3 a check not met; `run` returns the program's own, 125 to 127 as
// Docker. release gives signals back to the caller's default handling.
func Main(ctx context.Context, args []string, s Streams, e session.Engines, release func()) int {
	_ = log.SetLevel("fatal") // libraries' logs are not for people
	stdlog.SetOutput(io.Discard)
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
		return 0
	}
	return a.report(ctx, cmd, err)
}

// kept is what of an interrupted command is not lost, by its name.
var kept = map[string]string{
	"pull":    ": what was downloaded is kept, and the next tare pull continues there",
	"build":   ": steps that were finished are in the build cache",
	"profile": ": steps that were finished are in the build cache",
}

// report prints an error and chooses the exit code. It is the only place that does.
func (a *app) report(ctx context.Context, cmd *cobra.Command, err error) int {
	var code exitCode
	var lacking help.Instead
	var usage request.Error
	var start *engine.StartError
	var build *engine.BuildError
	defer a.adviseRoom(err)
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
		_, _ = fmt.Fprintf(a.Err, "See '%s --help'.\n", cmd.CommandPath())
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
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("tare version {{.Version}}\n")
	root.PersistentFlags().StringVar(&a.Builder, "builder", "", "address of a buildkitd to build and run on (unix://, tcp://, ssh://, docker-container://…)")
	root.PersistentFlags().StringArrayVar(&a.HostsDirs, "hosts-dir", nil, "directory of hosts.toml files for mirrors and certificates")
	root.PersistentFlags().BoolVar(&a.quiet, "quiet", false, "show no progress")
	root.PersistentFlags().BoolVar(&a.noPager, "no-pager", false, "do not use a pager for long output on a terminal")
	root.SetHelpCommandGroupID(careGroup)
	root.SetCompletionCommandGroupID(careGroup)
	addCommands(root, a)
	help.Install(root, args)
	return root
}

// explainCompletion gives cobra's own command an example, and makes a shell that
// it does not know an error instead of a help text that ends up in a script.
func explainCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	c, _, err := root.Find([]string{"completion"})
	if err != nil {
		return
	}
	tidy := strings.NewReplacer("\t", "  ", "not installed already, you", "not installed yet, you")
	for _, kid := range c.Commands() {
		kid.Long = tidy.Replace(kid.Long)
	}
	c.Short = "Write a completion script for a shell"
	c.Long = `Write a script that completes commands, flags, images and runs in a shell.
tare completion SHELL --help tells how to load it.`
	c.Example = "  source <(tare completion bash)\n  tare completion zsh > \"${fpath[1]}/_tare\""
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return suggest.OneOf("completion", args[0], []string{"bash", "fish", "powershell", "zsh"})
		}
		return cmd.Help()
	}
}

// checkArgs makes a wrong number of arguments a usage error in every command, and
// leaves usage lines as they are written.
func checkArgs(c *cobra.Command) {
	c.DisableFlagsInUseLine = true
	if check := c.Args; check != nil && c.HasParent() {
		c.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			var usage request.Error
			if err == nil || errors.As(err, &usage) {
				return err
			}
			return usagef("%s: %w", cmd.Name(), err)
		}
	}
	for _, kid := range c.Commands() {
		checkArgs(kid)
	}
}
