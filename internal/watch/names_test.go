package watch

import (
	"slices"
	"strings"
	"testing"

	"tare/internal/engine"
)

// made is a kernel with what a run made of an image: paths to "d", "f" or "l" and a target.
// own are those that the run made itself; a path without any is gone.
type made map[string]string

func (m made) look(_ int, path string) (state, string) {
	switch v := m[path]; {
	case v == "":
		return absent, ""
	case v[0] == 'l':
		return isLink, v[1:]
	case v[0] == 'j':
		return jump, v[1:]
	case v[0] == 'd':
		return isDir, ""
	}
	return isFile, ""
}

func (m made) own(path string) bool { return strings.HasSuffix(m[path], "*") }

func file(p string) engine.Name     { return engine.Name{Path: p, Exec: true} }
func link(p, to string) engine.Name { return engine.Name{Path: p, Kind: engine.LinkName, Link: to} }
func dir(p string) engine.Name      { return engine.Name{Path: p, Kind: engine.DirName} }

func image() []engine.Name {
	return []engine.Name{link("bin", "usr/bin"), file("usr/bin/tool"), link("usr/bin/alias", "tool"), link("usr/bin/far", "/opt/app/../app/run"),
		file("opt/app/run"), link("opt/app/loop", "loop"), link("opt/app/dangling", "new"), dir("opt/empty"), link("up", "../../etc"), file("etc/conf")}
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		root, base, name, want string
		links                  string
		nofollow               bool
	}{
		{name: "/bin/tool", want: "/usr/bin/tool", links: "/bin"},
		{name: "bin/alias", want: "/usr/bin/tool", links: "/bin /usr/bin/alias"},
		{name: "/bin/alias", nofollow: true, want: "/usr/bin/alias", links: "/bin"},
		{name: "/bin/alias/", want: ""},
		{name: "/bin/", nofollow: true, want: "/usr/bin", links: "/bin"},
		{name: "far", base: "/usr/bin", want: "/opt/app/run", links: "/usr/bin/far"},
		{name: "../../opt/./app//run", base: "/usr/bin", want: "/opt/app/run"},
		{name: "/../../etc/conf", want: "/etc/conf"},
		{name: "/up/conf", want: "/etc/conf", links: "/up"},
		{name: "/opt/app/loop", want: ""},
		{name: "/opt/app/run/x", want: ""},
		{name: "/opt/app/run/..", want: ""},
		{name: "/nowhere", want: ""},
		{name: ".", base: "/opt/empty", want: "/opt/empty"},
		{name: "/run", root: "/opt/app", base: "/opt/app", want: "/opt/app/run"},
		{name: "/../../run", root: "/opt/app", base: "/opt/app", want: "/opt/app/run"},
	} {
		n := newNames(image(), made{})
		root, base := c.root, c.base
		if root == "" {
			root = "/"
		}
		if base == "" {
			base = "/"
		}
		var w walk
		a := n.find(&w, &query{root: root, base: base, name: []byte(c.name), follow: !c.nofollow})
		got := ""
		if a.at != nil {
			got = a.at.path()
		}
		var links []string
		for _, l := range w.links {
			links = append(links, l.path())
		}
		if got != c.want || a.found && strings.Join(links, " ") != c.links {
			t.Errorf("%s in %s: %q through %q, want %q through %q", c.name, base, got, links, c.want, c.links)
		}
	}
}

// What the run made, took away or renamed is asked of the kernel, and is no longer the
// image's; what it only tried to is still.
func TestChanges(t *testing.T) {
	k := made{}
	n := newNames(image(), k)
	find := func(name string) (engineName string, found bool) {
		var w walk
		a := n.find(&w, &query{root: "/", base: "/", name: []byte(name), follow: true})
		if a.at != nil {
			engineName = a.at.path()
		}
		return engineName, a.found
	}
	change := func(name string, from *node) {
		var w walk
		d, last := n.parent(&w, &query{root: "/", base: "/", name: []byte(name)})
		if d == nil {
			t.Fatalf("%s has no directory", name)
		}
		n.change(d, last, from)
	}
	change("/bin/tool", nil) // removed
	if got, found := find("/bin/alias"); found {
		t.Errorf("what was removed is found: %q", got)
	}
	k["/usr/bin/tool"] = "f*" // written anew by the run
	if got, found := find("/bin/tool"); !found || got != "" {
		t.Errorf("the run's own file: %q, %t", got, found)
	}
	k["/usr/bin/tool"] = "f" // the removal failed
	if got, _ := find("/bin/tool"); got != "/usr/bin/tool" {
		t.Errorf("what could not be removed: %q", got)
	}
	k["/opt/made"] = "d*"
	k["/opt/made/link"] = "l/etc/conf"
	change("/opt/made", nil)
	if got, found := find("/opt/made/link"); !found || got != "/etc/conf" {
		t.Errorf("a link of the run into the image: %q, %t", got, found)
	}
	run := n.stand("/opt/app/run").n
	k["/opt/moved"] = "f*"
	change("/opt/moved", run)
	change("/opt/app/run", nil)
	if got, _ := find("/opt/moved"); got != "/opt/app/run" {
		t.Errorf("a renamed file of the image: %q", got)
	}
	if _, found := find("/opt/app/run"); found {
		t.Error("the old name of what was renamed is found")
	}
}

