package weigh_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tare/internal/image"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Of a layer whose blob nobody knows no part is known, nor a sum that it is in; of the
// others all is.
func TestUnknownBlob(t *testing.T) {
	was := factsOf(t, testkit.Options{Compression: "none", Layers: [][]byte{
		testkit.Tar(t, fill("etc/a", "a", 10), testkit.Symlink("l", "a")), testkit.Tar(t, fill("etc/a", "b", 600), fill("usr/b", "b", 5)), testkit.Tar(t, fill("usr/c", "c", 5)), testkit.Tar(t)}})
	img := *was.Image
	push := *img.Push
	push.From = []image.Sent{image.SentStored, image.SentUnknown, image.SentStored, image.SentUnknown}
	img.Push = &push
	img.Layers = slices.Clone(img.Layers)
	img.Layers[1].Shares, img.Layers[3].Shares = nil, nil
	f, err := weigh.New(&img)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for k, list := range f.Tree.Lists {
		for i := range list {
			got = append(got, fmt.Sprintf("%d %s %s", k+1, list[i].Path, f.Share(tree.Ref{Layer: int32(k), Entry: int32(i)}).Text(units.Bytes)))
		}
	}
	r := f.Report("x", 0)
	for _, l := range r.Layers {
		got = append(got, fmt.Sprintf("layer %d %s", l.Index, l.Transfer.Text(units.Bytes)))
	}
	for _, c := range r.Classes {
		got = append(got, fmt.Sprintf("%s %s", c.Class, c.Transfer.Text(units.Bytes)))
	}
	same(t, "shares", got, `
1 etc/a 1.02kB
1 l 512B
2 etc/a –
2 usr/b –
3 usr/c 1.02kB
layer 1 2.56kB
layer 2 –
layer 3 2.05kB
layer 4 –
config –
system –
`)
	if r.Sizes.Transfer.Known() {
		t.Errorf("transfer is %v", r.Sizes.Transfer)
	}
}

// Entries of one layer with one owner, class and fate are one cell, and links are never
// waste: they have no contents.
func TestCells(t *testing.T) {
	f := factsOf(t, testkit.Options{Layers: [][]byte{
		testkit.Tar(t, fill("etc/a", "a", 10), fill("usr/a", "b", 10), fill("etc/sub/b", "c", 10), testkit.Symlink("l", "a"), testkit.Link("m", "etc/a"), fill("usr/z", "d", 10), fill("srv/x", "e", 10)),
		testkit.Tar(t, testkit.Symlink("l", "b"), testkit.File(".wh.m", ""), fill("usr/a", "e", 11))}})
	seen := map[weigh.Cell]bool{}
	for _, c := range f.Cells {
		c.Sums = weigh.Sums{}
		if seen[c] {
			t.Errorf("twice: %+v", c)
		}
		seen[c] = true
	}
	r := f.Report("x", 0)
	if len(r.Wasted) != 1 || r.Wasted[0].Count != 1 || r.Wasted[0].Files != 10 {
		t.Errorf("%+v", r.Wasted)
	}
}

// What owns links, and that nobody owns directories.
func TestOwnersOfLinks(t *testing.T) {
	f := factsOf(t, testkit.Options{Layers: [][]byte{testkit.Tar(t,
		testkit.File("lib/apk/db/installed", "P:p\nV:1\nF:usr/bin\nR:f\nR:hard\nR:soft\nR:dir\nR:fifo\n\n"), fill("usr/bin/f", "f", 5), testkit.Link("usr/bin/hard", "usr/bin/f"), testkit.Symlink("usr/bin/soft", "f"), testkit.Dir("usr/bin/dir"),
		testkit.File("usr/lib/node_modules/n/package.json", `{"name":"n","version":"1"}`), testkit.Dir("usr/lib/node_modules/n/sub"), testkit.Symlink("usr/lib/node_modules/n/link", "sub"))}})
	var got []string
	for i, e := range f.Tree.Lists[0] {
		owner := ""
		if p := f.Owner(tree.Ref{Entry: int32(i)}); p != nil {
			owner = p.Name
		}
		got = append(got, e.Path+" "+owner)
	}
	same(t, "owners", got, `
lib/apk/db/installed
usr/bin/dir
usr/bin/f p
usr/bin/hard p
usr/bin/soft p
usr/lib/node_modules/n/link n
usr/lib/node_modules/n/package.json n
usr/lib/node_modules/n/sub
`)
	for _, p := range f.Report("x", 0).Packages { // what has contents is counted
		if p.Count != 1 {
			t.Errorf("%s has %d files", p.Name, p.Count)
		}
	}
}

