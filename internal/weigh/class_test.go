package weigh

import "testing"

// What a file is by its path, and where the path says less than where it came from.
func TestClass(t *testing.T) {
	for _, c := range []struct {
		path    string
		want    Class
		workdir string
		copied  bool
	}{
		{"usr/lib/python3/a.pyc", Bytecode, "", false},
		{"app/a.pyo", Bytecode, "app", true},
		{"usr/lib/libz.a", Development, "", false},
		{"usr/lib/libz.la", Development, "", false},
		{"usr/lib/crt1.o", Development, "", false},
		{"usr/lib/x.debug", Debug, "", false},
		{"usr/lib/debug/x", Debug, "", false},
		{"opt/x/include/x.h", Development, "", false},
		{"opt/x/include/x.hpp", Development, "", false},
		{"opt/x/include/x.hxx", Development, "", false},
		{"opt/x/src/x.h", App, "", false},
		{"usr/include/x", Development, "", false},
		{"usr/lib/python3/site-packages/x-1.dist-info/METADATA", Database, "", false},
		{"usr/lib/python3/site-packages/x-1.dist-info/licenses/LICENSE", Database, "", false},
		{"usr/lib/python3/site-packages/x.egg-info", Database, "", false},
		{"usr/lib/python3/site-packages/x.egg-infos/y", System, "", false},
		{".git/HEAD", VCS, "", true},
		{"srv/.git/objects/x", VCS, "", false},
		{"srv/.hg/x", VCS, "", false},
		{"srv/.svn/x", VCS, "", false},
		{"srv/x.git/HEAD", App, "", false},
		{"var/lib/dpkg/status", Database, "", false},
		{"lib/apk/db/installed", Database, "", false},
		{"var/cache/apt/x.deb", Cache, "", false},
		{"var/lib/apt/lists/x", Cache, "", false},
		{"tmp/x", Cache, "", true},
		{"root/.cache/pip/x", Cache, "", false},
		{"home/me/.cache/pip/x", Cache, "", false},
		{"home/me/x.cache/y", App, "", false},
		{"home/.cachet", App, "", false},
		{"data/.cache/y", State, "", false},
		{"usr/share/doc/x/copyright", Docs, "", false},
		{"usr/share/locale/de/x.mo", Locale, "", false},
		{"usr/share/zoneinfo/Europe/Berlin", TimeZones, "", false},
		{"usr/share/zoneinfos/x", System, "", false},
		{"usr/lib/python3/dist-packages/pytz/zoneinfo/UTC", TimeZones, "", false},
		{"app/venv/lib/python3.12/site-packages/tzdata/zoneinfo/UTC", TimeZones, "app", true},
		{"app/zoneinfo/UTC", App, "app", true},
		{"usr/lib/python3/dist-packages/numpy/tests/test_x.py", Tests, "", false},
		{"usr/lib/python3.11/test/test_x.py", Tests, "", false},
		{"app/node_modules/x/test/a.js", Tests, "app", true},
		{"app/node_modules/x/__tests__/a.js", Tests, "app", true},
		{"app/node_modules/test/a.js", App, "app", true},
		{"app/node_modules/@x/test/a.js", App, "app", true},
		{"app/node_modules/@x/test/test/a.js", Tests, "app", true},
		{"app/node_modules/a/node_modules/test/lib/a.js", App, "app", true},
		{"app/node_modules/x.js", App, "app", true},
		{"app/tests/test_x.py", App, "app", true},
		{"usr/lib/python3/dist-packages/x/latest/a.py", System, "", false},
		{"usr/lib/python3/dist-packages/x/tests/a.pyc", Bytecode, "", false},
		{"usr/lib/python3/dist-packages/django/conf/locale/de/LC_MESSAGES/django.mo", Locale, "", false},
		{"app/locale/de/LC_MESSAGES/mine.mo", App, "app", true},
		{"usr/lib/python3/dist-packages/x/y.pyi", Stubs, "", false},
		{"app/node_modules/x/index.d.ts", Stubs, "app", true},
		{"app/node_modules/x/index.d.mts", Stubs, "app", true},
		{"app/src/index.ts", App, "app", true},
		{"app/dist/main.js.map", SourceMaps, "app", true},
		{"app/dist/main.css.map", SourceMaps, "app", true},
		{"usr/lib/debugger/System.map", System, "", false},
		{"app/world.map", App, "app", true},
		{"var/log/x", Log, "", true},
		{"etc/hosts", Config, "", false},
		{"etc/hosts", App, "", true},
		{"etc/hosts", Config, "et", false},
		{"etc/mine/x", App, "etc/mine", false},
		{"etc/mineral/x", Config, "etc/mine", false},
		{"usr/local/bin/x", Local, "", false},
		{"usr/bin/x", System, "", false},
		{"usr/src/x", App, "", false},
		{"lib64/x", System, "", false},
		{"data/x", State, "", false},
		{"var/x", State, "", false},
		{"x", Unknown, "", false},
		{"x", App, "", true},
		{"odd/x", Unknown, "", false},
	} {
		if got := (&classifier{workdir: c.workdir, copied: c.copied}).of(c.path); got != c.want {
			t.Errorf("%s (workdir %q, copied %t) is %s, not %s", c.path, c.workdir, c.copied, got, c.want)
		}
	}
}

// The class of the last directory is remembered, and of no other.
func TestClassOfTheNextDirectory(t *testing.T) {
	c := &classifier{}
	for _, f := range []struct {
		path string
		want Class
	}{{"x", Unknown}, {"etc/a", Config}, {"etc/b", Config}, {"etc/b.pyc", Bytecode}, {"etc/c", Config}, {"usr/bin/x", System}, {"y", Unknown}} {
		if got := c.of(f.path); got != f.want {
			t.Errorf("%s is %s, not %s", f.path, got, f.want)
		}
	}
}