// A directory of the image under another name cannot be followed: that is said.
func TestRenamedDirectory(t *testing.T) {
	k := made{"/moved": "d*", "/moved/run": "f"}
	n := newNames(image(), k)
	var why []string
	n.lost = func(s string) { why = append(why, s) }
	n.change(n.root, "moved", n.stand("/opt/app").n)
	var w walk
	n.find(&w, &query{root: "/", base: "/", name: []byte("/moved/run"), follow: true})
	if len(why) == 0 || !strings.Contains(why[0], "/opt/app") {
		t.Errorf("said %q", why)
	}
	why = nil
	n.find(&w, &query{root: "/", base: "/", name: []byte("/etc/conf"), follow: true})
	if len(why) > 0 {
		t.Errorf("said of a file that nobody renamed: %q", why)
	}
}

// What is mounted hides what the image has there, through links, too; links of /proc lead
// to what is open.
func TestCovered(t *testing.T) {
	k := made{"/etc/conf": "f", "/proc": "d", "/proc/self": "d", "/proc/self/fd": "d", "/proc/self/fd/3": "j/opt/app/run", "/proc/self/fd/4": "j", "/dev": "d", "/dev/fd": "l/proc/self/fd"}
	n := newNames(image(), k)
	for _, p := range []string{"/up/conf", "/proc", "/dev"} {
		n.cover(p)
	}
	for name, want := range map[string]string{"/etc/conf": "", "/dev/fd/3": "/opt/app/run", "/proc/self/fd/4": "", "/opt/app/run": "/opt/app/run"} {
		var w walk
		a := n.find(&w, &query{root: "/", base: "/", name: []byte(name), follow: true})
		got := ""
		if a.at != nil {
			got = a.at.path()
		}
		if !a.found || got != want {
			t.Errorf("%s: %q, %t, want %q", name, got, a.found, want)
		}
	}
}

func TestOpenat2Bounds(t *testing.T) {
	n := newNames(image(), made{})
	for _, c := range []struct {
		q    query
		want string
	}{
		{query{base: "/usr", name: []byte("bin/far"), beneath: true}, ""},
		{query{base: "/usr", name: []byte("bin/alias"), beneath: true}, "/usr/bin/tool"},
		{query{base: "/usr", name: []byte("../etc/conf"), beneath: true}, ""},
		{query{base: "/usr", name: []byte("bin/alias"), noLinks: true}, ""},
		{query{base: "/opt/app", name: []byte("/../run"), inRoot: true}, "/opt/app/run"},
	} {
		c.q.root, c.q.follow = "/", true
		var w walk
		got := ""
		if a := n.find(&w, &c.q); a.at != nil {
			got = a.at.path()
		}
		if got != c.want {
			t.Errorf("%s from %s: %q, want %q", c.q.name, c.q.base, got, c.want)
		}
	}
}

// Names of hostile length and shape end, and lead nowhere outside the tree.
func FuzzFind(f *testing.F) {
	for _, s := range []string{"/bin/alias", "../../x", "////", "opt/app/loop/../run", "\x00", "up/up/up"} {
		f.Add(s, "/usr/bin", true)
	}
	f.Fuzz(func(t *testing.T, name, base string, follow bool) {
		if !strings.HasPrefix(base, "/") {
			base = "/" + base
		}
		n := newNames(image(), made{})
		var w walk
		if a := n.find(&w, &query{root: "/", base: base, name: []byte(name), follow: follow}); a.at != nil && a.at.up == nil && a.at != n.root {
			t.Fatal("it left the tree")
		}
		if len(w.links) > maxLinks {
			t.Fatalf("%d links", len(w.links))
		}
		_, _ = n.parent(&w, &query{root: "/", base: base, name: []byte(name)})
	})
}

func TestEach(t *testing.T) {
	n := newNames(image(), made{})
	n.stand("/usr/bin/tool").n.use = engine.Opened
	n.change(n.root, "made", nil)
	n.root.kids["made"].use = engine.Opened
	var got []string
	n.root.each(func(p string, _ engine.Use) { got = append(got, p) })
	if !slices.Equal(got, []string{"usr/bin/tool"}) {
		t.Errorf("%q: want what the image has, and nothing of the run's", got)
	}
}
