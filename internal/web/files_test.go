package web_test

import (
	"net/http"
	"strings"
	"testing"

	"tare/internal/testkit"
	"tare/internal/web"
)

var stack = layers{
	{testkit.Dir("usr"), testkit.Dir("usr/lib"), testkit.File("usr/lib/a.so", "12345"), testkit.File("usr/lib/b.so", "123"), testkit.File("README", "r")},
	{testkit.File("usr/lib/a.so", "1234567"), testkit.File("usr/lib/.wh.b.so", ""), testkit.File("tmp/Cache", "cached")},
	{testkit.File(".wh.tmp", ""), testkit.Symlink("lib", "usr/lib")},
}

func TestFiles(t *testing.T) {
	s := serve(t, stack)
	for name, c := range map[string]struct {
		query []string
		want  string
	}{
		"all":          {nil, "usr 7 hidden 8\nREADME 1\nlib 0\nx tmp 0 hidden 6"},
		"directory":    {[]string{"path", "/usr/lib/"}, "a.so 7 hidden 5\nx b.so 0 hidden 3"},
		"one layer":    {[]string{"from", "1", "to", "1"}, "~ usr 7 hidden 8\n+ tmp 6"},
		"first layers": {[]string{"to", "1", "order", "name"}, "README 1\ntmp 6\nusr 7 hidden 8"},
		"unchanged":    {[]string{"from", "2", "to", "2", "unchanged", "1", "order", "name"}, "README 1\n+ lib 0\n- tmp 0 hidden 6\nusr 7"},
		"filtered":     {[]string{"q", "a.so"}, "usr 7 hidden 5"},
		"page":         {[]string{"limit", "1", "offset", "1"}, "README 1"},
		"beyond":       {[]string{"offset", "99"}, ""},
	} {
		if got := shown(api[web.Listing](s, "files", c.query...)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
	for name, c := range map[string]struct{ text, mode, want string }{
		"text":         {"cache", "text", "x /tmp/Cache 0 hidden 6"},
		"capitals":     {"cAche", "text", ""},
		"glob":         {"*.so", "glob", "/usr/lib/a.so 7 hidden 5\nx /usr/lib/b.so 0 hidden 3"},
		"regex":        {`^/usr/.*[ab]\.so$`, "regex", "/usr/lib/a.so 7 hidden 5\nx /usr/lib/b.so 0 hidden 3"},
		"directory":    {"lib", "text", "/usr/lib 7 hidden 8\n/lib 0"},
		"default mode": {"README", "", "/README 1"},
	} {
		if got := shown(api[web.Listing](s, "search", "q", c.text, "mode", c.mode)); got != c.want {
			t.Errorf("search, %s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
	l := api[web.Listing](s, "files", "path", "usr/lib")
	if l.Total != 2 || l.Next != 0 || l.Self.Path != "/usr/lib" || l.Self.Files != 2 {
		t.Errorf("%+v", l)
	}
	if a := l.Rows[0]; *a.Layer != 1 || a.By != nil || a.Folder || a.Kind != "file" || a.Transfer == nil {
		t.Errorf("%+v", a)
	}
	if b := l.Rows[1]; *b.Layer != 0 || *b.By != 1 || b.Fate != "deleted-file" || b.What != "written and removed again" {
		t.Errorf("%+v", b)
	}
	if p := api[web.Listing](s, "files", "limit", "3"); p.Next != 3 || p.Total != 4 || !p.Rows[0].Folder {
		t.Errorf("%+v", p)
	}
}

// What the files of all layers sum up to is what weigh says.
func TestImages(t *testing.T) {
	s := serve(t, stack)
	type document struct {
		Images []struct {
			Name   string
			Layers []web.Layer
		}
	}
	d := api[document](s, "images")
	if len(d.Images) != 1 || d.Images[0].Name != "app0" || len(d.Images[0].Layers) != 3 {
		t.Fatalf("%+v", d)
	}
	var live, waste int64
	for _, l := range d.Images[0].Layers {
		live, waste = live+l.Live, waste+l.Waste
	}
	if self := api[web.Listing](s, "files").Self; self.Size != live || self.Hidden != waste || live != 8 || waste != 14 {
		t.Errorf("%d and %d live, %d and %d wasted", self.Size, live, self.Hidden, waste)
	}
}

func TestTwoImages(t *testing.T) {
	s := serve(t, layers{{testkit.File("etc/a", "1"), testkit.File("etc/b", "old"), testkit.File("same", "s")}}, layers{{testkit.File("etc/b", "newer")}, {testkit.File("etc/c", "1234"), testkit.File("same", "s")}})
	if got, want := shown(api[web.Listing](s, "files", "with", "1", "path", "etc")), "+ c 0 to 4 by 4\n~ b 3 to 5 by 2\n- a 1 to 0 by -1"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	for path, want := range map[string]string{"etc/a": "1", "etc/b": "newer", "etc/c": "1234"} {
		if got := api[web.Text](s, "text", "with", "1", "path", path); got.Text != want {
			t.Errorf("%s: %q", path, got.Text)
		}
		if a := s.get("api/file?with=1&path=" + path); a.body != want {
			t.Errorf("%s: %q", path, a.body)
		}
	}
	if got := api[web.Text](s, "text", "image", "1", "with", "0", "path", "etc/b"); got.Text != "old" {
		t.Errorf("the other way round: %q", got.Text)
	}
	if names := untar(t, s.get("api/file?with=1&path=etc")); names["etc/c"] != "1234" || names["etc/b"] != "newer" || names["etc/a"] != "" {
		t.Errorf("%v", names)
	}
	if got := shown(api[web.Listing](s, "files", "image", "1")); got != "etc 9\nsame 1" {
		t.Errorf("the second alone: %s", got)
	}
}

// Nothing that a query says ends in anything but an answer that says what is wrong.
func TestBadQueries(t *testing.T) {
	s := serve(t, stack, layers{})
	for query, want := range map[string]string{
		"files?image=2":                        "image: want a number from 0 to 1",
		"files?image=-1":                       "image: want",
		"files?image=x":                        "image: want",
		"files?image=99999999999999999999":     "image: want",
		"files?with=0":                         "with: want another image",
		"files?from=3":                         "from: want a number from 0 to 2",
		"files?from=2&to=1":                    "to: want a number from 2 to 2",
		"files?order=weight":                   "order: want size, transfer, hidden, name, files",
		"files?mode=fuzzy":                     "mode: want text, glob or regex",
		"files?q=[&mode=regex":                 "not a regular expression yet: [",
		"files?q=[&mode=glob":                  "not a pattern yet: [",
		"files?q=" + strings.Repeat("a", 1001): "more than 1000 bytes",
		"files?path=none":                      "no layer has none",
		"files?path=etc/passwd":                "no layer has etc/passwd",
		"files?path=../../../../etc/passwd":    "no layer has ../../../../etc/passwd",
		"files?path=%1b[31m%E2%80%AE":          `no layer has \x1b[31m\u202e`,
		"files?id=99":                          "id: want",
		"files?offset=-1":                      "offset: want",
		"files?limit=1001":                     "limit: want a number from 1 to 1000",
		"files?limit=0":                        "limit: want",
		"files?%zz":                            "cannot be read",
		"search":                               "what is looked for",
		"text?path=usr":                        "/usr is a directory",
		"text":                                 "/ is a directory",
		"text?path=tmp":                        "/tmp is a directory",
		"text?path=lib":                        "a symbolic link to usr/lib",
		"file?path=lib":                        "a symbolic link to usr/lib",
		"file?path=/etc/passwd":                "no layer has /etc/passwd",
		"file?path=tmp":                        "nothing is there in this range of layers",
		"file?image=1":                         "nothing is there in this range of layers",
	} {
		a := s.get("api/" + query)
		if a.StatusCode != http.StatusBadRequest && a.StatusCode != http.StatusNotFound || !strings.Contains(unescaped(a.body), want) {
			t.Errorf("%.60s: %s %s", query, a.Status, a.body)
		}
		if a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Content-Disposition") != "" {
			t.Errorf("%.60s: %v", query, a.Header)
		}
	}
	for _, path := range []string{"etc/passwd", "../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "api", "api/", "api/files/", "api//files", "api/file/../../../../etc/passwd", "index.html", "files.js"} {
		if a := s.get(path); a.StatusCode != http.StatusNotFound || strings.Contains(a.body, "root:") {
			t.Errorf("%s: %s %s", path, a.Status, a.body)
		}
	}
	if l := api[web.Listing](s, "files", "image", "1"); len(l.Rows) != 0 || l.Total != 0 {
		t.Errorf("an image without layers: %+v", l)
	}
}

func unescaped(s string) string { return strings.NewReplacer(`\\`, `\`).Replace(s) }
