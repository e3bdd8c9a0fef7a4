package packages

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// APK is Alpine's.
var APK = register(Kind{
	Type: "apk", Title: "Alpine packages (apk)", Rank: 10, Version: 1, System: true, Parse: (*finder).apk, BuildTools: apkTools.has,
	Databases: []string{"lib/apk/", "usr/lib/apk/", "etc/apk/"},
	Wants: func(f File) Want {
		switch {
		case f.Base == "installed" && (f.Dir == "lib/apk/db" || f.Dir == "usr/lib/apk/db"):
			return listing
		case f.Base == "world" && f.Dir == "etc/apk":
			return document
		}
		return Want{}
	},
})

// apk reads Alpine's database: paragraphs of "X:value" lines. F: opens a directory,
// R: is a file in it (apk-tools, apk_db_read; wiki "Apk spec").
func (f *finder) apk() {
	for _, name := range []string{"lib/apk/db/installed", "usr/lib/apk/db/installed"} {
		db, ok := f.view.Files[name]
		if !ok {
			continue
		}
		world := map[string]bool{}
		list, known := f.view.Files["etc/apk/world"]
		for _, w := range strings.Fields(string(list)) {
			world[atom(w)] = true
		}
		for _, para := range strings.Split(string(db), "\n\n") {
			if strings.TrimSpace(para) == "" {
				continue
			}
			p := Package{Location: name, Known: known}
			dir := ""
			for line := range strings.SplitSeq(para, "\n") {
				if len(line) < 2 || line[1] != ':' {
					continue
				}
				v := line[2:]
				switch line[0] {
				case 'P':
					p.Name = v
				case 'V':
					p.Version = v
				case 'A':
					p.Arch = v
				case 'o':
					p.Source = v
				case 'I':
					p.Declared, _ = strconv.ParseInt(v, 10, 64)
				case 'D':
					p.needs = atoms(v)
				case 'p':
					p.provides = atoms(v)
				case 'i':
					p.needsAll = append(p.needsAll, atoms(v))
				case 'F':
					dir = strings.Trim(v, "/")
				case 'R':
					if dir == "" {
						p.Files = append(p.Files, clean(v))
					} else {
						p.Files = append(p.Files, clean(dir+"/"+v))
					}
				}
			}
			if p.Name == "" {
				f.problem(name, fmt.Errorf("a paragraph without a package name (P:): %.60q", para))
				continue
			}
			p.Explicit = world[p.Name]
			f.add(p)
		}
		if len(bytes.TrimSpace(db)) > 0 && !bytes.Contains(db, []byte("P:")) {
			f.problem(name, fmt.Errorf("no packages in %d bytes: not apk's format", len(db)))
		}
		return
	}
}

// atoms are the names in a list of dependencies; conflicts are left out.
func atoms(v string) []string {
	var out []string
	for _, w := range strings.Fields(v) {
		if !strings.HasPrefix(w, "!") {
			out = append(out, atom(w))
		}
	}
	return out
}

// atom cuts the version and the repository's tag off a dependency.
func atom(w string) string {
	if i := strings.IndexAny(w, "<>=~@"); i > 0 {
		return w[:i]
	}
	return w
}
