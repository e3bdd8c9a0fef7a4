package packages

import (
	"fmt"
	"strconv"
	"strings"
	"unsafe"
)

// Deb is Debian's, also in distroless images.
var Deb = register(Kind{
	Type: "deb", Title: "Debian packages (deb)", Rank: 11, Version: 2, System: true, Parse: (*finder).dpkg, BuildTools: debTools.has,
	Databases: []string{"var/lib/dpkg/", "var/lib/apt/"}, Caches: []string{"var/lib/apt/lists/"},
	Wants: func(f File) Want {
		switch f.Dir {
		case "var/lib/apt":
			if f.Base == "extended_states" {
				return database
			}
		case "var/lib/dpkg":
			if f.Base == "status" {
				return database
			}
		case "var/lib/dpkg/status.d":
			return database
		case "var/lib/dpkg/info":
			if strings.HasSuffix(f.Base, ".list") {
				return listing
			}
		}
		return Want{}
	},
})

// dpkg reads Debian's database, deb-control(5) paragraphs: all packages in one
// status file with a list of files for each beside it, or, as in distroless images,
// a file a package in status.d.
func (f *finder) dpkg() {
	const status, info, statusD = "var/lib/dpkg/status", "var/lib/dpkg/info", "var/lib/dpkg/status.d"
	auto := map[string]bool{}
	states, known := f.view.Files["var/lib/apt/extended_states"]
	for _, p := range paragraphs(string(states)) {
		auto[p["Package"]] = p["Auto-Installed"] == "1"
	}
	if b, ok := f.view.Files[status]; ok {
		list := paragraphs(string(b))
		if len(list) == 0 && len(b) > 0 {
			f.problem(status, fmt.Errorf("no packages in %d bytes: not dpkg's format", len(b)))
		}
		for _, c := range list {
			if !strings.HasSuffix(c["Status"], " installed") {
				continue
			}
			p := deb(c, status)
			if p.Name == "" {
				f.problem(status, fmt.Errorf("a paragraph without a package name"))
				continue
			}
			// What every system has (dpkg refuses to go without it, or debootstrap puts it in
			// place) nobody installed by name, whatever apt calls it.
			p.Known, p.Explicit = known, known && !auto[p.Name] && c["Essential"] != "yes" && c["Priority"] != "required" && c["Priority"] != "important"
			own := p.Name
			if _, ok := f.view.Files[info+"/"+own+".list"]; !ok {
				own += ":" + p.Arch
			}
			p.Files = f.list(f.view.Files[info+"/"+own+".list"], info+"/"+own)
			f.add(p)
		}
	}
	for _, name := range f.in(statusD) {
		if strings.HasSuffix(name, ".md5sums") {
			continue
		}
		for _, c := range paragraphs(string(f.view.Files[name])) {
			p := deb(c, name)
			if p.Name == "" {
				f.problem(name, fmt.Errorf("a paragraph without a package name"))
				continue
			}
			for line := range strings.Lines(string(f.view.Files[name+".md5sums"])) {
				if _, file, ok := strings.Cut(strings.TrimRight(line, "\n"), "  "); ok {
					p.Files = append(p.Files, clean(file))
				}
			}
			p.Files = append(p.Files, name, name+".md5sums")
			f.add(p)
		}
	}
}

// records are dpkg's own files about a package: they belong to it, too.
var records = []string{"list", "md5sums", "conffiles", "preinst", "postinst", "prerm", "postrm", "triggers", "shlibs", "symbols", "templates", "config"}

// list reads a list of files, once for all views that have it.
func (f *finder) list(b []byte, own string) []string {
	if len(b) == 0 {
		return nil
	}
	out, ok := f.memo.lists[&b[0]]
	if !ok {
		out = lines(unsafe.String(&b[0], len(b))) // the view's contents do not change
		for _, ext := range records {
			out = append(out, own+"."+ext)
		}
		f.memo.lists[&b[0]] = out
	}
	return out
}

func deb(c map[string]string, location string) Package {
	p := Package{Name: c["Package"], Version: c["Version"], Arch: c["Architecture"], Location: location}
	p.Source, _, _ = strings.Cut(c["Source"], " ")
	kib, _ := strconv.ParseInt(c["Installed-Size"], 10, 64)
	p.Declared = kib << 10
	p.needs = append(relations(c["Pre-Depends"]), relations(c["Depends"])...)
	p.wants = relations(c["Recommends"])
	p.provides = relations(c["Provides"])
	return p
}

// relations are the alternatives of a dependency field, joined by "|", without
// versions, architectures and build profiles.
func relations(v string) []string {
	var out []string
	for part := range strings.SplitSeq(v, ",") {
		var alternatives []string
		for alt := range strings.SplitSeq(part, "|") {
			name := strings.TrimSpace(alt)
			if i := strings.IndexAny(name, " ([<"); i >= 0 {
				name = name[:i]
			}
			name, _, _ = strings.Cut(name, ":")
			if name != "" {
				alternatives = append(alternatives, name)
			}
		}
		if len(alternatives) > 0 {
			out = append(out, strings.Join(alternatives, "|"))
		}
	}
	return out
}

// paragraphs reads deb-control(5); continuation lines are left out: none of the
// fields that matter here has any.
func paragraphs(s string) []map[string]string {
	var out []map[string]string
	var cur map[string]string
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.TrimSpace(line) == "":
			cur = nil
		case line[0] == ' ' || line[0] == '\t':
		default:
			k, v, ok := strings.Cut(line, ":")
			if !ok {
				continue
			}
			if cur == nil {
				cur = map[string]string{}
				out = append(out, cur)
			}
			if wanted[k] {
				cur[k] = strings.TrimSpace(v)
			}
		}
	}
	return out
}

// wanted are the fields that are read; keeping all would double the memory.
var wanted = map[string]bool{"Package": true, "Status": true, "Version": true, "Architecture": true, "Source": true, "Installed-Size": true,
	"Pre-Depends": true, "Depends": true, "Recommends": true, "Provides": true, "Auto-Installed": true, "Essential": true, "Priority": true}

// lines are the paths in a list of files; the root directory is left out.
func lines(s string) []string {
	out := make([]string, 0, strings.Count(s, "\n"))
	for line := range strings.Lines(s) {
		if p := clean(strings.TrimRight(line, "\n")); p != "" {
			out = append(out, p)
		}
	}
	return out
}
