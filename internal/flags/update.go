package flags

import (
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/update"
)

// Update defines the flags that say what is updated, and by which client.
func Update(c *cobra.Command, q *update.Request) {
	f := c.Flags()
	f.StringVar(&q.Client, "client", update.Clients[0], "the client that pulls: "+strings.Join(update.Clients, ", "))
	f.StringSliceVar(&q.Have, "have", nil, "images that the machine pulled before FROM, the oldest first")
	f.StringVar(&q.Platform, "platform", "", "platform of multi-platform images")
	f.StringVar(&q.Format, "format", "text", "text, json")
	f.BoolVar(&q.Exact, "bytes", false, "print exact bytes")
	_ = c.RegisterFlagCompletionFunc("client", cobra.FixedCompletions(update.Clients, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
}
