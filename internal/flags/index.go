package flags

import (
	"github.com/spf13/cobra"

	"tare/internal/indexes"
)

// Index defines the flags that say which images of a registry the indexes are of.
func Index(c *cobra.Command, q *indexes.Request) {
	f := c.Flags()
	f.StringVar(&q.Platform, "platform", "", "platform of a multi-platform image")
	f.BoolVar(&q.AllPlatforms, "all-platforms", false, "every platform of a multi-platform image")
}

// UseIndex defines the flag that says whose indexes are used.
func UseIndex(c *cobra.Command, t *indexes.Trust) {
	c.Flags().Var(t, "use-index", indexes.TrustHelp)
	c.Flags().Lookup("use-index").NoOptDefVal = indexes.Everybody
	_ = c.RegisterFlagCompletionFunc("use-index", cobra.NoFileCompletions)
}
