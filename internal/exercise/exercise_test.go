package exercise_test

import (
	"bytes"
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/exercise"
	"tare/internal/experiment"
	"tare/internal/explain"
	"tare/internal/image"
	"tare/internal/report"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/units"
)

// course is the exercise as its author believes it to be, in round numbers.
func course(names ...string) *experiment.Record {
	c := &compare.Result{Baseline: names[0]}
	r := &experiment.Record{Schema: experiment.Schema, Name: "x", Baseline: names[0], Comparison: c}
	for n, name := range names {
		k := int64(3 - n)
		c.Images = append(c.Images, compare.Image{Name: name, Layers: 4, EmptyLayers: n, Sizes: image.Sizes{Transfer: units.Known(10 * k), Tar: 20 * k, Files: 18 * k, Live: 17 * k, Docker: 18 * k}})
		r.Variants = append(r.Variants, experiment.Result{Name: name, Source: "image " + name})
	}
	return r
}

// set are two images whose live bytes differ by total, with the build tools that each has,
// and what the stages of the second left behind.
func set(total int64, tools [2]int64, stages *compare.StageSum) *compare.Result {
	r := &compare.Result{Baseline: "one"}
	for n, name := range []string{"one", "two"} {
		size := 10_000_000 + int64(n)*total
		r.Images = append(r.Images, compare.Image{Name: name, Base: "alpine 3", Layers: 4, Toolchain: tools[n], Sizes: image.Sizes{Transfer: units.Known(size), Tar: size, Files: size, Live: size, Docker: size}})
	}
	if stages != nil {
		r.Images[1].Stages, r.Images[1].AllStages = []compare.StageSum{*stages}, stages
		r.Images[1].Stages[0].Name = "build"
	}
	r.Differences = []compare.Difference{compare.Between(r, 0, 1, "live")}
	return r
}

// Each claim is supported by what bears it out, refuted by what does not, and made only
// where a sentence judges it.
func TestClaims(t *testing.T) {
	judged := func(r *compare.Result, m explain.Material, about string) string {
		r.Course = exercise.Sentences(r, m)
		var out []string
		for _, s := range r.Course {
			if (s.Claim == "") != (s.Verdict == "") {
				t.Errorf("%+v", s)
			}
			if strings.Contains(s.Claim, about) {
				out = append(out, s.Verdict+": "+s.Claim)
			}
		}
		return strings.Join(out, "|")
	}
	all, usual := explain.Material{}, explain.Threshold
	const because, several = " because of build dependencies", " in several stages"
	for n, c := range []struct{ got, want string }{
		{judged(set(-5_000_000, [2]int64{}, nil), usual, "smallest"), "supported: two is the smallest image"},
		{judged(set(0, [2]int64{}, nil), usual, " "), ""},
		// Build tools: half of the difference or more.
		{judged(set(-1_000_000, [2]int64{500_000, 0}, nil), usual, because), "supported: one is larger than two because of build dependencies"},
		{judged(set(-1_000_000, [2]int64{499_999, 0}, nil), usual, because), "refuted: one is larger than two because of build dependencies"},
		{judged(set(-1_000_000, [2]int64{0, 900_000}, nil), usual, because), "refuted: one is larger than two because of build dependencies"},
		{judged(set(1_000_000, [2]int64{0, 900_000}, nil), usual, because), "supported: two is larger than one because of build dependencies"},
		{judged(set(15, [2]int64{0, 15}, nil), usual, because), "refuted: two is larger than one because of build dependencies"},
		{judged(set(15, [2]int64{0, 15}, nil), all, because), "supported: two is larger than one because of build dependencies"},
		// One byte is no reason to say that stages made it smaller.
		{judged(set(5, [2]int64{}, &compare.StageSum{LeftBehind: 200_000}), usual, several), "supported: two is smaller for being built in several stages"},
		{judged(set(5, [2]int64{}, &compare.StageSum{LeftBehind: 1}), usual, several), "refuted: two is smaller for being built in several stages"},
		{judged(set(5, [2]int64{}, &compare.StageSum{LeftBehind: 1}), all, several), "supported: two is smaller for being built in several stages"},
		{judged(set(5, [2]int64{}, &compare.StageSum{LeftBehind: 99_000}), usual, several), "refuted: two is smaller for being built in several stages"},
		{judged(set(5, [2]int64{}, &compare.StageSum{}), all, several), "refuted: two is smaller for being built in several stages"},
		{judged(set(5, [2]int64{}, nil), all, several), ""}, // nothing is known of its stages
	} {
		if c.got != c.want {
			t.Errorf("%d: %s, want\n%s", n, c.got, c.want)
		}
	}
	r := set(-5_000_000, [2]int64{}, nil)
	r.Images[0].Sizes.Docker = 1 // smaller on one measure
	if got := judged(r, usual, "smallest"); got != "refuted: two is the smallest image|refuted: one is the smallest image" {
		t.Error(got)
	}
}

