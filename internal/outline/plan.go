package outline

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/units"
)

// Plan says what of an image is written below a directory, and how: whoever follows it in
// its order writes nothing outside of that directory, whatever names and links an image has.
// Directories come first, each after the one that it lies in, links last.
type Plan struct {
	Dirs  []PlannedDir
	Files []PlannedFile // by layer and offset, as they are read
	Links []PlannedLink
	// Away are symbolic links that lead elsewhere, and Devices what is neither file, link nor
	// directory: they are left out.
	Away, Devices int

	known map[string]int // directories, by name
}

// PlannedDir is a directory. Its mode lets the user who writes it in.
type PlannedDir struct {
	Name string // below the directory that is written to, with slashes
	Mode fs.FileMode
}

// PlannedFile is a file, with all of its names: the first gets the content, the others are
// hard links to it.
type PlannedFile struct {
	Names []string
	Ref   tree.Ref
}

// PlannedLink is a symbolic link that stays inside.
type PlannedLink struct{ Name, To string }

// Perm are the permission bits that an extracted file gets: no set-uid, and always readable
// by the user who extracted it.
func Perm(e *layer.Entry) fs.FileMode { return fs.FileMode(e.Mode)&0o777 | 0o400 }

// NewPlan plans to write items of an image, without the directory that they begin with. The
// error names a path that cannot be a file's here.
func NewPlan(t *tree.Tree, items []Item) (*Plan, error) {
	p := &Plan{known: map[string]int{}}
	files := map[tree.Ref][]string{}
	for _, i := range items {
		_, name, below := strings.Cut(i.Path, "/")
		if !below || name == "" {
			continue // the directory itself
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) || strings.ContainsRune(name, 0) {
			return nil, fmt.Errorf("%q is no name for a file here", i.Path)
		}
		e := t.Entry(i.Ref)
		if e.Kind == layer.Dir {
			p.Dirs[p.dir(name)].Mode = fs.FileMode(e.Mode)&0o777 | 0o700
			continue
		}
		p.dir(path.Dir(name))
		switch e.Kind {
		case layer.File, layer.Link:
			r := i.Ref
			if to, link := t.Target(r); link {
				r = to
			}
			if t.Entry(r).Kind != layer.File {
				p.Devices++
				continue
			}
			files[r] = append(files[r], name)
		case layer.Symlink:
			if !stays(name, e.Link()) {
				p.Away++
				continue
			}
			p.Links = append(p.Links, PlannedLink{name, e.Link()})
		default:
			p.Devices++
		}
	}
	for r, names := range files {
		p.Files = append(p.Files, PlannedFile{names, r})
	}
	slices.SortFunc(p.Files, func(a, b PlannedFile) int {
		return cmp.Or(cmp.Compare(a.Ref.Layer, b.Ref.Layer), cmp.Compare(t.Entry(a.Ref).Offset, t.Entry(b.Ref).Offset))
	})
	return p, nil
}

// stays tells whether a symbolic link leads to something below the directory.
func stays(name, to string) bool {
	return to != "" && !strings.HasPrefix(to, "/") && !strings.ContainsRune(to, 0) && filepath.IsLocal(filepath.FromSlash(path.Join(path.Dir(name), to)))
}

// dir is the place in Dirs of a directory, which is added with those that it lies in.
func (p *Plan) dir(name string) int {
	if name == "." {
		return -1
	}
	if n, ok := p.known[name]; ok {
		return n
	}
	p.dir(path.Dir(name))
	p.Dirs = append(p.Dirs, PlannedDir{name, 0o755})
	p.known[name] = len(p.Dirs) - 1
	return len(p.Dirs) - 1
}

// ByLayer calls do for the files of each layer.
func (p *Plan) ByLayer(do func(layer int, files []PlannedFile) error) error {
	for rest := p.Files; len(rest) > 0; {
		k, n := rest[0].Ref.Layer, 1
		for n < len(rest) && rest[n].Ref.Layer == k {
			n++
		}
		if err := do(int(k), rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// LeftOut says in words what is not written; "" if that is nothing.
func (p *Plan) LeftOut() string {
	var parts []string
	if p.Away > 0 {
		parts = append(parts, units.Plural(int64(p.Away), "symbolic link")+" to elsewhere")
	}
	if p.Devices > 0 {
		parts = append(parts, units.Plural(int64(p.Devices), "device"))
	}
	return strings.Join(parts, " and ")
}
