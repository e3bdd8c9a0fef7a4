package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"tare/internal/serve"
)

func init() { register(careGroup, newServe) }

func newServe(a *app) *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "serve [OPTIONS]",
		Short: "Offer tare's engine to docker buildx and buildctl",
		Long:  serve.Help,
		Example: `  tare serve &
  tare serve --socket /run/user/1000/b.sock
  buildctl --addr unix:///run/user/1000/b.sock build --frontend dockerfile.v0 \
    --local context=. --local dockerfile=.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if addr := a.Address(); addr != "" {
				return usagef("serve: the engine inside tare is what is served: leave --builder, TARE_BUILDER and BUILDKIT_HOST out (%s)", addr)
			}
			if err := a.Enter(); err != nil {
				return err
			}
			st, err := a.Store()
			if err != nil {
				return err
			}
			a.Own = true
			err = serve.Run(cmd.Context(), serve.Request{Socket: path, Root: st.EngineRoot(), Engine: a.Engine, Out: a.Out, Note: a.note})
			if errors.Is(err, serve.ErrCancelled) {
				a.errorf("%s", err)
				return exitCode(130)
			}
			return err
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().StringVar(&path, "socket", "", "path of the socket")
	return c
}
