package packages

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// python reads what pip, setuptools and distributions leave beside a library: a
// dist-info directory with METADATA and RECORD (PEP 376, 427), or an egg-info.
func (f *finder) python() {
	for _, name := range f.paths {
		dir, base := path.Split(name)
		dir = strings.TrimSuffix(dir, "/")
		switch {
		case strings.HasSuffix(dir, ".dist-info") && base == "METADATA":
		case strings.HasSuffix(dir, ".egg-info") && base == "PKG-INFO":
		case strings.HasSuffix(base, ".egg-info"):
			dir = name
		default:
			continue
		}
		p := Package{Type: Python, Location: dir}
		for line := range strings.Lines(string(f.view.Files[name])) {
			line = strings.TrimRight(line, "\r\n")
			if line == "" {
				break // the description follows
			}
			switch k, v, _ := strings.Cut(line, ": "); k {
			case "Name":
				p.Name = normal(v)
			case "Version":
				p.Version = v
			case "Requires-Dist":
				if !strings.Contains(v, "extra ==") && !strings.Contains(v, "extra==") {
					p.needs = append(p.needs, normal(distName.FindString(v)))
				}
			}
		}
		if p.Name == "" {
			f.problem(name, fmt.Errorf("no Name: line"))
			continue
		}
		_, p.Explicit = f.view.Files[dir+"/REQUESTED"]
		_, byPip := f.view.Files[dir+"/INSTALLER"]
		p.Known = p.Explicit || byPip
		p.Trees = []string{dir}
		site := path.Dir(dir)
		if err := f.pythonFiles(&p, dir, site); err != nil {
			f.problem(dir+"/RECORD", err)
		}
		f.add(p)
	}
}

var distName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*`)
var separators = regexp.MustCompile(`[-_.]+`)

// normal is the normalised name of PEP 503.
func normal(name string) string { return strings.ToLower(separators.ReplaceAllString(name, "-")) }

func (f *finder) pythonFiles(p *Package, dir, site string) error {
	if b, ok := f.view.Files[dir+"/RECORD"]; ok {
		r := csv.NewReader(strings.NewReader(string(b)))
		r.FieldsPerRecord, r.LazyQuotes = -1, true
		rows, err := r.ReadAll()
		for _, row := range rows {
			if strings.HasPrefix(row[0], "/") {
				p.Files = append(p.Files, clean(row[0]))
			} else {
				p.Files = append(p.Files, clean("/"+site+"/"+row[0]))
			}
		}
		return err
	}
	if b, ok := f.view.Files[dir+"/installed-files.txt"]; ok {
		for line := range strings.Lines(string(b)) {
			p.Files = append(p.Files, clean("/"+dir+"/"+strings.TrimSpace(line)))
		}
		return nil
	}
	top := strings.Fields(string(f.view.Files[dir+"/top_level.txt"]))
	if len(top) == 0 {
		top = []string{strings.ReplaceAll(p.Name, "-", "_")}
	}
	for _, t := range top {
		p.Trees = append(p.Trees, clean("/"+site+"/"+t))
		p.Files = append(p.Files, clean("/"+site+"/"+t+".py"))
	}
	return nil
}

// npm reads the package.json of each package below a node_modules directory.
func (f *finder) npm() {
	for _, name := range f.paths {
		dir, base := path.Split(name)
		dir = strings.TrimSuffix(dir, "/")
		at := strings.LastIndex("/"+dir, "/node_modules/")
		if base != "package.json" || at < 0 {
			continue
		}
		id := dir[at+len("node_modules/"):]
		if n := strings.Count(id, "/"); n > 1 || n == 1 && id[0] != '@' || n == 0 && id[0] == '@' {
			continue // a directory inside a package
		}
		var m struct {
			Name, Version    string
			Dependencies     map[string]any
			PeerDependencies map[string]any
		}
		if err := json.Unmarshal(f.view.Files[name], &m); err != nil {
			f.problem(name, err)
			continue
		}
		p := Package{Type: NPM, Name: id, Version: m.Version, Location: dir, Trees: []string{dir}}
		p.needs = slices.Sorted(maps.Keys(m.Dependencies))
		f.add(p)
	}
}

// jar is a Java archive by its manifest (JAR file specification), and by the name of
// the file where that says nothing.
func jar(name string, manifest []byte) Package {
	fields := map[string]string{}
	last := ""
	for line := range strings.Lines(string(manifest)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		if rest, ok := strings.CutPrefix(line, " "); ok {
			fields[last] += rest
			continue
		}
		k, v, _ := strings.Cut(line, ": ")
		fields[k], last = v, k
	}
	first := func(keys ...string) string {
		for _, k := range keys {
			if v, _, _ := strings.Cut(fields[k], ";"); v != "" {
				return v
			}
		}
		return ""
	}
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	p := Package{Type: Java, Name: first("Bundle-SymbolicName", "Automatic-Module-Name"), Version: first("Implementation-Version", "Bundle-Version", "Specification-Version"), Location: name, Files: []string{name}}
	if m := jarVersion.FindStringSubmatchIndex(base); m != nil {
		if p.Version == "" {
			p.Version = base[m[2]:]
		}
		base = base[:m[0]]
	}
	if p.Name == "" {
		p.Name = base
	}
	return p
}

var jarVersion = regexp.MustCompile(`-(\d[\w.+-]*)$`)

// goProgram reads build info as `go version -m` prints it.
func goProgram(name string, info []byte) (Package, bool) {
	version, mod, _ := strings.Cut(string(info), "\n")
	p := Package{Type: Go, Location: name, Files: []string{name}, Contains: []string{"go " + version}}
	for line := range strings.Lines(mod) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		switch {
		case f[0] == "path" && len(f) > 1:
			p.Name = f[1]
		case f[0] == "mod" && len(f) > 2:
			p.Version = f[2]
		case f[0] == "dep" && len(f) > 2:
			p.Contains = append(p.Contains, f[1]+" "+f[2])
		}
	}
	if p.Name == "" {
		p.Name = path.Base(name)
	}
	return p, strings.HasPrefix(version, "go1") || strings.HasPrefix(version, "devel")
}

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
			p := Package{Type: Runtime, Name: "python", Version: string(m[1]), Location: name,
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
				f.add(Package{Type: Runtime, Name: "node", Version: strings.Join(v, "."), Location: name, Trees: []string{"usr/local/include/node", "usr/local/share/doc/node"},
					Files: []string{"usr/local/bin/node", "usr/local/bin/nodejs", "usr/local/CHANGELOG.md", "usr/local/README.md", "usr/local/LICENSE", "usr/local/share/man/man1/node.1"}})
			}
		case name == "usr/local/go/VERSION":
			v, _, _ := strings.Cut(string(b), "\n")
			f.add(Package{Type: Runtime, Name: "go", Version: strings.TrimPrefix(v, "go"), Location: name, Trees: []string{"usr/local/go"}})
		}
	}
}
