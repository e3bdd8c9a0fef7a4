package cli

import (
	"github.com/spf13/cobra"

	"tare/internal/help"
)

// Groups of commands in the root's help.
const (
	ownGroup    = "own"
	dockerGroup = "docker"
	careGroup   = "care"
)

// Parents hold other commands and do nothing themselves.
var parents = map[string]string{
	"image":   "Docker's long forms: image ls, image rm, image inspect …",
	"system":  "Show disk usage and free space",
	"builder": "Manage the build cache",
	"fleet":   "Scan registries and clusters, and weigh their images together",
}

// entry is a command and where it stands.
type entry struct {
	place string // a group of the root, or a parent
	make  func(*app) *cobra.Command
}

// entries are all commands. Each file registers its own, so that adding a command is
// adding a file.
var entries []entry

// register adds a command to a group of the root's help, or to a parent.
func register(place string, make func(*app) *cobra.Command) {
	entries = append(entries, entry{place, make})
}

// addCommands gives the root all commands.
func addCommands(root *cobra.Command, a *app) {
	root.AddGroup(&cobra.Group{ID: ownGroup, Title: "Weigh and compare:"}, &cobra.Group{ID: dockerGroup, Title: "As in Docker:"},
		&cobra.Group{ID: careGroup, Title: "Maintenance and help:"})
	under := map[string]*cobra.Command{}
	for name, short := range parents {
		under[name] = help.Parent(name, short)
		if under[name].GroupID = dockerGroup; name == "fleet" {
			under[name].GroupID = ownGroup
		}
		root.AddCommand(under[name])
	}
	for _, e := range entries {
		c := e.make(a)
		if p := under[e.place]; p != nil {
			p.AddCommand(c)
			continue
		}
		c.GroupID = e.place
		root.AddCommand(c)
	}
	help.Texts(root)
	help.AddDocker(root)
	help.CheckArgs(root)
	help.Completion(root)
}
