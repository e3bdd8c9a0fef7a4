package explain

import (
	"fmt"
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/image"
	"tare/internal/units"
)

// two is a comparison of two images by their live bytes and transfer.
func two(liveA, liveB, pullA, pullB int64) (*compare.Result, *compare.Difference) {
	r := sized(Sized{"a", pullA, liveA}, Sized{"b", pullB, liveB})
	for i := range r.Images {
		r.Images[i].Sizes.Waste = 0
	}
	r.Differences = []compare.Difference{{From: "a", To: "b", Measure: "live", Total: units.Known(liveB - liveA)}}
	return r, &r.Differences[0]
}

// says is what say says, where everything is material.
func says(r *compare.Result, say func(*writer)) string { return saying(&writer{r: r}, say) }

func saying(w *writer, say func(*writer)) string {
	say(w)
	var out []string
	for _, s := range w.out {
		if len(s.Evidence) == 0 {
			out = append(out, "WITHOUT EVIDENCE")
		}
		out = append(out, s.Text)
	}
	return strings.Join(out, "|")
}

func pkg(name, change string, bytes int64) compare.Cause {
	return compare.Cause{Kind: "package", Subject: "apk " + name, Bytes: bytes, Change: change}
}

type said struct{ got, want string }

// check holds what was said against what begins so; "" is nothing at all.
func check(t *testing.T, list []said) {
	t.Helper()
	for n, c := range list {
		if c.want == "" && c.got != "" || !strings.HasPrefix(c.got, c.want) {
			t.Errorf("%d: %s, want\n%s", n, c.got, c.want)
		}
	}
}

// (d.Ends is 0, 0 in these tests: both sizes in a sentence on one pair are the first
// image's.)
func TestWhy(t *testing.T) {
	why := func(total int64, causes ...compare.Cause) string {
		r, d := two(1000, 1000+total, 10, 20)
		d.Causes = causes
		return says(r, func(w *writer) { w.why(d) })
	}
	var hundred []compare.Cause
	for i := range 100 {
		hundred = append(hundred, pkg(fmt.Sprint("p", i), "added", 6))
	}
	check(t, []said{
		{why(-900, pkg("pip", "removed", -900)), "The difference is pip: 900B of 900B, which only a has; everything else adds up to 0B."},
		{why(900, pkg("pip", "added", 900)), "The difference is pip: 900B of 900B, which only b has; everything else adds up to 0B."},
		{why(-900, pkg("pip", "changed", -900)), "Why: pip (−900B, different); everything else adds up to 0B."},
		{why(100, pkg("pip", "added", 150), pkg("x", "removed", -50)), "Why: pip (+150B, only in b) and x (−50B, only in a); everything else adds up to 0B."},
		{why(1000, pkg("pip", "added", 990), pkg("x", "added", 10)), "Why: pip (+990B, only in b); everything else adds up to +10B."},
		{why(900, pkg("pip", "added", 901), pkg("x", "changed", -1)), "Why: pip (+901B, only in b); everything else adds up to −1B."}, // a thousandth
		{why(5, pkg("pip", "changed", 0), pkg("x", "added", 5)), "The difference is x: 5B of 5B"},
		{why(-45, compare.Cause{Kind: "base", Subject: "debian 12", Change: "removed", Bytes: -50}, compare.Cause{Kind: "base", Subject: "alpine 3", Change: "added", Bytes: 5}), "Why: debian 12 becoming alpine 3 (−45B, replaced); everything else adds up to 0B."},
		// At most four are named, each at least a fiftieth of the difference, and always the first.
		{why(600, pkg("a", "added", 110), pkg("b", "added", 109), pkg("c", "added", 108), pkg("d", "added", 107), pkg("e", "added", 106), pkg("f", "added", 60)), "Why: a (+110B, only in b), b (+109B, only in b), c (+108B, only in b) and d (+107B, only in b); everything else adds up to +166B."},
		{why(1000, pkg("a", "added", 960), pkg("b", "added", 20), pkg("c", "added", 19), pkg("d", "added", 1)), "Why: a (+960B, only in b) and b (+20B, only in b); everything else adds up to +20B."},
		{why(600, hundred...), "Why: p0 (+6B, only in b); everything else adds up to +594B."},
		// All but less than a thousandth is all.
		{why(1000, pkg("a", "added", 999), pkg("b", "added", 1)), "Why: a (+999B, only in b); everything else adds up to +1B."},
		{why(1001, pkg("a", "added", 1000), pkg("b", "added", 1)), "The difference is a: 1kB of 1kB, which only b has; everything else adds up to +1B."},
		{why(12, pkg("python3", "added", 40), compare.Cause{Kind: "package", Subject: "runtime python", Bytes: -28, Change: "removed"}), "Why: python becoming python3 (+12B, replaced); everything else adds up to 0B."},
		// What is there with other contents and as many bytes is no reason for a difference.
		{why(0, pkg("pip", "changed", 0)), ""}, {why(0), ""},
	})
}

