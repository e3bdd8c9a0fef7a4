package gate_test

import (
	"strings"
	"testing"

	"tare/internal/experiment"
	"tare/internal/gate"
	"tare/internal/image"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/weigh"
)

// A budget of a class is held against what a container sees of it.
func TestClasses(t *testing.T) {
	s := testkit.Store(t)
	f := testkit.Facts(t, s, testkit.Put(t, s, "app:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{
		testkit.Tar(t, testkit.File("usr/share/locale/de/a.mo", strings.Repeat("a", 3000)), testkit.File("usr/share/locale/fr/a.mo", strings.Repeat("b", 3000)), testkit.File("usr/share/zoneinfo/UTC", strings.Repeat("c", 500))),
		testkit.Tar(t, testkit.File("usr/share/locale/fr/.wh.a.mo", "")),
	}})))
	classes := gate.ClassesOf(f)
	if classes[weigh.Locale] != 3000 || classes[weigh.TimeZones] != 500 || len(classes) != 2 {
		t.Fatalf("%v", classes)
	}
	for _, c := range []struct {
		name, value, want string // "" for what is kept
	}{
		{"classes.locale", "3kB", ""}, {"classes.locale", "2kB", "classes.locale (translations) is 3kB, 1kB over the budget of 2kB"},
		{"classes.timezones", "50%", ""}, {"classes.timezones", "10%", "classes.timezones (time zones) is 500B, 150B over the budget of 350B (10% of live)"},
		{"classes.docs", "0", ""},
	} {
		img := &gate.Image{Name: "app", After: gate.Side{Sizes: image.Sizes{Live: 3500}}}
		out, notes := gate.Judge(img, gate.Facts{Classes: classes}, gate.Budget{Rules: []experiment.Rule{{Name: c.name, Value: c.value}}, Line: func(string) int { return 0 }})
		got := ""
		if len(out) > 0 {
			got = out[0].Text
		}
		if got != c.want || len(notes) > 0 {
			t.Errorf("%s=%s: %q %v, want %q", c.name, c.value, got, notes, c.want)
		}
	}
	out, notes := gate.Judge(&gate.Image{Name: "app"}, gate.Facts{}, gate.Budget{Rules: []experiment.Rule{{Name: "classes.docs", Value: "0"}}})
	if len(out) > 0 || len(notes) != 1 || !strings.Contains(notes[0], "app: classes.docs is not judged: no layer was read") {
		t.Errorf("%v %v", out, notes)
	}
}
