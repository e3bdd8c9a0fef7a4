package flags

import (
	"github.com/spf13/cobra"

	"tare/internal/releases"
)

// Growth defines the flags of a look at all tags of a repository, for a command that has
// another report, too: what is there already only goes with --growth then.
func Growth(c *cobra.Command, q *releases.Request) {
	f := c.Flags()
	for _, name := range []string{"output", "bytes", "full", "show", "open", "chart"} {
		f.Lookup(name).Usage = "with --growth: " + f.Lookup(name).Usage
	}
	format := f.Lookup("format")
	format.Usage = "table, json, 'table TEMPLATE' or a Go template; with --growth: " + format.Usage
	format.DefValue = ""
	_ = format.Value.Set("")
	f.BoolVar(&q.Growth, "growth", false, "show how an image grew over the tags of its repository, from manifests only")
	f.StringVar(&q.Tags, "tags", "", "with --growth: only tags that match this pattern, such as '3.*-slim'")
}
