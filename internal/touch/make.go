package touch

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/platforms"

	"tare/internal/engine"
	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// Run is one check that was run under a watch.
type Run struct {
	Check
	Seen engine.Seen
}

// Input is what a trace is made of.
type Input struct {
	Name  string // of the image
	Facts *weigh.Facts
	// Dockerfile is what is known of the file that the image was built from; may be nil.
	Dockerfile *weigh.Dockerfile
	Runs       []Run
}

// Names are all that a container of an image finds in its root file system.
func Names(t *tree.Tree) []engine.Name {
	var out []engine.Name
	top := len(t.Lists) - 1
	for k, list := range t.Lists {
		for i := range list {
			r := tree.Ref{Layer: int32(k), Entry: int32(i)}
			e := t.Content(r)
			if !t.Seen(r, top) || list[i].Path == "" || list[i].Kind == layer.Link && e.Kind == layer.Link {
				continue
			}
			n := engine.Name{Path: list[i].Path, Kind: engine.OtherName, Exec: e.Mode&0o111 != 0}
			switch e.Kind {
			case layer.File:
				n.Kind = engine.FileName
			case layer.Dir:
				n.Kind = engine.DirName
			case layer.Symlink:
				n.Kind, n.Link = engine.LinkName, e.Link()
			}
			out = append(out, n)
		}
	}
	return out
}

// maker puts a trace together.
type maker struct {
	in    Input
	t     *Trace
	tree  *tree.Tree
	top   int
	how   map[string]engine.Use
	first map[string]int
	level map[tree.Ref]level // of contents
	seen  map[string]bool    // files that a check before touched
	done  map[tree.Ref]bool  // contents that a check before touched
	// claims count the packages that claim a link which was followed.
	claims map[string]int
}

// level is the most that was done with a content.
type level int

const (
	untouched level = iota
	looked
	read
)

// Make makes the trace of an image of what its checks used.
func Make(in Input) *Trace {
	img := in.Facts.Image
	t := &Trace{Schema: Schema, Name: in.Name, ID: img.ID(), Manifest: img.Manifest.Digest, Platform: platforms.Format(img.Platform()),
		Reasons: []string{}, Checks: []Check{}, Files: []File{}, Directories: []Directory{}, Wrote: []Wrote{}, Layers: []Part{}, Packages: []Part{}, Lines: []Part{}}
	if in.Dockerfile != nil {
		t.Dockerfile = in.Dockerfile.Name
	}
	m := &maker{in: in, t: t, tree: in.Facts.Tree, top: len(in.Facts.Tree.Lists) - 1, how: map[string]engine.Use{}, first: map[string]int{},
		level: map[tree.Ref]level{}, seen: map[string]bool{}, done: map[tree.Ref]bool{}}
	t.Witness = len(in.Runs) > 0
	wrote := map[string]int64{}
	for n, r := range in.Runs {
		m.run(n+1, r)
		for p, size := range r.Seen.Wrote {
			wrote[valid(p)] = max(wrote[valid(p)], size)
		}
	}
	m.files()
	for _, p := range slices.SortedFunc(maps.Keys(wrote), layer.ComparePaths) {
		t.Wrote = append(t.Wrote, Wrote{p, wrote[p]})
	}
	t.Complete = t.Lost == 0 && len(t.Reasons) == 0
	if t.Complete {
		m.sums()
	}
	return t
}

// run adds what one check used.
func (m *maker) run(n int, r Run) {
	c := r.Check
	m.t.Lost += r.Seen.Lost
	m.t.Witness = m.t.Witness && r.Seen.Witness
	prefix := ""
	if len(m.in.Runs) > 1 {
		prefix = c.Name + ": "
	}
	why := r.Seen.Why
	if u := c.Untraced; u != nil && u.Passed && !c.Passed {
		why = append(slices.Clone(why), "it passes untraced and fails traced: "+c.Reason)
	}
	if r.Seen.Lost > 0 && len(why) == 0 {
		why = []string{fmt.Sprintf("%d calls are not known", r.Seen.Lost)}
	}
	for _, w := range why {
		m.t.Reasons = append(m.t.Reasons, valid(prefix+w))
	}
	mine := map[tree.Ref]bool{}
	for p, use := range r.Seen.Used {
		m.how[p] |= use
		if m.first[p] == 0 {
			m.first[p] = n
		}
		ref, kind, ok := m.at(p)
		if !ok || kind == layer.Dir {
			continue
		}
		c.Files++
		if !m.seen[p] {
			m.seen[p] = true
			c.NewFiles++
		}
		if kind != layer.File {
			continue
		}
		if l := levelOf(use); l > m.level[ref] {
			m.level[ref] = l
		}
		size := m.tree.Entry(ref).Size
		if !mine[ref] {
			mine[ref] = true
			c.Bytes += size
		}
		if !m.done[ref] {
			m.done[ref] = true
			c.NewBytes += size
		}
	}
	m.t.Checks = append(m.t.Checks, c)
}