// distro is an image of a distribution with packages of so many bytes.
func distro(t *testing.T, s *store.Store, id string, sizes map[string]int, more int) compare.Subject {
	t.Helper()
	db := ""
	files := []testkit.Entry{testkit.File("etc/os-release", "ID="+id+"\nVERSION_ID=1\n"), testkit.File("app/data", strings.Repeat("d", more))}
	for name, n := range sizes {
		db += "P:" + name + "\nV:1\nF:usr/lib\nR:" + name + "\n\n"
		files = append(files, testkit.File("usr/lib/"+name, strings.Repeat(name[:1], n)))
	}
	files = append(files, testkit.File("lib/apk/db/installed", db))
	return compare.Subject{Name: id, Facts: testkit.Facts(t, s, testkit.Put(t, s, id, store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, files...)}})))}
}

// "Larger but includes more tools" is refuted where the larger image lacks as much as it
// has, or owes its size to something else; images on one base are not judged.
func TestMoreTools(t *testing.T) {
	s := testkit.Store(t)
	small := distro(t, s, "small", map[string]int{"musl": 100_000}, 0)
	for _, c := range []struct {
		large compare.Subject
		want  string
	}{
		{distro(t, s, "large", map[string]int{"libc": 300_000, "perl": 200_000}, 0), "supported: large is larger but includes more tools"},
		{distro(t, s, "data", map[string]int{"libc": 100_000}, 500_000), "refuted: data is larger but includes more tools"},
		{distro(t, s, "few", map[string]int{"libc": 900_000}, 0), "refuted: few is larger but includes more tools"},
		{distro(t, s, "same", map[string]int{"musl": 100_000}, 500_000), ""},
		{distro(t, s, "tiny", map[string]int{"musl": 100_000, "x": 9, "y": 9}, 0), "refuted: tiny is larger but includes more tools"},
		{distro(t, s, "small", map[string]int{"libc": 300_000, "perl": 200_000}, 0), ""}, // one base
	} {
		r, err := compare.Compare([]compare.Subject{c.large, small}, compare.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, said := range exercise.Sentences(r, explain.Threshold) {
			if strings.Contains(said.Claim, "more tools") {
				got += said.Verdict + ": " + said.Claim
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.large.Name, got, c.want)
		}
	}
}

func answers(t *testing.T, r *experiment.Record) string {
	t.Helper()
	var b bytes.Buffer
	if err := exercise.Answers(r, false).WriteText(&b, report.Style{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAnswers(t *testing.T) {
	r := course("slim", "one", "two")
	c := r.Comparison
	r.Variants[2].Source = "Dockerfile.two"
	r.Variants[1].Source = "/abs/Dockerfile"
	r.Variants[1].Edits = []experiment.Edited{{Name: "source", Repull: 4711, Layers: 1}, {Name: "base", Skipped: "no base"}}
	r.Variants[1].Measures = []experiment.Measurement{{Name: experiment.Rebuild + "source", Unit: "seconds", Value: 0.5}}
	c.Differences = []compare.Difference{{From: "one", To: "two", Measure: "live", Total: units.Known(-17), Causes: []compare.Cause{{Kind: "package", Subject: "apk pip", Bytes: -17, Change: "removed", FromVersion: "23"}}}}
	c.Sentences = []compare.Sentence{{Topic: "ranking", Text: "NOT OF THE COURSE"}}
	c.Course = []compare.Sentence{{Topic: "packages", Text: "two lacks 1 package that others have, the largest being pip 23 (17B)."}, {Topic: "ranking", Text: "two is the smallest.", Claim: "two is the smallest image", Verdict: "supported"}, {Topic: "stages", Text: "The stages save 0B.", Claim: "stages", Verdict: "refuted"}, {Topic: "layers", Text: "All have 4 layers."}}
	got := answers(t, r)
	for _, want := range []string{"· two has 4 layers; 2 other steps made none.", "Shown by: tare compare slim /abs/Dockerfile ./Dockerfile.two", "✓ two is the smallest.", "· two lacks 1 package that others have, the largest being pip 23 (17B).", "· one, edit source: a host that has the image pulls 4.71kB in 1 layer again, and the rebuild takes 0.50 s.", "✗ refuted: stages.", "All have 4 layers.", "Shown by: tare diff slim ./Dockerfile.two"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for _, not := range []string{"only variant", "No image here", "None could be judged", "NOT OF", "does not say", "second stage"} {
		if strings.Contains(got, not) {
			t.Errorf("%q in\n%s", not, got)
		}
	}
}

// A record of an earlier version has its claims among the sentences.
func TestAnswersOfEarlierRecords(t *testing.T) {
	r := course("slim", "one")
	r.Comparison.Sentences = []compare.Sentence{{Topic: "ranking", Text: "one is the smallest.", Claim: "one is the smallest image", Verdict: "refuted"}}
	got := answers(t, r)
	for _, want := range []string{"✗ refuted: one is the smallest image.", "This record does not say: run the experiment again.", "✗ one is the smallest."} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// One variant answers what it can, and says what takes two.
func TestAnswersAlone(t *testing.T) {
	got := answers(t, course("slim"))
	for _, want := range []string{"slim has 4 layers", "slim is the only variant: this takes two.", "No image here is known to have been built in several stages.", "No edit was measured", "None could be judged."} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "tare diff") || strings.Contains(got, "smallest") {
		t.Errorf("%s", got)
	}
	none := course("slim")
	none.Comparison = nil
	none.Variants[0].Error = "no such image"
	if got := answers(t, none); !strings.Contains(got, "no variant could be built or pulled") || !strings.Contains(got, "no such image") {
		t.Errorf("%s", got)
	}
}
