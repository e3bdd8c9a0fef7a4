package explain_test

import (
	"archive/tar"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/compare"
	"tare/internal/store"
	"tare/internal/testkit"
)

// model is an image as this test thinks of it: layers of entries, laid on top of one
// another by hand. It shares no code with tare.
type model struct {
	name    string
	layers  [][]testkit.Entry
	tars    []string
	env     string
	steps   []string
	built   *testkit.Built
	seen    map[string]*node // by path
	written []*node          // every file of every layer
	db      []string         // the text of apk's database after each layer
	os      string
	subject compare.Subject
	stages  []*model
}

// node is a file, link or directory.
type node struct {
	path  string
	layer int
	e     testkit.Entry
	inode *node // of a hard link: the file that it names
	class string
}

// the places where files are made, and what is there.
var places = map[string]string{"app/x": "app", "app/y": "app", "srv/z": "app", "usr/lib/one": "system", "usr/bin/two": "system", "usr/bin/gcc": "system", "usr/include/h.h": "development",
	"var/cache/c": "cache", "usr/share/doc/d": "docs", "etc/e": "config", "srv/h1": "app", "srv/h2": "app", "etc/os-release": "config", "lib/apk/db/installed": "package-database"}

// owners are the packages that a database may have, and what they own.
var owners = map[string]string{"one": "usr/lib/one", "two": "usr/bin/two", "gcc": "usr/bin/gcc"}

const installed, release = "lib/apk/db/installed", "etc/os-release"

// draw makes a layer.
func (m *model) draw(r *rand.Rand, k int) (out []testkit.Entry) {
	attributes := func(e testkit.Entry) testkit.Entry {
		switch r.IntN(12) {
		case 0:
			e.Mode = 0o755
		case 1:
			e.Uid = 5
		case 2:
			e.ModTime = time.Unix(1000, 0)
		}
		return e
	}
	body := func() string {
		return strings.Repeat(string("abc"[r.IntN(3)]), []int{0, 1, 5, 5, 5, 300_000}[r.IntN(6)])
	}
	if k == 0 && r.IntN(2) == 0 {
		m.os = []string{"one", "two"}[r.IntN(2)]
		out = append(out, testkit.File(release, "ID="+m.os+"\nVERSION_ID=1\n"))
	}
	if r.IntN(2) == 0 {
		text := ""
		for _, name := range slices.Sorted(maps.Keys(owners)) {
			if r.IntN(2) == 0 {
				dir, base := path.Split(owners[name])
				text += fmt.Sprintf("P:%s\nV:1\nF:%s\nR:%s\n\n", name, strings.TrimSuffix(dir, "/"), base)
			}
		}
		out = append(out, testkit.File(installed, text))
	}
	last := ""
	for _, p := range slices.Sorted(maps.Keys(places)) {
		switch {
		case p == release || p == installed || strings.HasPrefix(p, "srv/h"):
		case r.IntN(3) == 0:
			out = append(out, attributes(testkit.File(p, body())))
			last = p
		case k > 0 && r.IntN(10) == 0:
			out = append(out, testkit.File(path.Dir(p)+"/.wh."+path.Base(p), ""))
		}
	}
	if k > 0 && r.IntN(6) == 0 {
		out = append(out, testkit.File([]string{".wh.app", "usr/.wh..wh..opq"}[r.IntN(2)], ""))
	}
	if last != "" && r.IntN(4) == 0 {
		out = append(out, testkit.Link([]string{"srv/h1", "srv/h2"}[r.IntN(2)], last))
	}
	if r.IntN(4) == 0 {
		out = append(out, attributes(testkit.Symlink("link", []string{"app/x", "app/y"}[r.IntN(2)])))
	}
	if r.IntN(4) == 0 {
		out = append(out, attributes(testkit.Dir("made/")))
	}
	return out
}

// finish lays the layers on top of one another, slowly, and makes the image.
func (m *model) finish(t testing.TB, s *store.Store) *model {
	m.seen = map[string]*node{}
	o := testkit.Options{Config: ocispec.ImageConfig{Env: []string{m.env}}}
	m.db = nil
	for k, l := range m.layers {
		hide := func(gone func(string) bool) {
			for p, n := range m.seen {
				if n.layer < k && gone(p) {
					delete(m.seen, p)
				}
			}
		}
		for _, e := range l {
			dir, base := path.Split(e.Name)
			if base == ".wh..wh..opq" {
				hide(func(p string) bool { return strings.HasPrefix(p, dir) })
			} else if name, ok := strings.CutPrefix(base, ".wh."); ok {
				hide(func(p string) bool { return p == dir+name || strings.HasPrefix(p, dir+name+"/") })
			}
		}
		for _, e := range l {
			p := strings.TrimSuffix(e.Name, "/")
			if strings.HasPrefix(path.Base(p), ".wh.") {
				continue
			}
			n := &node{path: p, layer: k, e: e, class: places[p]}
			if e.Typeflag == tar.TypeLink {
				n.inode = m.seen[e.Linkname]
			} else if e.Typeflag == 0 {
				m.written = append(m.written, n)
			}
			m.seen[p] = n
		}
		text := ""
		if n := m.seen[installed]; n != nil {
			text = n.e.Body
		}
		m.db = append(m.db, text)
		b := testkit.Tar(t, l...)
		m.tars = append(m.tars, string(b))
		o.Layers = append(o.Layers, b)
		o.History = append(o.History, ocispec.History{CreatedBy: m.steps[k]})
	}
	m.built = testkit.Image(t, o)
	m.subject = compare.Subject{Name: m.name, Facts: testkit.Facts(t, s, testkit.Put(t, s, m.name, store.Pulled, m.built))}
	for n, st := range m.stages {
		m.subject.Stages = append(m.subject.Stages, compare.Stage{Name: fmt.Sprint("s", n), Facts: st.subject.Facts})
	}
	return m
}

