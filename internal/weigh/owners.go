package weigh

import (
	"path"
	"strings"

	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/tree"
)

// noOwner is the owner of what no package claims.
const noOwner = int32(-1)

// owners finds for each entry the package that claims it, by the package databases
// as they stand after the entry's layer.
type owners struct {
	f       *Facts
	finder  packages.Finder
	ids     map[string]int32 // of packages seen in any layer
	telling []telling
	view    map[string]tree.Ref
	now     []packages.Package
	nowIDs  []int32
	claims  map[string]int32
	trees   map[string]int32
	links   map[string]string // directory that is a symbolic link -> where it leads
	claimed map[int32]claimant
	parents map[string]bool   // all directories that lead to a claim, as databases write them
	dirs    map[string]string // directory as a database writes it -> as it is

	madeFrom []func(string) string // of the kinds that have one
}

func (f *Facts) own() {
	o := &owners{f: f, ids: map[string]int32{}, links: map[string]string{}}
	for _, k := range packages.Kinds() {
		if k.MadeFrom != nil {
			o.madeFrom = append(o.madeFrom, k.MadeFrom)
		}
	}
	f.owner = make([][]int32, len(f.Tree.Lists))
	for k := range f.Tree.Lists {
		o.after(k)
		f.owner[k] = o.layer(k)
	}
	f.Final = o.nowIDs
}

// after brings the claims up to date with layer k.
func (o *owners) after(k int) {
	t := o.f.Tree
	newLinks := false
	for i := range t.Lists[k] {
		if e := &t.Lists[k][i]; e.Kind == layer.Symlink {
			to := e.Link()
			if !strings.HasPrefix(to, "/") {
				to = "/" + path.Join(path.Dir(e.Path), to)
			}
			o.links[e.Path] = strings.TrimPrefix(path.Clean(to), "/")
			newLinks = newLinks || o.parents[e.Path] // else no claim goes through it
		}
	}
	view, files := o.files(k)
	if !newLinks && sameView(view, o.view) {
		return
	}
	o.view = view
	list, problems := o.finder.Find(files)
	o.f.problem(k, problems)
	o.now, o.nowIDs = list, o.nowIDs[:0:0]
	for n := range list {
		o.nowIDs = append(o.nowIDs, o.id(&list[n]))
	}
	if newLinks || o.claims == nil || !o.grown(list) {
		o.claims, o.trees = make(map[string]int32, o.expected()), map[string]int32{}
		o.dirs, o.parents, o.claimed = map[string]string{}, map[string]bool{}, map[int32]claimant{}
	}
	for n := range list {
		p, id := &list[n], o.nowIDs[n]
		if o.claimed[id] == claims(p) {
			continue
		}
		o.claimed[id] = claims(p)
		for _, file := range p.Files {
			o.claim(o.claims, file, id)
		}
		for _, dir := range p.Trees {
			o.claim(o.trees, dir, id)
		}
	}
}

// expected is about how many claims there will be: a map that grows to that costs as
// much again.
func (o *owners) expected() int {
	n := 0
	for _, l := range o.f.Image.Layers {
		for p, b := range l.Index.Kept {
			if packages.Wanted(p, 0, int64(len(b))).Paths {
				n += len(b)
			}
		}
	}
	return n / 64
}

// claimant tells whether a package claims the same as before: lists that were read of
// the same file are the same.
type claimant struct {
	first *string
	files int
}

func claims(p *packages.Package) claimant {
	if len(p.Files) == 0 {
		return claimant{nil, len(p.Trees)}
	}
	return claimant{&p.Files[0], len(p.Files)}
}

// grown tells whether packages were only added: then claims need not be made again.
func (o *owners) grown(list []packages.Package) bool {
	still := 0
	for n := range list {
		if was, ok := o.claimed[o.nowIDs[n]]; ok {
			if was != claims(&list[n]) {
				return false
			}
			still++
		}
	}
	return still == len(o.claimed)
}

// claim notes an owner. Of several the kind that comes first wins, and then the one
// that came first.
func (o *owners) claim(m map[string]int32, file string, id int32) {
	file = o.real(file)
	if was, taken := m[file]; !taken || o.f.Packages[id].Type.Rank() < o.f.Packages[was].Type.Rank() {
		m[file] = id
	}
}

