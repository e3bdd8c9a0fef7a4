// Package packages reads the databases of package managers, and what language
// tools leave beside their libraries, and says which packages are installed, which
// files each one claims, and which package needs which.
package packages

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"sort"
	"strings"
)

// Type is the kind of package, in the words of the purl specification where it has
// one.
type Type string

// Package is one installed package.
type Package struct {
	Type          Type
	Name, Version string
	Arch          string // "" if it says none
	Source        string // the source package or origin, "" if it says none
	Location      string // the database, directory or file that tells of it
	Record        string // the file in it that is about this package alone, "" if there is none
	// Explicit is true for a package that somebody asked for by name, as far as the
	// manager has written that down; Known says whether it has.
	Explicit, Known bool
	Declared        int64    // bytes as the package's own metadata says; 0 if it does not
	Files           []string // clean paths that it claims
	Trees           []string // directories that are all its own, but for what others claim in them
	Needs           []int    // indexes, in the same list, of the packages that it depends on
	Wants           []int    // those that it recommends: installed with it by default
	Contains        []string // what is compiled in: "module version"

	needs, wants, provides []string
	needsAll               [][]string // install_if: comes along when one of each is there
}

// Key names a package across images: versions may differ.
func (p *Package) Key() string { return string(p.Type) + " " + p.Name }

// Problem is a database that could not be read.
type Problem struct {
	Path string
	Err  error
}

// View is what an image shows of the files that tell of packages.
type View struct {
	Files   map[string][]byte // contents by path
	Derived map[string][]byte // build info of programs and manifests of Java archives, by path
}

// Finder reads views; it remembers what it has read of files that stay the same
// from view to view, as an image's layers give them.
type Finder struct {
	lists map[*byte][]string
	rpm   map[*byte]*rpmList
}

// Find reads all databases of a view. Packages are in the order of types and names;
// what could not be read is among the problems, and the rest is there all the same.
// The view's contents must not change afterwards.
func (m *Finder) Find(v View) ([]Package, []Problem) {
	if m.lists == nil {
		m.lists, m.rpm = map[*byte][]string{}, map[*byte]*rpmList{}
	}
	f := &finder{view: v, memo: m}
	for p := range v.Files {
		f.paths = append(f.paths, p)
	}
	sort.Strings(f.paths)
	for _, k := range Kinds() {
		f.kind = k.Type
		k.Parse(f)
	}
	slices.SortStableFunc(f.out, func(a, b Package) int {
		return cmp.Or(a.Type.Rank()-b.Type.Rank(), strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version), strings.Compare(a.Location, b.Location))
	})
	link(f.out)
	return f.out, f.problems
}

type finder struct {
	view     View
	memo     *Finder
	kind     Type     // that is being read
	paths    []string // sorted
	out      []Package
	problems []Problem
}

func (f *finder) add(p Package) {
	p.Type = f.kind
	f.out = append(f.out, p)
}

func (f *finder) problem(path string, err error) {
	f.problems = append(f.problems, Problem{path, err})
}

// derived calls visit for what a kind's scanner has found, by path.
func (f *finder) derived(of func(path string) bool, visit func(path string, b []byte)) {
	for _, p := range slices.Sorted(maps.Keys(f.view.Derived)) {
		if of(p) {
			visit(p, f.view.Derived[p])
		}
	}
}

// in lists the files directly in a directory.
func (f *finder) in(dir string) []string {
	var out []string
	i := sort.SearchStrings(f.paths, dir+"/")
	for ; i < len(f.paths) && strings.HasPrefix(f.paths[i], dir+"/"); i++ {
		if !strings.Contains(f.paths[i][len(dir)+1:], "/") {
			out = append(out, f.paths[i])
		}
	}
	return out
}

// clean makes the path of a database one of tare's.
func clean(p string) string {
	if p != "" && p[0] == '/' && !strings.Contains(p, "//") && !strings.Contains(p, "/.") && p[len(p)-1] != '/' {
		return p[1:]
	}
	return strings.TrimPrefix(path.Clean("/"+p), "/")
}
