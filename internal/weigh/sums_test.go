package weigh_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func factsOf(t *testing.T, o testkit.Options) *weigh.Facts {
	t.Helper()
	s := testkit.Store(t)
	return testkit.Facts(t, s, testkit.Put(t, s, "x", store.Pulled, testkit.Image(t, o)))
}

// number is an amount of bytes, as JSON has it.
func number(t *testing.T, v any) int64 {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Which contents stand more than once, and what the copies cost.
func TestDuplicates(t *testing.T) {
	f := factsOf(t, testkit.Options{Layers: [][]byte{
		testkit.Tar(t, fill("a1", "a", 10), fill("b1", "b", 50), fill("c2", "c", 50), fill("c1", "c", 50), fill("single", "d", 50), fill("none", "", 0), fill("gone", "a", 10)),
		testkit.Tar(t, fill("a2", "a", 10), fill("a3", "a", 10), fill("b0", "b", 50), fill("nothing", "", 0), fill(".wh.gone", "", 0), testkit.Link("link", "a2"), fill("almost", "a", 11)),
	}})
	rows := func(list []weigh.Copies) (out []string) {
		for _, c := range list {
			out = append(out, fmt.Sprint(c.Size, " ", c.Extra(), " ", c.Paths))
		}
		return out
	}
	same(t, "duplicates", rows(f.Duplicates(0)), "50 50 [b0 b1]\n50 50 [c1 c2]\n10 20 [a1 a2 a3]")
	same(t, "the first two", rows(f.Duplicates(2)), "50 50 [b0 b1]\n50 50 [c1 c2]")
	same(t, "the first three", rows(f.Duplicates(3)), "50 50 [b0 b1]\n50 50 [c1 c2]\n10 20 [a1 a2 a3]")
	if f.Sizes.Duplicate != 120 {
		t.Errorf("duplicate is %d", f.Sizes.Duplicate)
	}
	r := f.Report("x", 2)
	if len(r.Duplicates) != 2 || len(f.Report("x", 4).Duplicates[2].Paths) != 3 || len(f.Report("x", 3).Duplicates[2].Paths) != 3 {
		t.Errorf("%+v", r.Duplicates)
	}
	r = f.Report("x", 0)
	r.Trim(2)
	if len(r.Duplicates) != 2 || len(r.Largest) != 2 {
		t.Errorf("%+v", r.Duplicates)
	}
}

// Whatever the files: equal contents are found, and the largest are the largest.
func TestCopiesAndLargestOfMany(t *testing.T) {
	for seed := range uint64(6) {
		rnd := rand.New(rand.NewPCG(seed, 77))
		var files []testkit.Entry
		times := map[string]int{}
		for i := range 150 {
			body := strings.Repeat(string(rune('a'+rnd.IntN(12))), rnd.IntN(9))
			files = append(files, testkit.File(fmt.Sprintf("f%03d", (i*37)%150), body))
			times[body]++
		}
		f := factsOf(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, files...)}})
		var extra int64
		several := 0
		for body, n := range times {
			if body != "" && n > 1 {
				extra += int64(len(body) * (n - 1))
				several++
			}
		}
		list := f.Duplicates(0)
		if f.Sizes.Duplicate != extra || len(list) != several {
			t.Fatalf("seed %d: %d in %d contents, not %d in %d", seed, f.Sizes.Duplicate, len(list), extra, several)
		}
		for i := range list {
			extra -= list[i].Extra()
			if i > 0 && list[i].Extra() > list[i-1].Extra() || !slices.IsSorted(list[i].Paths) {
				t.Fatalf("seed %d: %+v", seed, list)
			}
		}
		if extra != 0 {
			t.Fatalf("seed %d: %d bytes are missing", seed, extra)
		}
		all := f.Files(0, nil)
		for i := 1; i < len(all); i++ {
			if a, b := all[i-1], all[i]; a.Size < b.Size || a.Size == b.Size && a.Path >= b.Path {
				t.Fatalf("seed %d: %+v stands before %+v", seed, a, b)
			}
		}
		for _, top := range []int{1, 2, 7, 149, 150, 151} {
			if got := f.Files(top, nil); !slices.Equal(got, all[:min(top, len(all))]) {
				t.Fatalf("seed %d, top %d: %+v", seed, top, got)
			}
		}
		odd := f.Files(0, func(_ tree.Ref, e *layer.Entry) bool { return e.Size%2 == 1 })
		for _, x := range odd {
			if x.Size%2 == 0 {
				t.Fatalf("%+v was not picked", x)
			}
		}
		if len(odd) == 0 || len(odd) == len(all) {
			t.Fatalf("%d of %d were picked", len(odd), len(all))
		}
	}
}

