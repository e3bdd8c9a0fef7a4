package outline_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tare/internal/outline"
	"tare/internal/testkit"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func facts(t *testing.T, layers ...[]testkit.Entry) *weigh.Facts {
	t.Helper()
	var o testkit.Options
	for _, l := range layers {
		o.Layers = append(o.Layers, testkit.Tar(t, l...))
	}
	st := testkit.Store(t)
	return testkit.Facts(t, st, testkit.Put(t, st, "app:latest", "", testkit.Image(t, o)))
}

func file(name string, size int) testkit.Entry { return testkit.File(name, strings.Repeat("x", size)) }

// stack has a layer for each way in which one hides what others wrote.
func stack(t *testing.T) *weigh.Facts {
	return facts(t,
		[]testkit.Entry{testkit.Dir("etc"), file("etc/keep", 1), file("etc/edit", 20), file("etc/gone", 300), testkit.Dir("opt"), file("opt/old/a", 4000), file("opt/old/b", 5000)},
		[]testkit.Entry{file("etc/edit", 21), file("etc/.wh.gone", 0), file("etc/new", 7)},
		[]testkit.Entry{file("opt/.wh.old", 0), file("etc/.wh.new", 0), file("usr/bin/tool", 60000), testkit.Link("usr/bin/alias", "usr/bin/tool")},
		[]testkit.Entry{testkit.Dir("opt"), file("opt/.wh..wh..opq", 0), file("opt/fresh", 11), file("usr/bin/.wh.tool", 0)},
	)
}

// draw prints what a view shows, sign and sums of each row.
func draw(t *outline.Table, v outline.View) string {
	s := t.Sum(v, nil, nil)
	var b strings.Builder
	for _, i := range t.Rows(nil, 0, s, outline.ByName, func(int32) bool { return true }) {
		fmt.Fprintf(&b, "%s %s %d %d\n", s.Sign[i].Mark(), t.Path(i), t.Values(s, i).Col[outline.Size], t.Values(s, i).Col[outline.HiddenSum])
	}
	return b.String()
}

func ranged(from, to int) outline.View {
	v := outline.View{From: from, To: to}
	v.Hide[outline.Unchanged] = true
	return v
}

