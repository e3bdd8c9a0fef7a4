package compare_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/compare"
	"tare/internal/image"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/units"
)

func subjectOf(t *testing.T, s *store.Store, name string, o testkit.Options) compare.Subject {
	t.Helper()
	return compare.Subject{Name: name, Facts: testkit.Facts(t, s, testkit.Put(t, s, name, store.Pulled, testkit.Image(t, o)))}
}

// Every setting that differs is named, with both values; what is equal is not.
func TestSettingsThatDiffer(t *testing.T) {
	s := testkit.Store(t)
	l := [][]byte{testkit.Tar(t, testkit.File("f", "1"))}
	none := map[string]struct{}{}
	a := subjectOf(t, s, "a", testkit.Options{Layers: l, Config: ocispec.ImageConfig{Env: []string{"A=1", "B=", "S=same"}, Labels: map[string]string{"x": "1", "e": ""}, Cmd: []string{"a"}, User: "1", StopSignal: "SIGINT", ExposedPorts: map[string]struct{}{"80/tcp": {}}}})
	b := subjectOf(t, s, "b", testkit.Options{Layers: l, Shell: []string{"/bin/bash", "-c"}, Config: ocispec.ImageConfig{Env: []string{"A=2", "C=3", "S=same"}, Labels: map[string]string{"x": "1"}, Entrypoint: []string{"a", "b"}, WorkingDir: "/w", Volumes: map[string]struct{}{"/v": {}}, ExposedPorts: none}})
	var got []string
	for _, c := range compare.Differ(a, b, compare.DiffOptions{}).Config {
		got = append(got, fmt.Sprintf("%s: %s → %s", c.Name, c.From, c.To))
	}
	want := `cmd: ["a"] → 
entrypoint:  → ["a","b"]
env A: 1 → 2
env B: "" → 
env C:  → 3
label e: "" → 
port 80/tcp: exposed → 
shell:  → ["/bin/bash","-c"]
stop signal: SIGINT → 
user: 1 → 
volume /v:  → declared
workdir:  → /w`
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("%s\nwant\n%s", s, want)
	}
}

// Packages are added, removed or changed, and what is the same is left out; so are the
// bytes of files and names.
func TestPackagesAndBytesOfDiff(t *testing.T) {
	s := testkit.Store(t)
	a := made(t, s, "a", testkit.Options{}, entries{apk("gone 1 usr/gone", "kept 1 usr/kept", "new 1 usr/new"), sized("usr/gone", "g", 50), testkit.Link("link", "usr/gone")})
	b := made(t, s, "b", testkit.Options{}, entries{apk("kept 1 usr/kept", "more 3 usr/more", "more2 3 usr/more2", "new 2 usr/new"), sized("usr/more", "m", 7), sized("usr/more2", "m", 8), testkit.Link("usr/more3", "usr/more")})
	for _, c := range []struct {
		a, b  compare.Subject
		want  string
		count compare.Counts
	}{
		{a, b, "removed gone 1>, added more >3, added more2 >3, changed new 1>2", compare.Counts{PackagesAdded: 2, PackagesRemoved: 1, PackagesChanged: 1, Added: 3, Removed: 2, Content: 1, AddedBytes: 15, RemovedBytes: 50}},
		{b, a, "added gone >1, removed more 3>, removed more2 3>, changed new 2>1", compare.Counts{PackagesAdded: 1, PackagesRemoved: 2, PackagesChanged: 1, Added: 2, Removed: 3, Content: 1, AddedBytes: 50, RemovedBytes: 15}},
		{a, a, "", compare.Counts{}},
	} {
		d := compare.Differ(c.a, c.b, compare.DiffOptions{})
		var got []string
		for _, p := range d.Packages {
			got = append(got, fmt.Sprintf("%s %s %s>%s", p.Change, p.Name, p.From, p.To))
		}
		if s := strings.Join(got, ", "); s != c.want || d.Count != c.count {
			t.Errorf("%s to %s: %s and %+v, want %s and %+v", c.a.Name, c.b.Name, s, d.Count, c.want, c.count)
		}
	}
}