// Parts of the blobs sum up to what is transferred; a blob that stands twice counts once.
func TestTransferSumsUp(t *testing.T) {
	f := whole(t)
	r := f.Report("x", 0)
	var layers, classes, owned, packages, files int64
	for _, l := range r.Layers {
		layers += number(t, l.Transfer)
	}
	for _, c := range r.Classes {
		classes += number(t, c.Transfer)
	}
	for _, o := range r.Owners {
		if o.Kind == "package" {
			owned += number(t, o.Transfer)
		}
	}
	for _, p := range r.Packages {
		packages += number(t, p.Transfer)
		if (number(t, p.Transfer) > 0) != (p.Count > 0) {
			t.Errorf("%+v", p)
		}
	}
	f.Live(func(ref tree.Ref, e *layer.Entry) {
		if f.Owner(ref) != nil {
			files += number(t, f.Share(ref))
		}
		if id := f.OwnerID(ref); (id >= 0) != (f.Owner(ref) != nil) {
			t.Errorf("%s: %d", e.Path, id)
		}
	})
	var wasted int64
	for _, w := range r.Wasted {
		wasted += number(t, w.Transfer)
	}
	whole := layers + f.Image.Push.Manifest.Size + f.Image.ConfigID.Size
	if whole != number(t, r.Sizes.Transfer) || classes <= 0 || classes >= layers || owned != files || packages <= owned || packages-owned >= wasted {
		t.Errorf("layers %d, with manifest and config %d of %v; classes %d, owned %d, by file %d, packages %d, wasted %d", layers, whole, r.Sizes.Transfer, classes, owned, files, packages, wasted)
	}
	if number(t, r.Layers[3].Transfer) == 0 || number(t, r.Layers[4].Transfer) != 0 {
		t.Errorf("the blob that stands twice: %v, %v", r.Layers[3].Transfer, r.Layers[4].Transfer)
	}
	s, err := f.Select("x", weigh.Query{Fates: []string{"all"}, Sort: "transfer"})
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(s.List); i++ {
		if number(t, s.List[i].Transfer) > number(t, s.List[i-1].Transfer) {
			t.Errorf("%+v stands behind %+v", s.List[i], s.List[i-1])
		}
	}
	if first := s.List[0]; first.Path == "data/x" {
		t.Error("the most compressible file is said to transfer most")
	}
}

// What does not add up is an error, never a table.
func TestSumsThatDoNotAddUp(t *testing.T) {
	tar := testkit.Numbered(t, 1, 1000)
	blob := testkit.Gzip(t, tar)
	x, err := layer.Read(bytes.NewReader(blob), layer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		spoil func(s *layer.Sums, d *ocispec.Descriptor)
		want  string // "" for none
	}{
		{"as it is", func(*layer.Sums, *ocispec.Descriptor) {}, ""},
		{"files", func(s *layer.Sums, _ *ocispec.Descriptor) { s.Files++ }, "layer 1 sums up to"},
		{"tar", func(s *layer.Sums, _ *ocispec.Descriptor) { s.Tar-- }, "layer 1 sums up to"},
		{"entries", func(s *layer.Sums, _ *ocispec.Descriptor) { s.Entries++ }, "layer 1 sums up to"},
		{"transfer", func(_ *layer.Sums, d *ocispec.Descriptor) { d.Size++ }, "layer 1 sums up to 522 of transfer, but has 523"},
	} {
		sums, d := x.Sums, ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayerGzip, Digest: digest.FromBytes(blob), Size: int64(len(blob))}
		c.spoil(&sums, &d)
		img := &image.Image{Layers: []image.Layer{{Descriptor: d, DiffID: x.DiffID, Index: x, Sums: &sums, Shares: x.Shares()}}, Push: &image.Pushed{Layers: []ocispec.Descriptor{d}}}
		_, err := weigh.New(img)
		var broken *weigh.BrokenError
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (!errors.As(err, &broken) || !strings.HasPrefix(err.Error(), "internal error, please report it with the image's name: "+c.want)):
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Databases that cannot be read are named with their layer, once each.
func TestProblems(t *testing.T) {
	bad := func(n int) []byte {
		return testkit.Tar(t, testkit.File("lib/apk/db/installed", strings.Repeat("V:1\n\n", n)+"P:a\nV:1\n\n"))
	}
	f := factsOf(t, testkit.Options{Layers: [][]byte{bad(0), bad(1), bad(2)}})
	same(t, "problems", f.Problems, `layer 2: package database lib/apk/db/installed: a paragraph without a package name (P:): "V:1"
layer 3: package database lib/apk/db/installed: a paragraph without a package name (P:): "V:1"`)
	if r := f.Report("x", 0); !slices.Equal(r.Problems, f.Problems) {
		t.Errorf("%q", r.Problems)
	}
	// What was too large to be kept is said, too.
	f.Image.Layers[1].Index.Skipped = map[string]int64{"var/lib/dpkg/status": 7, "lib/apk/db/installed": 9}
	again, err := weigh.New(f.Image)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "with large ones", again.Problems[2:], "layer 2: lib/apk/db/installed has 9 bytes: too large to be read as a package database\nlayer 2: var/lib/dpkg/status has 7 bytes: too large to be read as a package database")
}

