package packages

import (
	"encoding/csv"
	"fmt"
	"path"
	"strings"

	"tare/internal/pattern"
)

// Python is what pip and others install: dist-info and egg-info.
var Python = register(Kind{
	Type: "pypi", Title: "Python libraries (pip)", Rank: 40, Version: 1, Parse: (*finder).python, BuildTools: pypiTools.has, Installer: "pip",
	Marks: []string{".dist-info", ".egg-info"}, MadeFrom: pythonSource,
	Wants: func(f File) Want {
		switch {
		case strings.HasSuffix(f.Dir, ".dist-info"):
			switch f.Base {
			case "METADATA":
				return head // the long description at its end tells nothing
			case "RECORD":
				return listing
			case "REQUESTED", "INSTALLER":
				return database
			}
		case strings.HasSuffix(f.Dir, ".egg-info"):
			switch f.Base {
			case "PKG-INFO":
				return head
			case "installed-files.txt", "requires.txt", "top_level.txt":
				return database
			}
		case strings.HasSuffix(f.Base, ".egg-info"):
			return head
		}
		return Want{}
	},
})

// pythonSource is the file that byte code was made from (PEP 3147, 488): m.cpython-312.opt-1.pyc
// in __pycache__ from m.py beside it; without such a directory, m.pyc or m.pyo from m.py.
func pythonSource(p string) string {
	stem, ok := strings.CutSuffix(p, ".pyc")
	if !ok {
		if stem, ok = strings.CutSuffix(p, ".pyo"); !ok {
			return ""
		}
	}
	dir, base := path.Split(stem)
	rest, ok := strings.CutSuffix(dir, "__pycache__/")
	if !ok {
		return stem + ".py"
	}
	if opt := path.Ext(base); strings.HasPrefix(opt, ".opt-") {
		base = strings.TrimSuffix(base, opt)
	}
	return rest + strings.TrimSuffix(base, path.Ext(base)) + ".py"
}

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
		p := Package{Location: dir, Record: name}
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
					p.needs = append(p.needs, normal(distName().FindString(v)))
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

var distName = pattern.New(`^[A-Za-z0-9][A-Za-z0-9._-]*`)
var separators = pattern.New(`[-_.]+`)

// normal is the normalised name of PEP 503.
func normal(name string) string { return strings.ToLower(separators().ReplaceAllString(name, "-")) }

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