func TestBuildTools(t *testing.T) {
	tools := func(m Material, course bool, total, a, b int64) string {
		r, d := two(1000_000, 1000_000+total, 10, 20)
		r.Images[0].Toolchain, r.Images[1].Toolchain = a, b
		d = pointed(r, d)
		return saying(&writer{r: r, m: m, course: course}, func(w *writer) { w.buildTools(d) })
	}
	all, course := Material{}, true
	check(t, []said{
		{tools(all, false, 1000, 0, 600), "Compilers, build tools, headers and static libraries are 600B of the 1kB by which b is larger."},
		{tools(all, false, -1000, 600, 0), "Compilers, build tools, headers and static libraries are 600B of the 1kB by which a is larger."},
		{tools(all, false, 600, 0, 600), "Compilers, build tools, headers and static libraries are 600B of the 600B by which b is larger."},
		{tools(all, false, 500, 0, 600), "b has 600B more of compilers, build tools, headers and static libraries than a: more than the 500B by which it is larger."},
		{tools(all, false, 1000, 600, 0), "Build dependencies are not the reason: b, the larger one, has 600B less of compilers"},
		// Both have as much: no sentence but for the course.
		{tools(all, false, 1000, 600, 600), ""}, {tools(all, false, 1000, 0, 0), ""},
		{tools(Threshold, course, 15, 0, 0), "Build dependencies are not the reason: compilers, build tools, headers and static libraries are 0B of the 15B by which b is larger."},
		{tools(Threshold, course, -1000, 0, 0), "Build dependencies are not the reason: compilers, build tools, headers and static libraries are 0B of the 1kB by which a is larger."},
		// There is no reason for what is not.
		{tools(all, course, 0, 0, 5), ""},
		// What is not material: less than 100 kB, or than 1 %.
		{tools(Threshold, false, 200_000, 0, 99_999), ""}, {tools(Threshold, false, 200_000, 0, 100_000), "Compilers"},
		{tools(Threshold, false, 20_000_000, 0, 199_999), ""}, {tools(Threshold, false, 20_000_000, 0, 200_000), "Compilers"},
	})
}

// pointed makes a difference one from the first to the second image.
func pointed(r *compare.Result, d *compare.Difference) *compare.Difference {
	*d = compare.Between(r, 0, 1, d.Measure)
	return d
}

