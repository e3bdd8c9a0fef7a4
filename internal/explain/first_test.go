package explain

import (
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/image"
	"tare/internal/units"
)

// The first screen says what tables do not; waste and sharing only where they matter.
func TestTelling(t *testing.T) {
	r := &compare.Result{Images: []compare.Image{{Name: "a", Sizes: image.Sizes{Files: 100, Waste: 5}}, {Name: "b", Sizes: image.Sizes{Files: 100, Waste: 4}}}}
	for _, topic := range []string{"ranking", "sharing", "tools", "stages"} {
		r.Sentences = append(r.Sentences, compare.Sentence{Topic: topic, Text: topic})
	}
	for _, name := range []string{"a", "b"} {
		r.Sentences = append(r.Sentences, compare.Sentence{Topic: "waste", Text: "waste of " + name, Evidence: []compare.Evidence{{Image: name}}})
	}
	said := func(most int) string {
		var out []string
		for _, s := range Telling(r, most) {
			out = append(out, s.Text)
		}
		return strings.Join(out, "|")
	}
	r.Sharing.Blob.Separately, r.Sharing.Blob.Together = units.Known(100), units.Known(96)
	if got := said(9); got != "stages|tools|waste of a" {
		t.Error(got)
	}
	r.Sharing.Blob.Together = units.Known(95)
	if got := said(9); got != "stages|tools|waste of a|sharing" {
		t.Error(got)
	}
	if got := said(2); got != "stages|tools" {
		t.Error(got)
	}
	// Images without layers share none, and a sentence that rests on nothing is of no image.
	r.Sharing.Blob.Separately, r.Sharing.Blob.Together = units.Known(0), units.Known(0)
	for i := range r.Sentences {
		r.Sentences[i].Evidence = nil
	}
	if got := said(9); got != "stages|tools" {
		t.Error(got)
	}
}