// Copies of one library are several, a package of the system is one wherever its database
// stands. What a system package ships is its own.
func TestSeveralOfOne(t *testing.T) {
	const record = "foo.py,,\nfoo-1.dist-info/METADATA,,\nfoo-1.dist-info/RECORD,,\n"
	lib := func(dir string) []testkit.Entry {
		return []testkit.Entry{testkit.File(dir+"/foo-1.dist-info/METADATA", "Name: foo\nVersion: 1\n"), testkit.File(dir+"/foo-1.dist-info/RECORD", record), testkit.File(dir+"/foo.py", dir)}
	}
	db := "P:py\nV:1\nF:usr/lib/python3/site-packages\nR:foo.py\n\n"
	f := factsOf(t, testkit.Options{Layers: [][]byte{
		testkit.Tar(t, append(lib("usr/lib/python3/site-packages"), append(lib("opt/lib/python3/site-packages"), testkit.File("lib/apk/db/installed", db))...)...),
		testkit.Tar(t, testkit.File("usr/lib/apk/db/installed", db), testkit.File("lib/apk/db/.wh.installed", "")),
	}})
	var rows []string
	for _, p := range f.Packages {
		rows = append(rows, string(p.Type)+" "+p.Name)
	}
	same(t, "packages", rows, "apk py\npypi foo\npypi foo")
	rows = nil
	f.Live(func(r tree.Ref, e *layer.Entry) {
		if path.Base(e.Path) == "foo.py" {
			rows = append(rows, e.Path+" "+string(f.Owner(r).Type))
		}
	})
	same(t, "owners", rows, "opt/lib/python3/site-packages/foo.py pypi\nusr/lib/python3/site-packages/foo.py apk")
}

// A key is the same only for what is reported the same.
func TestKey(t *testing.T) {
	key := func(o testkit.Options) digest.Digest {
		s := testkit.Store(t)
		return weigh.Key(testkit.Measured(t, s, testkit.Put(t, s, "x", store.Pulled, testkit.Image(t, o))))
	}
	one, two := testkit.Tar(t, fill("a", "a", 10)), testkit.Tar(t, fill("b", "a", 10))
	o := testkit.Options{Layers: [][]byte{one, two}}
	seen := map[digest.Digest]string{key(o): "as it is"}
	if _, ok := seen[key(o)]; !ok {
		t.Error("the same image has two keys")
	}
	s := testkit.Store(t)
	img := testkit.Measured(t, s, testkit.Put(t, s, "x", store.Pulled, testkit.Image(t, o)))
	push := *img.Push
	push.From = []image.Sent{image.SentStored, image.SentUnknown}
	img.Push = &push
	seen[weigh.Key(img)] = "what a push sends is not known"
	if len(seen) != 2 {
		t.Error("what a push sends of a layer does not count")
	}
	for name, other := range map[string]testkit.Options{
		"other order":         {Layers: [][]byte{two, one}},
		"one layer":           {Layers: [][]byte{one}},
		"another compression": {Layers: [][]byte{one, two}, Compression: "zstd"},
		"another setting":     {Layers: [][]byte{one, two}, Config: ocispec.ImageConfig{User: "1"}},
	} {
		k := key(other)
		if was, ok := seen[k]; ok {
			t.Errorf("%s has the key of %s", name, was)
		}
		seen[k] = name
	}
}

