package compare_test

import (
	"archive/tar"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/compare"
	"tare/internal/store"
	"tare/internal/testkit"
)

// made is an image of layers of entries.
func made(t testing.TB, s *store.Store, name string, o testkit.Options, layers ...[]testkit.Entry) compare.Subject {
	t.Helper()
	for _, l := range layers {
		o.Layers = append(o.Layers, testkit.Tar(t, l...))
	}
	return compare.Subject{Name: name, Facts: testkit.Facts(t, s, testkit.Put(t, s, name, store.Pulled, testkit.Image(t, o)))}
}

// with changes the header of an entry.
func with(e testkit.Entry, change func(*tar.Header)) testkit.Entry {
	change(&e.Header)
	return e
}

type entries = []testkit.Entry

// Whatever differs, however few bytes it has: images are alike in what was held against
// each other only. Every case is a way for two images to have equally many live bytes.
func TestAlike(t *testing.T) {
	f, later := testkit.File, time.Unix(1_700_000_000, 0)
	base := func(more ...testkit.Entry) []entries {
		return []entries{append(entries{testkit.Dir("etc/"), f("etc/a", "12345"), f("etc/b", "67890"), testkit.Symlink("l", "etc/a"), with(f("dev", ""), func(h *tar.Header) { h.Typeflag, h.Devmajor = tar.TypeChar, 1 })}, more...)}
	}
	swap := func(at int, e testkit.Entry) []entries {
		out := base()
		out[0][at] = e
		return out
	}
	env := func(v ...string) testkit.Options { return testkit.Options{Config: ocispec.ImageConfig{Env: v}} }
	steps := func(v ...string) (o testkit.Options) {
		for _, s := range v {
			o.History = append(o.History, ocispec.History{CreatedBy: s})
		}
		return o
	}
	when := func(at time.Time) testkit.Options {
		return testkit.Options{History: []ocispec.History{{CreatedBy: "x", Created: &at}}}
	}
	root := func(mode int64) testkit.Entry {
		return with(testkit.Dir("./"), func(h *tar.Header) { h.Mode = mode })
	}
	plain := testkit.Options{}
	for _, c := range []struct {
		name     string
		a, b     []entries
		ao, bo   testkit.Options
		want     string // content, metadata, settings, steps
		what     string // of the first path
		same     bool   // for diff
		sameSeen bool   // for a container
	}{
		{"a file of equal length", base(), swap(1, f("etc/a", "54321")), plain, plain, "1 0 0 0", "etc/a content", false, false},
		{"another file below an equal layer", []entries{{f("a", "1")}, {f("b", "2")}}, []entries{{f("a", "3")}, {f("b", "2")}}, plain, plain, "1 0 0 0", "a content", false, false},
		{"two contents swapped", base(), []entries{{testkit.Dir("etc/"), f("etc/a", "67890"), f("etc/b", "12345"), base()[0][3], base()[0][4]}}, plain, plain, "2 0 0 0", "etc/a content", false, false},
		{"another mode", base(), swap(1, with(f("etc/a", "12345"), func(h *tar.Header) { h.Mode = 0o4755 })), plain, plain, "0 1 0 0", "etc/a mode 644 → 4755", false, false},
		{"another owner", base(), swap(1, with(f("etc/a", "12345"), func(h *tar.Header) { h.Uid = 7 })), plain, plain, "0 1 0 0", "etc/a owner 0:0 → 7:0", false, false},
		{"another group of a directory", base(), swap(0, with(testkit.Dir("etc/"), func(h *tar.Header) { h.Gid = 7 })), plain, plain, "0 1 0 0", "etc owner 0:0 → 0:7", false, false},
		{"another time", base(), swap(1, with(f("etc/a", "12345"), func(h *tar.Header) { h.ModTime = later })), plain, plain, "0 1 0 0", "etc/a time", false, false},
		{"another part of a second", base(), swap(1, with(f("etc/a", "12345"), func(h *tar.Header) { h.ModTime, h.Format = time.Unix(0, 5), tar.FormatPAX })), plain, plain, "0 1 0 0", "etc/a time", false, false},
		{"an extended attribute", base(), swap(1, with(f("etc/a", "12345"), func(h *tar.Header) { h.PAXRecords = map[string]string{"SCHILY.xattr.user.x": "1"} })), plain, plain, "0 1 0 0", "etc/a xattrs", false, false},
		{"another target of a symbolic link", base(), swap(3, testkit.Symlink("l", "etc/b")), plain, plain, "1 0 0 0", "l link", false, false},
		{"another device", base(), swap(4, with(f("dev", ""), func(h *tar.Header) { h.Typeflag, h.Devmajor = tar.TypeChar, 2 })), plain, plain, "1 0 0 0", "dev link", false, false},
		{"another kind", base(), swap(4, with(f("dev", ""), func(h *tar.Header) { h.Typeflag = tar.TypeFifo })), plain, plain, "1 0 0 0", "dev link", false, false},
		{"an empty file", base(), base(f("empty", "")), plain, plain, "1 0 0 0", "empty added", false, false},
		{"an empty directory", base(testkit.Dir("d/")), base(), plain, plain, "1 0 0 0", "d removed", false, false},
		{"a file that has moved", base(f("x", "1")), base(f("y", "1")), plain, plain, "2 0 0 0", "x removed", false, false},
		{"other hard links", base(f("x", "1"), testkit.Link("y", "x"), f("z", "1")), base(f("x", "1"), f("y", "1"), testkit.Link("z", "x")), plain, plain, "0 2 0 0", "y hard links", false, false},
		{"a hard link or a file", base(f("x", ""), testkit.Link("y", "x")), base(f("x", ""), f("y", "")), plain, plain, "0 1 0 0", "y hard links", false, false},
		{"a hard link to another file", base(f("x", ""), f("y", ""), testkit.Link("z", "x")), base(f("x", ""), f("y", ""), testkit.Link("z", "y")), plain, plain, "0 1 0 0", "z hard links", false, false},
		{"the mode of the root", base(root(0o755)), base(root(0o700)), plain, plain, "0 1 0 0", " mode 755 → 700", false, false},
		{"the mode of a root that the other lacks", base(), base(root(0o700)), plain, plain, "0 1 0 0", " mode 755 → 700", false, false},
		{"the mode of a root that the second lacks", base(root(0o700)), base(), plain, plain, "0 1 0 0", " mode 700 → 755", false, false},
		{"a root as any other", base(), base(root(0o755)), plain, plain, "0 0 0 0", "", true, true},
		{"equal files in other layers", []entries{{f("a", "1"), f("b", "2")}}, []entries{{f("a", "1")}, {f("b", "2")}}, plain, plain, "0 0 0 1", "", false, true},
		{"one that was written and removed", []entries{{f("a", "1")}, {f("b", "2")}}, []entries{{f("a", "1"), f("gone", "9")}, {f("b", "2"), f(".wh.gone", "")}}, plain, plain, "0 0 0 0", "", true, true},
		{"names in another order", []entries{{f("a", "1"), f("b", "2")}}, []entries{{f("b", "2"), f("a", "1")}}, plain, plain, "0 0 0 0", "", true, true},
		{"a variable", base(), base(), env("A=1"), env("A=2"), "0 0 1 0", "", false, true},
		{"an empty variable", base(), base(), plain, env("A="), "0 0 1 0", "", false, true},
		{"a variable twice", base(), base(), env("A=1"), env("A=2", "A=1"), "0 0 0 0", "", true, true},
		{"the text of a step", base(), base(), steps("RUN a"), steps("RUN b"), "0 0 0 2", "", false, true},
		{"the time of a step", base(), base(), when(time.Unix(1, 0)), when(later), "0 0 0 0", "", true, true},
		{"nothing", base(), base(), plain, plain, "0 0 0 0", "", true, true},
		{"compression", base(), base(), plain, testkit.Options{Compression: "zstd"}, "0 0 0 0", "", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := testkit.Store(t)
			x, y := made(t, s, "a", c.ao, c.a...), made(t, s, "b", c.bo, c.b...)
			r, err := compare.Compare([]compare.Subject{x, y}, compare.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var live *compare.Difference
			for i := range r.Differences {
				if d := &r.Differences[i]; d.Measure == "live" {
					live = d
				} else if d.Alike != nil {
					t.Errorf("%s says what is alike", d.Measure)
				}
			}
			a := live.Alike
			if live.Bytes() != 0 || a == nil {
				t.Fatalf("%+v", live)
			}
			if got := fmt.Sprint(a.Content, a.Metadata, len(a.Settings), a.Steps); got != c.want || a.Same() != c.sameSeen {
				t.Errorf("%s, want %s: %+v", got, c.want, a)
			}
			if c.what != "" && (len(a.Paths) == 0 || a.Paths[0].Path+" "+a.Paths[0].What != c.what) {
				t.Errorf("%+v, want %s", a.Paths, c.what)
			}
			if layers := reflect.DeepEqual(c.a, c.b); a.Layers != layers {
				t.Errorf("the layers are the same: %v, not %v", a.Layers, layers)
			}
			nothing := c.name == "nothing"
			if a.Image != nothing || a.Config != (nothing || c.name == "compression") {
				t.Errorf("%+v", a)
			}
			if !a.Image && !a.Config && a.Same() && len(a.Settings)+a.Steps+len(a.Otherwise) == 0 && a.Layers {
				t.Errorf("their configurations differ, and nothing says in what: %+v", a)
			}
			// A content that differs has a row, though it has no bytes.
			if rows := len(live.Causes) > 0; rows != strings.Contains(" etc/a content a content empty added x removed y hard links ", " "+c.what+" ") || c.what == "" && rows {
				t.Errorf("%d causes: %+v", len(live.Causes), live.Causes)
			}
			d := compare.Differ(x, y, compare.DiffOptions{})
			if d.Same != c.same || d.SameImage != nothing || d.Count.Content+d.Count.Added+d.Count.Removed != a.Content || d.Count.Metadata != a.Metadata || len(d.Config) != len(a.Settings) || len(d.History) != a.Steps {
				t.Errorf("diff: %+v", d)
			}
			if c.name == "another time" || c.name == "another part of a second" {
				if d := compare.Differ(x, y, compare.DiffOptions{IgnoreTimes: true}); !d.Same || !d.IgnoredTimes {
					t.Errorf("times ignored: %+v", d)
				}
			}
			if c.name == "the text of a step" {
				if d := compare.Differ(x, y, compare.DiffOptions{IgnoreHistory: true}); !d.Same || !d.IgnoredHistory {
					t.Errorf("history ignored: %+v", d)
				}
			}
		})
	}
}

