package tree_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"archive/tar"
	"bytes"
	"io"

	"tare/internal/layer"
	"tare/internal/testkit"
	"tare/internal/tree"
)

// The ledger is the fine print of docs/reference/measures.md done the slow and obvious
// way: each layer is unpacked alone into a map, and every file asks every layer above it
// for a reason. It shares nothing with the packages that it checks but the tar reader.

// item is an entry of a tar in the ledger.
type item struct {
	id      int // its place in the tar
	layer   int
	typ     string // file dir symlink link device white opaque none
	path    string // where it is written, links followed
	link    string
	size    int
	content string
	meta    string
	// gone is how it left its own layer: "" it did not, "replaced" by an entry at its
	// path or what made a directory there, "swept" with a parent.
	gone string
	cut  bool  // a parent was replaced, before or after it went itself
	file *item // of a hard link: what it names in its own layer
	dest *item // of a hard link: the file in the end
}

// thing is what a path is in an unpacked layer.
type thing struct {
	by  *item // nil for a directory that something in it made
	dir bool
	ino *item // of leaves: the entry that made the inode
}

// flat is one layer, unpacked alone.
type flat struct {
	items  []*item
	fs     map[string]thing
	white  map[string]bool
	opaque map[string]bool
}

func parent(p string) string {
	if i := strings.LastIndex(p, "/"); i >= 0 {
		return p[:i]
	}
	return ""
}

func ancestors(p string) []string {
	var out []string
	for p != "" {
		p = parent(p)
		out = append(out, p)
	}
	return out
}

func (f *flat) drop(p string, how string) {
	if _, ok := f.fs[p]; !ok {
		return
	}
	for _, it := range f.items[:len(f.items)-1] {
		if strings.HasPrefix(it.path, p+"/") {
			it.cut = true
		}
	}
	for q, t := range f.fs {
		if q == p || strings.HasPrefix(q, p+"/") {
			if t.by != nil {
				t.by.gone = "swept"
				if q == p {
					t.by.gone = how
				}
			}
			delete(f.fs, q)
		}
	}
}

// real follows the links in a directory's path; in a loop it stays.
func (f *flat) real(dir string) string {
	todo, at, links := strings.Split(dir, "/"), "", 0
	for len(todo) > 0 {
		c := todo[0]
		todo = todo[1:]
		if c == "" || c == "." {
			continue
		}
		if c == ".." {
			at = parent(at)
			continue
		}
		next := strings.TrimPrefix(at+"/"+c, "/")
		if t, ok := f.fs[next]; ok && !t.dir && t.ino.typ == "symlink" && t.ino.link != "" {
			if links++; links > 40 {
				return dir
			}
			to := t.ino.link
			if strings.HasPrefix(to, "/") {
				at = ""
			}
			todo = append(strings.Split(to, "/"), todo...)
			continue
		}
		at = next
	}
	return at
}

func (f *flat) mkdirs(dir string) {
	list := ancestors(dir)
	slices.Reverse(list)
	for _, d := range append(list, dir) {
		if t, ok := f.fs[d]; d != "" && (!ok || !t.dir) {
			f.drop(d, "replaced")
			f.fs[d] = thing{dir: true}
		}
	}
}

