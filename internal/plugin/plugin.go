// Package plugin makes tare a plugin of the docker command: docker tare weigh app, and a
// line about the image after docker build and docker pull.
package plugin

import (
	"encoding/json"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/cli/cli-plugins/metadata"
)

// The program's name as a plugin, and the plugin's name.
const (
	Program = metadata.NamePrefix + Name
	Name    = "tare"
)

// WriteMetadata answers docker's question what this plugin is.
func WriteMetadata(w io.Writer, version string) error {
	return json.NewEncoder(w).Encode(metadata.Metadata{SchemaVersion: "0.1.0", Vendor: "tare", Version: version,
		ShortDescription: "Weigh images, compare them, and explain why they differ"})
}

// valued are docker's global flags that have a value, with what does the same for tare.
var valued = map[string]string{
	"--context": "DOCKER_CONTEXT", "-c": "DOCKER_CONTEXT", "--host": "DOCKER_HOST", "-H": "DOCKER_HOST", "--config": "DOCKER_CONFIG",
	"--log-level": "", "-l": "", "--tlscacert": "", "--tlscert": "", "--tlskey": "",
}

// Arguments takes the command line that docker starts a plugin with apart: docker's own
// flags, the plugin's name, and what is tare's. env is what docker's flags come to. A
// program that does not have a plugin's name has args as they are.
func Arguments(program string, args []string) (own []string, env map[string]string) {
	if strings.TrimSuffix(filepath.Base(program), ".exe") != Program {
		return args, nil
	}
	flags, rest := globals(args)
	switch {
	case len(rest) > 1 && strings.HasPrefix(rest[0], "__complete") && rest[1] == Name: // by docker's completion
		rest = append([]string{rest[0]}, rest[2:]...)
	case len(rest) > 0 && rest[0] == Name:
		rest = rest[1:]
	}
	// Docker asks for a hook with the plugin's name before it, for the metadata without.
	switch {
	case len(rest) > 0 && rest[0] == metadata.MetadataSubcommandName:
		rest = append([]string{"plugin", "metadata"}, rest[1:]...)
	case len(rest) > 0 && rest[0] == metadata.HookSubcommandName:
		rest = append([]string{"plugin", "hook"}, rest[1:]...)
	}
	if slices.ContainsFunc(flags, func(f [2]string) bool { return f[0] == "-D" || f[0] == "--debug" }) {
		rest = append([]string{"--debug"}, rest...)
	}
	return rest, variables(flags)
}

// Told are the variables that docker's own flags among its arguments come to. A hook is
// started without these flags.
func Told(parent []string) map[string]string {
	flags, _ := globals(parent)
	return variables(flags)
}

func variables(flags [][2]string) map[string]string {
	env := map[string]string{}
	for _, f := range flags {
		switch variable := valued[f[0]]; {
		case f[0] == "--tls", f[0] == "--tlsverify":
			env[map[string]string{"--tls": "DOCKER_TLS", "--tlsverify": "DOCKER_TLS_VERIFY"}[f[0]]] = "1"
		case variable == "DOCKER_CONTEXT":
			env[variable], env["DOCKER_HOST"] = f[1], "" // the flag is before the variable
		case variable != "":
			env[variable] = f[1]
		}
	}
	return env
}

// globals divides docker's arguments into its global flags, with their values, and the
// rest from the first word on.
func globals(args []string) (flags [][2]string, rest []string) {
	for n := 0; n < len(args); n++ {
		name, value, has := strings.Cut(args[n], "=")
		if !strings.HasPrefix(name, "-") || name == "-" {
			return flags, args[n:]
		}
		if _, ok := valued[name]; ok && !has {
			if n++; n == len(args) {
				return flags, nil
			}
			value = args[n]
		}
		flags = append(flags, [2]string{name, value})
	}
	return flags, nil
}

// named is the image that a docker command line is about: the first name that a build
// gives, or what a pull names; "" for none, and for what leaves no image in the daemon.
func named(args []string) string {
	_, rest := globals(args)
	rest = slices.DeleteFunc(slices.Clone(rest), func(s string) bool { return s == "buildx" || s == "image" || s == "builder" })
	if len(rest) == 0 {
		return ""
	}
	switch rest[0] {
	case "build", "b":
		return tag(rest[1:])
	case "pull":
		return pulled(rest[1:])
	}
	return ""
}

func tag(args []string) (name string) {
	for n, a := range args {
		flag, value, has := strings.Cut(a, "=")
		switch {
		case flag == "--push", flag == "--output", flag == "-o", strings.HasPrefix(a, "-o") && !strings.HasPrefix(a, "--"), flag == "--help", flag == "-h", flag == "--check", flag == "--call", flag == "--print":
			return ""
		case name != "":
		case (flag == "--tag" || flag == "-t") && has:
			name = value
		case flag == "--tag" || flag == "-t":
			if n+1 < len(args) {
				name = args[n+1]
			}
		case strings.HasPrefix(a, "-t"):
			name = a[2:]
		}
	}
	return name
}

func pulled(args []string) (name string) {
	for n := 0; n < len(args); n++ {
		switch a := args[n]; {
		case a == "--platform":
			n++
		case a == "-a", a == "--all-tags", a == "-h", a == "--help":
			return ""
		case strings.HasPrefix(a, "-"):
		case name == "":
			name = a
		}
	}
	return name
}
