package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"tare/internal/buildinfo"
	"tare/internal/table"
)

func init() { register(dockerGroup, newVersion) }

type versionInfo struct {
	Version   string
	GoVersion string
	Os        string
	Arch      string
	BuildKit  string
	Store     string
	// Client and Server are what Docker's scripts ask for: {{.Server.Version}}.
	Client, Server versionSide
	// Deps are the modules that the program is made of, with --deps.
	Deps []buildinfo.Module `json:",omitempty"`
}

// versionSide is this program as one of the two that Docker consists of.
type versionSide struct{ Version, GoVersion, Os, Arch string }

func newVersion(a *app) *cobra.Command {
	var format string
	var deps bool
	c := &cobra.Command{
		Use:     "version [OPTIONS]",
		Short:   "Show version information",
		Example: "  tare version\n  tare version --deps\n  tare version --format '{{.Version}}'",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := versionInfo{Version: buildinfo.Version, GoVersion: runtime.Version(), Os: runtime.GOOS, Arch: runtime.GOARCH, BuildKit: a.Engines.Version}
			v.Client = versionSide{v.Version, v.GoVersion, v.Os, v.Arch}
			v.Server = v.Client
			if st, err := a.Store(); err == nil {
				v.Store = st.Root()
			}
			if deps {
				v.Deps = buildinfo.Modules()
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
