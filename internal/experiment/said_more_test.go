package experiment_test

import (
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/experiment"
	"tare/internal/image"
	"tare/internal/units"
)

// What a check says for itself, and what two runs of one name have of their own.
func TestWhatChecksAndRunsSay(t *testing.T) {
	for want, c := range map[string]*experiment.Checked{
		"": {Passed: true}, " did not pass its check: no": {Reason: "no"}, " passed its check, if its own program answered: x": {Passed: true, Unproven: "x"},
	} {
		if got := c.Says(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	one := &experiment.Record{Schema: experiment.Schema, Name: "x", File: "/a/tare.yaml"}
	two := &experiment.Record{Schema: experiment.Schema, Name: "x", File: "/b/tare.yaml"}
	const want = "the experiment's files are /a/tare.yaml and /b/tare.yaml"
	if got := strings.Join(experiment.Compare(one, two).Other, "|"); !strings.Contains(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	sized := func(pull units.Amount) *experiment.Record {
		return &experiment.Record{Schema: experiment.Schema, Name: "x", Variants: []experiment.Result{{Name: "a"}}, Comparison: &compare.Result{Images: []compare.Image{{Name: "a", Sizes: image.Sizes{Transfer: pull}}}}}
	}
	if got := strings.Join(experiment.Compare(sized(units.Known(5)), sized(units.Unknown())).Other, "|"); !strings.Contains(got, "a: transfer is known in only one of them") {
		t.Error(got)
	}
	if got := strings.Join(experiment.Compare(sized(units.Known(5)), sized(units.Known(6))).Other, "|"); strings.Contains(got, "known in only one") {
		t.Error(got)
	}
	if got := strings.Join(experiment.Compare(one, one).Other, "|"); strings.Contains(got, "the experiment's file") {
		t.Errorf("of one file: %s", got)
	}
}