func TestWhatARangeLeaves(t *testing.T) {
	table := outline.New(stack(t))
	for _, c := range []struct {
		name string
		view outline.View
		want string
	}{
		{"all", ranged(0, 3), `  etc 22 327
  etc/edit 21 20
x etc/gone 0 300
  etc/keep 1 0
x etc/new 0 7
  opt 11 9000
  opt/fresh 11 0
x opt/old 0 9000
x opt/old/a 0 4000
x opt/old/b 0 5000
  usr 60000 0
  usr/bin 60000 0
  usr/bin/alias 0 0
x usr/bin/tool 60000 0
`},
		{"the second", ranged(1, 1), `~ etc 28 320
~ etc/edit 21 20
- etc/gone 0 300
+ etc/new 7 0
`},
		{"second and third", ranged(1, 2), `~ etc 21 327
~ etc/edit 21 20
- etc/gone 0 300
x etc/new 0 7
~ opt 0 9000
- opt/old 0 9000
- opt/old/a 0 4000
- opt/old/b 0 5000
+ usr 60000 0
+ usr/bin 60000 0
+ usr/bin/alias 0 0
+ usr/bin/tool 60000 0
`},
		{"with what is unchanged", outline.View{From: 1, To: 1}, `~ etc 29 320
~ etc/edit 21 20
- etc/gone 0 300
  etc/keep 1 0
+ etc/new 7 0
  opt 9000 0
  opt/old 9000 0
  opt/old/a 4000 0
  opt/old/b 5000 0
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, draw(table, c.view)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// sums are what the cells, which are checked against the layers, say of a range.
func sums(f *weigh.Facts, from, to int) (size, hidden int64) {
	for _, c := range f.Cells {
		if c.Layer > to {
			continue
		}
		switch {
		case c.Fate == tree.Live || int(c.By) > to:
			if c.Layer >= from {
				size += c.Files
			}
		case int(c.By) >= from:
			hidden += c.Files
		}
	}
	return size, hidden
}

func checkSums(t *testing.T, f *weigh.Facts) {
	t.Helper()
	table := outline.New(f)
	var s *outline.Sums
	n := len(f.Tree.Lists)
	for from := range n {
		for to := from; to < n; to++ {
			s = table.Sum(ranged(from, to), s, nil) // with the memory of the last
			size, hidden := sums(f, from, to)
			if table.Values(s, 0).Col[outline.Size] != size || table.Values(s, 0).Col[outline.HiddenSum] != hidden {
				t.Errorf("layers %d to %d: %d left and %d hidden, want %d and %d", from, to, table.Values(s, 0).Col[outline.Size], table.Values(s, 0).Col[outline.HiddenSum], size, hidden)
			}
			for i := range table.Nodes {
				var kids int64
				for _, c := range table.Children(nil, int32(i), s, outline.BySize) {
					kids += table.Values(s, c).Col[outline.Size]
				}
				if len(table.Children(nil, int32(i), s, outline.BySize)) > 0 && kids > table.Values(s, int32(i)).Col[outline.Size] {
					t.Errorf("%q holds %d, what is in it %d", table.Path(int32(i)), table.Values(s, int32(i)).Col[outline.Size], kids)
				}
			}
		}
	}
	if s := table.Sum(ranged(0, n-1), nil, nil); table.Values(s, 0).Col[outline.Size] != f.Sizes.Live || table.Values(s, 0).Col[outline.HiddenSum] != f.Sizes.Waste {
		t.Errorf("all layers leave %d and hide %d, want %d live and %d waste", table.Values(s, 0).Col[outline.Size], table.Values(s, 0).Col[outline.HiddenSum], f.Sizes.Live, f.Sizes.Waste)
	}
}

func TestSumsAreTheLedgers(t *testing.T) { checkSums(t, stack(t)) }

func TestSumsOfRandomStacks(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 1))
	names := []string{"a", "a/b", "a/b/c", "a/d", "e", "e/f", "a b", "a.b", "g/h/i"}
	for range 40 {
		var layers [][]testkit.Entry
		for range 1 + r.IntN(5) {
			var l []testkit.Entry
			used := map[string]bool{}
			for range 1 + r.IntN(5) {
				name := names[r.IntN(len(names))]
				if used[name] {
					continue
				}
				used[name] = true
				switch dir, base, below := strings.Cut(name, "/"); {
				case r.IntN(4) == 0 && below && !strings.Contains(base, "/"):
					l = append(l, file(dir+"/.wh."+base, 0))
				case r.IntN(6) == 0:
					l = append(l, testkit.Dir(name))
				case r.IntN(8) == 0:
					l = append(l, file(name+"/.wh..wh..opq", 0))
				default:
					l = append(l, file(name, r.IntN(1000)))
				}
			}
			layers = append(layers, l)
		}
		checkSums(t, facts(t, layers...))
	}
}

func TestFilters(t *testing.T) {
	table := outline.New(stack(t))
	for _, c := range []struct {
		mode outline.Mode
		text string
		want []string
	}{
		{outline.Substring, "ed", []string{"etc", "etc/edit"}},
		{outline.Substring, "ED", nil},
		{outline.Substring, "tc/k", []string{"etc", "etc/keep"}},
		{outline.Substring, "/opt/f", []string{"opt", "opt/fresh"}},
		{outline.Substring, "bin", []string{"usr", "usr/bin", "usr/bin/alias", "usr/bin/tool"}},
		{outline.Glob, "*e*", []string{"etc", "etc/edit", "etc/gone", "etc/keep", "etc/new", "opt", "opt/fresh"}},
		{outline.Glob, "opt/*sh", []string{"opt", "opt/fresh"}},
		{outline.Glob, "?", []string{"opt", "opt/old", "opt/old/a", "opt/old/b"}},
		{outline.Regexp, "/(a|k)", []string{"etc", "etc/keep", "opt", "opt/old", "opt/old/a", "usr", "usr/bin", "usr/bin/alias"}},
		{outline.Regexp, "l$", []string{"usr", "usr/bin", "usr/bin/tool"}},
		{outline.Substring, "nowhere", nil},
	} {
		f, err := outline.NewFilter(c.mode, c.text)
		if err != nil {
			t.Fatal(err)
		}
		v := ranged(0, 3)
		v.Filter = f
		s := table.Sum(v, nil, nil)
		var got []string
		for _, i := range table.Rows(nil, 0, s, outline.ByName, func(int32) bool { return true }) {
			got = append(got, table.Path(int32(i)))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s %q: %s", c.mode, c.text, diff)
		}
	}
	for _, c := range []struct {
		mode outline.Mode
		text string
	}{{outline.Glob, "[a"}, {outline.Regexp, "(a"}} {
		if _, err := outline.NewFilter(c.mode, c.text); err == nil {
			t.Errorf("%s %q is taken for a pattern", c.mode, c.text)
		}
	}
	if f, err := outline.NewFilter(outline.Regexp, ""); f != nil || err != nil {
		t.Error("no text is a filter")
	}
}

func TestOnly(t *testing.T) {
	f := stack(t)
	table := outline.New(f)
	v := ranged(2, 2)
	v.Only = outline.Only{Wasted: true, Writer: 0, By: 2, Fate: tree.DeletedDir}
	if diff := cmp.Diff("~ opt 0 9000\n- opt/old 0 9000\n- opt/old/a 0 4000\n- opt/old/b 0 5000\n", draw(table, v)); diff != "" {
		t.Error(diff)
	}
	v = ranged(0, 3)
	v.Only = outline.Only{Owned: true, Owner: -1}
	if s := table.Sum(v, nil, nil); table.Values(s, 0).Col[outline.Size] != f.Sizes.Live {
		t.Error("files of no package are not all where there is none")
	}
}

func TestOrders(t *testing.T) {
	table := outline.New(stack(t))
	s := table.Sum(ranged(0, 3), nil, nil)
	for o, want := range map[outline.Order]string{outline.BySize: "usr etc opt", outline.ByHidden: "opt etc usr", outline.ByName: "etc opt usr", outline.ByCount: "etc opt usr"} {
		var got []string
		for _, i := range table.Children(nil, 0, s, o) {
			got = append(got, table.Name(i))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("order %d: %v, want %s", o, got, want)
		}
	}
}

func TestHeaviestPath(t *testing.T) {
	table := outline.New(stack(t))
	s := table.Sum(ranged(0, 3), nil, nil)
	open, at := table.Heavy(0, s, outline.BySize)
	var names []string
	for _, i := range open {
		names = append(names, table.Path(int32(i)))
	}
	if diff := cmp.Diff([]string{"usr", "usr/bin"}, names); diff != "" || table.Path(at) != "usr/bin/tool" {
		t.Errorf("heaviest is %s; open: %s", table.Path(at), diff)
	}
}

func TestJoined(t *testing.T) {
	a := facts(t, []testkit.Entry{file("same", 5), file("less", 50), file("gone/x", 70)})
	b := facts(t, []testkit.Entry{file("same", 5), file("less", 20), file("gone", 1)}, []testkit.Entry{file("more", 900)})
	table := outline.New(a, b)
	s := table.Sum(ranged(0, 0), nil, nil)
	var got string
	for _, i := range table.Rows(nil, 0, s, outline.BySize, func(int32) bool { return true }) {
		got += fmt.Sprintln(s.Sign[i].Mark(), table.Path(int32(i)), table.Values(s, i).Col[0], table.Values(s, i).Col[1], table.Values(s, i).Col[2])
	}
	want := "+ more 0 900 900\n~ gone 70 1 -69\n- gone/x 70 0 -70\n~ less 50 20 -30\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s = table.Sum(outline.View{}, nil, nil)
	if table.Values(s, 0).Col[0] != a.Sizes.Live || table.Values(s, 0).Col[1] != b.Sizes.Live {
		t.Errorf("%d and %d, want %d and %d", table.Values(s, 0).Col[0], table.Values(s, 0).Col[1], a.Sizes.Live, b.Sizes.Live)
	}
}

func TestItems(t *testing.T) {
	table := outline.New(stack(t))
	items := func(path string, top int) string {
		i, ok := table.Find(path)
		if !ok {
			t.Fatalf("%s is not there", path)
		}
		var out []string
		for _, one := range table.Items(i, 0, top) {
			out = append(out, fmt.Sprintf("%s@%d", one.Path, one.Ref.Layer))
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		path string
		top  int
		want string
	}{
		{"etc", 0, "etc@0 etc/edit@0 etc/gone@0 etc/keep@0"},
		{"etc", 3, "etc@0 etc/edit@1 etc/keep@0"},
		{"etc/gone", 3, "gone@0"},
		{"opt/old/a", 3, "a@0"},
		{"opt", 1, "opt@0 opt/old/a@0 opt/old/b@0"},
	} {
		if got := items(c.path, c.top); got != c.want {
			t.Errorf("%s, layers up to %d: %s, want %s", c.path, c.top, got, c.want)
		}
	}
}

// Whoever asked for something else meanwhile does not wait.
func TestStop(t *testing.T) {
	if outline.New(stack(t)).Sum(ranged(0, 3), nil, func() bool { return true }) != nil {
		t.Error("it went on")
	}
}
