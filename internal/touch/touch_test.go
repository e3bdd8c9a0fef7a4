package touch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"tare/internal/engine"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/touch"
	"tare/internal/weigh"
)

// facts are of an image with two layers, a package, links and a file with two names.
func facts(t testing.TB) *weigh.Facts {
	t.Helper()
	s := testkit.Store(t)
	base := testkit.Tar(t, testkit.File("lib/apk/db/installed", "P:musl\nV:1\nF:lib\nR:libc.so\nR:ld.so\n\n"), testkit.File("lib/libc.so", strings.Repeat("c", 1000)),
		testkit.Symlink("lib/ld.so", "libc.so"), testkit.File("etc/conf", "conf"), testkit.File("etc/old", "old"))
	top := testkit.Tar(t, testkit.File("app/run", "#!/lib/ld.so\n"), testkit.Link("app/again", "app/run"), testkit.File("etc/conf", "changed"), testkit.File("etc/.wh.old", ""), testkit.File("app/\xff", "odd"))
	return testkit.Facts(t, s, testkit.Put(t, s, "app", store.Built, testkit.Image(t, testkit.Options{Layers: [][]byte{base, top}})))
}

func run(name string, used map[string]engine.Use) touch.Run {
	return touch.Run{Check: touch.Check{Name: name, Passed: true}, Seen: engine.Seen{Used: used, Witness: true}}
}

func TestMake(t *testing.T) {
	f := facts(t)
	tr := touch.Make(touch.Input{Name: "app", Facts: f, Dockerfile: &weigh.Dockerfile{Name: "Dockerfile", Lines: map[int]int{1: 3}}, Runs: []touch.Run{
		run("one", map[string]engine.Use{"app/again": engine.Executed, "lib/ld.so": engine.Followed, "lib/libc.so": engine.Opened | engine.Mapped, "app": engine.Found, "etc/old": engine.Opened}),
		{Check: touch.Check{Name: "two", Passed: true}, Seen: engine.Seen{Witness: true, Used: map[string]engine.Use{"etc/conf": engine.Found, "lib/libc.so": engine.Opened}, Wrote: map[string]int64{"tmp/x": 5}}},
	}})
	if !tr.Complete || tr.Lost != 0 || !tr.Witness {
		t.Errorf("complete %t, lost %d, witness %t: %q", tr.Complete, tr.Lost, tr.Witness, tr.Reasons)
	}
	var got []string
	for _, x := range tr.Files {
		how, _ := json.Marshal(x.How)
		got = append(got, strings.Join([]string{x.Path, string(how), x.Package}, " "))
	}
	want := []string{`app/again ["exec"] `, `etc/conf ["stat"] `, `lib/ld.so ["readlink"] apk musl`, `lib/libc.so ["open","map"] apk musl`}
	if !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if tr.Files[0].Layer != 2 || tr.Files[0].Line != 3 || tr.Files[0].Bytes != 13 || tr.Files[3].Layer != 1 || tr.Files[3].Line != 0 || tr.Files[1].Check != 2 {
		t.Errorf("%+v", tr.Files)
	}
	if b := tr.Bytes; b.Live != f.Sizes.Live || b.Read+b.Looked+b.Untouched != b.Live || b.Read != 1013 || b.Looked != 7 {
		t.Errorf("bytes %+v of %d", b, f.Sizes.Live)
	}
	for _, parts := range [][]touch.Part{tr.Layers, tr.Packages, tr.Lines} {
		var sum touch.Bytes
		for _, p := range parts {
			sum.Live, sum.Read, sum.Looked, sum.Untouched = sum.Live+p.Live, sum.Read+p.Read, sum.Looked+p.Looked, sum.Untouched+p.Untouched
		}
		if sum.Live != tr.Bytes.Live || sum.Read != tr.Bytes.Read || sum.Looked != tr.Bytes.Looked || sum.Untouched != tr.Bytes.Untouched {
			t.Errorf("parts sum up to %+v of %+v: %+v", sum, tr.Bytes, parts)
		}
	}
	if c := tr.Checks[1]; c.Files != 2 || c.NewFiles != 1 || c.NewBytes != 7 || c.Bytes != 1007 {
		t.Errorf("the second check: %+v", c)
	}
	if len(tr.Wrote) != 1 || tr.Wrote[0] != (touch.Wrote{Path: "tmp/x", Bytes: 5}) || len(tr.Directories) != 1 {
		t.Errorf("wrote %+v, directories %+v", tr.Wrote, tr.Directories)
	}
	for p, want := range map[string]bool{"/etc/conf": true, "app/again": true, "app/run": false, "app": true, "lib": false, "etc": false, "etc/old": false} {
		if tr.Touched(p) != want {
			t.Errorf("%s touched: %t", p, !want)
		}
	}
}

