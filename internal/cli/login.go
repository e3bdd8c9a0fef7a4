package cli

import (
	"fmt"

	"github.com/docker/cli/cli/config/types"
	"github.com/spf13/cobra"

	"tare/internal/prompt"
	"tare/internal/source"
)

func init() { register(dockerGroup, newLogin) }

func newLogin(a *app) *cobra.Command {
	var user, password string
	var fromStdin bool
	c := &cobra.Command{
		Use:   "login [OPTIONS] [SERVER]",
		Short: "Log in to a registry",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host := "docker.io"
			if len(args) == 1 {
				host = source.Host(args[0])
			}
			if password != "" {
				a.note("a password on the command line can be seen by others on this machine; --password-stdin is safer")
			}
			var err error
			ask := prompt.Prompt{In: a.In, Out: a.Err}
			if user, password, err = ask.Login(a.ctx, a.stdin(), user, password, fromStdin); err != nil {
				return err
			}
			reg, err := a.Registry()
			if err != nil {
				return err
			}
			if err := reg.Login(cmd.Context(), host, user, password); err != nil {
				return err
			}
			key := source.ConfigKey(host)
			cfg, err := a.Config()
			if err != nil {
				return err
			}
			st := cfg.GetCredentialsStore(key)
			if err := st.Store(types.AuthConfig{Username: user, Password: password, ServerAddress: key}); err != nil {
				return fmt.Errorf("keep the login for %s: %w", host, err)
			}
			_, _ = fmt.Fprintln(a.Out, "Login Succeeded")
			return nil
		},
	}
	c.Flags().StringVarP(&user, "username", "u", "", "user name")
	c.Flags().StringVarP(&password, "password", "p", "", "password or token; prefer --password-stdin")
	c.Flags().BoolVar(&fromStdin, "password-stdin", false, "read the password from standard input")
	return c
}
