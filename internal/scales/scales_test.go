package scales_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/compare"
	"tare/internal/progress"
	"tare/internal/request"
	"tare/internal/scales"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
	"tare/internal/weigh"
)

// finder finds in a store with two images; nothing can be pulled.
func finder(t *testing.T) *target.Finder {
	st := testkit.Store(t)
	testkit.Put(t, st, "a:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{
		testkit.Tar(t, testkit.File("etc/x", "one\ntwo\n"), testkit.File("usr/big", strings.Repeat("b", 5000)), testkit.File("bin/data", "\x00\x01")),
	}}))
	testkit.Put(t, st, "b:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{
		testkit.Tar(t, testkit.File("etc/x", "one\nthree\n"), testkit.File("usr/big", strings.Repeat("b", 5000)), testkit.File("bin/data", "\x00\x02")),
		testkit.Tar(t, testkit.File("usr/.wh.big", "")),
	}}))
	return &target.Finder{
		Store:    func() (*store.Store, error) { return st, nil },
		Registry: func() (*source.Registry, error) { return &source.Registry{}, nil },
		Pull:     func(context.Context, string, string, io.Writer) error { return errors.New("no network") },
		Note:     func(string) {},
		Watch:    func() (progress.Func, func()) { return nil, func() {} },
	}
}

func TestWeigh(t *testing.T) {
	f := finder(t)
	r, err := scales.Weigh(t.Context(), f, scales.WeighRequest{Word: "b:1", Top: 1, Sort: "size", Maps: true})
	if err != nil || len(r.Results) != 1 || len(r.Maps) != 1 {
		t.Fatalf("%+v %v", r, err)
	}
	one := r.Results[0]
	if one.Name != "b:1" || one.Sizes.Waste != 5000 || len(one.Largest) != 1 {
		t.Errorf("%+v", one)
	}
	if _, err := scales.Weigh(t.Context(), f, scales.WeighRequest{Word: "absent:1", Sort: "size"}); err == nil || !strings.HasPrefix(err.Error(), "absent:1: ") {
		t.Errorf("%v does not name the target", err)
	}
}

// A list is cut in the order in which it is shown: what is first in it is not among the
// largest by size.
func TestWeighCutsAsItSorts(t *testing.T) {
	st := testkit.Store(t)
	noise := make([]byte, 3000)
	for i, r := 0, rand.New(rand.NewPCG(1, 2)); i < len(noise); i++ {
		noise[i] = byte(r.Uint32())
	}
	testkit.Put(t, st, "a:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{
		testkit.Tar(t, testkit.File("y/more", strings.Repeat("1", 8000)), testkit.File("z/zeros", strings.Repeat("0", 9000))),
		testkit.Tar(t, testkit.File("x/noise", string(noise))),
		testkit.Tar(t, testkit.File("a/small", "1")),
	}}))
	f := finder(t)
	f.Store = func() (*store.Store, error) { return st, nil }
	for sort, want := range map[string]string{"size": "z/zeros", "transfer": "x/noise", "path": "a/small", "layer": "z/zeros", "": "z/zeros"} {
		for range 2 { // what was kept of one order is not another's
			r, err := scales.Weigh(t.Context(), f, scales.WeighRequest{Word: "a:1", Top: 1, Sort: sort})
			if err != nil {
				t.Fatal(err)
			}
			if one := r.Results[0]; len(one.Largest) != 1 || one.Largest[0].Path != want || (one.Sorted == "") != (sort == "" || sort == "size") {
				t.Errorf("%s: %+v", sort, one.Largest)
			}
		}
	}
	if r, err := scales.Weigh(t.Context(), f, scales.WeighRequest{Word: "a:1", Sort: "size"}); err != nil || len(r.Results[0].Largest) != 4 {
		t.Errorf("0 rows are not all: %+v, %v", r, err)
	}
}

// The baseline is the image that was meant, also of several platforms.
func TestBaseline(t *testing.T) {
	st := testkit.Store(t)
	var images []*testkit.Built
	here := platforms.DefaultSpec()
	for n, p := range []ocispec.Platform{{OS: "linux", Architecture: "386"}, {OS: here.OS, Architecture: here.Architecture}, {OS: "linux", Architecture: "s390x"}} {
		images = append(images, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, n, 500)}, Platform: p}))
	}
	testkit.Put(t, st, "multi:1", store.Pulled, testkit.Index(t, images...))
	testkit.Put(t, st, "one:1", store.Pulled, images[1])
	f := finder(t)
	f.Store = func() (*store.Store, error) { return st, nil }
	mine := "multi:1 " + platforms.Format(here)
	for _, c := range []struct {
		words              []string
		baseline, platform string
		all                bool
		want               string // "": an error
	}{
		{[]string{"multi:1"}, "", "", true, mine},
		{[]string{"one:1", "multi:1"}, "multi:1", "", true, mine},
		{[]string{"one:1", "multi:1"}, "", "", true, "one:1"},
		{[]string{"multi:1"}, "multi:1", "linux/s390x", true, "multi:1 linux/s390x"},
		{[]string{"one:1", "multi:1"}, "multi:1 linux/386", "", true, "multi:1 linux/386"},
		{[]string{"one:1", "multi:1"}, "multi:1 linux/arm", "", true, ""},
		{[]string{"one:1", "one:1"}, "one:1#2", "", false, "one:1#2"},
		{[]string{"one:1", "multi:1"}, "multi:1", "", false, "multi:1"},
		{[]string{"one:1"}, "other", "", false, ""},
	} {
		r, err := scales.Compare(t.Context(), f, scales.CompareRequest{Words: c.words, Baseline: c.baseline, Platform: c.platform, AllPlatforms: c.all})
		var bad request.Error
		if c.want == "" {
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), "not among the targets") {
				t.Errorf("%+v: %v", c, err)
			}
			continue
		}
		if err != nil || r.Baseline != c.want {
			t.Errorf("%+v: %v %v", c, r, err)
			continue
		}
		for _, d := range r.Differences { // the first differences are those from it
			if d.From != c.want {
				t.Errorf("%+v: a difference from %s", c, d.From)
			}
			break
		}
	}
}

