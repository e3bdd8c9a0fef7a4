package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"tare/internal/source"
)

func init() { register(dockerGroup, newLogout) }

func newLogout(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "logout [SERVER]",
		Short:   "Log out of a registry",
		Example: "  tare logout registry.example.com",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			host := "docker.io"
			if len(args) == 1 {
				host = source.Host(args[0])
			}
			cfg, err := a.Config()
			if err != nil {
				return err
			}
			key := source.ConfigKey(host)
			if got, err := cfg.GetAuthConfig(key); err == nil && got.Username == "" && got.IdentityToken == "" {
				_, _ = fmt.Fprintf(a.Out, "Not logged in to %s\n", host)
				return nil
			}
			_, _ = fmt.Fprintf(a.Out, "Removing login credentials for %s\n", key)
			if err := cfg.GetCredentialsStore(key).Erase(key); err != nil {
				return fmt.Errorf("log out of %s: %w", host, err)
			}
			return nil
		},
	}
}
