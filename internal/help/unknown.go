package help

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tare/internal/suggest"
)

// commands are the names of a command's commands.
func commands(c *cobra.Command) []string {
	var list []string
	for _, kid := range c.Commands() {
		if kid.IsAvailableCommand() {
			list = append(append(list, kid.Name()), kid.Aliases...)
		}
	}
	return list
}

// unknownTopic is the error for a word that is neither a command nor a topic.
func unknownTopic(root *cobra.Command, word string) error {
	list := commands(root)
	for _, t := range Topics {
		list = append(list, t.Name)
	}
	return usageError("help: %q is not a command or a topic%s", word, suggest.Meant(word, list))
}

// Unknown is the error for a word after c that is none of its commands.
func Unknown(c *cobra.Command, word string) error {
	meant := suggest.Meant(word, commands(c))
	if meant == "" && !c.HasParent() && Text(word) != "" {
		meant = "; it is a help topic: " + c.Name() + " help " + word
	}
	return usageError("%q is not a %s command%s", word, c.CommandPath(), meant)
}

// unknownFlag adds the flag that was meant to the error for one that does not exist.
func unknownFlag(c *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	if !errors.As(err, &missing) || missing.GetSpecifiedShortnames() != "" {
		return usageError("%s: %w", c.Name(), err)
	}
	var list []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			list = append(list, "--"+f.Name)
		}
	})
	return usageError("%s: %w%s", c.Name(), err, suggest.Meant("--"+missing.GetSpecifiedName(), list))
}
