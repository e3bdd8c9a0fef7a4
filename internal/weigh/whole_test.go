package weigh_test

import (
	"fmt"
	"path"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/layer"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// fill is a file with n bytes that no other letter has.
func fill(name, letter string, n int) testkit.Entry {
	return testkit.File(name, strings.Repeat(letter, n))
}

const installed = `P:app
V:1
A:x86_64
I:999
D:libx tool-make
o:app-src
F:bin
R:app
F:etc
R:app.conf

P:libx
V:2
F:usr/lib
R:libx.so
F:usr/lib/python3/dist-packages/bar-2.dist-info
R:METADATA

P:tool-make
V:3

`

// whole is an image in which everything happens that weigh tells apart: an owner through
// a symbolic link, byte code, files overwritten and deleted, copies, a library that a
// system package ships, a layer whose blob stands twice.
func whole(t *testing.T) *weigh.Facts {
	t.Helper()
	base := testkit.Tar(t, testkit.Symlink("bin", "usr/bin"), testkit.Dir("usr"), testkit.Dir("usr/bin"), fill("usr/bin/app", "a", 100), fill("usr/lib/libx.so", "b", 200),
		testkit.File("lib/apk/db/installed", installed), testkit.File("etc/apk/world", "app\n"), fill("etc/app.conf", "c", 10), fill("etc/hosts", "d", 20), fill("usr/share/doc/app/README", "e", 30), fill("usr/local/bin/mine", "f", 5),
		testkit.File("usr/lib/python3/dist-packages/bar-2.dist-info/METADATA", "Name: bar\nVersion: 2\n"))
	run := testkit.Tar(t, fill("usr/lib/libx.so", "g", 250),
		testkit.File("usr/lib/python3/site-packages/foo-1.dist-info/METADATA", "Name: foo\nVersion: 1\n"),
		testkit.File("usr/lib/python3/site-packages/foo-1.dist-info/RECORD", "foo/__init__.py,,\nfoo-1.dist-info/METADATA,,\nfoo-1.dist-info/RECORD,,\n"),
		fill("usr/lib/python3/site-packages/foo/__init__.py", "h", 60), fill("usr/lib/python3/site-packages/foo/__pycache__/__init__.cpython-311.pyc", "i", 70),
		fill("opt/tool/a", "j", 40), fill("opt/tool/b", "j", 40), testkit.Link("opt/tool/c", "opt/tool/a"), fill("odd/one", "k", 7), fill("jobs/dir/made", "l", 8), fill("empty", "", 0),
		testkit.File("usr/lib/node_modules/n/package.json", `{"name":"n","version":"4"}`), fill("usr/lib/node_modules/n/lib/deep/x.js", "p", 11), fill("usr/lib/node_modules/n/lib/deep/y.js", "q", 12), fill("usr/lib/node_modules/loose", "r", 6))
	copied := testkit.Tar(t, fill("usr/bin/server", "m", 50), testkit.File("usr/share/doc/app/.wh.README", ""), fill("srv/.git/HEAD", "n", 9))
	again := testkit.Tar(t, fill("data/x", "o", 300))
	step := func(by string) ocispec.History { return ocispec.History{CreatedBy: by} }
	b := testkit.Image(t, testkit.Options{Layers: [][]byte{base, run, copied, again, again}, Config: ocispec.ImageConfig{WorkingDir: "/jobs/dir"},
		History: []ocispec.History{step("ADD base.tar / # buildkit"), step("RUN /bin/sh -c make # buildkit"), step("COPY server /usr/bin/ # buildkit"), step("RUN /bin/sh -c again # buildkit"), step("RUN /bin/sh -c again # buildkit")}})
	s := testkit.Store(t)
	return testkit.Facts(t, s, testkit.Put(t, s, "whole", store.Pulled, b))
}

func same(t *testing.T, what string, got []string, want string) {
	t.Helper()
	for i := range got {
		got[i] = strings.TrimRight(got[i], " ")
	}
	if g, w := strings.Join(got, "\n"), strings.TrimSpace(want); g != w {
		t.Errorf("%s:\n%s\nwant\n%s", what, g, w)
	}
}

func TestReportOfAWholeImage(t *testing.T) {
	r := whole(t).Report("whole", 0)
	var rows []string
	for _, p := range r.Packages {
		explicit := "?"
		if p.Explicit != nil {
			explicit = fmt.Sprint(*p.Explicit)
		}
		rows = append(rows, fmt.Sprintf("%s %s %s %s source=%s explicit=%s live=%d waste=%d declared=%d files=%d layers=%v part=%q needs=%v by=%v %v", p.Type, p.Name, p.Version, p.Arch, p.Source, explicit, p.Live, p.Waste, p.Declared, p.Count, p.Layers, p.PartOf, p.Needs, p.NeededBy, p.Classes))
	}
	same(t, "packages", rows, `
apk libx 2  source= explicit=false live=271 waste=200 declared=0 files=3 layers=[1 2] part="" needs=[] by=[app] map[package-database:21 system:250]
pypi foo 1  source= explicit=? live=221 waste=0 declared=0 files=4 layers=[2] part="" needs=[] by=[] map[bytecode:70 package-database:91 system:60]
apk app 1 x86_64 source=app-src explicit=true live=110 waste=0 declared=999 files=2 layers=[1] part="" needs=[libx tool-make] by=[] map[config:10 system:100]
npm n 4  source= explicit=? live=49 waste=0 declared=0 files=3 layers=[2] part="" needs=[] by=[] map[system:49]
apk tool-make 3  source= explicit=false live=0 waste=0 declared=0 files=0 layers=[] part="" needs=[] by=[app] map[]
pypi bar 2  source= explicit=? live=0 waste=0 declared=0 files=0 layers=[] part="apk libx 2" needs=[] by=[] map[]
`)
	rows = nil
	for _, c := range r.Classes {
		rows = append(rows, fmt.Sprintf("%s count=%d files=%d live=%d waste=%d unowned=%d", c.Class, c.Count, c.Files, c.Live, c.Waste, c.Unowned))
	}
	same(t, "classes", rows, `
system count=8 files=665 live=465 waste=200 unowned=6
state count=2 files=600 live=300 waste=300 unowned=300
package-database count=5 files=306 live=306 waste=0 unowned=194
app count=4 files=138 live=138 waste=0 unowned=138
bytecode count=1 files=70 live=70 waste=0 unowned=0
config count=2 files=30 live=30 waste=0 unowned=20
docs count=1 files=30 live=0 waste=30 unowned=0
vcs count=1 files=9 live=9 waste=0 unowned=9
unattributed count=2 files=7 live=7 waste=0 unowned=7
local count=1 files=5 live=5 waste=0 unowned=5
`)
	rows = nil
	for _, o := range r.Owners {
		rows = append(rows, fmt.Sprintf("%s %s %s count=%d live=%d", o.Kind, o.Subject, o.Title(), o.Count, o.Live))
	}
	same(t, "owners", rows, `
package apk Alpine packages (apk) count=4 live=381
class state unpackaged: files in /var count=1 live=300
package pypi Python libraries (pip) count=4 live=221
class package-database unpackaged: package databases count=2 live=194
class app unpackaged: app files count=4 live=138
package npm npm packages count=3 live=49
class config unpackaged: files in /etc count=1 live=20
class vcs unpackaged: version control data count=1 live=9
class unattributed unpackaged: unattributed count=2 live=7
class system unpackaged: system files count=1 live=6
class local unpackaged: files in /usr/local count=1 live=5
`)
	rows = nil
	for _, w := range r.Wasted {
		row := fmt.Sprintf("%s %d by %d %d files %d bytes, %s, %s:", w.Class, w.Writer, w.Destroyer, w.Count, w.Files, w.WrittenBy, w.HiddenBy)
		for _, f := range w.Largest {
			row += " " + f.Path
		}
		rows = append(rows, row)
	}
	same(t, "wasted", rows, `
overwritten-same 4 by 5 1 files 300 bytes, RUN again, RUN again: data/x
overwritten-changed 1 by 2 1 files 200 bytes, ADD base.tar /, RUN make: usr/lib/libx.so
deleted-file 1 by 3 1 files 30 bytes, ADD base.tar /, COPY server /usr/bin/: usr/share/doc/app/README
`)
	rows = nil
	for _, l := range r.Layers {
		by := ""
		for _, class := range []string{"deleted-file", "overwritten-changed", "overwritten-same"} {
			if n := l.WasteBy[class]; n > 0 {
				by += fmt.Sprintf(" %s=%d", class, n)
			}
		}
		rows = append(rows, fmt.Sprintf("%d %s entries=%d files=%d live=%d waste=%d%s", l.Index, l.Instruction, l.Entries, l.Files, l.Live, l.Waste, by))
	}
	same(t, "layers", rows, `
1 ADD base.tar / entries=12 files=580 live=350 waste=230 deleted-file=30 overwritten-changed=200
2 RUN make entries=15 files=621 live=621 waste=0
3 COPY server /usr/bin/ entries=3 files=59 live=59 waste=0
4 RUN again entries=1 files=300 live=0 waste=300 overwritten-same=300
5 RUN again entries=1 files=300 live=300 waste=0
`)
	rows = nil
	for _, d := range r.Duplicates {
		rows = append(rows, fmt.Sprintf("%d %d %v", d.Size, d.Extra, d.Paths))
	}
	same(t, "duplicates", rows, `
40 40 [opt/tool/a opt/tool/b]
`)
	rows = nil
	for _, f := range r.Largest {
		rows = append(rows, fmt.Sprintf("%s %d layer %d %s %s", f.Path, f.Size, f.Layer, f.Class, f.Owner))
	}
	same(t, "files", rows, `
data/x 300 layer 5 state
usr/lib/libx.so 250 layer 2 system apk libx 2
lib/apk/db/installed 190 layer 1 package-database
usr/bin/app 100 layer 1 system apk app 1
usr/lib/python3/site-packages/foo/__pycache__/__init__.cpython-311.pyc 70 layer 2 bytecode pypi foo 1
usr/lib/python3/site-packages/foo-1.dist-info/RECORD 70 layer 2 package-database pypi foo 1
usr/lib/python3/site-packages/foo/__init__.py 60 layer 2 system pypi foo 1
usr/bin/server 50 layer 3 app
opt/tool/a 40 layer 2 app
opt/tool/b 40 layer 2 app
usr/lib/node_modules/n/package.json 26 layer 2 system npm n 4
usr/lib/python3/dist-packages/bar-2.dist-info/METADATA 21 layer 1 package-database apk libx 2
usr/lib/python3/site-packages/foo-1.dist-info/METADATA 21 layer 2 package-database pypi foo 1
etc/hosts 20 layer 1 config
usr/lib/node_modules/n/lib/deep/y.js 12 layer 2 system npm n 4
usr/lib/node_modules/n/lib/deep/x.js 11 layer 2 system npm n 4
etc/app.conf 10 layer 1 config apk app 1
srv/.git/HEAD 9 layer 3 vcs
jobs/dir/made 8 layer 2 app
odd/one 7 layer 2 unattributed
usr/lib/node_modules/loose 6 layer 2 system
usr/local/bin/mine 5 layer 1 local
etc/apk/world 4 layer 1 package-database
empty 0 layer 2 unattributed
`)
	z := r.Sizes
	same(t, "sums", []string{fmt.Sprint(z.Files, z.Live, z.Waste, z.Duplicate, r.Unattributed, r.Waste)}, `
1860 1330 530 40 7 map[deleted-dir:0 deleted-file:30 metadata-only:0 opaque:0 overwritten-changed:200 overwritten-same:300]
`)
}

// What the databases say holds from the layer on that says it: a package that is gone owns
// what its layer wrote, and a link that comes later leads a claim to its file.
func TestOwnersChangeWithTheDatabase(t *testing.T) {
	db := func(text string) testkit.Entry { return testkit.File("lib/apk/db/installed", text) }
	const a, b = "P:a\nV:1\nF:usr\nR:x\n\n", "P:b\nV:1\nF:usr\nR:y\n\n"
	const q, q2 = "P:q\nV:1\nF:opt/lib\nR:q\n\n", "P:q\nV:2\nF:opt/lib\nR:q\nR:r\n\n"
	status := func(names ...string) testkit.Entry {
		text := ""
		for _, n := range names {
			text += "Package: " + n + "\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
		}
		return testkit.File("var/lib/dpkg/status", text)
	}
	list := func(name string, files ...string) testkit.Entry {
		return testkit.File("var/lib/dpkg/info/"+name+".list", "/"+strings.Join(files, "\n/")+"\n")
	}
	for _, c := range []struct {
		name   string
		layers [][]byte
		owned  string // PATH@LAYER=OWNER, in order of layers and paths
		final  string
	}{
		{"one is gone", [][]byte{testkit.Tar(t, db(a+b), fill("usr/x", "1", 1), fill("usr/y", "2", 2)), testkit.Tar(t, db(a), fill("usr/x", "3", 3), fill("usr/y", "4", 4))}, "x@1=a y@1=b x@2=a y@2=", "a"},
		{"one more", [][]byte{testkit.Tar(t, db(a), fill("usr/x", "1", 1), fill("usr/y", "2", 2)), testkit.Tar(t, db(a+b), fill("usr/x", "3", 3), fill("usr/y", "4", 4))}, "x@1=a y@1= x@2=a y@2=b", "a b"},
		{"another in its place", [][]byte{testkit.Tar(t, db(a), fill("usr/x", "1", 1)), testkit.Tar(t, db(b), fill("usr/x", "3", 3), fill("usr/y", "4", 4))}, "x@1=a x@2= y@2=b", "b"},
		{"the database is gone", [][]byte{testkit.Tar(t, db(a), fill("usr/x", "1", 1)), testkit.Tar(t, testkit.File("lib/apk/db/.wh.installed", ""), fill("usr/x", "3", 3))}, "x@1=a x@2=", ""},
		{"nothing new", [][]byte{testkit.Tar(t, db(a), fill("usr/x", "1", 1)), testkit.Tar(t, fill("usr/x", "3", 3))}, "x@1=a x@2=a", "a"},
		{"a link that comes later", [][]byte{testkit.Tar(t, db(q), fill("usr/lib/q", "1", 1)), testkit.Tar(t, testkit.Symlink("opt/lib", "../usr/lib"), fill("usr/lib/q", "2", 2))}, "q@1= q@2=q", "q"},
		{"a link to a link", [][]byte{testkit.Tar(t, db(q), testkit.Symlink("opt", "/alt"), testkit.Symlink("alt/lib", "/usr/lib"), fill("usr/lib/q", "1", 1))}, "q@1=q", "q"},
		{"links in a circle", [][]byte{testkit.Tar(t, db(q), testkit.Symlink("opt", "/alt"), testkit.Symlink("alt", "/opt"), fill("usr/lib/q", "1", 1))}, "q@1=", "q"},
		{"a link that comes later, and others", [][]byte{testkit.Tar(t, db(q), fill("usr/lib/q", "1", 1)), testkit.Tar(t, testkit.Symlink("a", "b"), testkit.Symlink("opt/lib", "../usr/lib"), testkit.Symlink("z", "b"), fill("usr/lib/q", "2", 2))}, "q@1= q@2=q", "q"},
		{"both claim it", [][]byte{testkit.Tar(t, db(a+"P:z\nV:1\nF:usr\nR:x\n\n"), fill("usr/x", "1", 1))}, "x@1=a", "a z"},
		{"a file at the top", [][]byte{testkit.Tar(t, db("P:top\nV:1\nF:\nR:x\n\n"), fill("x", "1", 1))}, "x@1=top", "top"},
		// Lists of files of Debian's packages are read once for all layers.
		{"one is gone, and its list stays", [][]byte{testkit.Tar(t, status("a", "b"), list("a", "usr/x"), list("b", "usr/y"), fill("usr/x", "1", 1), fill("usr/y", "2", 2)), testkit.Tar(t, status("a"), fill("usr/x", "3", 3), fill("usr/y", "4", 4))}, "x@1=a y@1=b x@2=a y@2=", "a"},
		{"one more beside lists that stay", [][]byte{testkit.Tar(t, status("a"), list("a", "usr/x"), fill("usr/x", "1", 1), fill("usr/y", "2", 2)), testkit.Tar(t, status("a", "b"), list("b", "usr/y"), fill("usr/x", "3", 3), fill("usr/y", "4", 4))}, "x@1=a y@1= x@2=a y@2=b", "a b"},
		{"another list of the same version", [][]byte{testkit.Tar(t, status("a"), list("a", "usr/x", "usr/y"), fill("usr/x", "1", 1), fill("usr/y", "2", 2)), testkit.Tar(t, list("a", "usr/x", "usr/z"), fill("usr/x", "3", 3), fill("usr/y", "4", 4), fill("usr/z", "5", 5))}, "x@1=a y@1=a x@2=a y@2= z@2=a", "a"},
		{"a link that comes later than a list", [][]byte{testkit.Tar(t, status("a"), list("a", "opt/lib/x"), fill("usr/lib/x", "1", 1)), testkit.Tar(t, testkit.Symlink("opt/lib", "../usr/lib"), testkit.Symlink("z", "b"), fill("usr/lib/x", "2", 2))}, "x@1= x@2=a", "a"},
		{"a kind that comes first, later", [][]byte{testkit.Tar(t, testkit.File("usr/lib/node_modules/jdk/release", "JAVA_VERSION=\"21\"\n"), fill("usr/lib/node_modules/jdk/x", "1", 1)), testkit.Tar(t, testkit.File("usr/lib/node_modules/jdk/package.json", `{"name":"jdk","version":"1"}`), fill("usr/lib/node_modules/jdk/x", "2", 2))}, "release@1=java x@1=java package.json@2=jdk x@2=jdk", "jdk java"},
		{"a newer version", [][]byte{testkit.Tar(t, db(q), fill("opt/lib/q", "1", 1), fill("opt/lib/r", "1", 2)), testkit.Tar(t, db(q2), fill("opt/lib/q", "2", 3), fill("opt/lib/r", "1", 4))}, "q@1=q r@1= q@2=q r@2=q", "q"},
	} {
		s := testkit.Store(t)
		f := testkit.Facts(t, s, testkit.Put(t, s, "x", store.Pulled, testkit.Image(t, testkit.Options{Layers: c.layers})))
		var got []string
		for k, list := range f.Tree.Lists {
			for i := range list {
				if e := &list[i]; e.Kind == layer.File && !strings.HasPrefix(e.Path, "lib/apk/") && !strings.HasPrefix(e.Path, "var/lib/dpkg/") {
					owner := ""
					if p := f.Owner(tree.Ref{Layer: int32(k), Entry: int32(i)}); p != nil {
						owner = p.Name
					}
					got = append(got, fmt.Sprintf("%s@%d=%s", path.Base(e.Path), k+1, owner))
				}
			}
		}
		if s := strings.Join(got, " "); s != c.owned {
			t.Errorf("%s: %s, want %s", c.name, s, c.owned)
		}
		var final []string
		for _, id := range f.Final {
			final = append(final, f.Packages[id].Name)
		}
		if s := strings.Join(final, " "); s != c.final {
			t.Errorf("%s: in the end %s, want %s", c.name, s, c.final)
		}
	}
}