func TestStages(t *testing.T) {
	build := func(m Material, all compare.StageSum, names ...string) string {
		im := &compare.Image{Name: "app", AllStages: &all, Sizes: image.Sizes{Live: 1_000_000}}
		for _, n := range names {
			im.Stages = append(im.Stages, compare.StageSum{Name: n})
		}
		r := &compare.Result{Images: []compare.Image{*im}}
		return saying(&writer{r: r, m: m}, func(w *writer) { w.stages() })
	}
	check(t, []said{
		{build(Threshold, compare.StageSum{}, "build"), "The multi-stage build of app saves 0B: the files of stage build are all in the image as well."},
		{build(Threshold, compare.StageSum{}, "one", "two"), "The multi-stage build of app saves 0B: the files of stages one and two are all in the image as well."},
		{build(Threshold, compare.StageSum{LeftBehind: 200_000, Toolchain: 150_000}, "build"), "The multi-stage build of app saves 200kB: files of stage build that are not in the image, 150kB of them compilers, build tools, headers and static libraries."},
		{build(Threshold, compare.StageSum{LeftBehind: 200_000}, "0"), "The multi-stage build of app saves 200kB: files of stage 0 that are not in the image."},
		{build(Threshold, compare.StageSum{LeftBehind: 200_000, Waste: 300_000}, "0"), "The multi-stage build of app saves 200kB: files of stage 0 that are not in the image; and 300kB that layers of stage 0 hide."},
		{build(Threshold, compare.StageSum{LeftBehind: 7, Waste: 300_000}, "0"), "The multi-stage build of app saves 300kB that layers of stage 0 hide; of the files that a container of it would see, 7B are not in the image."},
		// One byte is no reason for stages; nor is a file that the image has in another version.
		{build(Threshold, compare.StageSum{LeftBehind: 1}, "build"), "The multi-stage build of app saves next to nothing: 1B of the files of stage build are not in the image."},
		{build(Threshold, compare.StageSum{Replaced: 5_000_000}, "build"), "The multi-stage build of app saves next to nothing: 0B of the files of stage build are not in the image, and 5MB are there with other contents."},
		{build(Threshold, compare.StageSum{Waste: 9}, "build"), "The multi-stage build of app saves next to nothing: 0B of"},
		{build(Material{}, compare.StageSum{LeftBehind: 1}, "build"), "The multi-stage build of app saves 1B: files of stage build"},
		// No stages, no sentence; none either from images alone, nor from a record that lacks their sum.
		{says(&compare.Result{Images: []compare.Image{{Name: "app", Stages: []compare.StageSum{{Name: "build"}}}}}, (*writer).stages), ""},
		{build(Threshold, compare.StageSum{}), ""},
		{says(&compare.Result{Images: []compare.Image{{Name: "app"}}}, (*writer).stages), ""},
	})
}