// A library is a part of the package that owns its record, wherever that is, and of none
// where that is not known; copies of itself do not count.
func TestPartOf(t *testing.T) {
	lib := func(dir string) testkit.Entry {
		return testkit.File(dir+"/node_modules/n/package.json", `{"name":"n","version":"1"}`)
	}
	apk := func(file string) testkit.Entry {
		return testkit.File("lib/apk/db/installed", "P:first\nV:1\nF:bin\nR:a\n\nP:node\nV:2\n"+file)
	}
	meta := func(v string) testkit.Entry {
		return testkit.File("usr/lib/python3/site-packages/foo-"+v+".dist-info/METADATA", "Name: foo\nVersion: "+v+"\n")
	}
	record := func(v, text string) testkit.Entry {
		return testkit.File("usr/lib/python3/site-packages/foo-"+v+".dist-info/RECORD", text)
	}
	all := "foo-1.dist-info/METADATA,,\nfoo-1.dist-info/RECORD,,\nfoo-2.dist-info/METADATA,,\nfoo-2.dist-info/RECORD,,\n"
	for name, c := range map[string]struct {
		files []testkit.Entry
		want  string
	}{
		"owned by a system package": {[]testkit.Entry{fill("bin/a", "a", 1), apk("F:usr/lib/node_modules/n\nR:package.json\n\n"), lib("usr/lib")}, "first: , n: apk node 2, node: "},
		"with a directory":          {[]testkit.Entry{fill("bin/a", "a", 1), apk("F:usr/lib/node_modules/n\nR:package.json\n\n"), testkit.Dir("usr/lib/node_modules/n"), lib("usr/lib")}, "first: , n: apk node 2, node: "},
		"of nobody":                 {[]testkit.Entry{fill("bin/a", "a", 1), apk("\n"), lib("usr/lib")}, "first: , n: , node: "},
		"another copy of itself":    {[]testkit.Entry{meta("1"), record("1", all), meta("2"), record("2", all)}, "foo: , foo: "},
	} {
		var got []string
		for _, p := range factsOf(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, c.files...)}}).Report("x", 0).Packages {
			got = append(got, p.Name+": "+p.PartOf)
		}
		slices.Sort(got)
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s, want %s", name, s, c.want)
		}
	}
}

// Lists that are empty are lists, also as JSON; and a bound holds in every list.
func TestEmptyAndBoundedLists(t *testing.T) {
	r := factsOf(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, testkit.Dir("d"))}}).Report("x", 0)
	if r.Classes == nil || r.Owners == nil || r.Wasted == nil || r.Layers == nil || r.Duplicates == nil || r.Largest == nil || r.Findings == nil || r.Packages == nil {
		t.Errorf("%+v", r)
	}
	r = factsOf(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, fill("a", "a", 2), fill("b", "b", 1)), testkit.Tar(t, testkit.File(".wh.a", ""), testkit.File(".wh.b", ""))}}).Report("x", 0)
	r.Trim(1)
	if len(r.Wasted) != 1 || len(r.Wasted[0].Largest) != 1 || r.Wasted[0].Largest[0].Path != "a" {
		t.Errorf("%+v", r.Wasted)
	}
}

// The last layer's word on a package counts, and what archives and programs say of
// themselves is read.
func TestWhatIsSaidLast(t *testing.T) {
	var jar bytes.Buffer
	z := zip.NewWriter(&jar)
	w, err := z.Create("META-INF/maven/g/lib/pom.properties")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write([]byte("groupId=g\nartifactId=lib\nversion=3\n"))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	f := factsOf(t, testkit.Options{Layers: [][]byte{
		testkit.Tar(t, testkit.File("lib/apk/db/installed", "P:p\nV:1\n\n"), testkit.File("opt/lib.jar", jar.String())),
		testkit.Tar(t, testkit.File("etc/apk/world", "p\n")),
	}})
	var got []string
	for _, p := range f.Report("x", 0).Packages {
		explicit := p.Explicit != nil && *p.Explicit
		got = append(got, fmt.Sprintf("%s %s %s explicit=%v", p.Type, p.Name, p.Version, explicit))
	}
	slices.Sort(got)
	same(t, "packages", got, `
apk p 1 explicit=true
maven lib  explicit=false
`)
}

// The largest of files as large: the first by path, whichever layer comes first.
func TestLargestOfTwoLayers(t *testing.T) {
	f := factsOf(t, testkit.Options{Layers: [][]byte{
		testkit.Tar(t, fill("m", "m", 9), fill("n", "n", 9), fill("o", "o", 9), fill("p", "p", 9)), testkit.Tar(t, fill("a", "a", 9), fill("b", "b", 8))}})
	if got := f.Files(1, nil); len(got) != 1 || got[0].Path != "a" || got[0].Layer != 2 {
		t.Errorf("%+v", got)
	}
}

// Names that are there twice are offered once, in order, and no more than there are.
func TestNamesThatAreOffered(t *testing.T) {
	s := testkit.Store(t)
	facts := func(name string, files ...testkit.Entry) *weigh.Facts {
		return testkit.Facts(t, s, testkit.Put(t, s, name, store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, files...)}})))
	}
	lib := func(dir, name string) testkit.Entry {
		return testkit.File(dir+"/node_modules/"+name+"/package.json", `{"name":"`+name+`","version":"1"}`)
	}
	// (apk has its packages before npm's: the names are in no order.)
	many := facts("many", testkit.File("lib/apk/db/installed", "P:zlib\nV:1\n\n"), lib("a", "left"), lib("b", "left"), lib("a", "lens"), lib("a", "abc"), lib("a", "abd"))
	empty := facts("empty", testkit.File("d/.wh..wh..opq", ""), testkit.File(".wh..wh.plnk", ""))
	for _, c := range []struct {
		f    *weigh.Facts
		q    weigh.Query
		want string
	}{
		{many, weigh.Query{Package: "le"}, `package "le": not found in this image: it has left, lens`},
		{many, weigh.Query{Package: "qqqqqqqq"}, `package "qqqqqqqq": not found in this image: it has abc, abd, left, lens, zlib`},
		{empty, weigh.Query{Path: "d"}, `path "d": not found in this image: it has no files`},
		{empty, weigh.Query{Path: ".wh*"}, `path ".wh*": not found in this image: it has no files`},
	} {
		if _, err := c.f.Select("x", c.q); err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), " 0 more") {
			t.Errorf("%+v: %v, want %s", c.q, err, c.want)
		}
	}
}
