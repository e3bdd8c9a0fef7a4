package tree_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tare/internal/layer"
	"tare/internal/testkit"
	"tare/internal/tree"
)

// index reads layers that are given as entries.
func index(t testing.TB, layers ...[]testkit.Entry) []*layer.Index {
	t.Helper()
	var out []*layer.Index
	for _, entries := range layers {
		x, err := layer.Read(bytes.NewReader(testkit.Tar(t, entries...)), layer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, x)
	}
	return out
}

func mode(e testkit.Entry, m int64) testkit.Entry {
	e.Mode = m
	return e
}

func owner(e testkit.Entry, uid int) testkit.Entry {
	e.Uid = uid
	return e
}

// hidden lists entries that are not seen, as "layer:path class by layer"; bytes says
// whether a file's bytes are meant, or its name.
func hidden(t *tree.Tree, bytes bool) string {
	var out []string
	for k := range t.Lists {
		for i := range t.Lists[k] {
			r := tree.Ref{Layer: int32(k), Entry: int32(i)}
			e := t.Entry(r)
			s := t.Name(r)
			if bytes {
				s = t.Bytes(r)
			}
			if e.Kind == layer.Dir || s.Class == tree.Live {
				continue
			}
			out = append(out, fmt.Sprintf("%d:%s %s by %d", k+1, e.Path, s.Class, s.By+1))
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func TestFinePrint(t *testing.T) {
	f, d, l := testkit.File, testkit.Dir, testkit.Link
	for _, c := range []struct {
		name, want string
		layers     [][]testkit.Entry
	}{
		{"nothing hidden", "", [][]testkit.Entry{{f("a", "1")}, {f("b", "1")}}},
		{"same", "1:a overwritten-same by 2", [][]testkit.Entry{{f("a", "1")}, {f("a", "1")}}},
		{"changed", "1:a overwritten-changed by 2", [][]testkit.Entry{{f("a", "1")}, {f("a", "2")}}},
		{"chmod", "1:a metadata-only by 2", [][]testkit.Entry{{f("a", "1")}, {mode(f("a", "1"), 0o600)}}},
		{"whiteout", "1:a deleted-file by 2", [][]testkit.Entry{{f("a", "1")}, {f(".wh.a", "")}}},
		{"whiteout of a directory", "1:d/a deleted-dir by 2, 1:d/e/b deleted-dir by 2", [][]testkit.Entry{{d("d"), f("d/a", "1"), f("d/e/b", "1")}, {f(".wh.d", "")}}},
		{"file in place of a directory", "1:d/a deleted-dir by 2", [][]testkit.Entry{{d("d"), f("d/a", "1")}, {f("d", "1")}}},
		{"opaque", "1:d/a opaque by 2", [][]testkit.Entry{{d("d"), f("d/a", "1")}, {d("d"), f("d/.wh..wh..opq", "")}}},
		{"opaque root", "1:a opaque by 2, 1:d/b opaque by 2", [][]testkit.Entry{{f("a", "1"), f("d/b", "1")}, {f(".wh..wh..opq", ""), f("c", "1")}}},
		{"own entry before opaque", "1:d/a overwritten-changed by 2, 1:d/b opaque by 2", [][]testkit.Entry{{f("d/a", "1"), f("d/b", "1")}, {f("d/.wh..wh..opq", ""), f("d/a", "2")}}},
		{"own entry before whiteout", "1:a overwritten-changed by 2", [][]testkit.Entry{{f("a", "1")}, {f(".wh.a", ""), f("a", "2")}}},
		{"own entry before whiteout, other order", "1:a overwritten-changed by 2", [][]testkit.Entry{{f("a", "1")}, {f("a", "2"), f(".wh.a", "")}}},
		{"whiteout of a file before that of its directory", "1:d/a deleted-file by 2", [][]testkit.Entry{{f("d/a", "1")}, {f("d/.wh.a", ""), f(".wh.d", "")}}},
		{"whiteout with new entries hides the old ones only", "1:d/a deleted-dir by 2", [][]testkit.Entry{{f("d/a", "1")}, {f(".wh.d", ""), f("d/b", "1")}}},
		{"the first layer decides", "1:a deleted-file by 2, 3:a overwritten-changed by 4", [][]testkit.Entry{{f("a", "1")}, {f(".wh.a", "")}, {f("a", "1")}, {f("a", "22")}}},
		{"twice in one layer", "1:a overwritten-changed by 1", [][]testkit.Entry{{f("a", "1"), f("./a", "2")}}},
		{"directory replaced in its own layer", "1:d/a deleted-dir by 1", [][]testkit.Entry{{d("d"), f("d/a", "1"), f("d", "2")}}},
		{"replaced and made again", "1:d overwritten-changed by 1, 1:d/a deleted-dir by 1", [][]testkit.Entry{{d("d"), f("d/a", "1"), f("d", "2"), d("d"), f("d/b", "1")}}},
		{"an implied directory over a file", "1:d overwritten-changed by 2", [][]testkit.Entry{{f("d", "1")}, {f("d/x", "1")}}},
		{"an implied directory over a link", "1:d overwritten-changed by 2", [][]testkit.Entry{{testkit.Symlink("d", "e")}, {f("d/x", "1")}}},
		{"an implied directory over a directory", "", [][]testkit.Entry{{d("d"), f("d/a", "1")}, {f("d/x", "1")}}},
		{"hard link keeps the bytes", "", [][]testkit.Entry{{f("a", "1"), l("b", "a")}, {f(".wh.a", "")}}},
		{"both names gone: the last decides", "1:a overwritten-changed by 3, 1:b overwritten-changed by 3", [][]testkit.Entry{{f("a", "1"), l("b", "a")}, {f(".wh.a", "")}, {f("b", "2")}}},
		{"a tie: the name that carries the bytes", "1:a deleted-file by 2, 1:b overwritten-changed by 2", [][]testkit.Entry{{f("a", "1"), l("b", "a")}, {f(".wh.a", ""), f("b", "2")}}},
		{"a hard link of a later layer", "", [][]testkit.Entry{{f("a", "1")}, {l("b", "a"), f(".wh.a", "")}}},
		{"a hard link to what its layer removes", "", [][]testkit.Entry{{f("a", "1")}, {f(".wh.a", ""), l("b", "a")}}},
		{"a hard link to its own name", "", [][]testkit.Entry{{f("a", "1")}, {l("a", "a")}}},
		{"a hard link that is removed", "1:b deleted-file by 2", [][]testkit.Entry{{f("a", "1"), l("b", "a")}, {f(".wh.b", "")}}},
		{"a hard link to a directory is none", "1:b deleted-file by 2", [][]testkit.Entry{{d("a"), l("b", "a"), f("a/x", "1")}, {f(".wh.b", "")}}},
		{"a hard link to nothing", "1:a deleted-file by 2", [][]testkit.Entry{{f("a", "1"), l("b", "nowhere")}, {f(".wh.a", "")}}},
		{"a hard link to a symbolic link", "1:a deleted-file by 2", [][]testkit.Entry{{testkit.Symlink("a", "x"), l("b", "a")}, {f(".wh.a", "")}}},
		{"the first reason of several names", "1:a overwritten-changed by 3, 1:b overwritten-changed by 3, 1:c deleted-file by 3, 1:e/d opaque by 3", [][]testkit.Entry{{f("a", "1"), l("b", "a"), l("c", "a"), l("e/d", "a")}, {f(".wh.a", "")}, {f("b", "2"), f(".wh.c", ""), f("e/.wh..wh..opq", "")}}},
		{"the last of several names, whatever the reason", "1:a deleted-file by 4, 1:b deleted-file by 4, 1:c overwritten-changed by 3", [][]testkit.Entry{{f("a", "1"), l("b", "a"), l("c", "a")}, {f(".wh.a", "")}, {f("c", "2")}, {f(".wh.b", "")}}},
		{"a hard link through a link of its own", "", [][]testkit.Entry{{testkit.Symlink("d", "e"), f("d/x", "1"), l("y", "d/x")}, {f(".wh.e", "")}}},
		{"a hard link beside what goes through a link", "1:0/x deleted-dir by 2", [][]testkit.Entry{{f("a", "1"), l("b", "a"), testkit.Symlink("m", "0"), f("m/x", "2")}, {f(".wh.a", ""), f(".wh.0", "")}}},
		{"a file compares as the hard link in its place", "1:b overwritten-same by 2", [][]testkit.Entry{{f("a", "1"), l("b", "a")}, {f("b", "1")}}},
		{"a hard link compares as its file", "1:a overwritten-same by 2", [][]testkit.Entry{{f("a", "1")}, {f("b", "1"), l("a", "b")}}},
		{"AUFS's own files hide nothing", "", [][]testkit.Entry{{f("a", "1")}, {f(".wh..wh.plnk", ""), f(".wh..wh.aufs", "")}}},
		{"a whiteout of dots hides nothing", "", [][]testkit.Entry{{f("a", "1")}, {f(".wh...", ""), f(".wh..", ""), f(".wh.", "")}}},
		{"through a link of its own", "1:e/x overwritten-changed by 2", [][]testkit.Entry{{f("e/x", "1")}, {testkit.Symlink("d", "e"), f("d/x", "2")}}},
		{"a whiteout that is a directory", "1:d/a deleted-dir by 2", [][]testkit.Entry{{d("d"), f("d/a", "1")}, {d(".wh.d/")}}},
		{"a whiteout that is a link", "1:a deleted-file by 2", [][]testkit.Entry{{f("a", "1")}, {testkit.Symlink(".wh.a", "x")}}},
		{"an opaque marker that is a directory", "1:d/a opaque by 2", [][]testkit.Entry{{f("d/a", "1")}, {d("d/.wh..wh..opq/")}}},
		{"a whiteout in a directory that its layer replaces", "1:d/a deleted-file by 2", [][]testkit.Entry{{f("d/a", "1")}, {f("d/.wh.a", ""), testkit.Symlink("d", "e")}}},
		{"a whiteout in a directory that its layer replaces and makes again", "1:d/a deleted-file by 2, 2:d overwritten-changed by 2", [][]testkit.Entry{{f("d/a", "1"), f("d/b", "1")}, {f("d/.wh.a", ""), testkit.Symlink("d", "e"), d("d")}}},
		{"an opaque marker in a directory that its layer replaces and makes again", "1:d/a opaque by 2, 2:d overwritten-changed by 2", [][]testkit.Entry{{f("d/a", "1")}, {f("d/.wh..wh..opq", ""), f("d", "x"), d("d")}}},
		{"a whiteout of what its layer replaces and makes again", "1:d/a deleted-dir by 2, 2:d overwritten-changed by 2", [][]testkit.Entry{{f("d/a", "1")}, {f(".wh.d", ""), f("d", "x"), d("d"), f("d/b", "2")}}},
		{"what went with its directory hides nothing", "2:d overwritten-changed by 2, 2:d/e deleted-dir by 2", [][]testkit.Entry{{f("d/e/x", "1")}, {f("d/e", "2"), f("d", "3"), d("d")}}},
		{"an empty name hides nothing", "", [][]testkit.Entry{{f("a", "1"), f("d/b", "1")}, {f("", ""), testkit.Symlink("./", "x"), f(".", "")}}},
		{"an owner above 32 bits", "1:a metadata-only by 2", [][]testkit.Entry{{owner(f("a", "1"), 5)}, {owner(f("a", "1"), 1<<32+5)}}},
		{"slashes at the end are none", "1:d/a opaque by 2", [][]testkit.Entry{{f("d/a", "1")}, {d("d//"), f("d/.wh..wh..opq", "")}}},
		{"a link that was replaced by a directory leads nowhere", "1:d/x overwritten-changed by 2, 2:d overwritten-changed by 2", [][]testkit.Entry{{f("d/x", "1"), f("e/x", "1")}, {testkit.Symlink("d", "e"), d("d"), f("d/x", "2")}}},
		{"an opaque marker through a link", "1:d/x deleted-dir by 2, 1:e/x opaque by 2", [][]testkit.Entry{{f("d/x", "1"), f("e/x", "1")}, {d("e"), testkit.Symlink("d", "e"), f("d/.wh..wh..opq", "")}, {}}},
		{"names that sort beside slashes", "1:d/a deleted-dir by 2", [][]testkit.Entry{{d("d"), f("d/a", "1"), f("d-x", "1"), f("d.y", "1")}, {f(".wh.d", "")}}},
	} {
		for range 8 { // names are looked at in no order
			got := hidden(tree.New(index(t, c.layers...)), true)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, d)
				break
			}
		}
	}
}

// However many hard links lead from one to the next, and however they are called: all
// are names of one file.
func TestChainOfHardLinks(t *testing.T) {
	for _, name := range []string{"a%03d", "z%03d"} {
		list := []testkit.Entry{testkit.File("m", "1")}
		for i := range 200 {
			to, n := "m", i
			if name[0] == 'a' {
				n = 200 - i // each names what comes later in the order of paths
			}
			if i > 0 {
				to = list[i].Name
			}
			list = append(list, testkit.Link(fmt.Sprintf(name, n), to))
		}
		tr := tree.New(index(t, list, []testkit.Entry{testkit.File(".wh.m", "")}))
		for i := range tr.Lists[0] {
			r := tree.Ref{Entry: int32(i)}
			if e := tr.Entry(r); tr.Content(r).Path != "m" || e.Kind == layer.File && tr.Bytes(r).Class != tree.Live {
				t.Fatalf("%s is %s, %s", e.Path, tr.Content(r).Path, tr.Bytes(r).Class)
			}
		}
	}
}

// node is something that the naive file system of the property test shows.
type node struct {
	kind byte
	ref  string // layer:offset of the entry that put it there; "" for implied directories
}

// naive unpacks layers the slow and obvious way: each alone, then laid over the rest.
func naive(layers []*layer.Index) map[string]node {
	merged := map[string]node{}
	for k, x := range layers {
		list := slices.Clone(x.List)
		slices.SortFunc(list, func(a, b layer.Entry) int { return int(a.Offset - b.Offset) })
		upper := map[string]node{}
		white, opaque := map[string]bool{}, map[string]bool{}
		parents := func(p string) {
			for i, c := range p {
				if dir := p[:i]; c == '/' && upper[dir].kind != 'd' {
					remove(upper, dir)
					upper[dir] = node{'d', ""}
				}
			}
		}
		for _, e := range list {
			if e.Path == "" && e.Kind != layer.Opaque || e.Kind == layer.Meta {
				continue
			}
			ref := fmt.Sprintf("%d:%d", k, e.Offset)
			parents(e.Path)
			if n, ok := upper[e.Path]; ok && n.kind != 'd' && e.Kind == layer.Opaque {
				opaque[e.Path] = true
				continue // nothing that it could mark
			}
			switch e.Kind {
			case layer.Whiteout:
				white[e.Path] = true
			case layer.Opaque:
				opaque[e.Path] = true
				if e.Path != "" && upper[e.Path].kind != 'd' {
					remove(upper, e.Path)
					upper[e.Path] = node{'d', ""}
				}
			case layer.Dir:
				if n, ok := upper[e.Path]; ok && n.kind != 'd' {
					remove(upper, e.Path)
				}
				upper[e.Path] = node{'d', ref}
			default:
				remove(upper, e.Path)
				upper[e.Path] = node{'f', ref}
			}
		}
		for p := range merged {
			gone := white[p]
			if n, ok := upper[p]; ok && (n.kind != 'd' || n.ref != "" || merged[p].kind != 'd') {
				gone = true
			}
			for dir := path.Dir(p); !gone; dir = path.Dir(dir) {
				if dir == "." {
					gone = opaque[""]
					break
				}
				n, ok := upper[dir]
				gone = white[dir] || opaque[dir] || ok && n.kind != 'd'
			}
			if gone {
				delete(merged, p)
			}
		}
		for p, n := range upper {
			if have, ok := merged[p]; !ok || n.ref != "" || have.kind != 'd' {
				merged[p] = n
			}
		}
	}
	return merged
}

func remove(m map[string]node, p string) {
	delete(m, p)
	for q := range m {
		if strings.HasPrefix(q, p+"/") {
			delete(m, q)
		}
	}
}

// stack makes random layers. A wild one has names twice, in odd orders.
func stack(r *rand.Rand, wild bool) [][]testkit.Entry {
	names := []string{"a", "b", "d", "d/a", "d/b", "d/e", "d/e/f", "d-x", "g/h/i", "g"}
	var out [][]testkit.Entry
	for range 1 + r.IntN(5) {
		var layer []testkit.Entry
		used := map[string]bool{}
		kinds := map[string]byte{}
		for range r.IntN(8) {
			p := names[r.IntN(len(names))]
			blocked := used[p]
			for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
				blocked = blocked || kinds[dir] == 'f'
			}
			for q, k := range kinds {
				blocked = blocked || k != 0 && strings.HasPrefix(q, p+"/")
			}
			if blocked && !wild {
				continue
			}
			used[p] = true
			body := strings.Repeat("x", r.IntN(3)*100)
			switch r.IntN(7) {
			case 0, 1, 2:
				layer, kinds[p] = append(layer, testkit.File(p, body)), 'f'
			case 3:
				layer, kinds[p] = append(layer, testkit.Dir(p)), 'd'
			case 4:
				layer, kinds[p] = append(layer, testkit.File(path.Join(path.Dir(p), ".wh."+path.Base(p)), "")), 'w'
			case 5:
				layer, kinds[p] = append(layer, testkit.File(path.Join(p, ".wh..wh..opq"), "")), 'd'
			default:
				if wild {
					layer = append(layer, testkit.Link(p, names[r.IntN(len(names))]))
				} else {
					layer, kinds[p] = append(layer, testkit.File(p, body)), 'f'
				}
			}
		}
		out = append(out, layer)
	}
	return out
}

