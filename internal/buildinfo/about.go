package buildinfo

import (
	"fmt"
	"io"
	"runtime"
	"strings"
)

// Info is what tare version tells, with the names that Docker has for it.
type Info struct {
	Version   string
	GoVersion string
	Os        string
	Arch      string
	BuildKit  string
	Store     string
	// Client and Server are what Docker's scripts ask for: {{.Server.Version}}.
	Client, Server Side
	// Deps are the modules that the program is made of, if they were asked for.
	Deps []Module `json:",omitempty"`
}

// Side is this program as one of the two that Docker consists of.
type Side struct{ Version, GoVersion, Os, Arch string }

// About is this program with an embedded builder of a version, and with its modules if
// deps is set. Where the store lies is for the caller to say.
func About(buildkit string, deps bool) Info {
	v := Info{Version: Version, GoVersion: runtime.Version(), Os: runtime.GOOS, Arch: runtime.GOARCH, BuildKit: buildkit}
	v.Client = Side{v.Version, v.GoVersion, v.Os, v.Arch}
	v.Server = v.Client
	if deps {
		v.Deps = Modules()
	}
	return v
}

// Write writes what people read; engine says where the builder is.
func (v Info) Write(w io.Writer, engine string) error {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "tare:\n Version:    %s\n Go version: %s\n OS/Arch:    %s/%s\n Engine:     %s\n Store:      %s\n",
		v.Version, v.GoVersion, v.Os, v.Arch, engine, v.Store)
	for n, d := range v.Deps {
		if n == 0 {
			b.WriteString(" Modules:\n")
		}
		_, _ = fmt.Fprintf(&b, "  %s %s\n", d.Path, d.Version)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
