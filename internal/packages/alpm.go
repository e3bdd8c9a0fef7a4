package packages

import (
	"errors"
	"path"
	"strconv"
	"strings"
)

// ALPM is that of Arch Linux and what is made from it.
var ALPM = register(Kind{
	Type: "alpm", Title: "Arch packages (pacman)", Rank: 13, Version: 1, System: true, Parse: (*finder).pacman,
	BuildTools: alpmTools.has,
	Databases:  []string{"var/lib/pacman/"},
	Wants: func(f File) Want {
		if path.Dir(f.Dir) != pacmanLocal {
			return Want{}
		}
		switch f.Base {
		case "desc":
			return document
		case "files":
			return listing
		}
		return Want{}
	},
})

const pacmanLocal = "var/lib/pacman/local"

// pacman reads the local database of libalpm: for each package a directory with a file
// desc (alpm-db-desc(5)) and a file files (alpm-db-files(5)), of sections that each
// begin with a line "%NAME%".
func (f *finder) pacman() {
	for _, name := range f.paths {
		dir, base := path.Split(name)
		dir = strings.TrimSuffix(dir, "/")
		if base != "desc" || path.Dir(dir) != pacmanLocal {
			continue
		}
		p := Package{Location: dir, Record: name, Known: true, Explicit: true, Trees: []string{dir}}
		pacmanSections(f.view.Files[name], func(section, v string) {
			switch section {
			case "NAME":
				p.Name = v
			case "VERSION":
				p.Version = v
			case "BASE":
				p.Source = v
			case "ARCH":
				p.Arch = v
			case "SIZE":
				p.Declared, _ = strconv.ParseInt(v, 10, 64)
			case "REASON":
				p.Explicit = v == "0"
			case "DEPENDS":
				p.needs = append(p.needs, atom(v))
			case "PROVIDES":
				p.provides = append(p.provides, atom(v))
			}
		})
		if p.Name == "" {
			f.problem(name, errors.New("no %NAME% section"))
			continue
		}
		pacmanSections(f.view.Files[dir+"/files"], func(section, v string) {
			if section == "FILES" && !strings.HasSuffix(v, "/") { // else a directory, which others have, too
				p.Files = append(p.Files, clean(v))
			}
		})
		f.add(p)
	}
}

// pacmanSections calls visit for every line of every section.
func pacmanSections(b []byte, visit func(section, v string)) {
	section := ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "":
			section = ""
		case section == "" && len(line) > 2 && line[0] == '%' && line[len(line)-1] == '%':
			section = line[1 : len(line)-1]
		case section != "":
			visit(section, line)
		}
	}
}
