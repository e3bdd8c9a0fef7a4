package packages

import (
	"encoding/json"
	"errors"
	"path"
	"strings"
)

// Conda is what conda, mamba and micromamba install into an environment.
var Conda = register(Kind{
	Type: "conda", Title: "conda packages", Rank: 30, Version: 1, Parse: (*finder).conda, BuildTools: condaTools.has, Installer: "conda",
	Marks: []string{"conda-meta"}, Caches: []string{"opt/conda/pkgs/", "root/.conda/pkgs/", "root/.mamba/pkgs/"},
	Wants: func(f File) Want {
		if path.Base(f.Dir) == "conda-meta" && strings.HasSuffix(f.Base, ".json") {
			return listing
		}
		return Want{}
	},
})

// conda reads the records of environments: PREFIX/conda-meta/NAME-VERSION-BUILD.json,
// which list the files below PREFIX and what the package depends on.
func (f *finder) conda() {
	for _, name := range f.paths {
		dir, base := path.Split(name)
		dir = strings.TrimSuffix(dir, "/")
		if path.Base(dir) != "conda-meta" || !strings.HasSuffix(base, ".json") {
			continue
		}
		var m struct {
			Name, Version, Build, Subdir string
			Depends, Files               []string
			Asked                        json.RawMessage `json:"requested_spec"`
		}
		if err := json.Unmarshal(f.view.Files[name], &m); err != nil {
			f.problem(name, err)
			continue
		}
		if m.Name == "" {
			f.problem(name, errors.New("no name"))
			continue
		}
		asked := string(m.Asked)
		p := Package{Name: m.Name, Version: m.Version, Arch: m.Subdir, Location: path.Dir(dir), Record: name,
			Known: true, Explicit: asked != "" && asked != "null" && asked != `""` && asked != `"None"`, Files: []string{name}}
		for _, file := range m.Files {
			p.Files = append(p.Files, clean("/"+path.Dir(dir)+"/"+file))
		}
		for _, d := range m.Depends {
			if need, _, _ := strings.Cut(d, " "); need != "" && !strings.HasPrefix(need, "__") { // else a property of the machine
				p.needs = append(p.needs, need)
			}
		}
		f.add(p)
	}
}
