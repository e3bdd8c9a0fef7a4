package dockerfile

import (
	"maps"
	"slices"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// variable is an ARG before the first FROM.
type variable struct {
	name, value string
	given       bool // it has a default
}

// With is the file as a build with these arguments sees it: the variables of FROM lines
// are filled in. What the arguments leave open stays as it is written.
func (f *File) With(args map[string]string) *File {
	out := *f
	out.Args = f.globals(args)
	lex := shell.NewLex(f.escape)
	out.Stages = slices.Clone(f.Stages)
	for i := range out.Stages {
		if base, _, err := lex.ProcessWord(out.Stages[i].Base, env(out.Args)); err == nil && base != "" {
			out.Stages[i].Base = base
		}
	}
	return &out
}

// globals are the arguments that FROM lines may use: those that a builder sets by
// itself, the declared ones with their defaults, and what was given for both.
func (f *File) globals(args map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range automatic("", "") {
		if g, ok := args[k]; ok {
			v = g
		}
		out[k] = v
	}
	lex := shell.NewLex(f.escape)
	for _, v := range f.globalArgs {
		value, ok := args[v.name]
		if !ok && v.given {
			value = v.value
			if x, _, err := lex.ProcessWord(v.value, env(out)); err == nil {
				value = x
			}
			ok = true
		}
		if ok {
			out[v.name] = value
		}
	}
	return out
}

// Automatic are the arguments that a builder sets by itself for a platform ("" for that
// of this machine) and a target.
func Automatic(platform, target string) map[string]string { return automatic(platform, target) }

func automatic(platform, target string) map[string]string {
	here := platforms.Normalize(platforms.DefaultSpec())
	there := here
	if p, err := platforms.Parse(platform); platform != "" && err == nil {
		there = platforms.Normalize(p)
	}
	if target == "" {
		target = "default"
	}
	out := map[string]string{"TARGETSTAGE": target}
	for name, p := range map[string]ocispec.Platform{"BUILD": here, "TARGET": there} {
		maps.Copy(out, map[string]string{name + "PLATFORM": platforms.Format(p), name + "OS": p.OS, name + "ARCH": p.Architecture, name + "VARIANT": p.Variant, name + "OSVERSION": p.OSVersion})
	}
	return out
}
