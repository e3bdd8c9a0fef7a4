package inside_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"tare/internal/inside"
	"tare/internal/parts"
	"tare/internal/testkit"
	"tare/internal/weigh"
)

func TestLook(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	jar := zipOf(t, "A.class", "class a", "lib/in.jar", zipOf(t, "B.class", "class b"))
	img := image(t,
		testkit.Tar(t, testkit.File("app/old.jar", zipOf(t, "gone", "x")), testkit.File("app/prog", string(program)), testkit.File("app/readme", "text")),
		testkit.Tar(t, testkit.File("app/old.jar", jar), testkit.File("app/new.jar", zipOf(t, "A.class", "class a", "C.class", "class c")), testkit.Symlink("app/link", "prog")))
	r, err := inside.Look(t.Context(), img, "app:1", "**")
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range r.Files {
		paths = append(paths, f.Path)
		sum(t, f.Parts, f.Size)
	}
	if got := strings.Join(paths, " "); got != "app/prog app/old.jar app/new.jar" {
		t.Errorf("%s", got)
	}
	if r.Other.Count != 1 || r.Other.Files != 4 {
		t.Errorf("others: %+v", r.Other)
	}
	var kinds int64
	for _, n := range r.Kinds {
		kinds += n
	}
	if kinds != r.Bytes || r.Bytes == 0 {
		t.Errorf("kinds have %d bytes of %d", kinds, r.Bytes)
	}
	if p := r.Files[0]; p.Kind != "elf" || p.Stripped == nil || p.Go == nil || p.Layer != 1 {
		t.Errorf("%+v", p)
	}
	if p := r.Files[1]; p.Kind != "jar" || p.Stripped != nil || p.Layer != 2 {
		t.Errorf("%+v", p)
	}
	if len(r.Duplicates) != 1 || r.Duplicate != 7 || len(r.Duplicates[0].In) != 2 || r.Duplicates[0].By != "crc32+size" {
		t.Errorf("%d: %+v", r.Duplicate, r.Duplicates)
	}

	for pattern, want := range map[string]string{"/app/readme": "unknown", "app/link": "elf", "/app/old.jar": "jar"} {
		r, err := inside.Look(t.Context(), img, "app:1", pattern)
		if err != nil || len(r.Files) != 1 || r.Files[0].Kind != want {
			t.Errorf("%s: %+v, %v", pattern, r, err)
		}
	}
	if r, err := inside.Look(t.Context(), img, "app:1", "readme"); err != nil || len(r.Files) != 0 || r.Other.Count != 1 {
		t.Errorf("a pattern: %+v, %v", r, err)
	}
	for _, pattern := range []string{"", "/absent", "[", "gone"} {
		if _, err := inside.Look(t.Context(), img, "app:1", pattern); err == nil {
			t.Errorf("%q: no error", pattern)
		} else if pattern != "[" && !errors.Is(err, weigh.ErrNothing) {
			t.Errorf("%q: %v", pattern, err)
		}
	}
	img.err = errors.New("the layer is damaged")
	if _, err := inside.Look(t.Context(), img, "app:1", "**"); !errors.Is(err, img.err) {
		t.Errorf("%v", err)
	}
}

// What is in a copy of an archive is counted with the copy, not once more.
func TestDuplicatesCountOnce(t *testing.T) {
	in := zipOf(t, "B.class", "class b", "C.class", "class c")
	one := zipOf(t, "x.jar", in)
	img := image(t, testkit.Tar(t, testkit.File("a.war", one), testkit.File("b.war", zipOf(t, "y.jar", in, "z", "z")), testkit.File("c.jar", zipOf(t, "other", "o"))))
	r, err := inside.Look(t.Context(), img, "app:1", "*.{war,jar}")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Duplicates) != 1 || r.Duplicate != int64(len(in)) {
		t.Errorf("%d: %+v", r.Duplicate, r.Duplicates)
	}
}

// Every layer goes by once, however many of its files are looked into.
func TestLayersGoByOnce(t *testing.T) {
	img := image(t, testkit.Tar(t, testkit.File("a.jar", zipOf(t, "a", "1")), testkit.File("b.jar", zipOf(t, "b", "1"))), testkit.Tar(t, testkit.File("c.jar", zipOf(t, "c", "1"))), testkit.Tar(t, testkit.File("d", "1")))
	if _, err := inside.Look(t.Context(), img, "app:1", "*.jar"); err != nil || img.passes != 2 {
		t.Errorf("%d passes, %v", img.passes, err)
	}
}

// Archives in archives are looked into three levels deep, and no deeper, whatever they are
// packed into; sums hold at every level.
func TestDepth(t *testing.T) {
	deep := zipOf(t, "x.class", "content")
	for range 6 {
		deep = zipOf(t, "in.jar", deep)
	}
	r, err := inside.Look(t.Context(), image(t, testkit.Tar(t, testkit.File("a.jar", deep))), "app:1", "a.jar")
	if err != nil {
		t.Fatal(err)
	}
	depth, list, size := 0, r.Files[0].Parts, r.Files[0].Size
	for list != nil {
		sum(t, list, size)
		var next []parts.Part
		for _, p := range list {
			if p.Name == "in.jar" {
				next, size = p.Parts, p.Size
				depth++
			}
		}
		list = next
	}
	if depth != 4 { // the member of the third level is there, and not looked into
		t.Errorf("%d levels", depth)
	}
}

// An image without layers, and one whose path is a directory or leads in circles, have no such
// file.
func TestNothingThere(t *testing.T) {
	if _, err := inside.Look(t.Context(), image(t), "app:1", "/bin/sh"); !errors.Is(err, weigh.ErrNothing) {
		t.Errorf("no layers: %v", err)
	}
	img := image(t, testkit.Tar(t, testkit.Dir("empty"), testkit.Symlink("a/loop", "loop"), testkit.Symlink("a/out", "../../../../etc/passwd")))
	for _, pattern := range []string{"/empty", "/a/loop", "/a/out", "/", "//", "../x", "a/../../x"} {
		if r, err := inside.Look(t.Context(), img, "app:1", pattern); !errors.Is(err, weigh.ErrNothing) {
			t.Errorf("%s: %+v, %v", pattern, r, err)
		}
	}
}