// What is at least 100 kB or a hundredth matters; the largest are shown, and what is left
// is one row, unless it is one.
func TestWhatMatters(t *testing.T) {
	result := func(sizes ...int64) *weigh.Result {
		r := &weigh.Result{}
		for k, n := range sizes {
			r.Layers = append(r.Layers, weigh.Layer{Index: k + 1, Files: n, Instruction: fmt.Sprint("RUN ", n)})
			r.Sizes.Files += n
		}
		return r
	}
	names := func(list []weigh.Share) string {
		var out []string
		for _, s := range list {
			out = append(out, strings.TrimPrefix(s.Name, "RUN "))
		}
		return strings.Join(out, ", ")
	}
	for _, c := range []struct {
		sizes []int64
		most  int
		want  string
	}{
		{[]int64{100_000, 99_999, 99_998, 90_000_000}, 9, "100000, 90000000, 2 smaller layers"},
		{[]int64{10, 9, 8, 973}, 9, "10, 973, 2 smaller layers"},
		{[]int64{10, 9, 8, 974}, 9, "974, 3 smaller layers"},
		{[]int64{300_000, 100_000, 200_000}, 1, "300000, 2 smaller layers"},
		{[]int64{100_000, 300_000, 200_000, 1}, 2, "300000, 200000, 2 smaller layers"},
		{[]int64{100_000, 300_000, 200_000}, 2, "300000, 200000, 1 smaller layer"},
		{[]int64{90_000_000, 1}, 9, "90000000, 1"},
		{[]int64{90_000_000, 1}, 2, "90000000, 1"},
		{[]int64{90_000_000, 1}, 1, "90000000, 1 smaller layer"},
		{[]int64{90_000_000, 1, 2}, 9, "90000000, 2 smaller layers"},
		{nil, 9, ""},
	} {
		if got := names(result(c.sizes...).Origins(c.most)); got != c.want {
			t.Errorf("%v, %d: %s, want %s", c.sizes, c.most, got, c.want)
		}
	}
	base := result(5, 6, 90_000_000, 1)
	base.BaseLayers = 2
	if got := names(base.Origins(9)); got != "base (2 layers), 90000000, 1" {
		t.Error(got)
	}
	for _, c := range []struct {
		live []int64 // of logs, the configuration and version control data
		want string
	}{
		{[]int64{100_000, 99_999, 90_000_000}, "version control data, logs, everything else"},
		{[]int64{10, 9, 981}, "version control data, logs, everything else"},
		{[]int64{9, 9, 982}, "version control data, everything else"},
		{[]int64{0, 0, 5}, "version control data"},
		{[]int64{0, 0, 0}, ""},
	} {
		r := &weigh.Result{}
		for i, class := range []weigh.Class{weigh.Log, weigh.Config, weigh.VCS} {
			r.Owners = append(r.Owners, weigh.Owner{Kind: "class", Subject: string(class), Live: c.live[i]})
			r.Sizes.Live += c.live[i]
		}
		if got := names(r.Contents(9)); got != c.want {
			t.Errorf("%v: %s, want %s", c.live, got, c.want)
		}
	}
}

func TestBuilt(t *testing.T) {
	r := &weigh.Result{Layers: []weigh.Layer{{Index: 1}, {Index: 2}}}
	r.Built(nil)
	if r.Dockerfile != "" || r.Layers[1].Line != 0 {
		t.Errorf("%+v", r)
	}
	r.Built(&weigh.Dockerfile{Name: "Dockerfile", From: "a", Base: 1, Lines: map[int]int{1: 7}})
	if r.Dockerfile != "Dockerfile" || r.BaseImage != "a" || r.BaseLayers != 1 || r.Layers[0].Line != 0 || r.Layers[1].Line != 7 {
		t.Errorf("%+v", r)
	}
}

// An error that names what there is names ten, and how many more.
func TestMissingNamesTen(t *testing.T) {
	for n, want := range map[int]string{10: ", /d9", 11: ", /d8 and 1 more", 13: ", /d6 and 3 more"} {
		var files []testkit.Entry
		for i := range n {
			files = append(files, fill(fmt.Sprintf("d%d/x", i), "a", 1))
		}
		f := factsOf(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, files...)}})
		if _, err := f.Select("x", weigh.Query{Path: "nowhere"}); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%d: %v, want %s", n, err, want)
		}
	}
	f := factsOf(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, testkit.Dir("d"))}})
	if _, err := f.Select("x", weigh.Query{Path: "nowhere"}); err == nil || !strings.HasSuffix(err.Error(), "it has /d") {
		t.Error(err)
	}
	if _, err := f.Select("x", weigh.Query{Path: "["}); err == nil || errors.Is(err, weigh.ErrNothing) {
		t.Errorf("not a pattern: %v", err)
	}
	if s, err := f.Select("x", weigh.Query{Top: 5}); err != nil || len(s.List) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}
