package listing_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/builds"
	"tare/internal/engine"
	"tare/internal/image"
	"tare/internal/listing"
	"tare/internal/request"
	"tare/internal/store"
	"tare/internal/testkit"
)

func images(t *testing.T) (*store.Store, listing.Lister) {
	st := testkit.Store(t)
	for n, name := range []string{"app:1", "app:2", "team/tool:3", ""} {
		testkit.Put(t, st, name, store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, n, 300)},
			Config: ocispec.ImageConfig{Labels: map[string]string{"n": string(rune('0' + n))}}}))
	}
	return st, listing.Lister{Store: st, Note: func(s string) { t.Error(s) }}
}

func TestFilters(t *testing.T) {
	_, l := images(t)
	for _, c := range []struct {
		filters []string
		all     bool
		want    int
	}{
		{nil, false, 3},
		{nil, true, 4},
		{[]string{"dangling=true"}, false, 1},
		{[]string{"dangling=1"}, false, 1},
		{[]string{"dangling=false"}, true, 3},
		{[]string{"reference=app"}, false, 2},
		{[]string{"reference=app:2", "reference=team/*"}, false, 2},
		{[]string{"label=n"}, false, 3},
		{[]string{"label=n=1"}, false, 1},
		{[]string{"label=n=1", "reference=app:1"}, false, 0},
		{[]string{"label=other"}, true, 0},
		{[]string{"before=app:1"}, false, 0}, // all of the same moment
		{[]string{"since=app:1"}, false, 0},
		{[]string{"until=2024-01-01"}, false, 0},
		{[]string{"until=2030-01-01T10:00:00"}, false, 3},
		{[]string{"until=1h"}, false, 3},
		{[]string{"until=1000"}, false, 0},
	} {
		list, err := l.List(t.Context(), c.filters, c.all)
		if err != nil || len(list) != c.want {
			t.Errorf("%v: %d images, want %d: %v", c.filters, len(list), c.want, err)
		}
	}
	for _, bad := range []string{"dangling", "dangling=maybe", "colour=red", "until=soon"} {
		var usage request.Error
		if _, err := l.List(t.Context(), []string{bad}, false); !errors.As(err, &usage) {
			t.Errorf("%s: %v is not the request's fault", bad, err)
		}
	}
	var usage request.Error
	if _, err := l.List(t.Context(), []string{"before=nowhere:1"}, false); err == nil || errors.As(err, &usage) {
		t.Errorf("an image that is not there is no wrong usage: %v", err)
	}
}

func TestUsageSumsUp(t *testing.T) {
	st, _ := images(t)
	list, err := listing.Usage(t.Context(), st, engine.Usage{}, false)
	if err != nil {
		t.Fatal(err)
	}
	var sum, free int64
	for _, u := range list {
		sum += u.Size
		free += u.Free
	}
	use, err := st.Space(t.Context())
	if err != nil || sum != use.Total() || list[0].Total != 4 || list[0].Active != 3 || free == 0 {
		t.Errorf("%+v: %d of %d: %v", list, sum, use.Total(), err)
	}
	// The cache of a builder elsewhere is not on this disk.
	list, err = listing.Usage(t.Context(), st, engine.Usage{Bytes: 1e9, Free: 1e8}, true)
	if err != nil || list[1].Size != 1e9 || list[1].Free != 1e8 {
		t.Errorf("%+v %v", list, err)
	}
}

func TestPrune(t *testing.T) {
	st, l := images(t)
	st.Keep("index-v0", "sha256:"+"0", 1)
	builds.Open(st).NoteFirst("sha256:00", ocispec.Descriptor{Size: 7})
	done, err := listing.Prune(t.Context(), st, false)
	if err != nil || len(done.Images) != 1 || done.Bytes == 0 {
		t.Fatalf("%+v %v", done, err)
	}
	if list, _ := l.List(t.Context(), nil, true); len(list) != 3 {
		t.Errorf("%d images are left", len(list))
	}
	if n, _ := st.CacheSize(); n == 0 {
		t.Error("the cache went unasked")
	}
	if done, err = listing.Prune(t.Context(), st, true); err != nil || len(done.Images) != 0 {
		t.Errorf("%+v %v", done, err)
	}
	if n, _ := st.CacheSize(); n != 0 {
		t.Error("the cache stays")
	}
	if _, ok := builds.Open(st).First("sha256:00"); !ok {
		t.Error("what a build took cannot be computed again, and is gone")
	}
}

