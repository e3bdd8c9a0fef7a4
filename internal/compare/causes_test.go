package compare_test

import (
	"fmt"
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/testkit"
)

// apk is the database of packages that are given as "name version file needs…".
func apk(list ...string) testkit.Entry {
	db := ""
	for _, p := range list {
		w := strings.Fields(p)
		dir, file := "", w[2]
		if i := strings.LastIndexByte(file, '/'); i >= 0 {
			dir, file = file[:i], file[i+1:]
		}
		db += fmt.Sprintf("P:%s\nV:%s\nD:%s\nF:%s\nR:%s\n\n", w[0], w[1], strings.Join(w[3:], " "), dir, file)
	}
	return testkit.File("lib/apk/db/installed", db)
}

// sized is a file of n bytes.
func sized(name, letter string, n int) testkit.Entry {
	return testkit.File(name, strings.Repeat(letter, n))
}

// told writes the causes of each measure down, one a line.
func told(t *testing.T, a, b compare.Subject, o compare.Options, measures ...string) string {
	t.Helper()
	r, err := compare.Compare([]compare.Subject{a, b}, o)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range measures {
		for _, d := range r.Differences {
			if d.Measure != m {
				continue
			}
			out = append(out, fmt.Sprintf("%s %+d", m, d.Bytes()))
			for _, c := range d.Causes {
				s := fmt.Sprintf("  %s/%s %s %d to %d", c.Kind, c.Subject, c.Change, c.From, c.To)
				for _, x := range []struct{ name, value string }{{"version ", strings.Trim(c.FromVersion+" > "+c.ToVersion, "> ")}, {"via ", c.Via}} {
					if x.value != "" {
						s += ", " + x.name + x.value
					}
				}
				if c.Layer > 0 {
					s += fmt.Sprintf(", layer %d", c.Layer)
				}
				if c.Toolchain {
					s += ", toolchain"
				}
				for _, f := range c.Files {
					s += fmt.Sprintf(" [%s %+d]", f.Path, f.Bytes)
				}
				out = append(out, s)
			}
		}
	}
	return strings.Join(out, "\n")
}

// twoImages differ in a package that is gone with what it needs, in a compiler that is new,
// in versions, in files of classes, in what they hide and in where they have it.
func twoImages(t *testing.T) (a, b compare.Subject) {
	s := testkit.Store(t)
	f, o := sized, testkit.Options{Compression: "none"}
	a = made(t, s, "a", o,
		entries{testkit.File("etc/apk/world", "tool kept"), apk("tool 1 usr/bin/tool dep", "dep 1 usr/lib/dep sub", "sub 1 usr/lib/sub", "kept 1 usr/bin/kept", "same 1 usr/bin/same", "swap 1 usr/bin/swap"),
			f("usr/bin/tool", "t", 700), f("usr/lib/dep", "d", 60), f("usr/lib/sub", "s", 50), f("usr/bin/kept", "k", 40), f("usr/bin/same", "m", 30),
			f("usr/include/x.h", "h", 15), f("etc/one", "e", 10), f("etc/two", "e", 10), f("gone", "g", 5)},
		entries{testkit.File(".wh.gone", ""), testkit.Symlink("l", "etc/one"), f("usr/bin/kept", "k", 41), f("usr/bin/swap", "1", 20)})
	old := []string{"kept 1 usr/bin/kept", "same 1 usr/bin/same", "swap 1 usr/bin/swap"}
	o.Config.Env = []string{"A=1"}
	b = made(t, s, "b", o,
		entries{apk(old...), f("usr/bin/kept", "k", 40), f("usr/bin/same", "m", 30), f("usr/bin/swap", "2", 20), f("etc/one", "e", 10)},
		entries{apk(append([]string{"gcc 12 usr/bin/gcc libgcc", "libgcc 12 usr/lib/libgcc", "kept 2 usr/bin/kept"}, old[1:]...)...), testkit.File("etc/apk/world", "kept gcc"),
			f("usr/bin/gcc", "c", 900), f("usr/lib/libgcc", "l", 80), f("usr/bin/kept", "K", 240), f("usr/include/x.h", "h", 2015), f("usr/include/y.h", "y", 3), f("usr/include/z.h", "z", 4), testkit.Dir("etc")})
	return a, b
}