// Steps are matched in order, and layers by content, each once.
func TestStepsAndLayersOfDiff(t *testing.T) {
	s := testkit.Store(t)
	of := func(name, steps string) compare.Subject {
		o := testkit.Options{}
		for _, x := range strings.Fields(steps) {
			empty := strings.HasPrefix(x, "-")
			o.History = append(o.History, ocispec.History{CreatedBy: "RUN " + strings.TrimPrefix(x, "-"), EmptyLayer: empty})
			if !empty {
				o.Layers = append(o.Layers, testkit.Tar(t, testkit.File(x, x)))
			}
		}
		return subjectOf(t, s, name, o)
	}
	for n, c := range []struct{ a, b, history, layers string }{
		{"a b c", "a b c", "", "1=1 2=2 3=3"},
		{"a b c", "a c", "-b@2", "1=1 2=0 3=2"},
		{"a c", "a b c", "+b@2", "1=1 2=3 0=2"},
		{"a b c d", "a x c y", "-b@2 +x@2 -d@4 +y@4", "1=1 2=0 3=3 4=0 0=2 0=4"},
		{"a -e b", "a -f b", "-e@0 +f@0", "1=1 2=2"},
		{"b a", "a b", "-b@1 +b@2", "1=2 2=1"},
		{"a a", "a", "-a@2", "1=1 2=0"},
		{"a", "a a", "+a@2", "1=1 0=2"},
		{"a x b y c", "p a b q c", "+p@1 -x@2 -y@4 +q@4", "1=2 2=0 3=3 4=0 5=5 0=1 0=4"},
	} {
		d := compare.Differ(of(fmt.Sprint("a", n), c.a), of(fmt.Sprint("b", n), c.b), compare.DiffOptions{})
		var history, layers []string
		for _, h := range d.History {
			history = append(history, fmt.Sprintf("%s%s@%d", map[string]string{"removed": "-", "added": "+"}[h.Change], strings.TrimPrefix(h.Step, "RUN "), h.Layer))
		}
		for _, l := range d.Layers {
			layers = append(layers, fmt.Sprintf("%d=%d", l.From, l.To))
		}
		if h, l := strings.Join(history, " "), strings.Join(layers, " "); h != c.history || l != c.layers {
			t.Errorf("%s, %s: %s and %s, want %s and %s", c.a, c.b, h, l, c.history, c.layers)
		}
	}
}

// What pulled a package in: what somebody asked for, else what nothing else needs.
func TestPulledIn(t *testing.T) {
	s := testkit.Store(t)
	pkg := func(name, needs string) string {
		return fmt.Sprintf("P:%s\nV:1\nD:%s\nF:lib\nR:%s\n\n", name, needs, name)
	}
	of := func(name, world, db string) compare.Subject {
		files := []testkit.Entry{testkit.File("lib/apk/db/installed", db), testkit.File("etc/apk/world", world)}
		for _, line := range strings.Split(db, "\n") {
			if p, ok := strings.CutPrefix(line, "P:"); ok {
				files = append(files, testkit.File("lib/"+p, strings.Repeat(p, 100)))
			}
		}
		return subjectOf(t, s, name, testkit.Options{Layers: [][]byte{testkit.Tar(t, files...)}})
	}
	for n, c := range []struct{ name, a, worldA, b, worldB, want string }{
		{"by what was asked for", "", "", pkg("a", "b") + pkg("b", "c") + pkg("c", ""), "a", "b<a c<a"},
		{"by what nothing needs", "", "", pkg("a", "b") + pkg("b", "c") + pkg("c", ""), "", "b<a c<a"},
		{"two were asked for", "", "", pkg("a", "b") + pkg("b", "c") + pkg("c", ""), "a b", "c<b"},
		{"what was there is none of it", pkg("b", ""), "b", pkg("a", "b") + pkg("b", "c") + pkg("c", ""), "a b", ""},
		{"asked for comes before what nothing needs", "", "", pkg("a", "c") + pkg("z", "c") + pkg("c", ""), "z", "c<z"},
		{"the first of two by name", "", "", pkg("a", "c") + pkg("z", "c") + pkg("c", ""), "", "c<a"},
		{"the first of two that were asked for", "", "", pkg("a", "c") + pkg("b", "c") + pkg("z", "c") + pkg("c", ""), "b z", "c<b"},
		{"removed together", pkg("a", "b") + pkg("b", ""), "a", "", "", "b<a"},
		{"a circle", "", "", pkg("a", "b") + pkg("b", "a"), "a", "b<a"},
		{"nothing to do with one another", "", "", pkg("a", "") + pkg("b", ""), "a b", ""},
	} {
		a, b := of(fmt.Sprint("a", n), c.worldA, c.a), of(fmt.Sprint("b", n), c.worldB, c.b)
		for range 8 { // causes are in no order when this is found
			if s := pulled(t, a, b); s != c.want {
				t.Errorf("%s: %s, want %s", c.name, s, c.want)
				break
			}
		}
	}
	// A package that left a file behind pulled nothing in, whatever stands in its place.
	plain := made(t, s, "plain", testkit.Options{}, entries{testkit.File("lib/apk/db/installed", pkg("q", "r")), sized("lib/q", "q", 50)})
	behind := made(t, s, "behind", testkit.Options{}, entries{testkit.File("lib/apk/db/installed", pkg("q", "r")+pkg("r", "")+pkg("x", "")), sized("lib/q", "q", 50), sized("lib/r", "r", 50), sized("lib/x", "x", 50)},
		entries{testkit.File("lib/apk/db/installed", pkg("q", "r")+pkg("r", ""))})
	if s := pulled(t, plain, behind); s != "" {
		t.Error(s)
	}
	// Nor has what was there before, in another version.
	older := made(t, s, "older", testkit.Options{}, entries{testkit.File("lib/apk/db/installed", pkg("b", "")), sized("lib/b", "b", 50)})
	newer := made(t, s, "newer", testkit.Options{}, entries{testkit.File("lib/apk/db/installed", pkg("a", "b")+pkg("b", "")), sized("lib/a", "a", 50), sized("lib/b", "B", 90)})
	for range 8 {
		if s := pulled(t, older, newer) + pulled(t, newer, older); s != "" {
			t.Fatal(s)
		}
	}
	// What a package left behind has no part in it.
	left := made(t, s, "left", testkit.Options{}, entries{apk("x 1 usr/x"), sized("usr/x", "x", 500)}, entries{testkit.File("lib/apk/db/installed", pkg("a", "")+pkg("z", "a")), sized("lib/a", "a", 50), sized("lib/z", "z", 50)})
	for range 8 {
		if s := pulled(t, of("none", "", ""), left); s != "a<z" {
			t.Fatal(s)
		}
	}
}

