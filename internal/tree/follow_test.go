package tree_test

import (
	"fmt"
	"testing"

	"tare/internal/testkit"
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