// What is seen is what the obvious way of unpacking shows, whatever the stack; and
// bytes are live or waste, never neither.
func TestSeenIsWhatUnpackingShows(t *testing.T) {
	end := uint64(6000)
	if testing.Short() { // make mutants runs it hundreds of times
		end = 400
	}
	for seed := range end {
		r := rand.New(rand.NewPCG(seed, 7))
		layers := stack(r, seed%2 == 1)
		xs := index(t, layers...)
		tr := tree.New(xs)
		want := naive(xs)
		got := map[string]node{}
		for k := range tr.Lists {
			for i := range tr.Lists[k] {
				ref := tree.Ref{Layer: int32(k), Entry: int32(i)}
				e := tr.Entry(ref)
				if e.Path == "" || !tr.Seen(ref, len(xs)-1) {
					continue
				}
				kind := byte('f')
				if e.Kind == layer.Dir {
					kind = 'd'
				}
				if have, twice := got[e.Path]; twice {
					t.Fatalf("seed %d: %s is seen twice (%v)", seed, e.Path, have)
				}
				got[e.Path] = node{kind, fmt.Sprintf("%d:%d", k, e.Offset)}
			}
		}
		for p, n := range want {
			if n.ref == "" {
				delete(want, p) // implied directories have no entry
			}
		}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(node{})); d != "" {
			for k, l := range layers {
				for _, e := range l {
					t.Logf("layer %d: %c %s %s", k, e.Typeflag, e.Name, e.Linkname)
				}
			}
			t.Fatalf("seed %d (-unpacked +tree):\n%s", seed, d)
		}
		for k := range tr.Lists {
			for i := range tr.Lists[k] {
				s := tr.Bytes(tree.Ref{Layer: int32(k), Entry: int32(i)})
				if (s.Class == tree.Live) != (s.By < 0) || int(s.By) >= len(xs) || s.By >= 0 && int(s.By) < k {
					t.Fatalf("seed %d: layer %d entry %d: %+v", seed, k, i, s)
				}
			}
		}
	}
}
