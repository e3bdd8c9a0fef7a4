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
)

// course is the exercise as its author believes it to be, in round numbers.
func course(names ...string) *experiment.Record {
	c := &compare.Result{Baseline: names[0]}
	r := &experiment.Record{Schema: experiment.Schema, Name: "x", Baseline: names[0], Comparison: c}
	for n, name := range names {
		k := int64(3 - n)
		c.Images = append(c.Images, compare.Image{Name: name, Layers: 4, EmptyLayers: n, Sizes: image.Sizes{Transfer: 10 * k, Tar: 20 * k, Files: 18 * k, Live: 17 * k, Docker: 18 * k}})
		r.Variants = append(r.Variants, experiment.Result{Name: name, Source: "image " + name})
	}
	return r
}

func verdicts(c *compare.Result) string {
	var out []string
	for _, s := range c.Sentences {
		out = append(out, s.Verdict+": "+s.Claim)
	}
	return strings.Join(out, "|")
}

// Each claim is supported by what bears it out, refuted by what does not, and made only
// where a sentence judges it.
func TestClaims(t *testing.T) {
	c := course("slim", "one", "two").Comparison
	c.Differences = []compare.Difference{{From: "one", To: "two", Measure: "live", Total: -17}}
	ev := func(image, from, to string, n int64) []compare.Evidence {
		return []compare.Evidence{{Image: image, From: from, To: to, Measure: "live", Value: n}}
	}
	c.Sentences = []compare.Sentence{
		{Kind: explain.Smallest, Evidence: ev("two", "", "", 17)}, {Kind: explain.Largest, Evidence: ev("slim", "", "", 51)},
		{Kind: explain.BuildTools, Evidence: ev("", "one", "two", -9)}, {Kind: explain.BuildTools, Evidence: ev("", "one", "two", -8)}, {Kind: explain.BuildTools, Evidence: ev("", "one", "two", 9)},
		{Kind: explain.MoreTools, Evidence: ev("slim", "", "", 97)},
		{Kind: explain.Stages, Evidence: ev("two", "", "", 0)}, {Kind: explain.Stages, Evidence: ev("two", "", "", 5)},
		{Kind: explain.OneStage, Evidence: ev("", "one", "two", 0)},
		{Text: "All have 4 layers.", Evidence: ev("two", "", "", 4)},
	}
	exercise.Claims(c)
	want := "supported: two is the smallest image|supported: slim is the largest image|supported: one is larger than two because of build dependencies|refuted: one is larger than two because of build dependencies|refuted: one is larger than two because of build dependencies|" +
		"supported: slim is larger but includes more tools|refuted: two is smaller for being built in several stages|supported: two is smaller for being built in several stages|refuted: two is smaller for being built in several stages|: "
	if got := verdicts(c); got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
	c.Images[1].Sizes.Docker = 1 // smaller on one measure
	exercise.Claims(c)
	if got := verdicts(c); !strings.HasPrefix(got, "refuted: two is the smallest image|supported: slim is the largest") {
		t.Error(got)
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
	c.Differences = []compare.Difference{{From: "one", To: "two", Measure: "live", Total: -17, Causes: []compare.Cause{{Kind: "package", Subject: "apk pip", Bytes: -17, Change: "removed", FromVersion: "23"}}}}
	c.Sentences = []compare.Sentence{{Topic: "ranking", Text: "two is the smallest.", Claim: "two is the smallest image", Verdict: "supported"}, {Topic: "stages", Text: "The stages save 0B.", Claim: "stages", Verdict: "refuted"}, {Topic: "layers", Text: "All have 4 layers."}}
	got := answers(t, r)
	for _, want := range []string{"· two has 4 layers; 2 other steps made none.", "Shown by: tare compare slim /abs/Dockerfile ./Dockerfile.two", "✓ two is the smallest.", "· two lacks 1 package that others have, the largest being pip 23 (17B).",
		"· one lacks no package that another has.", "· one, edit source: a host that has the image pulls 4.71kB in 1 layer again, and the rebuild takes 0.50 s.", "✗ refuted: stages.", "All have 4 layers.", "Shown by: tare diff slim ./Dockerfile.two"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for _, not := range []string{"only variant", "No image here", "None could be judged"} {
		if strings.Contains(got, not) {
			t.Errorf("%q in\n%s", not, got)
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
