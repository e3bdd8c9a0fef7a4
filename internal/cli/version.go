package cli

import (
	"github.com/spf13/cobra"

	"tare/internal/buildinfo"
	"tare/internal/table"
)

func init() { register(dockerGroup, newVersion) }

func newVersion(a *app) *cobra.Command {
	var format string
	var deps bool
	c := &cobra.Command{
		Use:     "version [OPTIONS]",
		Short:   "Show version information",
		Example: "  tare version\n  tare version --deps\n  tare version --format '{{.Version}}'",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := buildinfo.About(a.Engines.Version, deps)
			if st, err := a.Store(); err == nil {
				v.Store = st.Root()
			}
			if format != "" {
				return table.Template(a.data(), format, v)
			}
			engine := "inside this process, BuildKit " + v.BuildKit
			if a.Engines.Embedded == nil {
				engine = "none here; --builder ADDRESS"
			}
			if addr := a.Address(); addr != "" {
				engine = addr
			}
			return v.Write(a.Out, engine)
		},
	}
	c.Flags().BoolVar(&deps, "deps", false, "list the modules that tare is built from")
	c.Flags().StringVarP(&format, "format", "f", "", "json or a Go template")
	return c
}
