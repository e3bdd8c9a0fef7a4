package tree_test

import (
	"fmt"
	"strings"
	"testing"

	"tare/internal/layer"
	"tare/internal/testkit"
	"tare/internal/tree"
)

func TestFollow(t *testing.T) {
	st := testkit.Store(t)
	f := testkit.Facts(t, st, testkit.Put(t, st, "x:1", "pull", testkit.Image(t, testkit.Options{Layers: [][]byte{
		testkit.Tar(t, testkit.File("usr/lib/os-release", "NAME=x\n"), testkit.Symlink("etc/os-release", "../usr/lib/os-release"),
			testkit.Symlink("lib", "usr/lib"), testkit.Symlink("abs", "/lib/os-release"), testkit.Symlink("out", "../../../../usr/lib/os-release"),
			testkit.Symlink("loop", "loop"), testkit.Symlink("broken", "nowhere"), testkit.Symlink("etc/gone", "/tmp/f")),
		testkit.Tar(t, testkit.File("tmp/f", "later")),
	}})))
	for path, want := range map[string]string{
		"usr/lib/os-release": "usr/lib/os-release", "etc/os-release": "usr/lib/os-release", "lib/os-release": "usr/lib/os-release",
		"abs": "usr/lib/os-release", "out": "usr/lib/os-release", "/etc//./os-release": "usr/lib/os-release",
		"loop": "", "broken": "", "nowhere/x": "", "etc/gone": "tmp/f",
	} {
		r, ok := f.Tree.Follow(path, 1)
		if got := f.Tree.Entry; ok != (want != "") || ok && got(r).Path != want {
			t.Errorf("%s: %v, want %q", path, ok, want)
		}
	}
	// The root, whichever way; and as many links, and as deep, as Linux follows.
	var deep, chain []testkit.Entry
	dir := ""
	for i := range 60 {
		dir += fmt.Sprint("d", i, "/")
		deep = append(deep, testkit.Dir(dir))
		chain = append(chain, testkit.Symlink(fmt.Sprint("l", i+1), fmt.Sprint("l", i)))
	}
	g := testkit.Facts(t, st, testkit.Put(t, st, "y:1", "pull", testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, append(append(deep, chain...), testkit.Dir("./"), testkit.File("l0", "x"), testkit.File(dir+"f", "x"))...)}})))
	for path, want := range map[string]string{"": "", ".": "", "/": "", "d0/..": "", "d0/../d0/./d1": "d0/d1", dir + "f": dir + "f", "l40": "l0"} {
		if r, ok := g.Tree.Follow(path, 0); !ok || g.Tree.Entry(r).Path != want {
			t.Errorf("%q: %v", path, ok)
		}
	}
	if _, ok := g.Tree.Follow("l41", 0); ok {
		t.Error("41 links were followed")
	}
	if _, ok := f.Tree.Follow("etc/gone", 0); ok {
		t.Error("a file of a layer above was found")
	}
}

// Entries keep their place in the index wherever they are unpacked, and a name is seen from
// its own layer on, until another layer hides it.
func TestPlacesAndNames(t *testing.T) {
	xs := index(t, []testkit.Entry{testkit.File("a", "1"), testkit.Symlink("m", "0"), testkit.File("m/x", "2"), testkit.File("z", "3")},
		[]testkit.Entry{testkit.File("b", "4"), testkit.File(".wh.a", "")}, []testkit.Entry{testkit.File("a", "5")})
	tr := tree.New(xs)
	for k, list := range tr.Lists {
		for i := range list {
			r := tree.Ref{Layer: int32(k), Entry: int32(i)}
			if e := &xs[k].List[tr.Place(r)]; e.Offset != list[i].Offset || e.Sum != list[i].Sum {
				t.Errorf("layer %d: %s stands in the place of %s", k, list[i].Path, e.Path)
			}
		}
	}
	for _, c := range []struct {
		path  string
		layer int32
		seen  string // with the layers up to 1, 2, 3
		class tree.Class
	}{{"a", 0, "yes no no", tree.DeletedFile}, {"0/x", 0, "yes yes yes", tree.Live}, {"b", 1, "no yes yes", tree.Live}, {"a", 2, "no no yes", tree.Live}} {
		for i := range tr.Lists[c.layer] {
			r := tree.Ref{Layer: c.layer, Entry: int32(i)}
			if e := tr.Entry(r); e.Path != c.path || e.Kind != layer.File {
				continue
			}
			var got []string
			for top := range 3 {
				got = append(got, map[bool]string{true: "yes", false: "no"}[tr.Seen(r, top)])
			}
			if s := strings.Join(got, " "); s != c.seen || tr.Name(r).Class != c.class {
				t.Errorf("%s of layer %d: %s, %s", c.path, c.layer, s, tr.Name(r).Class)
			}
		}
	}
	if s := tree.Classes.String(); s != "class 7" {
		t.Error(s)
	}
}