// A trace that lost something is incomplete, divides no bytes, and is the source of no list.
func TestIncomplete(t *testing.T) {
	lost := run("x", map[string]engine.Use{"etc/conf": engine.Opened})
	lost.Seen.Lost, lost.Seen.Why = 2, []string{"a program used io_uring"}
	disturbed := run("y", nil)
	disturbed.Passed, disturbed.Reason, disturbed.Untraced = false, "exit code 1", &touch.Untraced{Passed: true}
	failing := run("z", nil)
	failing.Passed, failing.Untraced = false, &touch.Untraced{}
	for name, c := range map[string]struct {
		run      touch.Run
		complete bool
		why      string
	}{"lost": {lost, false, "io_uring"}, "passes untraced": {disturbed, false, "passes untraced and fails traced"}, "fails anyway": {failing, true, ""}, "fine": {run("f", nil), true, ""}} {
		tr := touch.Make(touch.Input{Name: "app", Facts: facts(t), Runs: []touch.Run{c.run}})
		if tr.Complete != c.complete || tr.Complete != (tr.Bytes != nil) || !strings.Contains(strings.Join(tr.Reasons, " "), c.why) || tr.Complete != (len(tr.Reasons) == 0) {
			t.Errorf("%s: complete %t, bytes %v, %q", name, tr.Complete, tr.Bytes, tr.Reasons)
		}
		var b bytes.Buffer
		if err := tr.Prefetch(&b, "soci"); errors.Is(err, touch.ErrIncomplete) == c.complete {
			t.Errorf("%s: a list: %v", name, err)
		}
		b.Reset()
		if err := tr.WritePaths(&b); err != nil || strings.HasPrefix(b.String(), "# incomplete: ") == c.complete {
			t.Errorf("%s: paths %q, %v", name, b.String(), err)
		}
	}
}

func TestLists(t *testing.T) {
	tr := touch.Make(touch.Input{Name: "app", Facts: facts(t), Runs: []touch.Run{run("one", map[string]engine.Use{"app/run": engine.Executed, "lib/libc.so": engine.Opened, "etc/conf": engine.Found, "lib/ld.so": engine.Followed})}})
	m := tr.Manifest.String()
	for tool, want := range map[string]string{
		"soci":    "[\n  \"/app/run\",\n  \"/lib/libc.so\"\n]\n",
		"nydus":   "/app/run\n/lib/libc.so\n",
		"estargz": `{"path":"app/run","manifestDigest":"` + m + `","layerIndex":1}` + "\n" + `{"path":"lib/libc.so","manifestDigest":"` + m + `","layerIndex":0}` + "\n",
	} {
		var b bytes.Buffer
		if err := tr.Prefetch(&b, tool); err != nil || b.String() != want {
			t.Errorf("%s: %v\n%s", tool, err, b.String())
		}
	}
	var b bytes.Buffer
	if err := tr.WritePaths(&b); err != nil || b.String() != "app/run\netc/conf\nlib/ld.so\nlib/libc.so\n" {
		t.Errorf("%v\n%s", err, b.String())
	}
	tr.Files = []touch.File{{Path: "a\nb", How: []touch.How{touch.Open}}, {Path: "#c", How: []touch.How{touch.Open}}, {Path: "ü d", How: []touch.How{touch.Open}}}
	b.Reset()
	if err := tr.WritePaths(&b); err != nil || b.String() != "\"a\\nb\"\n\"#c\"\nü d\n" {
		t.Errorf("%v\n%s", err, b.String())
	}
	if err := tr.Prefetch(&b, "nydus"); err == nil {
		t.Error("a name with a line end stands in a list of lines")
	}
	if err := tr.Prefetch(&b, "other"); err == nil {
		t.Error("a list for an unknown tool")
	}
}