func tidy(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

func flatten(t *testing.T, k int, b []byte) *flat {
	t.Helper()
	f := &flat{fs: map[string]thing{}, white: map[string]bool{}, opaque: map[string]bool{}}
	r := tar.NewReader(bytes.NewReader(b))
	for id := 0; ; id++ {
		h, err := r.Next()
		if err == io.EOF {
			return f
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		it := &item{id: id, layer: k, path: tidy(h.Name), content: string(body)}
		f.items = append(f.items, it)
		var attrs []string
		for key, v := range h.PAXRecords {
			if strings.HasPrefix(key, "SCHILY.xattr.") {
				attrs = append(attrs, key+"="+v)
			}
		}
		slices.Sort(attrs)
		it.meta = fmt.Sprint(h.Mode&0o7777, h.Uid, h.Gid, h.ModTime.UnixNano(), attrs)
		switch h.Typeflag {
		case tar.TypeReg:
			it.typ, it.size = "file", len(body)
		case tar.TypeDir:
			it.typ = "dir"
		case tar.TypeSymlink:
			it.typ, it.link = "symlink", h.Linkname
		case tar.TypeLink:
			it.typ, it.link = "link", tidy(h.Linkname)
		default:
			it.typ, it.link = "device", fmt.Sprint(h.Typeflag, h.Devmajor, h.Devminor)
		}
		dir, base := parent(it.path), path.Base(it.path)
		if it.path == "" {
			if it.typ != "dir" {
				it.typ, it.size = "none", 0
			}
			continue
		}
		dir = f.real(dir)
		if t, ok := f.fs[dir]; ok && !t.dir && base == ".wh..wh..opq" {
			it.typ, it.path, it.size = "opaque", dir, 0 // in what is not a directory
			f.opaque[dir] = true
			continue
		}
		f.mkdirs(dir)
		it.path = strings.TrimPrefix(dir+"/"+base, "/")
		if hidden, ok := strings.CutPrefix(base, ".wh."); ok {
			it.size = 0
			switch {
			case hidden == ".wh..opq":
				it.typ, it.path = "opaque", dir
				f.opaque[dir] = true
			case hidden == "" || hidden == "." || hidden == ".." || strings.HasPrefix(hidden, ".wh."):
				it.typ = "none"
			default:
				it.typ, it.path = "white", strings.TrimPrefix(dir+"/"+hidden, "/")
				f.white[it.path] = true
			}
			continue
		}
		if it.typ == "dir" {
			if old, ok := f.fs[it.path]; ok && old.dir {
				if old.by != nil {
					old.by.gone = "replaced"
				}
			} else {
				f.drop(it.path, "replaced")
			}
			f.fs[it.path] = thing{by: it, dir: true}
			continue
		}
		ino := it
		if it.typ == "link" {
			to := strings.TrimPrefix(f.real(parent(it.link))+"/"+path.Base(it.link), "/")
			if old, ok := f.fs[to]; ok && !old.dir {
				ino, it.file = old.ino, old.ino
			} else if ok {
				it.file = &item{typ: "dir"} // no name can be given to it
			}
		}
		f.drop(it.path, "replaced")
		f.fs[it.path] = thing{by: it, ino: ino}
	}
}

// docker counts each inode that has a name once.
func (f *flat) docker() int64 {
	seen := map[*item]bool{}
	var n int64
	for _, t := range f.fs {
		if t.dir || seen[t.ino] {
			continue
		}
		seen[t.ino] = true
		switch t.ino.typ {
		case "file":
			n += int64(t.ino.size)
		case "symlink":
			n += int64(len(t.ino.link))
		}
	}
	return n
}

// fate is a class and the layer that hides; live has -1.
type fate struct {
	class string
	by    int
}

var rankOf = map[string]int{"overwritten-same": 0, "metadata-only": 1, "overwritten-changed": 2, "deleted-file": 3, "deleted-dir": 4, "opaque": 5}

type ledger struct {
	layers []*flat
	names  map[*item]fate
}

func (it *item) shows() bool { return it.typ != "white" && it.typ != "opaque" && it.typ != "none" }

// as is what an entry is compared as.
func (it *item) as() *item {
	if it.dest != nil {
		return it.dest
	}
	return it
}

func overwritten(a, b *item) string {
	a, b = a.as(), b.as()
	switch {
	case a.typ != b.typ || a.content != b.content || a.link != b.link:
		return "overwritten-changed"
	case a.meta != b.meta:
		return "metadata-only"
	}
	return "overwritten-same"
}

// reason is why a layer hides what lower layers have at a path; "" for none.
func (f *flat) reason(it *item) string {
	here, ok := f.fs[it.path]
	if ok && here.by != nil {
		return overwritten(it, here.by)
	}
	if f.white[it.path] {
		return "deleted-file"
	}
	for _, q := range ancestors(it.path) {
		if t, ok := f.fs[q]; q != "" && (f.white[q] || ok && !t.dir) {
			return "deleted-dir"
		}
	}
	for _, q := range ancestors(it.path) {
		if f.opaque[q] {
			return "opaque"
		}
	}
	if ok && it.typ != "dir" { // a directory that something in it makes
		return "overwritten-changed"
	}
	return ""
}

// own is why an entry went in its own layer.
func (f *flat) own(it *item) string {
	var later *item
	for _, o := range f.items[it.id+1:] {
		if o.shows() && o.path == it.path && o.gone != "swept" && !o.cut {
			later = o
		}
	}
	switch {
	case later != nil && later.gone == "":
		return overwritten(it, later)
	case later != nil:
		return "overwritten-changed"
	case it.cut:
		return "deleted-dir"
	}
	return "overwritten-changed" // something below made a directory of it
}

func newLedger(t *testing.T, tars [][]byte) *ledger {
	l := &ledger{names: map[*item]fate{}}
	for k, b := range tars {
		l.layers = append(l.layers, flatten(t, k, b))
	}
	// What links name, from below: it takes what the layers below show.
	merged := map[string]*item{}
	for _, f := range l.layers {
		for _, it := range f.items {
			if it.typ != "link" {
				continue
			}
			to := it.file
			if to == nil {
				to = merged[it.link]
			}
			for n := 0; to != nil && to.typ == "link" && n < 100; n++ {
				to = to.dest
			}
			if to != nil && to.typ == "file" {
				it.dest = to
			}
		}
		for p, it := range merged {
			if f.reason(it) != "" {
				delete(merged, p)
			}
		}
		for p, t := range f.fs {
			if t.by != nil {
				merged[p] = t.by
			}
		}
	}
	for k, f := range l.layers {
		for _, it := range f.items {
			if !it.shows() || it.path == "" {
				continue
			}
			l.names[it] = fate{"live", -1}
			if it.gone != "" {
				l.names[it] = fate{f.own(it), k}
				continue
			}
			for j := k + 1; j < len(l.layers); j++ {
				if why := l.layers[j].reason(it); why != "" {
					l.names[it] = fate{why, j}
					break
				}
			}
		}
	}
	return l
}

// bytes is the fate of a file's content.
func (l *ledger) bytes(file *item) fate {
	own := l.names[file]
	out := own
	for it, n := range l.names {
		if it.dest != file || out.class == "live" {
			continue
		}
		switch {
		case n.class == "live", n.by > out.by, n.by == out.by && out.by != own.by && rankOf[n.class] < rankOf[out.class]:
			out = n
		}
	}
	return out
}

func TestAgainstTheLedger(t *testing.T) {
	from, to := seeds(t, 2500)
	var wrong int
	for seed := from; seed < to && wrong < 5; seed++ {
		layers := wildStack(rand.New(rand.NewPCG(seed, 23)))
		var tars [][]byte
		for _, l := range layers {
			tars = append(tars, testkit.Tar(t, l...))
		}
		if text := disagreement(t, tars); text != "" {
			wrong++
			show(t, layers)
			t.Errorf("seed %d: %s", seed, text)
		}
	}
}

// disagreement says where tare and the ledger differ, "" for nowhere.
func disagreement(t *testing.T, tars [][]byte) string {
	t.Helper()
	l := newLedger(t, tars)
	var xs []*layer.Index
	for k, b := range tars {
		x, err := layer.Read(bytes.NewReader(b), layer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		xs = append(xs, x)
		if want := l.layers[k].docker(); x.Docker != want {
			return fmt.Sprintf("layer %d: docker is %d, not %d", k, x.Docker, want)
		}
		var files int64
		for _, it := range l.layers[k].items {
			files += int64(it.size)
		}
		if x.Files != files {
			return fmt.Sprintf("layer %d: files is %d, not %d", k, x.Files, files)
		}
	}
	tr := tree.New(xs)
	var out []string
	for k := range tr.Lists {
		// The entries in the order of the tar have the ledger's numbers.
		order := make([]int, len(tr.Lists[k]))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return int(tr.Lists[k][a].Offset - tr.Lists[k][b].Offset) })
		for id, i := range order {
			r := tree.Ref{Layer: int32(k), Entry: int32(i)}
			it := l.layers[k].items[id]
			if it.typ != "file" {
				continue
			}
			s := tr.Bytes(r)
			if want, got := l.bytes(it), (fate{s.Class.String(), int(s.By)}); got != want {
				out = append(out, fmt.Sprintf("layer %d entry %d (%s, in the tree %s): %v, the ledger says %v", k, id, it.path, tr.Entry(r).Path, got, want))
			}
		}
	}
	want := map[string]string{}
	for it, n := range l.names {
		if n.class == "live" {
			want[it.path] += fmt.Sprintf("%s from layer %d entry %d", it.typ, it.layer, it.id)
		}
	}
	got := map[string]string{}
	for k := range tr.Lists {
		order := slices.Clone(tr.Lists[k])
		slices.SortFunc(order, func(a, b layer.Entry) int { return int(a.Offset - b.Offset) })
		for i := range tr.Lists[k] {
			e := &tr.Lists[k][i]
			if e.Path == "" || !tr.Seen(tree.Ref{Layer: int32(k), Entry: int32(i)}, len(tr.Lists)-1) {
				continue
			}
			typ := map[layer.Kind]string{layer.File: "file", layer.Dir: "dir", layer.Symlink: "symlink", layer.Link: "link", layer.Device: "device"}[e.Kind]
			got[e.Path] += fmt.Sprintf("%s from layer %d entry %d", typ, k, slices.IndexFunc(order, func(o layer.Entry) bool { return o.Offset == e.Offset }))
		}
	}
	for _, p := range slices.Sorted(maps.Keys(want)) {
		if got[p] != want[p] {
			out = append(out, fmt.Sprintf("%s is %q, the ledger says %q", p, got[p], want[p]))
		}
	}
	for p := range got {
		if want[p] == "" {
			out = append(out, fmt.Sprintf("%s is %q, the ledger says it is not seen", p, got[p]))
		}
	}
	return strings.Join(out, "\n")
}
