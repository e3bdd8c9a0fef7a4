package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/docker/cli/cli/config/types"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tare/internal/source"
)

func newLogin(a *app) *cobra.Command {
	var user, password string
	var fromStdin bool
	c := &cobra.Command{
		Use:   "login [OPTIONS] [SERVER]",
		Short: "Log in to a registry",
		Long: `Log in to a registry (default Docker Hub). The login is checked and kept where
Docker keeps it: in the credential helper of ~/.docker/config.json, or in that
file itself.`,
		Example: `  tare login -u me registry.example.com
  pass show registry | tare login -u me --password-stdin registry.example.com`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host := "docker.io"
			if len(args) == 1 {
				host = hostOf(args[0])
			}
			if password != "" {
				a.note("a password on the command line can be seen by others on this machine; --password-stdin is safer")
			}
			var err error
			if user, password, err = a.ask(user, password, fromStdin); err != nil {
				return err
			}
			reg, err := a.registry()
			if err != nil {
				return err
			}
			if err := reg.Login(cmd.Context(), host, user, password); err != nil {
				return err
			}
			key := source.ConfigKey(host)
			st := a.cfg.GetCredentialsStore(key)
			if err := st.Store(types.AuthConfig{Username: user, Password: password, ServerAddress: key}); err != nil {
				return fmt.Errorf("keep the login for %s: %w", host, err)
			}
			_, _ = fmt.Fprintln(a.Out, "Login Succeeded")
			return nil
		},
	}
	c.Flags().StringVarP(&user, "username", "u", "", "user name")
	c.Flags().StringVarP(&password, "password", "p", "", "password or token; rather use --password-stdin")
	c.Flags().BoolVar(&fromStdin, "password-stdin", false, "read the password from standard input")
	return c
}

func (a *app) ask(user, password string, fromStdin bool) (string, string, error) {
	if fromStdin {
		if user == "" {
			return "", "", usagef("--password-stdin needs -u")
		}
		if password != "" {
			return "", "", usagef("-p and --password-stdin exclude one another")
		}
		b, err := io.ReadAll(io.LimitReader(a.stdin(), 64<<10))
		if err != nil {
			return "", "", err
		}
		return user, strings.TrimRight(string(b), "\r\n"), nil
	}
	if user != "" && password != "" {
		return user, password, nil
	}
	fd := int(a.In.Fd())
	if !term.IsTerminal(fd) {
		return "", "", usagef("cannot ask for a login without a terminal: use -u and --password-stdin")
	}
	if user == "" {
		_, _ = fmt.Fprint(a.Err, "Username: ")
		line, err := a.typed(func() ([]byte, error) { return bufio.NewReader(a.In).ReadBytes('\n') })
		if err != nil {
			return "", "", err
		}
		user = strings.TrimSpace(string(line))
	}
	if password == "" {
		_, _ = fmt.Fprint(a.Err, "Password: ")
		b, err := a.typed(func() ([]byte, error) { return term.ReadPassword(fd) })
		_, _ = fmt.Fprintln(a.Err)
		if err != nil {
			return "", "", err
		}
		password = string(b)
	}
	if user == "" || password == "" {
		return "", "", errors.New("log in: user name and password are needed")
	}
	return user, password, nil
}

func hostOf(arg string) string {
	for _, p := range []string{"https://", "http://"} {
		arg = strings.TrimPrefix(arg, p)
	}
	host, _, _ := strings.Cut(arg, "/")
	if host == "index.docker.io" || host == "registry-1.docker.io" {
		return "docker.io"
	}
	return host
}

func newLogout(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "logout [SERVER]",
		Short:   "Forget the login of a registry",
		Example: "  tare logout registry.example.com",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			host := "docker.io"
			if len(args) == 1 {
				host = hostOf(args[0])
			}
			cfg, err := a.config()
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
				return fmt.Errorf("forget the login of %s: %w", host, err)
			}
			return nil
		},
	}
}

// typed reads from the terminal until the command is told to end, and leaves the
// terminal as it was.
func (a *app) typed(read func() ([]byte, error)) ([]byte, error) {
	fd := int(a.In.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	type answer struct {
		b   []byte
		err error
	}
	ch := make(chan answer, 1)
	go func() {
		b, err := read()
		ch <- answer{b, err}
	}()
	select {
	case got := <-ch:
		return got.b, got.err
	case <-a.ctx.Done():
		_ = term.Restore(fd, before)
		return nil, a.ctx.Err()
	}
}