// random makes an image; one that is like another differs from it in little.
func random(t testing.TB, s *store.Store, r *rand.Rand, name string, like *model) *model {
	m := &model{name: name, env: fmt.Sprint("A=", r.IntN(2))}
	if like != nil && r.IntN(3) > 0 {
		m.os, m.env = like.os, like.env
		for k, l := range like.layers {
			m.layers, m.steps = append(m.layers, slices.Clone(l)), append(m.steps, like.steps[k])
		}
		switch k := r.IntN(len(m.layers)); r.IntN(7) {
		case 0: // the same image
		case 1:
			m.steps[k] += "x"
		case 2: // the same files in another order
			if !slices.ContainsFunc(m.layers[k], func(e testkit.Entry) bool { return e.Typeflag == tar.TypeLink }) {
				slices.Reverse(m.layers[k])
			}
		case 3: // a package more
			m.layers = append(m.layers, []testkit.Entry{testkit.File(installed, strings.ReplaceAll(like.db[len(like.db)-1], "P:one\nV:1\nF:usr/lib\nR:one\n\n", "")+"P:one\nV:1\nF:usr/lib\nR:one\n\n"), testkit.File("usr/lib/one", strings.Repeat("1", 300_000))})
			m.steps = append(m.steps, "RUN apk add one")
		default:
			if n := len(m.layers[k]); n > 0 {
				e := &m.layers[k][r.IntN(n)]
				switch {
				case e.Typeflag == tar.TypeSymlink:
					e.Linkname = "app/w"
				case e.Typeflag == tar.TypeLink || strings.Contains(e.Name, ".wh.") || e.Name == installed || e.Name == release:
				case r.IntN(2) == 0:
					e.Uid = 9
				default:
					e.Body = strings.Repeat("z", len(e.Body))
				}
			}
		}
		return m.finish(t, s)
	}
	for k := range 1 + r.IntN(3) {
		m.layers, m.steps = append(m.layers, m.draw(r, k)), append(m.steps, fmt.Sprint("RUN ", r.IntN(2)))
	}
	if like != nil && r.IntN(3) == 0 { // a shared base
		m.layers[0], m.os = like.layers[0], like.os
	}
	for n := range r.IntN(3) {
		st := &model{name: fmt.Sprintf("%s-stage%d", name, n), layers: [][]testkit.Entry{m.layers[0], m.draw(r, 1)}, steps: []string{"a", "b"}}
		if n == 1 && r.IntN(2) == 0 { // both builders have one toolchain
			st.layers = append([][]testkit.Entry{}, m.stages[0].layers...)
			st.layers = append(st.layers, m.draw(r, 2))
			st.steps = append(st.steps, "c")
		}
		m.stages = append(m.stages, st.finish(t, s))
	}
	return m.finish(t, s)
}

// files are the live files, each inode once, by the paths of their entries.
func (m *model) files() (out []*node) {
	live := map[*node]bool{}
	for _, n := range m.seen {
		if n.inode != nil {
			live[n.inode] = true
		} else {
			live[n] = true
		}
	}
	for _, n := range m.written {
		if live[n] {
			out = append(out, n)
		}
	}
	return out
}

func (n *node) size() int64 { return int64(len(n.e.Body)) }

func sum(list []*node) (bytes int64) {
	for _, n := range list {
		bytes += n.size()
	}
	return bytes
}

// sizes are the measures that sentences name.
func (m *model) sizes() map[string]int64 {
	out := map[string]int64{"live": sum(m.files()), "files": sum(m.written)}
	for k, l := range m.layers {
		out["tar"] += int64(len(m.tars[k]))
		for _, e := range l {
			if e.Typeflag == tar.TypeSymlink {
				out["docker"] += int64(len(e.Linkname))
			}
		}
	}
	out["docker"] += out["files"]
	for _, b := range m.built.Blobs { // a blob that stands twice is there once
		out["transfer"] += int64(len(b))
	}
	return out
}

// claims are the packages in a database, with what they own.
func claims(db string) map[string]string {
	out := map[string]string{}
	for name, p := range owners {
		if strings.Contains(db, "P:"+name+"\n") {
			out[p] = name
		}
	}
	return out
}

// packages are those that are installed in the end.
func (m *model) packages() map[string]bool {
	out := map[string]bool{}
	for _, name := range claims(m.db[len(m.db)-1]) {
		out[name] = true
	}
	return out
}

// row is the name of the part of the ledger that a live file is in.
func (m *model) row(n *node, collapse bool) string {
	if collapse && n.layer == 0 && m.os != "" {
		return "base"
	}
	if name := claims(m.db[n.layer])[n.path]; name != "" {
		return "package " + name
	}
	return n.class
}

// rows divide the live bytes.
func (m *model) rows(collapse bool) map[string]int64 {
	out := map[string]int64{}
	for _, n := range m.files() {
		out[m.row(n, collapse)] += n.size()
	}
	return out
}

// toolchain are the live bytes of gcc, and of headers without an owner.
func (m *model) toolchain() (bytes int64) {
	rows := m.rows(false)
	return rows["package gcc"] + rows["development"]
}