func TestOfTheWholeSet(t *testing.T) {
	layers := func(n ...int) string {
		r := &compare.Result{}
		for i, k := range n {
			r.Images = append(r.Images, compare.Image{Name: string(rune('a' + i)), Layers: k})
		}
		return says(r, func(w *writer) { w.layers() })
	}
	waste := func(m Material, files, n int64) string {
		r := &compare.Result{Images: []compare.Image{{Name: "a", Target: []string{"x y"}, Sizes: image.Sizes{Files: files, Waste: n}, Waste: map[string]int64{"deleted-file": n, "opaque": 0, "deleted-dir": 0}}}}
		return saying(&writer{r: r, m: m}, func(w *writer) { w.waste() })
	}
	sharing := func(together, separately, apart int64) string {
		r := &compare.Result{}
		r.Sharing.Blob.Together, r.Sharing.Blob.Separately = units.Known(together), units.Known(separately)
		r.Sharing.Content.Separately, r.Sharing.Apart = units.Known(1_000_000), apart
		return saying(&writer{r: r, m: Threshold}, func(w *writer) { w.sharing() })
	}
	ranking := func(pull, live [3]int64) string {
		r := sized(Sized{"a", pull[0], live[0]}, Sized{"b", pull[1], live[1]}, Sized{"c", pull[2], live[2]})
		return says(r, func(w *writer) { w.ranking() })
	}
	check(t, []said{
		{layers(4, 4), "Both have 4 layers."}, {layers(4, 4, 4), "All have 4 layers."}, {layers(1, 4), "a has 1 layer and b has 4 layers."}, {layers(1, 4, 4), "a has 1 layer, b has 4 layers and c has 4 layers."},
		{waste(Material{}, 100_000, 5000), "a has 5kB that no container can see, 5kB of it deleted-file (tare weigh 'x y' shows"},
		{waste(Material{}, 100_000, 0), ""}, {waste(Threshold, 1_000_000, 99_999), ""}, {waste(Threshold, 1_000_000, 100_000), "a has 100kB"}, {waste(Threshold, 100_000_000, 999_999), ""},
		{sharing(100, 100, 0), "They share no layer (0B of 100B)."},
		{sharing(70, 100, 0), "Pulling all of them onto one host transfers 70B of layers instead of 100B, because they share layers."},
		{sharing(70, 100, 100_000), "Pulling all of them onto one host transfers 70B of layers instead of 100B, because they share layers; 100kB are equal files in layers that they do not share."},
		{sharing(100, 100, 100_000), "They share no layer (0B of 100B); 100kB are equal files in layers that they do not share."},
		{sharing(100, 100, 99_999), "They share no layer (0B of 100B)."},
		{ranking([3]int64{3, 2, 1}, [3]int64{3, 2, 1}), "c has the smallest transfer and live.|a has the largest transfer and live."},
		{ranking([3]int64{3, 2, 1}, [3]int64{1, 2, 1}), "c has the smallest transfer.|a and c have the smallest live.|a has the largest transfer.|b has the largest live."},
		{ranking([3]int64{1, 1, 1}, [3]int64{2, 2, 2}), "All 3 are the same size on transfer, tar, files, live and docker."},
	})
	// Of two classes with as many bytes the first by name is told, in whatever order they come.
	for range 20 {
		r := &compare.Result{Images: []compare.Image{{Name: "a", Sizes: image.Sizes{Files: 100, Waste: 12}, Waste: map[string]int64{"opaque": 5, "deleted-file": 5, "metadata-only": 2}}}}
		if got := says(r, (*writer).waste); got != "a has 12B that no container can see, 5B of it deleted-file." {
			t.Fatal(got)
		}
	}
	r := sized(Sized{"a", 1, 1}, Sized{"b", 2, 2})
	for i := range r.Images {
		z := &r.Images[i].Sizes
		z.Tar, z.Files, z.Docker = z.Live, z.Live, z.Live
	}
	if got := says(r, (*writer).ranking); got != "a is the smallest on every measure (transfer, tar, files, live and docker)." {
		t.Error(got)
	}
	r.Images[1].Sizes = r.Images[0].Sizes
	if got := says(r, (*writer).ranking); got != "Both are the same size on transfer, tar, files, live and docker." {
		t.Error(got)
	}
}

// A pair is equally large, larger or smaller; numbers that differ read differently.
func TestPairSentence(t *testing.T) {
	first := func(total int64, causes ...compare.Cause) string {
		r, d := two(1000, 1000, 10, 20)
		d.Total, d.Causes = units.Known(total), causes
		s, _, _ := strings.Cut(says(r, func(w *writer) { w.pair(d) }), "|")
		return s
	}
	check(t, []said{
		{first(0), "a and b are equally large (live: 1kB; transfer: 0B)."},
		{first(-5, pkg("x", "removed", -5)), "b is 5B smaller than a ("}, {first(5, pkg("x", "added", 5)), "b is 5B larger than a ("},
	})
}

