package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"tare/internal/buildinfo"
	"tare/internal/plugin"
	"tare/internal/target"
)

func init() {
	parents["plugin"] = "Make tare a plugin of docker: docker tare weigh app"
	register("plugin", newPluginInstall)
	register("plugin", newPluginRemove)
	register("plugin", newPluginMetadata)
	register("plugin", newPluginHook)
}

func newPluginInstall(a *app) *cobra.Command {
	hooks := true
	c := &cobra.Command{
		Use:   "install [OPTIONS]",
		Short: "Make tare a plugin of the docker command",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.plugged(plugin.Install(plugin.Here(), hooks))
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().BoolVar(&hooks, "hooks", true, "say after docker build and docker pull what the image weighs")
	return c
}

func newPluginRemove(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "remove",
		Short: "Take tare out of Docker's plugins",
		Long: `Remove the link in Docker's plugins that plugin install made, and its hooks from
Docker's config.json. Nothing else of either is changed.`,
		Example:           "  tare plugin remove",
		Args:              cobra.NoArgs,
		RunE:              func(*cobra.Command, []string) error { return a.plugged(plugin.Remove(plugin.Here())) },
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

// plugged says what was done, also before an error.
func (a *app) plugged(did []string, err error) error {
	for _, d := range did {
		_, _ = fmt.Fprintln(a.Out, d)
	}
	if err == nil && len(did) == 0 {
		_, _ = fmt.Fprintln(a.Out, "docker has no such plugin: nothing to do")
	}
	return err
}

func newPluginMetadata(a *app) *cobra.Command {
	return &cobra.Command{Use: "metadata", Hidden: true, Args: cobra.NoArgs,
		Short: "Tell docker what this plugin is",
		RunE:  func(*cobra.Command, []string) error { return plugin.WriteMetadata(a.Out, buildinfo.Version) }}
}

func newPluginHook(a *app) *cobra.Command {
	return &cobra.Command{Use: "hook JSON", Hidden: true, Args: cobra.ExactArgs(1),
		Short: "Tell docker what to say after its command",
		RunE: func(cmd *cobra.Command, args []string) error {
			parent := plugin.Parent()
			for k, v := range plugin.Told(parent) {
				_ = os.Setenv(k, v)
			}
			if st, err := a.Look(); err == nil {
				plugin.Hook(cmd.Context(), a.Out, plugin.HookRequest{Data: args[0], Parent: parent, Inspect: target.Inspect, Cache: st})
			}
			return nil
		}}
}
