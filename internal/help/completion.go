package help

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/request"
	"tare/internal/suggest"
)

// Completion gives cobra's own command an example, and makes a shell that
// it does not know an error instead of a help text that ends up in a script.
func Completion(root *cobra.Command) {
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

// CheckArgs makes a wrong number of arguments a usage error in every command, and
// leaves usage lines as they are written.
func CheckArgs(c *cobra.Command) {
	c.DisableFlagsInUseLine = true
	if check := c.Args; check != nil && c.HasParent() {
		c.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			var usage request.Error
			if err == nil || errors.As(err, &usage) {
				return err
			}
			return usageError("%s: %w", cmd.Name(), err)
		}
	}
	for _, kid := range c.Commands() {
		CheckArgs(kid)
	}
}
