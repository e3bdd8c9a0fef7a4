package weigh_test

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"testing"

	"tare/internal/testkit"
	"tare/internal/weigh"
)

// What a query picks, how it is sorted, and that what is counted is more than what is shown.
func TestSelect(t *testing.T) {
	f := whole(t)
	for _, c := range []struct {
		q    weigh.Query
		want string // names, in order
		all  int64  // bytes of all that were picked
	}{
		{weigh.Query{Package: "libx"}, "libx.so METADATA", 271},
		{weigh.Query{Package: "apk libx", Fates: []string{"all"}}, "libx.so libx.so METADATA", 471},
		{weigh.Query{Package: "libx", Fates: []string{"waste"}}, "libx.so", 200},
		{weigh.Query{Package: "pypi libx", Path: "*.so"}, "error", 0},
		{weigh.Query{Layer: 2, Path: "*.js"}, "y.js x.js", 23},
		{weigh.Query{Layer: 3}, "server HEAD", 59},
		{weigh.Query{Layer: 3, Sort: "path"}, "HEAD server", 59},
		{weigh.Query{Layer: 1, Fates: []string{"waste"}}, "libx.so README", 230},
		{weigh.Query{Fates: []string{"deleted-file"}}, "README", 30},
		{weigh.Query{Fates: []string{"deleted-file", "overwritten-changed"}}, "libx.so README", 230},
		{weigh.Query{Fates: []string{"waste"}, Sort: "layer"}, "libx.so README x", 530},
		{weigh.Query{Fates: []string{"waste"}, Sort: "path"}, "x libx.so README", 530},
		{weigh.Query{Fates: []string{"waste"}, Sort: "size"}, "x libx.so README", 530},
		{weigh.Query{Fates: []string{"waste"}, Sort: "size", Top: 2}, "x libx.so", 530},
		{weigh.Query{Fates: []string{"waste"}, Top: 3}, "x libx.so README", 530},
		{weigh.Query{Path: "opt/**"}, "a b", 80},
		{weigh.Query{Path: "data/x", Fates: []string{"all"}}, "x x", 600},
		{weigh.Query{Path: "usr/share/doc"}, "", 0},
	} {
		s, err := f.Select("whole", c.q)
		if err != nil {
			if c.want != "error" {
				t.Errorf("%+v: %v", c.q, err)
			}
			continue
		}
		var names []string
		for _, x := range s.List {
			names = append(names, path.Base(x.Path))
			if live := x.State == "live"; live != (x.By == 0) || x.By < 0 || x.Layer < 1 || !live && x.By <= x.Layer {
				t.Errorf("%+v: %+v", c.q, x)
			}
		}
		if got := strings.Join(names, " "); got != c.want || s.Total.Files != c.all {
			t.Errorf("%+v: %s with %d bytes, want %s with %d", c.q, got, s.Total.Files, c.want, c.all)
		}
		if c.q.Top == 0 && s.Total.Count != int64(len(s.List)) || s.Total.Count > 0 && s.Total.Tar < s.Total.Count*512 {
			t.Errorf("%+v: %+v", c.q, s.Total)
		}
	}
	s, err := f.Select("whole", weigh.Query{Package: "app", Path: "*.conf"})
	if err != nil || len(s.List) != 1 || s.Manifest != f.Image.Manifest.Digest || s.Name != "whole" {
		t.Fatalf("%+v, %v", s, err)
	}
	if x := s.List[0]; x.Path != "etc/app.conf" || x.Owner != "apk app 1" || x.Class != weigh.Config || x.Layer != 1 || x.Size != 10 {
		t.Errorf("%+v", x)
	}
}

func TestFates(t *testing.T) {
	if got := strings.Join(weigh.Fates(), " "); got != "live waste all overwritten-same metadata-only overwritten-changed deleted-file deleted-dir opaque" {
		t.Error(got)
	}
}

func TestOrder(t *testing.T) {
	for by, want := range map[string]string{
		"":         "b c a | y x z",
		"size":     "b c a | y x z",
		"path":     "a b c | x y z",
		"layer":    "c a b | z x y",
		"transfer": "c a b | x z y",
	} {
		r := new(weigh.Result)
		if err := json.Unmarshal([]byte(`{"packages": [{"name": "b", "transfer": 1, "layers": [2]}, {"name": "c", "transfer": 3, "layers": [1]}, {"name": "a", "transfer": 2, "layers": [1, 2]}],
			"largest": [{"path": "y", "transfer": 1, "layer": 3}, {"path": "x", "transfer": 9, "layer": 2}, {"path": "z", "transfer": 5, "layer": 1}]}`), r); err != nil {
			t.Fatal(err)
		}
		r.Order(by)
		var names []string
		for _, p := range r.Packages {
			names = append(names, p.Name)
		}
		names = append(names, "|")
		for _, f := range r.Largest {
			names = append(names, f.Path)
		}
		if got := strings.Join(names, " "); got != want || (r.Sorted == "") != (by == "" || by == "size") {
			t.Errorf("%q: %s (sorted %q), want %s", by, got, r.Sorted, want)
		}
	}
}