// pulled is what was pulled in by what.
func pulled(t *testing.T, a, b compare.Subject) string {
	t.Helper()
	var got []string
	for _, d := range between(t, a, b, "live") {
		for _, x := range d.Causes {
			if x.Via != "" {
				got = append(got, strings.TrimPrefix(x.Subject, "apk ")+"<"+strings.TrimPrefix(x.Via, "apk "))
			}
		}
	}
	return strings.Join(got, " ")
}

// What manifests alone tell: layers that several have, and one that an image has twice.
func TestManifests(t *testing.T) {
	s := testkit.Store(t)
	layer := func(name string) []byte { return testkit.Tar(t, testkit.File(name, strings.Repeat(name, 50))) }
	base, x, y := layer("base"), layer("x"), layer("y")
	var images []*image.Image
	for n, o := range []testkit.Options{
		{Layers: [][]byte{base, x}, History: []ocispec.History{{CreatedBy: "ADD base"}, {CreatedBy: "ENV A=b", EmptyLayer: true}, {CreatedBy: "RUN x"}}},
		{Layers: [][]byte{base, y, y}},
		{Layers: [][]byte{base, x}, Config: ocispec.ImageConfig{User: "1"}},
	} {
		images = append(images, testkit.Measured(t, s, testkit.Put(t, s, fmt.Sprint("i", n), store.Pulled, testkit.Image(t, o))))
	}
	r := compare.Manifests([]string{"a", "b", "c"}, images, 1)
	var got []string
	for _, i := range r.Images {
		blobs, sum := "", int64(0)
		seen := map[string]bool{}
		for _, l := range i.Blobs {
			n, _ := l.Transfer.Int()
			if !seen[l.Digest] {
				sum += n
			}
			seen[l.Digest] = true
			blobs += fmt.Sprint(" ", l.SharedWith)
		}
		total, known := i.Transfer.Int()
		if img := images[len(got)]; !known || total != sum+img.Push.Manifest.Size+img.ConfigID.Size {
			t.Errorf("%s: %d, the parts are %d", i.Name, total, sum)
		}
		got = append(got, fmt.Sprintf("%s %d %d:%s", i.Name, i.Layers, i.EmptyLayers, blobs))
	}
	if s := strings.Join(got, ", "); s != "a 2 1: 2 1, b 3 0: 2 0 0, c 2 0: 2 1" || r.Baseline != "b" || r.Base != 1 {
		t.Errorf("%s, baseline %s", s, r.Baseline)
	}
	// Of the five blobs two are there twice: in the set each is counted once, and as shared in
	// each image that has it.
	size := func(image, layer int) units.Amount { return r.Images[image].Blobs[layer].Transfer }
	if want := size(0, 0).Plus(size(0, 1)).Plus(size(1, 1)); r.Together != want {
		t.Errorf("together %v, want %v", r.Together, want)
	}
	for n, want := range []units.Amount{size(0, 0).Plus(size(0, 1)), size(1, 0), size(2, 0).Plus(size(2, 1))} {
		if r.Images[n].Shared != want {
			t.Errorf("image %d shares %v, want %v", n, r.Images[n].Shared, want)
		}
	}
	for _, img := range images { // nobody worked out what a push sends: it is what is stored
		img.Push = nil
	}
	if again := compare.Manifests([]string{"a", "b", "c"}, images, 1); !reflect.DeepEqual(again, r) {
		t.Errorf("%+v, want %+v", again, r)
	}
	if r.Images[0].Blobs[1].Instruction != "RUN x" || r.Images[0].Platform != "linux/amd64" || r.Images[0].Created != "2025-01-01T00:00:00Z" {
		t.Errorf("%+v", r.Images[0])
	}
}
