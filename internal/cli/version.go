package cli

import (
	"fmt"

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
				return table.Template(a.data(), format, v)
			}
			switch engine {
			case "embedded":
				engine = "inside this process, BuildKit " + v.BuildKit
			case "none":
				engine = "none here; --builder ADDRESS"
			}
			_, err := fmt.Fprintf(a.Out, "tare:\n Version:    %s\n Go version: %s\n OS/Arch:    %s/%s\n Engine:     %s\n Store:      %s\n",
				v.Version, v.GoVersion, v.Os, v.Arch, engine, v.Store)
			for n, d := range v.Deps {
				if n == 0 {
					_, _ = fmt.Fprintln(a.Out, " Modules:")
				}
				_, err = fmt.Fprintf(a.Out, "  %s %s\n", d.Path, d.Version)
			}
			return err
		},
	}
	c.Flags().BoolVar(&deps, "deps", false, "list the modules that tare is built from")
	c.Flags().StringVarP(&format, "format", "f", "", "json or a Go template")
	return c
}
