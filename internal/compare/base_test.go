package compare_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/compare"
	"tare/internal/layer"
	"tare/internal/testkit"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Between two distributions the first layer is one row, and what stands above it has rows
// of its own; what stands in either is not said to be new. Within one distribution, and of
// an image without one, it is not.
func TestCausesAcrossBases(t *testing.T) {
	s := testkit.Store(t)
	os := func(id string) testkit.Entry { return testkit.File("etc/os-release", "ID="+id+"\n") }
	base := func(id string, n int) entries {
		return entries{os(id), sized("usr/lib/c", id, n), sized("etc/base", id, 9), sized("root/x", id, 3)}
	}
	app := entries{sized("etc/app", "a", 7), sized("home/app", "a", 4)}
	of := func(name string, layers ...entries) compare.Subject {
		return made(t, s, name, testkit.Options{}, layers...)
	}
	x, y := of("x", base("x", 100), app), of("y", base("y", 150), app)
	for _, c := range []struct {
		name, want string
		a, b       compare.Subject
	}{
		{"two distributions", `
  base/y added 0 to 167, layer 1
  base/x removed 117 to 0, layer 1`, x, y},
		{"in the base, and above the other", `
  base/y added 0 to 167, layer 1
  base/x removed 117 to 0, layer 1
  system/system changed 0 to 20, layer 2`, x, of("above", base("y", 150), append(entries{sized("usr/lib/new", "n", 20)}, app...))},
		{"above nothing of its kind", `
  base/y added 0 to 167, layer 1
  base/x removed 117 to 0, layer 1
  log/log added 0 to 20, layer 2`, x, of("log", base("y", 150), append(entries{sized("var/log/new", "n", 20)}, app...))},
		{"one distribution", `
  system/system changed 100 to 150, layer 1
  config/config changed 21 to 21, layer 1`, x, of("other", append(base("x", 150)[:2], sized("etc/base", "z", 9), sized("root/x", "x", 3)), app)},
		{"no distribution", `
  base/x removed 117 to 0, layer 1
  system/system changed 0 to 20, layer 1`, x, of("none", append(entries{sized("usr/lib/new", "n", 20)}, app...))},
		{"no layers", `
  base/x removed 117 to 0, layer 1
  config/config removed 7 to 0, layer 2
  app/app removed 4 to 0, layer 2`, x, of("scratch")},
		{"an empty file is in no layer more than in others", `
  state/state added 0 to 0`, x, of("empty", append(base("x", 100), testkit.File("var/empty", "")), app)},
	} {
		got := told(t, c.a, c.b, compare.Options{}, "live")
		if _, rows, _ := strings.Cut(got, "\n"); "\n"+rows != c.want {
			t.Errorf("%s:\n%s\nwant%s", c.name, rows, c.want)
		}
	}
}

// A package is new only where nothing of it was there: neither a file nor a record of it.
func TestPackagesThatAreNew(t *testing.T) {
	s := testkit.Store(t)
	file := sized("usr/bin/p", "p", 9)
	link := testkit.Symlink("usr/bin/p", "busybox")
	none := testkit.File("lib/apk/db/installed", "P:other\nV:1\nF:usr/bin\nR:other\n\n")
	full := made(t, s, "full", testkit.Options{}, entries{apk("other 1 usr/bin/other", "p 2 usr/bin/p"), file})
	for n, c := range []struct {
		name, want string
		layers     []entries
	}{
		{"nothing", "package/apk p added 0 to 9, version 2, layer 1", []entries{{none}}},
		{"a record without files", "package/apk p changed 0 to 9, version 1 > 2, layer 1", []entries{{apk("other 1 usr/bin/other", "p 1 usr/bin/p")}}},
		{"a link that a package left behind", "package/apk p added 0 to 9, version 2, layer 1", []entries{{apk("p 1 usr/bin/p"), link}, {none}}},
		{"a file that a package left behind", "package/apk p changed 8 to 9, version 2, layer 1", []entries{{apk("p 1 usr/bin/p"), sized("usr/bin/p", "q", 8)}, {none}}},
	} {
		for _, measure := range []string{"live", "files"} {
			rows := strings.Split(told(t, made(t, s, fmt.Sprint(n), testkit.Options{}, c.layers...), full, compare.Options{}, measure), "\n  ")
			if !slices.Contains(rows, c.want) {
				t.Errorf("%s, %s: %q, want %s", c.name, measure, rows, c.want)
			}
		}
	}
}

