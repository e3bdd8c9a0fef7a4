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
		Example: "  tare version\n  tare version --deps\n  tare version --format json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			engine, root := "none", ""
			if a.Engines.Embedded != nil {
				engine = "embedded"
			}
			if addr := a.Address(); addr != "" {
				engine = addr
			}
			if st, err := a.Store(); err == nil {
				root = st.Root()
			}
			v := buildinfo.Read(a.Engines.Version, engine, root)
			if deps {
				v.Deps = buildinfo.Modules()
			}
			if format != "" {
				return table.Template(a.print.Data(), format, v)
			}
			return v.Write(a.Out)
		},
	}
	c.Flags().BoolVar(&deps, "deps", false, "list the modules that tare is built from")
	c.Flags().StringVarP(&format, "format", "f", "", "json or a Go template")
	return c
}