func TestFiles(t *testing.T) {
	f := finder(t)
	list, err := scales.Files(t.Context(), f, scales.FilesRequest{Word: "b:1", Query: weigh.Query{Fates: []string{"waste"}, Sort: "size"}})
	if err != nil || len(list) != 1 || len(list[0].List) != 1 || list[0].List[0].Path != "usr/big" {
		t.Errorf("%+v %v", list, err)
	}
	if _, err := scales.Files(t.Context(), f, scales.FilesRequest{Word: "b:1", Query: weigh.Query{Layer: 9, Sort: "size"}}); !errors.Is(err, weigh.ErrNothing) {
		t.Errorf("%v", err)
	}
}

func TestCompare(t *testing.T) {
	f := finder(t)
	var asked []digest.Digest
	r, err := scales.Compare(t.Context(), f, scales.CompareRequest{Words: []string{"a:1", "b:1"}, Baseline: "b:1", Maps: true,
		Stages: func(_ context.Context, d digest.Digest) []compare.Stage { asked = append(asked, d); return nil }})
	if err != nil || r.Baseline != "b:1" || len(r.Sentences) == 0 || len(r.Maps) != 2 || len(asked) != 2 {
		t.Fatalf("%+v %v", r, err)
	}
	var bad request.Error
	if _, err := scales.Compare(t.Context(), f, scales.CompareRequest{Words: []string{"a:1"}, Baseline: "c:1"}); !errors.As(err, &bad) || !strings.Contains(err.Error(), "a:1") {
		t.Errorf("%v", err)
	}
}

func TestManifests(t *testing.T) {
	reg := testkit.NewRegistry(t)
	img := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 500), testkit.Numbered(t, 2, 500)}})
	other := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 500)}})
	reg.Push(t, "app", "1", img)
	reg.Push(t, "app", "2", other)
	f := finder(t)
	r, err := scales.Manifests(t.Context(), f, scales.CompareRequest{Words: []string{reg.Host + "/app:1", reg.Host + "/app:2"}})
	if err != nil {
		t.Fatal(err)
	}
	one, two := r.Images[0], r.Images[1]
	if one.Layers != 2 || two.Layers != 1 || one.Blobs[0].SharedWith != 1 || one.Blobs[1].SharedWith != 0 || one.Shared != one.Blobs[0].Transfer || r.Base != 0 {
		t.Errorf("%+v", r)
	}
	// Every blob once.
	if want := one.Blobs[0].Transfer.Plus(one.Blobs[1].Transfer); r.Together != want {
		t.Errorf("together %v, want %v", r.Together, want)
	}
	st, _ := f.Store()
	if use, err := st.Space(t.Context()); err != nil || use.Images.Files > 7 {
		t.Errorf("layers were stored: %+v %v", use, err)
	}
}

func TestDiff(t *testing.T) {
	f := finder(t)
	d, err := scales.Diff(t.Context(), f, scales.DiffRequest{From: "a:1", To: "b:1"})
	if err != nil || d.Same || d.Count.Removed != 1 || d.Count.Content != 2 {
		t.Errorf("%+v %v", d, err)
	}
	if d, err := scales.Diff(t.Context(), f, scales.DiffRequest{From: "a:1", To: "a:1"}); err != nil || !d.Same {
		t.Errorf("an image differs from itself: %+v %v", d, err)
	}
}

func TestDiffContent(t *testing.T) {
	f := finder(t)
	q := scales.DiffRequest{From: "a:1", To: "b:1"}
	c, err := scales.DiffContent(t.Context(), f, q, "/etc/x")
	if err != nil || c.Same || !strings.Contains(c.Text, "-two\n+three") {
		t.Errorf("%+v %v", c, err)
	}
	if c, err = scales.DiffContent(t.Context(), f, q, "bin/data"); err != nil || !c.Binary || !strings.Contains(c.Text, "2 and 2 bytes") {
		t.Errorf("%+v %v", c, err)
	}
	if c, err = scales.DiffContent(t.Context(), f, q, "usr/big"); err != nil || c.Same || !strings.Contains(c.Text, "@@") {
		t.Errorf("a file that one has: %+v %v", c, err)
	}
	if c, err = scales.DiffContent(t.Context(), f, scales.DiffRequest{From: "a:1", To: "a:1"}, "etc/x"); err != nil || !c.Same || c.Text != "" {
		t.Errorf("%+v %v", c, err)
	}
	if _, err = scales.DiffContent(t.Context(), f, q, "nowhere"); !errors.Is(err, scales.ErrNoFile) {
		t.Errorf("%v", err)
	}
}

func TestReadFile(t *testing.T) {
	f := finder(t)
	if b, err := scales.ReadFile(t.Context(), f, "a:1", "", "/etc/x"); err != nil || string(b) != "one\ntwo\n" {
		t.Errorf("%q %v", b, err)
	}
	// A file that a later layer deletes is not there.
	if _, err := scales.ReadFile(t.Context(), f, "b:1", "", "/usr/big"); !errors.Is(err, scales.ErrAbsent) {
		t.Errorf("%v", err)
	}
}