// What is the same and compressed differently is one row, and what differs is not in it.
func TestCompressionIsOneCause(t *testing.T) {
	s := testkit.Store(t)
	of := func(name, compression, conf string) compare.Subject {
		return made(t, s, name, testkit.Options{Compression: compression},
			entries{apk("p 1 usr/bin/p"), sized("usr/bin/p", "p", 5000), sized("usr/lib/x", "x", 3000), sized("etc/conf", conf, 2000), testkit.File("gone", conf)},
			entries{testkit.File(".wh.gone", "")})
	}
	a, b := of("a", "none", "1"), of("b", "gzip", "2")
	sum := func(x compare.Subject) (n int64) {
		x.Facts.Live(func(r tree.Ref, e *layer.Entry) {
			if e.Path != "etc/conf" {
				n += x.Facts.Share(r).Or(-1)
			}
		})
		return n
	}
	rows := map[string]compare.Cause{}
	for _, d := range between(t, a, b, "transfer") {
		for _, c := range d.Causes {
			rows[c.Kind] = c
		}
	}
	c := rows["compression"]
	if c.From != sum(a) || c.To != sum(b) || c.Bytes != c.To-c.From || c.Bytes >= 0 || c.Change != "changed" || c.Subject != "the same content, compressed differently" {
		t.Errorf("%+v, want %d to %d", c, sum(a), sum(b))
	}
	for _, kind := range []string{"config", "waste", "overhead"} {
		if _, ok := rows[kind]; !ok {
			t.Errorf("no %s: %+v", kind, rows)
		}
	}
	if len(rows) > 5 || rows["package"].Kind != "" { // and the manifest
		t.Errorf("%+v", rows)
	}
	for _, d := range between(t, a, of("c", "none", "3"), "transfer") {
		for _, c := range d.Causes {
			if c.Kind == "compression" {
				t.Errorf("compressed alike: %+v", c)
			}
		}
	}
}

