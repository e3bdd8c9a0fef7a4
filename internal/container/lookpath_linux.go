package container

import (
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/containerd/continuity/fs"

	"tare/internal/engine"
)

// lookPath looks for the program in the container's file system before the
// runtime does, which would print its own error on the program's stderr. What it
// cannot decide (a bind mount over the place, a script without interpreter) is
// left to the runtime.
func (b *bundle) lookPath(r engine.Run) error {
	name := r.Args[0]
	rootfs := b.path("rootfs")
	var places []string
	switch {
	case path.IsAbs(name):
		places = []string{name}
	case strings.Contains(name, "/"):
		places = []string{path.Join(r.Dir, name)}
	default:
		for _, e := range r.Env {
			if p, ok := strings.CutPrefix(e, "PATH="); ok {
				places = nil
				for _, d := range strings.Split(p, ":") {
					places = append(places, path.Join("/", r.Dir, d, name))
					if path.IsAbs(d) {
						places[len(places)-1] = path.Join(d, name)
					}
				}
			}
		}
	}
	denied := false
	for _, p := range places {
		if covered(p, r.Mounts) {
			return nil
		}
		real, err := fs.RootPath(rootfs, p)
		if err != nil {
			continue
		}
		fi, err := os.Stat(real)
		if err != nil {
			continue
		}
		if fi.Mode().IsRegular() && fi.Mode()&0o111 != 0 {
			return nil
		}
		denied = true
	}
	switch {
	case denied:
		return &engine.StartError{Code: 126, Err: fmt.Errorf("exec: %q: permission denied: not an executable file", name)}
	case path.IsAbs(name) || strings.Contains(name, "/"):
		return &engine.StartError{Code: 127, Err: fmt.Errorf("exec: %q: no such file or directory", name)}
	}
	return &engine.StartError{Code: 127, Err: fmt.Errorf("exec: %q: executable file not found in $PATH", name)}
}

// covered tells whether a mount of the run lies over path.
func covered(p string, mounts []engine.Mount) bool {
	for _, m := range mounts {
		if p == m.Target || strings.HasPrefix(p, strings.TrimSuffix(m.Target, "/")+"/") {
			return true
		}
	}
	return false
}