func levelOf(u engine.Use) level {
	if u&(engine.Opened|engine.Executed|engine.Mapped) != 0 {
		return read
	}
	return looked
}

// at is the content that stands at a path of the image: a file, a link or a directory.
func (m *maker) at(path string) (tree.Ref, layer.Kind, bool) {
	r, ok := m.tree.At(path, m.top)
	if !ok {
		return r, layer.Dir, m.implied(path)
	}
	if to, link := m.tree.Target(r); link {
		r = to
	}
	k := m.tree.Entry(r).Kind
	return r, k, k == layer.File || k == layer.Symlink || k == layer.Dir
}

// implied tells whether a path is a directory without an entry of its own: something that
// is seen stands in it.
func (m *maker) implied(path string) bool {
	for k, list := range m.tree.Lists {
		i, _ := slices.BinarySearchFunc(list, path+"/", func(e layer.Entry, p string) int { return layer.ComparePaths(e.Path, p) })
		for ; i < len(list) && strings.HasPrefix(list[i].Path, path+"/"); i++ {
			if m.tree.Seen(tree.Ref{Layer: int32(k), Entry: int32(i)}, m.top) {
				return true
			}
		}
	}
	return path == ""
}

// files lists what was used.
func (m *maker) files() {
	var last *File
	for _, p := range slices.SortedFunc(maps.Keys(m.how), func(a, b string) int { return layer.ComparePaths(valid(a), valid(b)) }) {
		content, kind, ok := m.at(p)
		if !ok {
			continue
		}
		how := hows(m.how[p])
		if kind == layer.Dir {
			if n := len(m.t.Directories); n == 0 || m.t.Directories[n-1].Path != valid(p) {
				m.t.Directories = append(m.t.Directories, Directory{valid(p), how})
			}
			continue
		}
		if last != nil && last.Path == valid(p) {
			continue // another whose bytes are no UTF-8, too
		}
		own, _ := m.tree.At(p, m.top)
		f := File{Path: valid(p), How: how, Layer: int(own.Layer) + 1, Line: m.line(int(own.Layer)), Check: m.first[p]}
		if o := m.in.Facts.Owner(own); o != nil && !(kind == layer.Symlink && m.common(p)) {
			f.Package = valid(o.Key())
		}
		if kind == layer.File {
			f.Bytes = m.tree.Entry(content).Size
		}
		m.t.Files = append(m.t.Files, f)
		last = &m.t.Files[len(m.t.Files)-1]
	}
}

// common tells whether a path is claimed by several packages: a link such as /lib, which
// packages claim as the directory that they install into, belongs to none of them.
func (m *maker) common(path string) bool {
	if m.claims == nil {
		m.claims = map[string]int{}
		links := map[string]bool{}
		for p, u := range m.how {
			links[p] = u&engine.Followed != 0
		}
		for _, id := range m.in.Facts.Final {
			for _, f := range m.in.Facts.Packages[id].Files {
				if links[f] {
					m.claims[f]++
				}
			}
		}
	}
	return m.claims[path] > 1
}

// line is the line of the Dockerfile that made a layer; 0 if it is not known.
func (m *maker) line(k int) int {
	if m.in.Dockerfile == nil {
		return 0
	}
	return m.in.Dockerfile.Lines[k]
}

// hows are a set of uses as documents have them.
func hows(u engine.Use) []How {
	var out []How
	for n, bit := range []engine.Use{engine.Opened, engine.Executed, engine.Mapped, engine.Found, engine.Followed, engine.Listed} {
		if u&bit != 0 {
			out = append(out, Hows[n])
		}
	}
	return out
}
