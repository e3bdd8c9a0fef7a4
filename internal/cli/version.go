package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"tare/internal/buildinfo"
)

type versionInfo struct {
	Version   string
	GoVersion string
	Os        string
	Arch      string
	BuildKit  string
	Store     string
}

func newVersion(a *app) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:     "version [OPTIONS]",
		Short:   "Show versions",
		Example: "  tare version\n  tare version --format '{{.Version}}'",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := versionInfo{Version: buildinfo.Version, GoVersion: runtime.Version(), Os: runtime.GOOS, Arch: runtime.GOARCH, BuildKit: a.engines.Version}
			if st, err := a.store(); err == nil {
				v.Store = st.Root()
			}
			if format != "" {
				return executeTemplate(a.Out, format, v)
			}
			engine := "inside this process, BuildKit " + v.BuildKit
			if a.engines.Embedded == nil {
				engine = "none here; --builder ADDRESS"
			}
			if addr := a.address(); addr != "" {
				engine = addr
			}
			_, err := fmt.Fprintf(a.Out, "tare:\n Version:    %s\n Go version: %s\n OS/Arch:    %s/%s\n Engine:     %s\n Store:      %s\n",
				v.Version, v.GoVersion, v.Os, v.Arch, engine, v.Store)
			return err
		},
	}
	c.Flags().StringVarP(&format, "format", "f", "", "json or a Go template")
	return c
}