// real follows links among the directories of a path: databases say /lib/x where
// the image has usr/lib/x.
func (o *owners) real(file string) string {
	i := strings.LastIndexByte(file, '/')
	if i < 0 {
		return file
	}
	dir := file[:i]
	to, ok := o.dirs[dir]
	if !ok {
		for up := dir; !o.parents[up]; up = path.Dir(up) { // ends at "."
			o.parents[up] = true
		}
		to = dir
		for range 8 {
			next := o.step(to)
			if next == to {
				break
			}
			to = next
		}
		o.dirs[dir] = to
	}
	if to == dir {
		return file
	}
	return to + file[i:]
}

func (o *owners) step(dir string) string {
	for k := 1; k <= len(dir); k++ {
		if k == len(dir) || dir[k] == '/' {
			if to, ok := o.links[dir[:k]]; ok {
				return to + dir[k:]
			}
		}
	}
	return dir
}

// id is the number of a package among all that any layer's databases know.
func (o *owners) id(p *packages.Package) int32 {
	key := strings.Join([]string{p.Key(), p.Version, p.Arch, place(p)}, "\x00")
	id, ok := o.ids[key]
	if !ok {
		id = int32(len(o.f.Packages))
		o.ids[key] = id
		o.f.Packages = append(o.f.Packages, *p)
		return id
	}
	o.f.Packages[id] = *p
	return id
}

// place tells copies of one library apart; a system package is there only once.
func place(p *packages.Package) string {
	if p.Type.System() {
		return ""
	}
	return p.Location
}

// telling is a file that tells of packages.
type telling struct {
	ref     tree.Ref
	path    string
	content []byte
	derived bool
}

// files are what tells of packages, as seen after layer k.
func (o *owners) files(k int) (map[string]tree.Ref, packages.View) {
	t, x := o.f.Tree, o.f.Image.Layers[k].Index
	note := func(p string, b []byte, derived bool) {
		if r, ok := t.In(k, p); ok {
			o.telling = append(o.telling, telling{r, p, b, derived})
		}
	}
	for p, b := range x.Kept {
		note(p, b, false)
	}
	for p, b := range x.Derived {
		note(p, b, true)
	}
	refs := map[string]tree.Ref{}
	v := packages.View{Files: map[string][]byte{}, Derived: map[string][]byte{}}
	for _, f := range o.telling {
		if !t.Seen(f.ref, k) {
			continue
		}
		refs[f.path] = f.ref
		if f.derived {
			v.Derived[f.path] = f.content
		} else {
			v.Files[f.path] = f.content
		}
	}
	return refs, v
}

func sameView(a, b map[string]tree.Ref) bool {
	if len(a) != len(b) {
		return false
	}
	for p, r := range a {
		if s, ok := b[p]; !ok || s != r {
			return false
		}
	}
	return true
}

// layer assigns an owner to each entry of layer k.
func (o *owners) layer(k int) []int32 {
	list := o.f.Tree.Lists[k]
	out := make([]int32, len(list))
	lastDir, dirOwner := "\x00", noOwner
	for i := range list {
		e := &list[i]
		out[i] = noOwner
		if e.Kind != layer.File && e.Kind != layer.Link && e.Kind != layer.Symlink {
			continue
		}
		if id, ok := o.claims[e.Path]; ok {
			out[i] = id
			continue
		}
		if id, ok := o.compiled(e.Path); ok {
			out[i] = id
			continue
		}
		if len(o.trees) == 0 {
			continue
		}
		if dir := path.Dir(e.Path); dir != lastDir {
			lastDir, dirOwner = dir, o.tree(dir)
		}
		out[i] = dirOwner
	}
	return out
}

// tree is the owner of the nearest directory that is somebody's own.
func (o *owners) tree(dir string) int32 {
	for dir != "." {
		if id, ok := o.trees[dir]; ok {
			return id
		}
		dir = path.Dir(dir)
	}
	return noOwner
}

// compiled is the owner of the source that a file was made from: byte code belongs to it.
func (o *owners) compiled(file string) (int32, bool) {
	for _, from := range o.madeFrom {
		if src := from(file); src != "" {
			if id, ok := o.claims[src]; ok {
				return id, true
			}
		}
	}
	return noOwner, false
}
