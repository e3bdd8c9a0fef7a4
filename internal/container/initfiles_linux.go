package container

import (
	"bufio"
	"debug/elf"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"tare/internal/engine"
)

// initPath is where `run --init` puts tare itself into the container, and initLibraries
// what a tare that is linked dynamically needs there.
const (
	initPath      = "/sbin/tare-init"
	initLibraries = "/sbin/tare-init.d"
)

// initFiles are the mounts that bring tare into a container as its init, and the command
// that starts it. A static tare is one file. One that was built with cgo needs the
// loader and the libraries that it runs with: the image's are others, if it has any.
func initFiles() ([]engine.Mount, []string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	mounts := []engine.Mount{{Type: "bind", Source: self, Target: initPath, ReadOnly: true}}
	loader, err := interpreter(self)
	if err != nil {
		return nil, nil, fmt.Errorf("--init: %w", err)
	}
	if loader == "" {
		return mounts, []string{initPath}, nil
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return nil, nil, fmt.Errorf("--init: %w", err)
	}
	own := path.Join(initLibraries, "loader")
	mounts = append(mounts, engine.Mount{Type: "bind", Source: loader, Target: own, ReadOnly: true})
	for _, file := range mapped(string(maps)) {
		if name := soname(file); name != "" {
			mounts = append(mounts, engine.Mount{Type: "bind", Source: file, Target: path.Join(initLibraries, name), ReadOnly: true})
		}
	}
	return mounts, []string{own, "--library-path", initLibraries, initPath}, nil
}

// interpreter is the program that loads an executable's libraries, "" for a static one.
func interpreter(file string) (string, error) {
	f, err := elf.Open(file)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			b := make([]byte, min(p.Filesz, 4096))
			n, err := p.ReadAt(b, 0)
			if n < len(b) {
				return "", err
			}
			return strings.TrimRight(string(b), "\x00"), nil
		}
	}
	return "", nil
}

// mapped are the files whose code a process has mapped, from its /proc/PID/maps.
func mapped(maps string) []string {
	var out []string
	for sc := bufio.NewScanner(strings.NewReader(maps)); sc.Scan(); {
		f := strings.Fields(sc.Text())
		if len(f) != 6 || !strings.Contains(f[1], "x") || !strings.HasPrefix(f[5], "/") || slices.Contains(out, f[5]) {
			continue // also names with spaces, which no system library has
		}
		out = append(out, f[5])
	}
	return out
}

// soname is what a library is asked for by, "" for what is no library.
func soname(file string) string {
	f, err := elf.Open(file)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	names, err := f.DynString(elf.DT_SONAME)
	if err != nil || len(names) == 0 || names[0] != path.Base(names[0]) {
		return ""
	}
	return names[0]
}
