package help

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/request"
)

// columns is the width that every help text fits.
const columns = 80

// usage is cobra's template with flags wrapped, and a list of topics at the root.
const usage = `Usage:{{if and .Runnable (not (and .HasAvailableSubCommands (eq .UseLine .CommandPath)))}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} COMMAND{{end}}{{if gt (len .Aliases) 0}}

Aliases:
  {{.NameAndAliases}}{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}{{$cmds := .Commands}}{{if eq (len .Groups) 0}}

Commands:{{range $cmds}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{else}}{{range $group := .Groups}}

{{.Title}}{{range $cmds}}{{if (and (eq .GroupID $group.ID) .IsAvailableCommand)}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{end}}{{end}}{{if not .HasParent}}

Topics:{{range topics}}
  {{rpad .Name 11}} {{.Short}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{flags .LocalFlags}}{{end}}{{if .HasAvailableInheritedFlags}}

Global flags:
{{flags .InheritedFlags}}{{end}}{{if .HasAvailableSubCommands}}

More about a command or topic: {{.Root.Name}} help NAME{{end}}
`

// Install gives a program this package's help: texts that fit 80 columns, topics, and
// answers to commands and flags that it does not have. args is the command line.
func Install(root *cobra.Command, args []string) {
	cobra.AddTemplateFunc("topics", func() []Topic { return Topics })
	cobra.AddTemplateFunc("flags", wrapped)
	root.SetUsageTemplate(usage)
	root.SetHelpCommand(command(root))
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if c.HasSubCommands() {
			if word := firstWord(c, args); word != "" {
				return Unknown(c, word)
			}
		}
		return unknownFlag(c, err)
	})
}

// command is "tare help": of a command, or of a topic.
func command(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND|TOPIC]",
		Short:   "Show help for a command or a topic",
		Example: "  tare help weigh\n  tare help measures",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				if text := Text(args[0]); text != "" {
					_, err := fmt.Fprint(c.OutOrStdout(), text)
					return err
				}
			}
			found, rest, err := root.Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 && !found.HasParent() {
				return unknownTopic(found, rest[0])
			} else if len(rest) > 0 {
				return Unknown(found, rest[0])
			}
			found.InitDefaultHelpFlag()
			found.InitDefaultVersionFlag()
			return found.Help()
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			found, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var out []string
			for _, kid := range found.Commands() {
				if kid.IsAvailableCommand() {
					out = append(out, kid.Name()+"\t"+kid.Short)
				}
			}
			if found == root {
				for _, t := range Topics {
					out = append(out, t.Name+"\t"+t.Short)
				}
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// Parent makes a command that only holds others: alone it shows its help.
func Parent(use, short string) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, DisableFlagsInUseLine: true,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return Unknown(c, args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
}

// firstWord is the first argument after a command's own name that is neither a flag
// nor the value of one.
func firstWord(c *cobra.Command, args []string) string {
	_, rest, err := c.Root().Find(args)
	if err != nil {
		return ""
	}
	for n := 0; n < len(rest); n++ {
		word := rest[n]
		if word == "--" {
			return ""
		}
		if !strings.HasPrefix(word, "-") {
			return word
		}
		f := c.Flags().Lookup(strings.TrimPrefix(word, "--"))
		if f != nil && f.NoOptDefVal == "" && !strings.Contains(word, "=") {
			n++
		}
	}
	return ""
}

// usageError is an error for a wrong command line.
func usageError(format string, a ...any) error { return request.Errorf(format, a...) }
