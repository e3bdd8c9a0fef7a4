package packages_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tare/internal/packages"
)

func find(t testing.TB, files map[string]string, derived map[string]string) ([]packages.Package, []packages.Problem) {
	t.Helper()
	v := packages.View{Files: map[string][]byte{}, Derived: map[string][]byte{}}
	for p, b := range files {
		v.Files[p] = []byte(b)
	}
	for p, b := range derived {
		v.Derived[p] = []byte(b)
	}
	return new(packages.Finder).Find(v)
}

// brief is a package in a line: what it is, what it needs and its files.
func brief(list []packages.Package) []string {
	var out []string
	for _, p := range list {
		s := p.Key() + " " + p.Version
		for _, n := range p.Needs {
			s += " needs:" + list[n].Name
		}
		for _, n := range p.Wants {
			s += " wants:" + list[n].Name
		}
		if p.Known && p.Explicit {
			s += " explicit"
		}
		if len(p.Files)+len(p.Trees) > 0 {
			s += " [" + strings.Join(append(slices.Clone(p.Files), p.Trees...), " ") + "]"
		}
		out = append(out, s)
	}
	return out
}

const apkDB = `C:Q1x
P:musl
V:1.2.5-r0
A:x86_64
I:667648
o:musl
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
F:usr
F:usr/share/odd name

P:busybox
V:1.36-r1
D:so:libc.musl-x86_64.so.1 !conflict>1
p:cmd:sh=1 /bin/sh
F:bin
R:busybox

P:extra-pyc
V:1
i:busybox=1.36-r1 musl
F:
R:top

`

