package settings

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// All is the section of all commands.
const All = "all"

// Why flags are for the command line alone.
const (
	removes  = "it removes or overwrites"
	writes   = "it names a file or an image to write"
	sends    = "it sends what was built elsewhere"
	rights   = "it gives a container or a build more rights"
	reads    = "it says what is read"
	isLogin  = "a login is no setting"
	printing = "it only prints something else"
)

// refused are flags that a file may not set: what they do is to be asked for each time.
var refused = map[string]string{
	"force": removes, "repair": removes, "no-prune": removes,
	"output": writes, "report": writes, "save": writes, "iidfile": writes, "metadata-file": writes, "cidfile": writes, "fill": writes, "tag": writes, "out": writes,
	"push": sends, "index": sends, "cache-to": sends,
	"allow": rights, "secret": rights, "ssh": rights, "cap-add": rights, "volume": rights, "mount": rights, "env-file": rights, "user": rights,
	"input": reads, "plan": reads, "shard": reads,
	"help": printing, "version": printing,
}

// refusedCommands are commands that take nothing from a file.
var refusedCommands = map[string]string{
	"system prune": removes, "image prune": removes, "builder prune": removes, "rmi": removes,
	"login": isLogin, "logout": isLogin,
}

// refusal says why a file may not set a flag of a command; "" if it may.
func refusal(command, flag string) string {
	if why := refusedCommands[command]; why != "" {
		return why
	}
	return refused[flag]
}

// environment are the variables that say what a flag says, too, and win over a file.
var environment = map[string][]string{
	"platform": {"DOCKER_DEFAULT_PLATFORM"}, "progress": {"BUILDKIT_PROGRESS"}, "builder": {"TARE_BUILDER", "BUILDKIT_HOST"},
	"hosts-dir": {"TARE_HOSTS_DIR"}, "no-pager": {"TARE_PAGER"},
}

// section is the name of a command's section: what one types after tare. Docker's long
// forms (image ls) share the section of the short ones (images).
func section(c *cobra.Command) string {
	path := strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
	name, long := strings.CutPrefix(path, "image ")
	if !long {
		return path
	}
	switch name {
	case "ls":
		name = "images"
	case "rm":
		name = "rmi"
	}
	if short, _, err := c.Root().Find([]string{name}); err == nil && short.Runnable() && !short.Hidden && short.HasParent() {
		return name
	}
	return path
}

// sections are all commands that may have a section, by its name.
func sections(root *cobra.Command) map[string]*cobra.Command {
	out := map[string]*cobra.Command{}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if exempt(c) || c.Hidden {
			return
		}
		if name := section(c); c.HasParent() && c.Runnable() && len(usable(c)) > 0 && out[name] == nil {
			out[name] = c
		}
		for _, kid := range c.Commands() {
			walk(kid)
		}
	}
	walk(root)
	return out
}

// exempt are commands that must work whatever a file says: they explain and complete.
func exempt(c *cobra.Command) bool {
	for ; c.HasParent(); c = c.Parent() {
		if name := c.Name(); name == "help" || name == "completion" || strings.HasPrefix(name, cobra.ShellCompRequestCmd) {
			return true
		}
	}
	return false
}

// usable are the flags of a command that are shown, with the global ones.
func usable(c *cobra.Command) map[string]*pflag.Flag {
	out := map[string]*pflag.Flag{}
	add := func(f *pflag.Flag) {
		if !f.Hidden && out[f.Name] == nil {
			out[f.Name] = f
		}
	}
	c.LocalFlags().VisitAll(add)
	c.InheritedFlags().VisitAll(add)
	return out
}

// global tells whether a flag is the root's own, and not one of a command that has the
// same name: images --quiet is Docker's.
func global(root *cobra.Command, name string, f *pflag.Flag) bool {
	g := root.PersistentFlags().Lookup(name)
	return g == nil || g == f
}