// Three paths are named, those with other contents first, and all are counted.
func TestAlikeNamesThree(t *testing.T) {
	s := testkit.Store(t)
	for n, c := range []struct {
		content, metadata int
		want              string
	}{
		{3, 0, "c0 c1 c2"}, {4, 1, "c0 c1 c2"}, {2, 2, "c0 c1 m0"}, {0, 3, "m0 m1 m2"}, {0, 5, "m0 m1 m2"}, {1, 1, "c0 m0"},
	} {
		var a, b entries
		for i := range c.metadata {
			e := testkit.File(fmt.Sprint("m", i), "1")
			a, b = append(a, e), append(b, with(e, func(h *tar.Header) { h.Mode = 0o755 }))
		}
		for i := range c.content {
			a, b = append(a, testkit.File(fmt.Sprint("c", i), "1")), append(b, testkit.File(fmt.Sprint("c", i), "2"))
		}
		x := between(t, made(t, s, fmt.Sprint("a", n), testkit.Options{}, a), made(t, s, fmt.Sprint("b", n), testkit.Options{}, b), "live")[0].Alike
		var names []string
		for _, p := range x.Paths {
			names = append(names, p.Path)
		}
		if got := strings.Join(names, " "); got != c.want || x.Content != c.content || x.Metadata != c.metadata {
			t.Errorf("%+v: %s, %+v", c, got, x)
		}
	}
}

