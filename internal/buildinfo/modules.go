package buildinfo

import "runtime/debug"

// Module is a module that the program is made of.
type Module struct {
	Path    string
	Version string
	Sum     string // as in go.sum
}

// Modules are the modules that went into this program, the standard library first; none
// if the program was built without module support.
func Modules() []Module {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	out := []Module{{Path: "std", Version: info.GoVersion}}
	for _, d := range info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		out = append(out, Module{d.Path, d.Version, d.Sum})
	}
	return out
}