func TestPruneCache(t *testing.T) {
	e := &testkit.Engine{T: t}
	full := func(context.Context) (engine.Engine, error) { return nil, syscall.ENOSPC }
	wiped := 0
	wipe := func() (int64, error) { wiped++; return 5, nil }
	for _, c := range []struct {
		r     listing.CacheRequest
		wiped int
		fails bool
	}{
		{listing.CacheRequest{All: true, Engine: e.Open, Wipe: wipe}, 0, false},
		{listing.CacheRequest{All: true, Engine: full, Wipe: wipe}, 1, false},
		{listing.CacheRequest{All: false, Engine: full, Wipe: wipe}, 0, true},         // what images are made of must stay
		{listing.CacheRequest{All: true, Keep: 1, Engine: full, Wipe: wipe}, 0, true}, // and what is to be kept
		{listing.CacheRequest{All: true, Engine: full}, 0, true},                      // a builder elsewhere
		{listing.CacheRequest{All: true, Engine: func(context.Context) (engine.Engine, error) { return nil, errors.New("broken") }, Wipe: wipe}, 0, true},
	} {
		wiped = 0
		c.r.Note = func(string) {}
		_, err := listing.PruneCache(t.Context(), c.r)
		if wiped != c.wiped || (err != nil) != c.fails {
			t.Errorf("%+v: wiped %d times, %v", c.r, wiped, err)
		}
	}
	if e.Prunes != 1 {
		t.Errorf("the engine pruned %d times", e.Prunes)
	}
}

func TestToSave(t *testing.T) {
	st, _ := images(t)
	recs, names, err := listing.ToSave(t.Context(), st, []string{"app", "app:1", "team/tool:3"}, nil)
	if err != nil || len(recs) != 3 || len(names[0]) != 1 {
		t.Errorf("%v %v %v", recs, names, err)
	}
	if _, _, err := listing.ToSave(t.Context(), st, []string{"nowhere"}, nil); err == nil || !strings.Contains(err.Error(), "try: tare pull nowhere") {
		t.Errorf("%v", err)
	}
}

func TestInspect(t *testing.T) {
	st, l := images(t)
	list, err := l.List(t.Context(), []string{"reference=app:1"}, false)
	if err != nil {
		t.Fatal(err)
	}
	img := testkit.Measured(t, st, list[0].Record)
	v, err := listing.Inspect(st, list[0].Record.Target, img)
	if err != nil || len(v.RepoTags) != 1 || v.RepoTags[0] != "app:1" || v.Size != listing.DockerSize(img) || v.Size == 0 || len(v.RootFS.Layers) != 1 || !strings.HasPrefix(v.Created, "2025-01-01") {
		t.Errorf("%+v %v", v, err)
	}
	var b strings.Builder
	for format, want := range map[string]string{"{{.Id}} {{.VirtualSize}}": v.ID, "{{index .Config.Labels \"n\"}}": "0", "json": `"Id":"` + v.ID, "": "[\n    {\n        \"Id\""} {
		b.Reset()
		if err := listing.WriteInspected(&b, format, []listing.Inspected{v}); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("%q: %s %v", format, b.String(), err)
		}
	}
	if err := listing.WriteInspected(&b, "{{.Nothing}}", []listing.Inspected{v}); err == nil {
		t.Error("a field that nobody has")
	}
}

// Shared are the layers that another image has on top of the same layers; the two parts
// sum up to the size.
func TestDetails(t *testing.T) {
	st := testkit.Store(t)
	layer := func(size int) []byte { return testkit.Tar(t, testkit.File("file", strings.Repeat("x", size))) }
	base, own, same := layer(1000), layer(500), layer(200)
	for name, layers := range map[string][][]byte{"base:1": {base}, "app:1": {base, own}, "other:1": {own, same}, "alone:1": {same}} {
		testkit.Put(t, st, name, store.Pulled, testkit.Image(t, testkit.Options{Layers: layers}))
		testkit.Put(t, st, name+"-again", store.Pulled, testkit.Image(t, testkit.Options{Layers: layers})) // a second name shares nothing
	}
	l := listing.Lister{Store: st, Note: func(s string) { t.Error(s) }, Measurer: image.Measurer{Provider: st.Content(), Cache: st}}
	d, err := l.Details(t.Context(), engine.Usage{Bytes: 1234, Records: []engine.CacheRecord{{ID: "abc", Kind: "regular", Bytes: 77, InUse: true, Description: "RUN x\x1b[2J"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][3]string{ // size, shared, unique
		"base": {"1kB", "1kB", "0B"}, "app": {"1.5kB", "1kB", "500B"}, "other": {"700B", "0B", "700B"}, "alone": {"200B", "0B", "200B"},
	}
	if len(d.Images) != 8 {
		t.Fatalf("%d images", len(d.Images))
	}
	for _, r := range d.Images {
		if got := [3]string{r["Size"], r["SharedSize"], r["UniqueSize"]}; got != want[r["Repository"]] {
			t.Errorf("%s: %v, want %v", r["Repository"], got, want[r["Repository"]])
		}
	}
	var out strings.Builder
	if err := d.Write(&out, ""); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"Images space usage:\n\nREPOSITORY", "SHARED SIZE", "\nBuild cache usage: 1.23kB\n\nCACHE ID", "abc        regular      77B"} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("no %q in\n%s", text, out.String())
		}
	}
	out.Reset()
	if err := d.Write(&out, "{{range .BuildCache}}{{.Description}}{{end}}"); err != nil || out.String() != "RUN x\\x1b[2J\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}