func between(t *testing.T, a, b compare.Subject, measure string) (out []compare.Difference) {
	t.Helper()
	r, err := compare.Compare([]compare.Subject{a, b}, compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Differences {
		if d.Measure == measure {
			out = append(out, d)
		}
	}
	return out
}

// What does not add up is an error, never a table.
func TestCausesThatDoNotAddUp(t *testing.T) {
	s := testkit.Store(t)
	a, b := made(t, s, "a", testkit.Options{}, entries{sized("x", "x", 1)}), made(t, s, "b", testkit.Options{}, entries{sized("x", "x", 2)})
	b.Facts.Cells[0].Files++
	_, err := compare.Compare([]compare.Subject{a, b}, compare.Options{})
	if broken := new(weigh.BrokenError); !errors.As(err, &broken) || !strings.HasSuffix(err.Error(), "causes of tar from a to b sum up to 1, not 0") {
		t.Error(err)
	}
}

// Which pairs are set against each other: the baseline and all others, then neighbours, or
// every pair.
func TestPairs(t *testing.T) {
	s := testkit.Store(t)
	var list []compare.Subject
	for _, name := range []string{"a", "b", "c", "d"} {
		list = append(list, made(t, s, name, testkit.Options{}, entries{testkit.File(name, name)}))
	}
	for _, c := range []struct {
		n    int
		o    compare.Options
		want string
	}{
		{4, compare.Options{}, "ab ac ad bc cd"},
		{4, compare.Options{Pairs: true}, "ab ac ad bc bd cd"},
		{4, compare.Options{Baseline: 1}, "ba bc bd ac cd"},
		{4, compare.Options{Baseline: 3, Pairs: true}, "da db dc ab ac bc"},
		{2, compare.Options{Baseline: 1}, "ba"},
		{1, compare.Options{Pairs: true}, ""},
	} {
		r, err := compare.Compare(list[:c.n], c.o)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range r.Differences {
			if from, to := d.Ends(); d.From != r.Images[from].Name || d.To != r.Images[to].Name {
				t.Errorf("%s %s is between %d and %d", d.From, d.To, from, to)
			}
			if d.Measure == "live" {
				got = append(got, d.From+d.To)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%d images, %+v: %s, want %s", c.n, c.o, s, c.want)
		}
		if r.BaselineIndex() != c.o.Baseline || r.Image("b").Name != "b" && c.n > 1 || r.Image("nobody").Name != "" || r.Baseline != list[c.o.Baseline].Name {
			t.Errorf("%+v: baseline %s", c.o, r.Baseline)
		}
	}
	for _, n := range []int{-1, 4} {
		if _, err := compare.Compare(list, compare.Options{Baseline: n}); err == nil {
			t.Errorf("baseline %d: no error", n)
		}
	}
	if got := (&compare.Result{Images: []compare.Image{{Name: "x"}}, Baseline: "nobody"}).BaselineIndex(); got != 0 {
		t.Error(got)
	}
}

// What a column says of its image.
func TestColumn(t *testing.T) {
	s := testkit.Store(t)
	o := testkit.Options{History: []ocispec.History{{CreatedBy: "ADD base"}, {CreatedBy: "ENV A=b", EmptyLayer: true}, {CreatedBy: "RUN make"}, {CreatedBy: "USER x", EmptyLayer: true}, {CreatedBy: "CMD x", EmptyLayer: true}}}
	x := made(t, s, "x", o,
		entries{apk("gcc 1 usr/bin/gcc", "p 1 usr/bin/p"), sized("usr/bin/gcc", "c", 500), sized("usr/bin/p", "p", 70), testkit.Symlink("usr/bin/link", "p")},
		entries{sized("usr/include/x.h", "h", 30), sized("usr/bin/gcc", "d", 400), sized("var/cache/big", "b", 200_000), sized("a.txt", "a", 2)})
	x.Target, x.Build, x.Cached, x.Dockerfile = []string{"x"}, 1500*time.Millisecond, true, "Dockerfile"
	x.Lines = []compare.Line{{Text: "FROM base", Line: 1}, {Text: "RUN make", Line: 3}}
	plain := x
	plain.Name, plain.Build = "plain", 0
	r, err := compare.Compare([]compare.Subject{x, plain}, compare.Options{Findings: true})
	if err != nil {
		t.Fatal(err)
	}
	i := r.Images[0]
	if i.Layers != 2 || i.EmptyLayers != 3 || len(i.Packages) != 1 || i.Packages["apk"] != 2 || i.Toolchain != 430 || i.BuildSeconds == nil || *i.BuildSeconds != 1.5 || !i.BuildCached || len(i.Findings) == 0 || i.Savings == nil {
		t.Errorf("%+v", i)
	}
	if len(i.Stack) != 2 || i.Stack[0].Instruction != "ADD base" || i.Stack[1].Instruction != "RUN make" || i.Stack[0].Line != 0 || i.Stack[1].Line != 3 || i.Stack[1].Files != 200_432 || i.Stack[1].Tar <= i.Stack[1].Files {
		t.Errorf("%+v", i.Stack)
	}
	if i := r.Images[1]; i.BuildSeconds != nil || i.BuildCached {
		t.Errorf("it was not built: %+v", i)
	}
	if r, err = compare.Compare([]compare.Subject{x, made(t, s, "scratch", testkit.Options{})}, compare.Options{}); err != nil || len(r.Images[0].Findings) != 0 || r.Images[1].Stack == nil {
		t.Errorf("nobody asked for findings: %+v, %v", r.Images, err)
	}
}

// What several images have counts once together, and as shared in each of them: by blob, by
// layer however it is compressed, and by content wherever it stands.
func TestSharingLevels(t *testing.T) {
	s := testkit.Store(t)
	base, own := entries{sized("base", "b", 900)}, entries{sized("a", "x", 40), sized("copy", "x", 40)}
	a := made(t, s, "a", testkit.Options{}, base, own, own)
	b := made(t, s, "b", testkit.Options{}, base, entries{sized("other/a", "x", 40), sized("b", "y", 7)})
	c := made(t, s, "c", testkit.Options{Compression: "zstd"}, base, entries{sized("c", "z", 3)})
	r, err := compare.Compare([]compare.Subject{a, b, c}, compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	blob := func(x compare.Subject, k int) int64 { return x.Facts.Image.Push.Layers[k].Size }
	tar := func(x compare.Subject, k int) int64 { return x.Facts.Image.Layers[k].Sums.Tar }
	for _, l := range []struct {
		name     string
		level    compare.Level
		together int64
		shared   [3]int64
		unique   [3]int64
	}{
		{"blobs", r.Sharing.Blob, blob(a, 0) + blob(a, 1) + blob(b, 1) + blob(c, 0) + blob(c, 1), [3]int64{blob(a, 0), blob(a, 0), 0}, [3]int64{blob(a, 1), blob(b, 1), blob(c, 0) + blob(c, 1)}},
		{"layers", r.Sharing.DiffID, tar(a, 0) + tar(a, 1) + tar(b, 1) + tar(c, 1), [3]int64{tar(a, 0), tar(a, 0), tar(a, 0)}, [3]int64{2 * tar(a, 1), tar(b, 1), tar(c, 1)}},
		{"contents", r.Sharing.Content, 900 + 40 + 7 + 3, [3]int64{900 + 2*40, 900 + 40, 900}, [3]int64{0, 7, 3}},
	} {
		var all int64
		for n, i := range l.level.Images {
			if i.Name != r.Images[n].Name || i.Shared != units.Known(l.shared[n]) || i.Unique != units.Known(l.unique[n]) {
				t.Errorf("%s of %s: %+v, want %d and %d", l.name, i.Name, i, l.shared[n], l.unique[n])
			}
			all += l.shared[n] + l.unique[n]
		}
		if l.level.Together != units.Known(l.together) || l.level.Separately != units.Known(all) || len(l.level.Images) != 3 {
			t.Errorf("%s: %+v, want %d of %d", l.name, l.level, l.together, all)
		}
	}
}