func TestPackages(t *testing.T) {
	for _, c := range []struct {
		name           string
		files, derived map[string]string
		want           []string
	}{
		{"apk", map[string]string{"lib/apk/db/installed": apkDB, "etc/apk/world": "busybox>1\n"}, nil, []string{
			"apk busybox 1.36-r1 needs:musl wants:extra-pyc explicit [bin/busybox]",
			"apk extra-pyc 1 [top]",
			"apk musl 1.2.5-r0 wants:extra-pyc [lib/ld-musl-x86_64.so.1]",
		}},
		{"dpkg", map[string]string{
			"var/lib/dpkg/status": "Package: bash\nStatus: install ok installed\nInstalled-Size: 10\nArchitecture: amd64\nVersion: 5.2\nDescription: a\n long text\nPre-Depends: libc6 (>= 2.36), nothing | awk\nRecommends: doc:any\n\n" +
				"Package: libc6\nStatus: install ok installed\nVersion: 2.36\nArchitecture: amd64\nMulti-Arch: same\nSource: glibc (2.36-9)\n\n" +
				"Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: mawk\nStatus: install ok installed\nVersion: 1.3\nProvides: awk (= 1)\n",
			"var/lib/dpkg/info/bash.list":        "/.\n/bin\n/bin/bash\n",
			"var/lib/dpkg/info/libc6:amd64.list": "/.\n/lib/x86_64-linux-gnu/libc.so.6\n",
			"var/lib/apt/extended_states":        "Package: libc6\nAuto-Installed: 1\n",
		}, nil, []string{
			"deb bash 5.2 needs:libc6 needs:mawk explicit [bin bin/bash " + records("bash") + "]",
			"deb libc6 2.36 [lib/x86_64-linux-gnu/libc.so.6 " + records("libc6:amd64") + "]",
			"deb mawk 1.3 explicit",
		}},
		{"dpkg, what every system has", map[string]string{
			"var/lib/dpkg/status": "Package: dpkg\nEssential: yes\nStatus: install ok installed\nVersion: 1\n\nPackage: apt\nPriority: important\nStatus: install ok installed\nVersion: 2\n\n" +
				"Package: login\nPriority: required\nStatus: install ok installed\nVersion: 3\n\nPackage: curl\nPriority: optional\nEssential: no\nStatus: install ok installed\nVersion: 4\n",
			"var/lib/apt/extended_states": "",
		}, nil, []string{"deb apt 2", "deb curl 4 explicit", "deb dpkg 1", "deb login 3"}},
		{"distroless", map[string]string{
			"var/lib/dpkg/status.d/base-files":         "Package: base-files\nVersion: 12\nArchitecture: amd64\n",
			"var/lib/dpkg/status.d/base-files.md5sums": "0123  etc/host.conf\n4567  usr/share/x y\n",
		}, nil, []string{"deb base-files 12 [etc/host.conf usr/share/x y var/lib/dpkg/status.d/base-files var/lib/dpkg/status.d/base-files.md5sums]"}},
		{"python", map[string]string{
			"usr/lib/python3/site-packages/Foo_Bar-1.0.dist-info/METADATA":  "Name: Foo.Bar\nVersion: 1.0\nRequires-Dist: baz (>=1) ; python_version>'3'\nRequires-Dist: nope ; extra == 'test'\n\nVersion: 9\n",
			"usr/lib/python3/site-packages/Foo_Bar-1.0.dist-info/RECORD":    "foo/__init__.py,sha256=x,3\n../../../bin/foo,,\n\"foo/a,b.py\",,\n",
			"usr/lib/python3/site-packages/Foo_Bar-1.0.dist-info/REQUESTED": "",
			"venv/lib/python3/site-packages/baz.egg-info/PKG-INFO":          "Name: baz\nVersion: 2\n",
			"venv/lib/python3/site-packages/baz.egg-info/top_level.txt":     "baz\n",
		}, nil, []string{
			"pypi baz 2 [venv/lib/python3/site-packages/baz.py venv/lib/python3/site-packages/baz.egg-info venv/lib/python3/site-packages/baz]",
			"pypi foo-bar 1.0 needs:baz explicit [usr/lib/python3/site-packages/foo/__init__.py usr/bin/foo usr/lib/python3/site-packages/foo/a,b.py usr/lib/python3/site-packages/Foo_Bar-1.0.dist-info]",
		}},
		{"npm", map[string]string{
			"app/node_modules/@s/a/package.json":                `{"name":"@s/a","version":"1.0.0","dependencies":{"b":"^2"}}`,
			"app/node_modules/b/package.json":                   `{"name":"b","version":"2.0.0"}`,
			"app/node_modules/b/lib/package.json":               `{"type":"module"}`,
			"app/node_modules/b/node_modules/deep/package.json": `{"name":"deep","version":"3"}`,
		}, nil, []string{
			"npm @s/a 1.0.0 needs:b [app/node_modules/@s/a]", "npm b 2.0.0 [app/node_modules/b]", "npm deep 3 [app/node_modules/b/node_modules/deep]",
		}},
		{"programs and jars", nil, map[string]string{
			"usr/bin/x":           "go1.22.1\npath\texample.com/x\nmod\texample.com/x\tv1.2.3\th1:=\ndep\tgolang.org/x/y\tv0.1.0\th1:=\nbuild\t-trimpath=true\n",
			"opt/app-2.5.jar":     "Manifest-Version: 1.0\r\nBundle-SymbolicName: org.exam\r\n ple;singleton:=true\r\nImplementation-Version: 2.5\r\n\r\nName: x\r\n",
			"opt/other-1.0.1.jar": "",
		}, []string{"maven org.example 2.5 [opt/app-2.5.jar]", "maven other 1.0.1 [opt/other-1.0.1.jar]", "golang example.com/x v1.2.3 [usr/bin/x]"}},
		{"runtimes", map[string]string{
			"usr/local/include/node/node_version.h": "#define NODE_MAJOR_VERSION 20\n#define NODE_MINOR_VERSION 1\n#define NODE_PATCH_VERSION 2\n",
			"usr/local/go/VERSION":                  "go1.22.0\ntime 2024\n",
		}, nil, []string{"runtime go 1.22.0 [usr/local/go]",
			"runtime node 20.1.2 [usr/local/bin/node usr/local/bin/nodejs usr/local/CHANGELOG.md usr/local/README.md usr/local/LICENSE usr/local/share/man/man1/node.1 usr/local/include/node usr/local/share/doc/node]"}},
	} {
		list, problems := find(t, c.files, c.derived)
		if d := cmp.Diff(c.want, brief(list)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
		if len(problems) > 0 {
			t.Errorf("%s: %v", c.name, problems)
		}
	}
}

func records(own string) string {
	var out []string
	for _, ext := range []string{"list", "md5sums", "conffiles", "preinst", "postinst", "prerm", "postrm", "triggers", "shlibs", "symbols", "templates", "config"} {
		out = append(out, "var/lib/dpkg/info/"+own+"."+ext)
	}
	return strings.Join(out, " ")
}

// A database that cannot be read is a problem that names it, and the others are read.
func TestProblems(t *testing.T) {
	list, problems := find(t, map[string]string{
		"lib/apk/db/installed":         "\x00\x01garbage",
		"var/lib/dpkg/status":          "no colon here at all",
		"var/lib/rpm/rpmdb.sqlite":     "SQLite format 3\x00 and then nothing", // as an index never keeps it
		"usr/lib/a.dist-info/METADATA": "Version: 1\n\n",
		"node_modules/x/package.json":  "{",
		"usr/local/go/VERSION":         "go1.20",
	}, nil)
	if len(list) != 1 || list[0].Name != "go" {
		t.Errorf("%v", brief(list))
	}
	named := map[string]bool{}
	for _, p := range problems {
		named[p.Path] = true
		if p.Err == nil {
			t.Errorf("%s: no reason", p.Path)
		}
	}
	for _, want := range []string{"lib/apk/db/installed", "var/lib/dpkg/status", "var/lib/rpm/rpmdb.sqlite", "usr/lib/a.dist-info/METADATA", "node_modules/x/package.json"} {
		if !named[want] {
			t.Errorf("no problem names %s: %v", want, problems)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add(uint8(0), []byte(apkDB))
	f.Add(uint8(1), []byte("Package: a\nStatus: install ok installed\nDepends: b | c (>= 1), d:any\n\nPackage: c\nStatus: install ok installed\n"))
	f.Add(uint8(2), []byte("/.\n/usr//bin/../x\n\n"))
	f.Add(uint8(3), []byte("Name: x\nRequires-Dist: x\n"))
	f.Add(uint8(4), []byte("\"a\"b,,\n../../../../../etc/passwd,,\n"))
	f.Add(uint8(5), []byte(`{"version":1}`))
	f.Add(uint8(6), []byte("go1.22\npath\tx\nmod\n"))
	f.Add(uint8(7), []byte("Bundle-SymbolicName: a\n b\n"))
	f.Add(uint8(8), packages.EncodeRPM([]packages.RPMRecord{{Name: "a", Files: []string{"/bin/a"}, Requires: []string{"b"}}, {Name: "b", Provides: []string{"b"}}}, nil))
	names := []string{"lib/apk/db/installed", "var/lib/dpkg/status", "var/lib/dpkg/info/a.list", "s/x.dist-info/METADATA", "s/x.dist-info/RECORD", "node_modules/x/package.json", "bin/x", "x.jar", "var/lib/rpm/Packages"}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		name := names[int(which)%len(names)]
		files, derived := map[string]string{"s/x.dist-info/METADATA": "Name: x\n"}, map[string]string{}
		if i := int(which) % len(names); i < 6 || i > 7 {
			files[name] = string(b)
		} else {
			derived[name] = string(b)
		}
		list, _ := find(t, files, derived)
		for _, p := range list {
			if p.Name == "" || p.Type.Rank() < 0 {
				t.Fatalf("%+v", p)
			}
			for _, n := range append(slices.Clone(p.Needs), p.Wants...) {
				if n < 0 || n >= len(list) {
					t.Fatalf("%+v needs number %d of %d", p, n, len(list))
				}
			}
			for _, file := range append(slices.Clone(p.Files), p.Trees...) {
				if strings.HasPrefix(file, "/") || strings.HasPrefix(file, "../") {
					t.Fatalf("%q leads out of the image", file)
				}
			}
		}
	})
}
