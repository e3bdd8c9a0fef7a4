package tree_test

import (
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
	if _, ok := f.Tree.Follow("etc/gone", 0); ok {
		t.Error("a file of a layer above was found")
	}
}