// A report with a bound has the first of each list, and the same sums; Trim gives the same.
func TestReportIsBounded(t *testing.T) {
	f := whole(t)
	all, some := f.Report("x", 0), f.Report("x", 1)
	all.Trim(0)
	if len(all.Largest) < 20 || len(all.Duplicates) != 1 || len(all.Duplicates[0].Paths) != 2 {
		t.Errorf("%d files, %+v", len(all.Largest), all.Duplicates)
	}
	all.Trim(1)
	for _, r := range []*weigh.Result{all, some} {
		if len(r.Largest) != 1 || r.Largest[0].Path != "data/x" || len(r.Duplicates) != 1 || len(r.Duplicates[0].Paths) != 1 || r.Duplicates[0].Extra != 40 || len(r.Wasted) != 3 || r.Sizes != f.Sizes {
			t.Errorf("%+v", r)
		}
		for _, w := range r.Wasted {
			if len(w.Largest) != 1 {
				t.Errorf("%+v", w)
			}
		}
	}
}

// What is at most a part of the whole is taken together, what is empty is nowhere, and what
// nothing is left of is no row.
func TestMapOfFew(t *testing.T) {
	rows := func(n weigh.Node) string {
		var out []string
		var walk func(n weigh.Node)
		walk = func(n weigh.Node) {
			out = append(out, fmt.Sprintf("%s %d", n.Name, n.Bytes))
			for _, p := range n.Parts {
				walk(p)
			}
		}
		walk(n)
		return strings.Join(out, ", ")
	}
	db := testkit.File("lib/apk/db/installed", "P:p\nV:1\nF:bin\nR:p\n\n")
	for _, c := range []struct {
		files []testkit.Entry
		want  string
	}{
		{[]testkit.Entry{fill("etc/a", "a", 89), fill("srv/b", "b", 11)}, "x 100, 1  100, config 89, etc/a 89, app 11, srv/b 11, directories, links, empty files 0"},
		{[]testkit.Entry{fill("etc/a", "a", 90), fill("srv/b", "b", 10)}, "x 100, 1  100, config 90, etc/a 90, directories, links, empty files 0, 1 smaller 10"},
		{[]testkit.Entry{fill("etc/a", "a", 45), fill("etc/z", "z", 44), fill("var/log/b", "b", 6), fill("srv/c", "c", 5), fill("usr/empty", "", 0), testkit.Dir("dir"), testkit.Symlink("link", "dir")}, "x 100, 1  100, config 89, etc 89, a 45, z 44, directories, links, empty files 0, 2 smaller 11"},
		{[]testkit.Entry{db, fill("bin/p", "p", 80)}, "x 99, 1  99, p 1 80, bin/p 80, package-database 19, lib/apk/db/installed 19, directories, links, empty files 0"},
	} {
		got := rows(factsOf(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, c.files...)}}).Map("x", weigh.MapOptions{Parts: 10}))
		if got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// The parts of a map sum up to it, small ones are one, and a chain of directories is one.
// Layers and packages stay parts of their own, or nobody could tell where a path begins.
func TestMap(t *testing.T) {
	f := whole(t)
	var sum func(n weigh.Node)
	sum = func(n weigh.Node) {
		var bytes, waste, tar, transfer int64
		for i, p := range n.Parts {
			bytes, waste, tar, transfer = bytes+p.Bytes, waste+p.Waste, tar+p.Tar, transfer+p.Transfer
			if i > 0 && !strings.HasSuffix(p.Name, " smaller") && p.Bytes > n.Parts[i-1].Bytes {
				t.Errorf("%s stands behind %s", p.Name, n.Parts[i-1].Name)
			}
			sum(p)
		}
		if len(n.Parts) > 0 && (bytes != n.Bytes || waste != n.Waste || tar != n.Tar || transfer != n.Transfer) {
			t.Errorf("the parts of %s sum up to %d, %d, %d and %d, not %+v", n.Name, bytes, waste, tar, transfer, n)
		}
	}
	var rows []string
	var walk func(n weigh.Node, depth int)
	walk = func(n weigh.Node, depth int) {
		rows = append(rows, fmt.Sprintf("%s%s %d %d", strings.Repeat("-", depth), n.Name, n.Bytes, n.Waste))
		for _, p := range n.Parts {
			walk(p, depth+1)
		}
	}
	for _, parts := range []int{0, 1, 10, 1000} {
		m := f.Map("whole", weigh.MapOptions{Parts: parts})
		sum(m)
		if m.Bytes != f.Sizes.Files || m.Waste != f.Sizes.Waste || m.Tar != f.Sizes.Tar || m.Name != "whole" {
			t.Errorf("%d parts: %+v", parts, m)
		}
		if parts == 10 {
			walk(m, 0)
		}
		if parts == 1 && len(m.Parts) != 0 {
			t.Errorf("one part has parts: %+v", m.Parts)
		}
	}
	same(t, "map", rows, `
whole 1860 530
-2 RUN make 621 0
--libx 2 250 0
---usr/lib/libx.so 250 0
--foo 1 221 0
---usr/lib/python3/site-packages 221 0
--directories, links, empty files 0 0
--4 smaller 150 0
-1 ADD base.tar / 580 230
--libx 2 221 200
---usr/lib 221 200
----libx.so 200 200
----1 smaller 21 0
--package-database 194 0
---lib/apk/db/installed 190 0
---1 smaller 4 0
--directories, links, empty files 0 0
--4 smaller 165 30
-4 RUN again 300 300
--state 300 300
---data/x 300 300
--directories, links, empty files 0 0
-5 RUN again 300 0
--state 300 0
---data/x 300 0
--directories, links, empty files 0 0
-1 smaller 59 0
`)
}