// Every difference is told row by row: by how much, from which version to which, through
// what, in which layer, and in which files.
func TestCausesRowByRow(t *testing.T) {
	a, b := twoImages(t)
	for _, c := range []struct {
		measure string
		back    bool // from b to a
		depth   int
		want    string
	}{
		{"live", false, 2, `
live +2341
  development/development changed 15 to 2022, layer 2, toolchain [usr/include/x.h +2000] [usr/include/z.h +4] [ +3]
  package/apk gcc added 0 to 900, version 12, layer 2, toolchain [usr/bin/gcc +900]
  package/apk tool removed 700 to 0, version 1, layer 1 [usr/bin/tool -700]
  package/apk kept changed 41 to 240, version 1 > 2, layer 2 [usr/bin/kept +199]
  package/apk libgcc added 0 to 80, version 12, via apk gcc, layer 2 [usr/lib/libgcc +80]
  package/apk dep removed 60 to 0, version 1, via apk tool, layer 1 [usr/lib/dep -60]
  package/apk sub removed 50 to 0, version 1, via apk tool, layer 1 [usr/lib/sub -50]
  package-database/package-database changed 203 to 178, layer 1 [lib/apk/db/installed -24] [etc/apk/world -1]
  config/config changed 20 to 10, layer 1 [etc/two -10]
  package/apk swap changed 20 to 20, version 1 > 1, layer 1
`},
		{"live", true, 1, `
live -2341
  development/development changed 2022 to 15, layer 2, toolchain [usr/include/x.h -2000] [ -7]
  package/apk gcc removed 900 to 0, version 12, layer 2, toolchain [usr/bin/gcc -900]
  package/apk tool added 0 to 700, version 1, layer 1 [usr/bin/tool +700]
  package/apk kept changed 240 to 41, version 2 > 1, layer 2 [usr/bin/kept -199]
  package/apk libgcc removed 80 to 0, version 12, via apk gcc, layer 2 [usr/lib/libgcc -80]
  package/apk dep added 0 to 60, version 1, via apk tool, layer 1 [usr/lib/dep +60]
  package/apk sub added 0 to 50, version 1, via apk tool, layer 1 [usr/lib/sub +50]
  package-database/package-database changed 178 to 203, layer 1 [lib/apk/db/installed +24] [ +1]
  config/config changed 10 to 20, layer 1 [etc/two +10]
  package/apk swap changed 20 to 20, version 1 > 1, layer 2
`},
		{"files", false, 0, `
files +2432
  development/development changed 15 to 2022, layer 2, toolchain
  package/apk gcc added 0 to 900, version 12, layer 2, toolchain
  package/apk tool removed 700 to 0, version 1, layer 1
  package/apk kept changed 41 to 240, version 1 > 2, layer 2
  waste/overwritten-changed changed 40 to 136
  package/apk libgcc added 0 to 80, version 12, via apk gcc, layer 2
  package/apk dep removed 60 to 0, version 1, via apk tool, layer 1
  package/apk sub removed 50 to 0, version 1, via apk tool, layer 1
  package-database/package-database changed 203 to 178, layer 1
  config/config changed 20 to 10, layer 1
  waste/deleted-file removed 5 to 0
`},
		{"waste", false, 2, `
waste +91
  waste/overwritten-changed changed 40 to 136, layer 1 [lib/apk/db/installed +96]
  waste/deleted-file removed 5 to 0, layer 1 [gone -5]
`},
		{"waste", true, 2, `
waste -91
  waste/overwritten-changed changed 136 to 40, layer 1 [lib/apk/db/installed -96]
  waste/deleted-file added 0 to 5, layer 1 [gone +5]
`},
		{"transfer", false, 2, `
transfer +1037
  development/development changed 1024 to 4608, layer 2, toolchain [usr/include/x.h +1536] [usr/include/y.h +1024] [ +1024]
  package/apk gcc added 0 to 1536, version 12, layer 2, toolchain [usr/bin/gcc +1536]
  package/apk tool removed 1536 to 0, version 1, layer 1 [usr/bin/tool -1536]
  config/config changed 2048 to 1024, layer 1 [etc/two -1024]
  package/apk dep removed 1024 to 0, version 1, via apk tool, layer 1 [usr/lib/dep -1024]
  package/apk libgcc added 0 to 1024, version 12, via apk gcc, layer 2 [usr/lib/libgcc +1024]
  package/apk sub removed 1024 to 0, version 1, via apk tool, layer 1 [usr/lib/sub -1024]
  waste/deleted-file removed 1024 to 0 [gone -1024]
  waste/overwritten-changed changed 1024 to 2048 [lib/apk/db/installed +1024]
  overhead/directories, links and the end of each tar changed 3072 to 2560 [ -512]
  metadata/manifest and config changed 818 to 831 [ +13]
`},
		{"overhead", false, 2, `
overhead -1408
  overhead/headers and padding of files changed 12640 to 11744 [ -896]
  overhead/directories, links, whiteouts and the end of each tar changed 3072 to 2560 [ -512]
`},
		{"duplicate", true, 0, `
duplicate +10
  duplicate/copies of live contents changed 0 to 10
`},
	} {
		x, y := a, b
		if c.back {
			x, y = b, a
		}
		if got := told(t, x, y, compare.Options{Depth: c.depth}, c.measure); got != strings.TrimSpace(c.want) {
			t.Errorf("%s, back %v:\n%s\nwant\n%s", c.measure, c.back, got, c.want)
		}
	}
}

// What an image takes on a disk or with Docker is its files and one row for all else.
func TestCausesBesideTheFiles(t *testing.T) {
	a, b := twoImages(t)
	files := strings.Split(told(t, a, b, compare.Options{}, "files"), "\n")[1:]
	for measure, want := range map[string]string{
		"tar": `tar +1024
  overhead/headers and padding changed 15712 to 14304`,
		"disk": `disk +16384
  blocks/whole blocks and directories changed 105312 to 119264`,
		"docker": `docker +2425
  links/symbolic links, and names that a layer writes twice changed 7 to 0`,
		"docker-containerd": `docker-containerd +17421
  blocks/whole blocks and directories changed 105312 to 119264
  blobs/the compressed blobs beside the unpacked files changed 17714 to 18751`,
	} {
		rows := told(t, a, b, compare.Options{}, measure)
		for _, row := range files {
			with := strings.Replace(rows, "\n"+row, "", 1)
			if with == rows {
				t.Errorf("%s lacks %s", measure, row)
			}
			rows = with
		}
		if rows != want {
			t.Errorf("%s:\n%s\nwant\n%s", measure, rows, want)
		}
	}
}
