package compare_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/compare"
	"tare/internal/explain"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/units"
)

// random makes an image out of everything that moves bytes around: overwrites,
// whiteouts, opaque directories, hard links, type changes, packages that come and go.
func random(t testing.TB, s *store.Store, seed uint64) compare.Subject {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 3))
	names := []string{"a", "app/x.py", "app/__pycache__/x.cpython-311.pyc", "usr/lib/b.so", "usr/bin/p", "usr/share/doc/d", "var/cache/c", "usr", "usr/lib", "etc/os-release", "odd \x1b[31m\u202e", strings.Repeat("long/", 40) + "x"}
	var layers [][]byte
	for range 1 + r.IntN(5) {
		var l []testkit.Entry
		for range r.IntN(9) {
			p := names[r.IntN(len(names))]
			switch r.IntN(8) {
			case 0:
				l = append(l, testkit.Dir(p))
			case 1:
				l = append(l, testkit.File(strings.TrimPrefix(fmt.Sprintf("%s/.wh.%s", dirOf(p), baseOf(p)), "/"), ""))
			case 2:
				l = append(l, testkit.File(p+"/.wh..wh..opq", ""))
			case 3:
				l = append(l, testkit.Link(p, names[r.IntN(len(names))]))
			case 4:
				l = append(l, testkit.Symlink(p, names[r.IntN(len(names))]))
			default:
				body := strings.Repeat(fmt.Sprintf("%d %s\n", r.IntN(3), p), r.IntN(400))
				if r.IntN(4) == 0 {
					body = strings.Repeat("a copy\n", 1+r.IntN(2)) // else no content stands twice
				}
				if p == "etc/os-release" {
					body = fmt.Sprintf("ID=os%d\nVERSION_ID=%d\n", r.IntN(2), r.IntN(2))
				}
				l = append(l, testkit.File(p, body))
			}
		}
		if r.IntN(2) == 0 {
			db := ""
			for n, name := range []string{"one", "two", "gcc"} {
				if r.IntN(2) == 0 {
					db += fmt.Sprintf("P:%s\nV:%d\nF:usr/lib\nR:b.so\nF:usr/bin\nR:p\nF:app\nR:x.py\n\n", name, n)
				}
			}
			l = append(l, testkit.File("lib/apk/db/installed", db))
		}
		layers = append(layers, testkit.Tar(t, l...))
	}
	if r.IntN(4) == 0 {
		layers = append(layers, layers[0]) // a blob that stands twice
	}
	o := testkit.Options{Layers: layers, Compression: []string{"gzip", "zstd", "none"}[r.IntN(3)]}
	if r.IntN(2) == 0 {
		for n := range layers {
			o.History = append(o.History, ocispec.History{CreatedBy: []string{"COPY x /", "RUN /bin/sh -c x"}[n%2]})
		}
	}
	origin := store.Pulled
	if o.Compression == "none" {
		origin = store.Built
	}
	rec := testkit.Put(t, s, "", origin, testkit.Image(t, o))
	return compare.Subject{Name: fmt.Sprint("image", seed), Facts: testkit.Facts(t, s, rec)}
}

func dirOf(p string) string {
	if i := strings.LastIndex(p, "/"); i >= 0 {
		return p[:i]
	}
	return ""
}

func baseOf(p string) string { return p[strings.LastIndex(p, "/")+1:] }

