package explain

import (
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/image"
)

// two is a comparison of two images by their live bytes and transfer.
func two(liveA, liveB, pullA, pullB int64) (*compare.Result, *compare.Difference) {
	r := sized(Sized{"a", pullA, liveA}, Sized{"b", pullB, liveB})
	for i := range r.Images {
		r.Images[i].Sizes.Waste = 0
	}
	r.Differences = []compare.Difference{{From: "a", To: "b", Measure: "live", Total: liveB - liveA}}
	return r, &r.Differences[0]
}

func says(r *compare.Result, say func(*writer)) string {
	w := &writer{r: r}
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

// Each sentence is said where the numbers say it, and not where they do not.
func TestSentences(t *testing.T) {
	// (d.Ends is 0, 0 here: both sizes in a sentence on one pair are the first image's.)
	why := func(total int64, causes ...compare.Cause) string {
		r, d := two(1000, 1000+total, 10, 20)
		d.Causes = causes
		return says(r, func(w *writer) { w.why(d) })
	}
	tools := func(total int64, causes ...compare.Cause) string {
		r, d := two(1000, 1000+total, 10, 20)
		d.Causes = causes
		return says(r, func(w *writer) { w.buildTools(d) })
	}
	gcc := func(bytes int64) compare.Cause {
		c := pkg("gcc", "added", bytes)
		c.Toolchain = true
		return c
	}
	stages := func(left, tool int64) string {
		return says(&compare.Result{Images: []compare.Image{{Name: "app"}}}, func(w *writer) {
			w.known(&compare.Image{Name: "app", Stages: []compare.StageSum{{Name: "build", LeftBehind: left, Toolchain: tool}}})
		})
	}
	oneStage := func(total int64, causes ...compare.Cause) string {
		r, d := two(1000, 1000+total, 10, 20)
		d.Causes = causes
		return says(r, func(w *writer) { w.unknown(d) })
	}
	layers := func(n ...int) string {
		r := &compare.Result{}
		for i, k := range n {
			r.Images = append(r.Images, compare.Image{Name: string(rune('a' + i)), Layers: k})
		}
		return says(r, func(w *writer) { w.layers() })
	}
	waste := func(n int64) string {
		return says(&compare.Result{Images: []compare.Image{{Name: "a", Sizes: image.Sizes{Files: 100_000, Waste: n}, Waste: map[string]int64{"deleted-file": n}}}}, func(w *writer) { w.waste() })
	}
	sharing := func(together, separately int64) string {
		r := &compare.Result{}
		r.Sharing.Blob.Together, r.Sharing.Blob.Separately = together, separately
		return says(r, func(w *writer) { w.sharing() })
	}
	ranking := func(pull, live [3]int64) string {
		r := sized(Sized{"a", pull[0], live[0]}, Sized{"b", pull[1], live[1]}, Sized{"c", pull[2], live[2]})
		return says(r, func(w *writer) { w.ranking() })
	}
	for n, c := range []struct{ got, want string }{
		{why(-900, pkg("pip", "removed", -900)), "The difference is pip: 900B of 900B, which only a has; everything else adds up to 0B."},
		{why(-900, pkg("pip", "changed", -900)), "Why: pip (−900B, different); that is all of it."},
		{why(100, pkg("pip", "added", 150), pkg("x", "removed", -50)), "Why: pip (+150B, only in b) and x (−50B, only in a); that is all of it."},
		{why(1000, pkg("pip", "added", 990), pkg("x", "added", 10)), "Why: pip (+990B, only in b); everything else adds up to +10B."},
		{tools(1000, gcc(600)), "Compilers, build tools, headers and static libraries are 600B of the 1kB."},
		{tools(1000, gcc(-600)), "Build dependencies are not the reason: b, the larger one, has 600B less of compilers, build tools, headers and static libraries."},
		{tools(-1000, pkg("pip", "removed", -1000)), "Build dependencies are not the reason: compilers, build tools, headers and static libraries are 0B of the 1kB by which a is larger."},
		{tools(0, gcc(5)), ""},
		{stages(0, 0), "The multi-stage build of app saves 0B: stage build holds nothing that is not in the image as well; one stage with the same instructions is as small."},
		{stages(2000, 1500), "The multi-stage build of app saves 2kB that stage build would add, 1.5kB of it compilers, build tools, headers and static libraries."},
		{oneStage(-1000, pkg("pip", "removed", -1000)), "Without the packages that only a has, the two differ by 0B: leaving them out makes a as small as b, and the number of stages it was built in saves 0B beyond that."},
		{oneStage(-1000, pkg("pip", "removed", -900)), ""}, // 10 % are something else
		{oneStage(1000, gcc(1000)), ""},                    // a stage may have kept it out
		{oneStage(-1000, pkg("pip", "changed", -1000)), ""},
		{layers(4, 4), "Both have 4 layers."}, {layers(4, 4, 4), "All have 4 layers."}, {layers(1, 4), "a has 1 layer and b has 4 layers."},
		{waste(99), ""}, {waste(5000), "a has 5kB that no container can see, 5kB of it deleted-file"},
		{sharing(100, 100), "They share no layer (0B of 100B)."},
		{sharing(70, 100), "Pulling all of them onto one host transfers 70B instead of 100B, because they share layers."},
		{ranking([3]int64{3, 2, 1}, [3]int64{3, 2, 1}), "c has the smallest transfer and live.|a has the largest transfer and live."},
		{ranking([3]int64{3, 2, 1}, [3]int64{1, 2, 1}), "c has the smallest transfer.|a and c have the smallest live.|a has the largest transfer.|b has the largest live."},
		{ranking([3]int64{1, 1, 1}, [3]int64{2, 2, 2}), "All 3 are the same size on transfer, tar, files, live and docker."},
	} {
		if c.want == "" && c.got != "" || !strings.HasPrefix(c.got, c.want) {
			t.Errorf("%d: %s, want\n%s", n, c.got, c.want)
		}
	}
}

// A pair is the same, equally large, larger or smaller; numbers that differ read
// differently.
func TestPairSentence(t *testing.T) {
	first := func(total int64, causes ...compare.Cause) string {
		r, d := two(1000, 1000, 10, 20)
		d.Total, d.Causes = total, causes
		s, _, _ := strings.Cut(says(r, func(w *writer) { w.pair(d) }), "|")
		return s
	}
	for _, c := range []struct{ got, want string }{
		{first(0), "a and b hold the same, byte for byte, as far as a container can see (live 1kB)."},
		{first(0, pkg("x", "added", 5), pkg("y", "removed", -5)), "a and b are equally large (live: 1kB; transfer: 0B), but not the same."},
		{first(-5, pkg("x", "removed", -5)), "b is 5B smaller than a ("}, {first(5, pkg("x", "added", 5)), "b is 5B larger than a ("},
	} {
		if !strings.HasPrefix(c.got, c.want) {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
}
