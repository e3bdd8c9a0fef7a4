package trim_test

import (
	"bytes"
	"strings"
	"testing"

	"tare/internal/report"
	"tare/internal/trim"
	"tare/internal/units"
)

func shown(t *testing.T, r *trim.Result) string {
	t.Helper()
	var out bytes.Buffer
	if err := trim.Document(r, false).View(report.View{Full: true}, report.Drop).WriteText(&out, report.Style{}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

// What is said of rebuilds and of time is there where it was measured, and only there.
func TestSaidOfRebuildsAndTime(t *testing.T) {
	const rebuilds = "After a change of main.py, line 4 comes from the cache; as the Dockerfile is, it runs again. One rebuild each: 0.40 s instead of 10.0 s, and 7kB to pull instead of 5.5MB."
	const nothing = ".: 1 edit, measured: no bytes saved, but work of rebuilds after a change of the source"
	const took = "It took 60.0 s: 50.0 s in builds, 6.0 s in checks, 4.0 s of tare's own."
	saves := &trim.Saves{Tar: 5000, Transfer: units.Known(4000)}
	again := &trim.Rebuild{File: "main.py", Line: 4, Before: trim.Again{Seconds: 10, Bytes: 5_500_000}, After: trim.Again{Cached: true, Seconds: 0.4, Bytes: 7000}}
	with := &trim.Result{Name: ".", Candidates: []trim.Verdict{{Rule: "manifest-order", Line: 3, Kept: true, Same: true, Rebuild: again, Measured: saves}}, Seconds: trim.Seconds{Total: 60, Builds: 50, Checks: 6, Own: 4}}
	without := &trim.Result{Name: ".", Candidates: []trim.Verdict{{Rule: "logs", Line: 3, Kept: true, Same: true, Measured: saves}, {Rule: "manifest-order", Rebuild: again, Why: "x"}}}
	without.Before.Sizes.Tar = 5000
	for text, r := range map[string]*trim.Result{rebuilds: with, nothing: with, took: with} {
		if got := shown(t, r); !strings.Contains(got, text) {
			t.Errorf("%q is not in\n%s", text, got)
		}
		if got := shown(t, without); strings.Contains(got, text) || strings.Contains(got, "no bytes saved") || strings.Contains(got, "It took") {
			t.Errorf("%q is in\n%s", text, got)
		}
	}
}
