package packages

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
)

// NPM is what npm and others install below node_modules.
var NPM = register(Kind{
	Type: "npm", Title: "npm packages", Rank: 41, Version: 1, Parse: (*finder).npm, Installer: "npm", BuildTools: npmTools.has, Caches: []string{"root/.npm/"},
	Wants: func(f File) Want {
		if f.Base == "package.json" && (strings.HasPrefix(f.Dir, "node_modules/") || strings.Contains(f.Dir, "/node_modules/")) {
			return document
		}
		return Want{}
	},
})

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
		p := Package{Name: id, Version: m.Version, Location: dir, Record: name, Trees: []string{dir}}
		p.needs = slices.Sorted(maps.Keys(m.Dependencies))
		f.add(p)
	}
}