// "The same" is said of what was held against each other, and of nothing else.
func TestEqual(t *testing.T) {
	equal := func(a *compare.Alike) string {
		s, _ := Equal(&compare.Difference{From: "a", To: "b", Alike: a}, 1000, units.Known(5))
		return s
	}
	path := func(what string) []compare.PathChange { return []compare.PathChange{{Path: "etc/x", What: what}} }
	check(t, []said{
		{equal(nil), "a and b are equally large (live: 1kB; transfer: +5B)."},
		{equal(&compare.Alike{Image: true, Config: true, Layers: true}), "a and b are the same image: live is the same, byte for byte (live: 1kB; transfer: +5B)."},
		{equal(&compare.Alike{Config: true, Layers: true}), "a and b have the same layers and the same configuration, stored differently: live is the same, byte for byte (live: 1kB; transfer: +5B)."},
		{equal(&compare.Alike{Layers: true, Settings: []string{"env A"}}), "a and b have the same layers: live is the same, byte for byte (live: 1kB; transfer: +5B); other settings: env A."},
		{equal(&compare.Alike{Layers: true, Steps: 1}), "a and b have the same layers: live is the same, byte for byte (live: 1kB; transfer: +5B); 1 step of the history that only one has."},
		{equal(&compare.Alike{Layers: true, Otherwise: []string{"created", "history", "author", "x"}}), "a and b have the same layers: live is the same, byte for byte (live: 1kB; transfer: +5B); otherwise different in the configuration: created, history, author, 1 more."},
		{equal(&compare.Alike{Layers: true, Settings: []string{"x", "y", "z"}}), "a and b have the same layers: live is the same, byte for byte (live: 1kB; transfer: +5B); other settings: x, y, z."},
		{equal(&compare.Alike{}), "a and b show a container the same files with the same metadata: live is the same, byte for byte (live: 1kB; transfer: +5B); their layers differ."},
		{equal(&compare.Alike{Metadata: 1, Paths: path("owner 0:0 → 1:1")}), "a and b show a container the same contents, byte for byte (live: 1kB; transfer: +5B), but not the same metadata: 1 path differs: /etc/x (owner 0:0 → 1:1)."},
		{equal(&compare.Alike{Content: 1, Paths: path("content")}), "a and b are equally large (live: 1kB; transfer: +5B), but not the same: 1 path differs in content: /etc/x (content)."},
		{equal(&compare.Alike{Content: 2, Metadata: 3, Steps: 2, Paths: path("link")}), "a and b are equally large (live: 1kB; transfer: +5B), but not the same: 2 paths differ in content and 3 in metadata only: /etc/x (link), 4 more; 2 steps of the history that only one has."},
	})
}

// What is proven of contents only, or of sizes, is not said of everything.
func TestNotTheSame(t *testing.T) {
	for _, a := range []*compare.Alike{nil, {Metadata: 1}, {Content: 1}, {Content: 1, Metadata: 1}} {
		if s, _ := Equal(&compare.Difference{From: "a", To: "b", Alike: a}, 1000, units.Known(5)); strings.Contains(s, "is the same") || strings.Contains(s, "the same, byte") {
			t.Errorf("%+v: %s", a, s)
		}
	}
}

func TestNoDifference(t *testing.T) {
	layers := []compare.LayerMatch{{From: 1, To: 1}, {From: 2}, {To: 2}}
	check(t, []said{
		{NoDifference(&compare.Diff{SameImage: true}), "No difference: they are the same image."},
		{NoDifference(&compare.Diff{Layers: layers[:1]}), "No difference: packages, files and their metadata, settings and the steps of the history are the same."},
		{NoDifference(&compare.Diff{IgnoredTimes: true}), "No difference: packages, files and their metadata except modification times, settings and the steps of the history are the same."},
		{NoDifference(&compare.Diff{IgnoredHistory: true, Otherwise: []string{"created"}}), "No difference: packages, files and their metadata and settings are the same. What no container sees differs: in the configuration created."},
		{NoDifference(&compare.Diff{Layers: layers}), "No difference: packages, files and their metadata, settings and the steps of the history are the same. What no container sees differs: 2 layers that only one has."},
	})
	if got := NoDifference(&compare.Diff{Layers: layers[:1]}); strings.Contains(got, "sees") {
		t.Error(got)
	}
}
