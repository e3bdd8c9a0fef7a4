package packages

import (
	"path"
	"slices"
	"strings"

	"tare/internal/pattern"
)

// Runtime are languages that were compiled or unpacked by hand: below /usr/local, Java and
// Rust wherever they are.
var Runtime = register(Kind{
	Type: "runtime", Title: "language runtimes outside the package manager", Rank: 70, Version: 2, Parse: (*finder).runtimes, BuildTools: runtimeTools.has,
	Wants: func(f File) Want {
		switch {
		case f.Base == "node_version.h" && f.Dir == "usr/local/include/node",
			f.Base == "VERSION" && f.Dir == "usr/local/go",
			f.Base == "patchlevel.h" && strings.HasPrefix(f.Dir, "usr/local/include/python3"):
			return head
		case f.Base == "release" && f.Dir != "" && f.Dir != "etc" && f.Size < 64<<10, f.Base == "components" && strings.HasSuffix(f.Dir, "lib/rustlib"):
			return Want{Limit: 16 << 10, Head: true}
		}
		return Want{}
	},
})

var (
	pyVersion   = pattern.New(`#define\s+PY_VERSION\s+"([^"]+)"`)
	nodeVersion = pattern.New(`#define\s+NODE_(MAJOR|MINOR|PATCH)_VERSION\s+(\d+)`)
)

// runtimes finds languages that were compiled or unpacked below /usr/local, as the
// official images have them, by the files that name their version.
func (f *finder) runtimes() {
	for _, name := range f.paths {
		b := f.view.Files[name]
		switch {
		case strings.HasPrefix(name, "usr/local/include/python3") && path.Base(name) == "patchlevel.h":
			m := pyVersion().FindSubmatch(b)
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
			for _, m := range nodeVersion().FindAllSubmatch(b, 3) {
				v = append(v, string(m[2]))
			}
			if len(v) == 3 {
				f.add(Package{Name: "node", Version: strings.Join(v, "."), Location: name, Trees: []string{"usr/local/include/node", "usr/local/share/doc/node"},
					Files: []string{"usr/local/bin/node", "usr/local/bin/nodejs", "usr/local/CHANGELOG.md", "usr/local/README.md", "usr/local/LICENSE", "usr/local/share/man/man1/node.1"}})
			}
		case name == "usr/local/go/VERSION":
			v, _, _ := strings.Cut(string(b), "\n")
			f.add(Package{Name: "go", Version: strings.TrimPrefix(v, "go"), Location: name, Trees: []string{"usr/local/go"}})
		case path.Base(name) == "release":
			if p, ok := java(path.Dir(name), b); ok {
				p.Location = name
				f.add(p)
			}
		case strings.HasSuffix(name, "lib/rustlib/components"):
			f.add(rust(name))
		}
	}
}

var javaLine = pattern.New(`(?m)^(JAVA_VERSION|IMAGE_TYPE|MODULES)="([^"]*)"`)

// java is what was unpacked into a directory that has such a release file: "jdk" with a
// compiler, "jre" without, "java" if the file does not tell (before Java 9 only some
// vendors wrote it down).
func java(dir string, release []byte) (Package, bool) {
	told := map[string]string{}
	for _, m := range javaLine().FindAllSubmatch(release, -1) {
		told[string(m[1])] = string(m[2])
	}
	p := Package{Name: "java", Version: told["JAVA_VERSION"], Trees: []string{dir}}
	modules := strings.Fields(told["MODULES"])
	switch {
	case slices.Contains(modules, "jdk.compiler") || len(modules) == 0 && told["IMAGE_TYPE"] == "JDK":
		p.Name = "jdk"
	case len(modules) > 0 || told["IMAGE_TYPE"] == "JRE":
		p.Name = "jre"
	}
	return p, p.Version != ""
}

// rust is the toolchain that rustup, or Rust's own installer, has unpacked around a list of
// components.
func rust(components string) Package {
	dir := strings.TrimSuffix(strings.TrimSuffix(components, "lib/rustlib/components"), "/")
	p := Package{Name: "rust", Location: components, Trees: []string{dir}}
	if home, ok := strings.CutSuffix(path.Dir(dir), "/toolchains"); ok {
		// "1.79.0-x86_64-unknown-linux-gnu". Of cargo's directory only what rustup puts there
		// is known: it holds what cargo has installed, too.
		p.Version, _, _ = strings.Cut(path.Base(dir), "-")
		for _, cargo := range []string{path.Join(path.Dir(home), "cargo"), path.Join(path.Dir(home), ".cargo")} {
			for _, proxy := range []string{"rustup", "rustc", "cargo", "rustdoc", "rustfmt", "cargo-fmt", "cargo-clippy", "clippy-driver", "rust-gdb", "rust-gdbgui", "rust-lldb", "rls", "cargo-miri", "rust-analyzer"} {
				p.Files = append(p.Files, cargo+"/bin/"+proxy)
			}
		}
		return p
	}
	p.Trees = []string{path.Dir(components)}
	for _, program := range []string{"rustc", "cargo", "rustdoc", "rustfmt", "cargo-fmt", "cargo-clippy", "clippy-driver", "rust-gdb", "rust-gdbgui", "rust-lldb", "rust-analyzer"} {
		p.Files = append(p.Files, path.Join(dir, "bin", program))
	}
	return p
}
