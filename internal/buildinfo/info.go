package buildinfo

import (
	"fmt"
	"io"
	"runtime"
	"strings"
)

// Schema names the JSON document of `tare version`.
const Schema = "tare.version/v1"

// Info is what `tare version` says of this program and the machine it is for: what a
// tool asks before it relies on something.
type Info struct {
	// Version is the release; of builds between releases it has a part after "-" or "+".
	Version string
	// GoVersion is the Go that compiled the program, such as go1.26.1.
	GoVersion string
	// Os and Arch are the platform it runs on, as in GOOS and GOARCH.
	Os, Arch string
	// BuildKit is the version of the BuildKit that is linked; empty where none is.
	BuildKit string
	// Engine is what builds and runs: "embedded", "none", or the address of a buildkitd.
	Engine string
	// Store is the directory of the image store; empty if there is none to use.
	Store string
	// Client is this program again, where Docker's scripts look: {{.Client.Version}}.
	Client Side
	// Server is the same: {{.Server.Version}}.
	Server Side
	// Deps are the modules that the program is made of, with --deps.
	Deps []Module `json:",omitempty"`
	// Schema is "tare.version/v1".
	Schema string `json:"schema"`
}

// Side is this program as one of the two that Docker consists of.
type Side struct {
	Version   string // the release, as above
	GoVersion string // the Go that compiled it
	Os, Arch  string // as in GOOS and GOARCH
}

// Read describes this program. buildKit is the version of the linked BuildKit, engine
// "embedded", "none" or an address, root the store's directory.
func Read(buildKit, engine, root string) Info {
	side := Side{Version, runtime.Version(), runtime.GOOS, runtime.GOARCH}
	return Info{Version: side.Version, GoVersion: side.GoVersion, Os: side.Os, Arch: side.Arch, BuildKit: buildKit, Engine: engine, Store: root,
		Client: side, Server: side, Schema: Schema}
}

// Write writes what people read.
func (v Info) Write(w io.Writer) error {
	engine := v.Engine
	switch engine {
	case "embedded":
		engine = "inside this process, BuildKit " + v.BuildKit
	case "none":
		engine = "none here; --builder ADDRESS"
	}
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