func encoded(t testing.TB, tr *touch.Trace) []byte {
	t.Helper()
	b, err := json.Marshal(tr)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What was written is read as it was, odd names included; what contradicts itself is refused.
func TestRead(t *testing.T) {
	tr := touch.Make(touch.Input{Name: "app", Facts: facts(t), Runs: []touch.Run{run("one", map[string]engine.Use{"app/\xff": engine.Opened, "etc/conf": engine.Opened, "": engine.Listed})}})
	b := encoded(t, tr)
	back, err := touch.Read(bytes.NewReader(b))
	if err != nil || !bytes.Equal(encoded(t, back), b) {
		t.Fatalf("%v\n%s\n%s", err, b, encoded(t, back))
	}
	if !back.Touched("app/\xff") {
		t.Error("a name that is no UTF-8 is lost on the way")
	}
	for name, spoil := range map[string]func(string) string{
		"another schema":  func(s string) string { return strings.Replace(s, "tare.trace/v1", "tare.weigh/v1", 1) },
		"unknown field":   func(s string) string { return strings.Replace(s, `"lost"`, `"won"`, 1) },
		"more behind it":  func(s string) string { return s + "{}" },
		"cut off":         func(s string) string { return s[:len(s)/2] },
		"lost, complete":  func(s string) string { return strings.Replace(s, `"lost":0`, `"lost":1`, 1) },
		"a way unknown":   func(s string) string { return strings.Replace(s, `["open"]`, `["eaten"]`, 1) },
		"a leading slash": func(s string) string { return strings.Replace(s, `"etc/conf"`, `"/etc/conf"`, 1) },
		"dots":            func(s string) string { return strings.Replace(s, `"etc/conf"`, `"etc/../conf"`, 1) },
		"out of order":    func(s string) string { return strings.Replace(s, `"etc/conf"`, `"aaa"`, 1) },
		"no layer":        func(s string) string { return strings.Replace(s, `"layer":2`, `"layer":0`, 1) },
		"no image":        func(s string) string { return strings.Replace(s, string(tr.Manifest), "sha256:1", 1) },
		"sums without":    func(s string) string { return strings.Replace(s, `"complete":true`, `"complete":false`, 1) },
	} {
		bad := spoil(string(b))
		if bad == string(b) {
			t.Errorf("%s: nothing was spoilt", name)
		} else if _, err := touch.Read(strings.NewReader(bad)); err == nil {
			t.Errorf("%s: read without an error", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"schema":"tare.trace/v1","manifest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","complete":false,"files":[{"path":"a","how":["open"],"layer":1,"check":1}]}`))
	f.Add([]byte(`{"schema":"tare.trace/v1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tr, err := touch.Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, x := range tr.Files {
			if !tr.Touched(x.Path) {
				t.Fatalf("%q is not found", x.Path)
			}
		}
		again, err := touch.Read(bytes.NewReader(encoded(t, tr)))
		if err != nil || !bytes.Equal(encoded(t, again), encoded(t, tr)) {
			t.Fatalf("%v", err)
		}
	})
}

// A trace of one image says nothing of another.
func TestOnto(t *testing.T) {
	f := facts(t)
	tr := touch.Make(touch.Input{Name: "app", Facts: f, Runs: []touch.Run{run("one", map[string]engine.Use{"lib/libc.so": engine.Opened})}})
	r := f.Report("app", 0)
	if err := tr.OntoWeighed([]*weigh.Result{r}); err != nil {
		t.Fatal(err)
	}
	if r.Traced.Touched.Read != 1000 || r.Layers[0].Touched.Read != 1000 || r.Layers[1].Touched.Read != 0 || r.Packages[0].Touched.Read != 1000 {
		t.Errorf("%+v %+v %+v", r.Traced, r.Layers, r.Packages)
	}
	other := *r
	other.ID, other.Manifest = "sha256:"+"00", "sha256:11"
	if err := tr.OntoWeighed([]*weigh.Result{&other}); err == nil || !strings.Contains(err.Error(), "another image") {
		t.Errorf("onto another image: %v", err)
	}
	tr.Complete, tr.Bytes, tr.Layers, tr.Packages = false, nil, nil, nil
	r = f.Report("app", 0)
	if err := tr.OntoWeighed([]*weigh.Result{r}); err != nil || r.Traced.Complete || r.Traced.Touched != nil || r.Layers[0].Touched != nil {
		t.Errorf("an incomplete trace divides bytes: %+v, %v", r.Traced, err)
	}
}

func TestNames(t *testing.T) {
	got := map[string]engine.Name{}
	for _, n := range touch.Names(facts(t).Tree) {
		got[n.Path] = n
	}
	if n := got["lib/ld.so"]; n.Kind != engine.LinkName || n.Link != "libc.so" {
		t.Errorf("%+v", n)
	}
	if n, ok := got["app/again"]; !ok || n.Kind != engine.FileName {
		t.Errorf("a second name: %+v, %t", n, ok)
	}
	if _, ok := got["etc/old"]; ok {
		t.Error("what a layer deleted is there")
	}
}