// Where live bytes differ, nothing is alike.
func TestNotAlike(t *testing.T) {
	s := testkit.Store(t)
	r, err := compare.Compare([]compare.Subject{made(t, s, "a", testkit.Options{}, entries{testkit.File("x", "1")}), made(t, s, "b", testkit.Options{}, entries{testkit.File("x", "22")})}, compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Differences {
		if d.Alike != nil {
			t.Errorf("%+v", d)
		}
	}
}

// Settings that OCI does not name count; what a builder leaves behind does not.
func TestSettingsBeyondOCI(t *testing.T) {
	s := testkit.Store(t)
	raw := func(name, config string) compare.Subject {
		x := made(t, s, name, testkit.Options{}, entries{testkit.File("x", "1")})
		img := *x.Facts.Image
		img.Raw, img.ConfigID.Digest = []byte(config), img.ConfigID.Digest[:len(img.ConfigID.Digest)-1]+"0"
		f := *x.Facts
		f.Image = &img
		return compare.Subject{Name: name, Facts: &f}
	}
	one := made(t, s, "one", testkit.Options{}, entries{testkit.File("x", "1")})
	for config, want := range map[string]string{
		`{"config":{"StopTimeout":5}}`: "config StopTimeout|created rootfs", `{"config":{"Hostname":"h","Image":"sha256:1"}}`: "|config.Hostname config.Image", `{"config":{"StopTimeout":5,"Hostname":"h"}}`: "config StopTimeout|config.Hostname", `{"config":{"StopTimeout":0,"Tty":false}}`: "|", `{"config":["StopTimeout"]}`: "|", `{"author":"me"}`: "|author", `not JSON`: "|",
	} {
		d := compare.Differ(one, raw("two", config), compare.DiffOptions{})
		var names []string
		for _, c := range d.Config {
			names = append(names, c.Name)
		}
		settings, others, _ := strings.Cut(want, "|")
		if got := strings.Join(names, " "); got != settings {
			t.Errorf("%s: %s, want %s", config, got, settings)
		}
		for _, o := range strings.Fields(others) {
			if o != "rootfs" && !strings.Contains(strings.Join(d.Otherwise, " "), o) {
				t.Errorf("%s: %v, want %s", config, d.Otherwise, o)
			}
		}
		if strings.Contains(strings.Join(d.Otherwise, " "), "rootfs") || settings != "" && strings.Contains(strings.Join(d.Otherwise, " "), "StopTimeout") {
			t.Errorf("%s: %v", config, d.Otherwise)
		}
	}
}

func TestVersions(t *testing.T) {
	for want, list := range map[string][]string{"": nil, "1": {"1"}, "1, 2": {"2", "1"}, "1 (2 copies), 2": {"1", "2", "1"}, "(2 copies)": {"", ""}} {
		if got := compare.Versions(list); got != want {
			t.Errorf("%v: %q, want %q", list, got, want)
		}
	}
}

// A library in several versions shows all, in diff and in causes.
func TestSeveralVersions(t *testing.T) {
	s := testkit.Store(t)
	library := func(dir, version, fill string) testkit.Entry {
		return testkit.File(dir+"/node_modules/left/package.json", `{"name":"left","version":"`+version+`","x":"`+fill+`"}`)
	}
	a := made(t, s, "a", testkit.Options{}, entries{library("app", "1.0.0", ""), library("app/node_modules/top", "2.0.0", "")})
	b := made(t, s, "b", testkit.Options{}, entries{library("app", "1.0.0", ""), library("app/node_modules/top", "3.0.0", "9")})
	d := compare.Differ(a, b, compare.DiffOptions{})
	if len(d.Packages) != 1 || d.Packages[0].From != "1.0.0, 2.0.0" || d.Packages[0].To != "1.0.0, 3.0.0" || d.Packages[0].Change != "changed" {
		t.Errorf("%+v", d.Packages)
	}
	r, err := compare.Compare([]compare.Subject{a, b}, compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, d := range r.Differences {
		for _, c := range d.Causes {
			if d.Measure == "live" && c.Kind == "package" {
				found = true
				if c.FromVersion != "1.0.0, 2.0.0" || c.ToVersion != "1.0.0, 3.0.0" {
					t.Errorf("%+v", c)
				}
			}
		}
	}
	if !found {
		t.Errorf("no cause: %+v", r.Differences)
	}
}

// Equal files count between images only, and only in layers that they do not share.
func TestApart(t *testing.T) {
	s := testkit.Store(t)
	f := testkit.File
	one := made(t, s, "one", testkit.Options{}, entries{f("base", "123456789")}, entries{f("a", "12345"), f("copy", "12345")})
	for _, c := range []struct {
		name   string
		layers []entries
		want   int64
	}{
		{"nothing equal", []entries{{f("x", "1")}}, 0},
		{"the base layer is shared", []entries{{f("base", "123456789")}, {f("x", "1")}}, 0},
		{"equal in another layer", []entries{{f("x", "12345")}}, 5},
		{"equal twice", []entries{{f("x", "12345"), f("y", "12345")}}, 5},
		{"in a layer that stands twice", []entries{{f("x", "12345")}, {f("x", "12345")}}, 5},
		{"hidden", []entries{{f("x", "12345")}, {f(".wh.x", "")}}, 0},
		{"the base's file in a layer of its own", []entries{{f("x", "123456789")}}, 9},
	} {
		r, err := compare.Compare([]compare.Subject{one, made(t, s, "two", testkit.Options{}, c.layers...)}, compare.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Sharing.Apart != c.want {
			t.Errorf("%s: %d, want %d", c.name, r.Sharing.Apart, c.want)
		}
	}
	three := func(body string) compare.Subject {
		return made(t, s, "x"+body, testkit.Options{}, entries{f("n", body), f("same", "7777")})
	}
	r, err := compare.Compare([]compare.Subject{three("1"), three("2"), three("3")}, compare.Options{})
	if err != nil || r.Sharing.Apart != 8 {
		t.Errorf("three images: %d, %v", r.Sharing.Apart, err)
	}
	if r, err = compare.Compare([]compare.Subject{one}, compare.Options{}); err != nil || r.Sharing.Apart != 0 {
		t.Errorf("one image: %d, %v", r.Sharing.Apart, err)
	}
}

// What two stages hold counts once: a base that both stand on, and a path of both.
func TestStagesTogether(t *testing.T) {
	s := testkit.Store(t)
	f := testkit.File
	base := entries{f("usr/bin/cc", strings.Repeat("c", 1000)), f("lib/apk/db/installed", "P:gcc\nV:1\nF:usr/bin\nR:cc\n\n")}
	app := made(t, s, "app", testkit.Options{}, entries{f("bin/app", "built"), f("etc/conf", "new")})
	app.Stages = []compare.Stage{
		{Name: "one", Facts: made(t, s, "s1", testkit.Options{}, base, entries{f("out/app", "built"), f("etc/conf", "older"), f("src", "12345")}).Facts},
		{Name: "two", Facts: made(t, s, "s2", testkit.Options{}, base, entries{f("src", "123"), f("big", strings.Repeat("b", 70))}, entries{f(".wh.big", "")}).Facts},
	}
	r, err := compare.Compare([]compare.Subject{app}, compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	db := int64(len(base[1].Body))
	got := r.Images[0]
	if len(got.Stages) != 2 || got.Stages[0].LeftBehind != 1000+db+5 || got.Stages[1].LeftBehind != 1000+db+3 || got.Stages[0].Replaced != 5 || got.Stages[1].Waste != 70 {
		t.Errorf("%+v", got.Stages)
	}
	if want := (compare.StageSum{Live: 1000 + db + 5 + 5 + 5, LeftBehind: 1000 + db + 5, Toolchain: 1000, Replaced: 5, Waste: 70}); got.AllStages == nil || *got.AllStages != want {
		t.Errorf("%+v, want %+v", got.AllStages, want)
	}
	slices.Reverse(app.Stages) // the larger file of a path counts, whichever stage comes first
	again, err := compare.Compare([]compare.Subject{app}, compare.Options{})
	if err != nil || *again.Images[0].AllStages != *got.AllStages {
		t.Errorf("%+v is not %+v, %v", again.Images[0].AllStages, got.AllStages, err)
	}
	app.Stages = nil
	if r, err = compare.Compare([]compare.Subject{app}, compare.Options{}); err != nil || r.Images[0].AllStages != nil || r.Images[0].Toolchain != 0 {
		t.Errorf("%+v, %v", r.Images[0].AllStages, err)
	}
}

// What a layer hides is no waste of a stage where the image has that layer, too; and of
// files that are equally large in two stages the first counts.
func TestStagesOfSharedLayers(t *testing.T) {
	s := testkit.Store(t)
	f := testkit.File
	base := entries{f("base", "12345"), f("both", "1")}
	app := made(t, s, "app", testkit.Options{}, base, entries{f(".wh.base", ""), f("app", "a")})
	header := func(body string) testkit.Entry { return f("usr/include/x.h", body) }
	app.Stages = []compare.Stage{
		{Name: "one", Facts: made(t, s, "s1", testkit.Options{}, base, entries{header("abc"), f(".wh.both", "")}).Facts},
		{Name: "two", Facts: made(t, s, "s2", testkit.Options{}, base, entries{header("xyz"), apk("app 1 usr/include/x.h"), f(".wh.both", "")}, entries{f("lib/apk/db/.wh.installed", "")}).Facts},
	}
	r, err := compare.Compare([]compare.Subject{app}, compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	db := int64(len(apk("app 1 usr/include/x.h").Body))
	want := []compare.StageSum{{Name: "one", Live: 8, LeftBehind: 8, Toolchain: 3}, {Name: "two", Live: 8, LeftBehind: 8, Waste: db}}
	if d := cmp.Diff(want, r.Images[0].Stages); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(&compare.StageSum{Live: 8, LeftBehind: 8, Toolchain: 3, Waste: db}, r.Images[0].AllStages); d != "" {
		t.Error(d)
	}
}

// A package that stands in the base layer, which is one row, is not said to be new.
func TestChangeBesideABase(t *testing.T) {
	s := testkit.Store(t)
	db := "P:tool\nV:%d\nF:usr/bin\nR:tool\n\n"
	f := testkit.File
	a := made(t, s, "a", testkit.Options{}, entries{f("etc/os-release", "ID=x\n"), f("usr/bin/tool", "11"), f("lib/apk/db/installed", fmt.Sprintf(db, 1))})
	b := made(t, s, "b", testkit.Options{}, entries{f("etc/os-release", "ID=y\n")}, entries{f("usr/bin/tool", "22"), f("lib/apk/db/installed", fmt.Sprintf(db, 2))})
	r, err := compare.Compare([]compare.Subject{a, b}, compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, d := range r.Differences {
		for _, c := range d.Causes {
			if c.Subject == "apk tool" {
				n++
				if c.Change != "changed" || c.FromVersion != "1" || c.ToVersion != "2" {
					t.Errorf("%s: %+v", d.Measure, c)
				}
			}
		}
	}
	if n == 0 {
		t.Error("it is in no cause")
	}
}
