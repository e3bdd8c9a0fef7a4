package flags

import (
	"github.com/spf13/cobra"

	"tare/internal/touch"
	"tare/internal/trace"
)

// Trace defines the flags that say what is traced: those of the container are run's.
func Trace(c *cobra.Command, r *trace.Request) {
	f := c.Flags()
	f.StringVar(&r.Prefetch, "prefetch", "", "write the files that were read as a list for soci, estargz or nydus")
	f.IntVar(&r.Top, "top", 0, "rows of each list; 0 for all")
	f.StringSliceVar(&r.Variants, "variant", nil, "only these variants of the tare.yaml")
	f.DurationVar(&r.StopAfter, "stop-after", 0, "stop the command after this time and report (a server)")
	f.StringVar(&r.Platform, "platform", "", "platform of a multi-platform image")
	f.StringArrayVarP(&r.Options.Env, "env", "e", nil, "set a variable (NAME=VALUE, or NAME from the environment)")
	f.StringArrayVarP(&r.Options.Volumes, "volume", "v", nil, "bind mount (HOST:CONTAINER[:ro])")
	f.StringVarP(&r.Options.Workdir, "workdir", "w", "", "working directory in the container")
	f.StringVarP(&r.Options.User, "user", "u", "", "user (NAME|UID[:GROUP|GID])")
	f.StringVar(&r.Options.Network, "network", "host", "network: host or none")
	_ = c.RegisterFlagCompletionFunc("prefetch", cobra.FixedCompletions(touch.Prefetchers, cobra.ShellCompDirectiveNoFileComp))
}