// Whatever the images: parts sum up to wholes, causes to differences, an image does
// not differ from itself, and the order in which images are given changes nothing.
func TestLedgerBalances(t *testing.T) {
	s := testkit.Store(t)
	end := uint64(240)
	if testing.Short() { // make mutants runs it hundreds of times
		end = 15
	}
	copies, hidden := 0, 0
	for seed := uint64(0); seed < end; seed += 3 {
		list := []compare.Subject{random(t, s, seed), random(t, s, seed+1), random(t, s, seed+2)}
		for _, x := range list {
			z := x.Facts.Sizes
			r := x.Facts.Report(x.Name, 0)
			var live, waste, transfer, tar, files, byClass, owned, wasted, extra int64
			for _, l := range r.Layers {
				live, waste, transfer, tar, files = live+l.Live, waste+l.Waste, transfer+l.Transfer.Or(-1), tar+l.Tar, files+l.Files
			}
			for _, c := range r.Classes {
				byClass += c.Files
			}
			for _, o := range r.Owners {
				owned += o.Live
			}
			for _, w := range r.Wasted {
				wasted += w.Files
			}
			for _, d := range r.Duplicates {
				extra += d.Extra
			}
			copies, hidden = copies+len(r.Duplicates), hidden+len(r.Wasted)
			transfer += x.Facts.Image.Push.Manifest.Size + x.Facts.Image.ConfigID.Size
			var classes int64
			for _, n := range r.Waste {
				classes += n
			}
			got := []int64{live, waste, transfer, tar, files, byClass, owned, wasted, extra, classes, z.Tar - z.Overhead, z.Files - z.Waste}
			want := []int64{z.Live, z.Waste, z.Transfer.Or(-1), z.Tar, z.Files, z.Files, z.Live, z.Waste, z.Duplicate, z.Waste, z.Files, z.Live}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("%s (-sizes +sums):\n%s", x.Name, d)
			}
		}
		for base := range list {
			r, err := compare.Compare(list, compare.Options{Baseline: base, Pairs: true, Depth: 3})
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			for _, d := range r.Differences {
				var sum int64
				for _, c := range d.Causes {
					sum += c.Bytes
					if c.Bytes != c.To-c.From || c.Bytes == 0 && d.Measure != "live" {
						t.Fatalf("seed %d: %+v", seed, c)
					}
					var files int64
					for _, f := range c.Files {
						files += f.Bytes
					}
					if len(c.Files) > 0 && files != c.Bytes {
						t.Fatalf("seed %d: %s: files of %+v sum up to %d", seed, d.Measure, c, files)
					}
				}
				if sum != d.Bytes() {
					t.Fatalf("seed %d: %s: causes sum up to %d of %v", seed, d.Measure, sum, d.Total)
				}
			}
			for n := range r.Images {
				if r.Images[n].Sizes != list[n].Facts.Sizes {
					t.Fatalf("seed %d: the set changes what %s measures", seed, r.Images[n].Name)
				}
			}
			for _, l := range []compare.Level{r.Sharing.Blob, r.Sharing.DiffID, r.Sharing.Content} {
				var sum units.Amount
				for _, i := range l.Images {
					sum = sum.Plus(i.Shared).Plus(i.Unique)
				}
				if sum != l.Separately || l.Together.Compare(l.Separately) > 0 {
					t.Fatalf("seed %d: sharing %+v", seed, l)
				}
			}
			r.Sentences = explain.Sentences(r, explain.Material{})
			for _, s := range r.Sentences {
				if len(s.Evidence) == 0 || s.Text == "" || (s.Claim == "") != (s.Verdict == "") {
					t.Fatalf("seed %d: %+v", seed, s)
				}
			}
		}
		again := list[0]
		again.Name = "again"
		r, err := compare.Compare([]compare.Subject{list[0], again}, compare.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range r.Differences {
			if d.Bytes() != 0 || len(d.Causes) > 0 {
				t.Fatalf("seed %d: an image differs from itself: %+v", seed, d)
			}
		}
		if d := compare.Differ(list[0], again, compare.DiffOptions{}); !d.Same || len(d.Files) > 0 {
			t.Fatalf("seed %d: %+v", seed, d)
		}
		forth, back := compare.Differ(list[0], list[1], compare.DiffOptions{}), compare.Differ(list[1], list[0], compare.DiffOptions{})
		if forth.Count.Added != back.Count.Removed || forth.Count.Content != back.Count.Content || len(forth.Files) != len(back.Files) || forth.Count.PackagesAdded != back.Count.PackagesRemoved {
			t.Fatalf("seed %d: %+v is not the reverse of %+v", seed, forth.Count, back.Count)
		}
	}
	if copies == 0 || hidden == 0 {
		t.Errorf("%d contents stand twice, %d are hidden: these sums were held against nothing", copies, hidden)
	}
}

// What diff lists is what the trees show.
func TestDiffCountsWhatIsSeen(t *testing.T) {
	s := testkit.Store(t)
	put := func(name string, layers ...[]testkit.Entry) compare.Subject {
		var tars [][]byte
		for _, l := range layers {
			tars = append(tars, testkit.Tar(t, l...))
		}
		return compare.Subject{Name: name, Facts: testkit.Facts(t, s, testkit.Put(t, s, name, store.Pulled, testkit.Image(t, testkit.Options{Layers: tars, Config: ocispec.ImageConfig{Env: []string{"A=" + name}}})))}
	}
	f := testkit.File
	chmod := f("same", "1")
	chmod.Mode = 0o755
	a := put("one", []testkit.Entry{f("same", "1"), f("gone", "22"), f("changed", "1"), f("kind", ""), f("p", "1"), testkit.Link("q", "p"), f("moved/up", "1")})
	b := put("two", []testkit.Entry{f("moved/up", "1")}, []testkit.Entry{chmod, testkit.Symlink("kind", "same"), f("p", "1"), f("q", "3"), f("changed", "333"), f("new", "4"), f("never", "")}, []testkit.Entry{f(".wh.never", "")})
	d := compare.Differ(a, b, compare.DiffOptions{})
	var got []string
	for _, c := range d.Files {
		got = append(got, fmt.Sprintf("%s %s %s", c.Change, c.Path, strings.Join(c.What, ",")))
	}
	slices.Sort(got)
	want := []string{"added new ", "content changed content", "content kind kind", "content q content", "metadata same mode 644 → 755", "removed gone "}
	if x := cmp.Diff(want, got); x != "" {
		t.Error(x)
	}
	if x := cmp.Diff([]compare.Setting{{Name: "env A", From: "one", To: "two"}}, d.Config); x != "" {
		t.Error(x)
	}
}
