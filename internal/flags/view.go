package flags

import (
	"github.com/spf13/cobra"

	"tare/internal/viewer"
)

// View defines the flags that say which images are looked at, and where.
func View(c *cobra.Command, r *viewer.Request, b *viewer.Browser) {
	f := c.Flags()
	f.StringVar(&r.Platform, "platform", "", "platform of a multi-platform image")
	f.BoolVar(&b.Web, "web", false, viewer.WebHelp)
	f.IntVar(&b.Port, "port", 0, viewer.PortHelp)
	_ = c.RegisterFlagCompletionFunc("port", cobra.NoFileCompletions)
}
