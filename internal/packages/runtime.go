package packages

import (
	"path"
	"regexp"
	"strings"
)

// Runtime are languages that were compiled or unpacked below /usr/local.
var Runtime = register(Kind{
	Type: "runtime", Title: "language runtimes outside the package manager", Rank: 70, Version: 1, Parse: (*finder).runtimes, BuildTools: namedTool,
	Wants: func(f File) Want {
		switch {
		case f.Base == "node_version.h" && f.Dir == "usr/local/include/node",
			f.Base == "VERSION" && f.Dir == "usr/local/go",
			f.Base == "patchlevel.h" && strings.HasPrefix(f.Dir, "usr/local/include/python3"):
			return head
		}
		return Want{}
	},
})

var (
	pyVersion   = regexp.MustCompile(`#define\s+PY_VERSION\s+"([^"]+)"`)
	nodeVersion = regexp.MustCompile(`#define\s+NODE_(MAJOR|MINOR|PATCH)_VERSION\s+(\d+)`)
)

// runtimes finds languages that were compiled or unpacked below /usr/local, as the
// official images have them, by the files that name their version.
func (f *finder) runtimes() {
	for _, name := range f.paths {
		b := f.view.Files[name]
		switch {
		case strings.HasPrefix(name, "usr/local/include/python3") && path.Base(name) == "patchlevel.h":
			m := pyVersion.FindSubmatch(b)
			if m == nil {
				continue
			}
			v := path.Base(path.Dir(name)) // python3.11
			p := Package{Name: "python", Version: string(m[1]), Location: name,
				Trees: []string{"usr/local/lib/" + v, "usr/local/include/" + v}}
			num := strings.TrimPrefix(v, "python")
			for _, file := range []string{"bin/python", "bin/python3", "bin/" + v, "bin/python-config", "bin/python3-config", "bin/" + v + "-config",
				"bin/2to3", "bin/2to3-" + num, "bin/idle", "bin/idle3", "bin/idle" + num, "bin/pydoc", "bin/pydoc3", "bin/pydoc" + num,
				"lib/libpython3.so", "lib/lib" + v + ".so", "lib/lib" + v + ".so.1.0", "lib/lib" + v + ".a",
				"lib/pkgconfig/python3.pc", "lib/pkgconfig/python3-embed.pc", "lib/pkgconfig/python-" + num + ".pc", "lib/pkgconfig/python-" + num + "-embed.pc",
				"share/man/man1/python3.1", "share/man/man1/" + v + ".1"} {
				p.Files = append(p.Files, "usr/local/"+file)
			}
			f.add(p)
		case name == "usr/local/include/node/node_version.h":
			var v []string
			for _, m := range nodeVersion.FindAllSubmatch(b, 3) {
				v = append(v, string(m[2]))
			}
			if len(v) == 3 {
				f.add(Package{Name: "node", Version: strings.Join(v, "."), Location: name, Trees: []string{"usr/local/include/node", "usr/local/share/doc/node"},
					Files: []string{"usr/local/bin/node", "usr/local/bin/nodejs", "usr/local/CHANGELOG.md", "usr/local/README.md", "usr/local/LICENSE", "usr/local/share/man/man1/node.1"}})
			}
		case name == "usr/local/go/VERSION":
			v, _, _ := strings.Cut(string(b), "\n")
			f.add(Package{Name: "go", Version: strings.TrimPrefix(v, "go"), Location: name, Trees: []string{"usr/local/go"}})
		}
	}
}
