package tracereport_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/page"
	"tare/internal/profile"
	"tare/internal/report"
	"tare/internal/touch"
	"tare/internal/tracereport"
	"tare/internal/weigh"
)

func whole() *touch.Trace {
	return &touch.Trace{Name: "app", Platform: "linux/amd64", Complete: true, Witness: true, Dockerfile: "Dockerfile", Bytes: &touch.Bytes{Live: 100, Read: 60, Looked: 10, Untouched: 30, Files: 3, Touched: 2},
		Checks:   []touch.Check{{Name: "one", Passed: true, Files: 2, NewFiles: 2, NewBytes: 70}, {Name: "two", Passed: true, Files: 1}},
		Files:    []touch.File{{Path: "a", How: []touch.How{touch.Open, touch.Map}, Layer: 1, Package: "apk musl", Bytes: 60}, {Path: "b", How: []touch.How{touch.Stat}, Layer: 1, Bytes: 10}},
		Wrote:    []touch.Wrote{{Path: "tmp/made", Bytes: 7}},
		Packages: []touch.Part{{Name: "apk musl", Bytes: touch.Bytes{Live: 60, Read: 60, Files: 1, Touched: 1}}, {Bytes: touch.Bytes{Live: 40, Looked: 10, Untouched: 30, Files: 2, Touched: 1}}},
		Layers:   []touch.Part{{Number: 1, Name: "COPY . .", Bytes: touch.Bytes{Live: 100, Read: 60, Looked: 10, Untouched: 30, Files: 3, Touched: 2}}},
		Lines:    []touch.Part{{Number: 4, Name: "COPY . .", Bytes: touch.Bytes{Live: 100, Read: 60, Looked: 10, Untouched: 30, Files: 3, Touched: 2}}}}
}

func text(t *testing.T, d report.Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.View(report.View{Full: true}, report.Drop).WriteText(&b, report.Style{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// sentences have a case in which they must stand, and one in which they must not.
func TestSentences(t *testing.T) {
	for _, c := range []struct {
		sentence string
		change   func(*touch.Trace)
		with     bool // it stands with the change; else without
	}{
		{"incomplete", func(t *touch.Trace) { t.Complete, t.Bytes, t.Reasons = false, nil, []string{"why"} }, true},
		{"Nothing can be concluded", func(t *touch.Trace) { t.Complete, t.Bytes = false, nil }, true},
		{"untouched", func(t *touch.Trace) { t.Complete, t.Bytes = false, nil }, false},
		{"BY PACKAGE", func(t *touch.Trace) { t.Complete, t.Bytes = false, nil }, false},
		{"did not pass", func(t *touch.Trace) { t.Checks[1].Passed = false }, true},
		{"fails, also untraced", func(t *touch.Trace) {
			t.Checks[1].Passed, t.Checks[1].Untraced = false, &touch.Untraced{}
		}, true},
		{"fails traced, passes untraced", func(t *touch.Trace) {
			t.Checks[1].Passed, t.Checks[1].Untraced = false, &touch.Untraced{Passed: true}
		}, true},
		{"brought no new file", func(t *touch.Trace) { t.Checks[1].NewFiles = 3 }, false},
		{"still brought 3 new files", func(t *touch.Trace) { t.Checks[1].NewFiles = 3 }, true},
		{"The last check", func(t *touch.Trace) { t.Checks = t.Checks[:1] }, false},
		{"Without root", func(t *touch.Trace) { t.Witness = false }, true},
		{"BY LINE OF Dockerfile", func(t *touch.Trace) { t.Dockerfile = "" }, false},
	} {
		plain, changed := whole(), whole()
		c.change(changed)
		with, without := changed, plain
		if !c.with {
			with, without = plain, changed
		}
		if got := text(t, tracereport.Document(with, tracereport.Options{})); !strings.Contains(got, c.sentence) {
			t.Errorf("%q is not in\n%s", c.sentence, got)
		}
		if got := text(t, tracereport.Document(without, tracereport.Options{})); strings.Contains(got, c.sentence) {
			t.Errorf("%q is in\n%s", c.sentence, got)
		}
	}
	got := text(t, tracereport.Document(whole(), tracereport.Options{Exact: true}))
	for _, want := range []string{"60 of 100 read, 10 only looked at, 30 untouched", "2 of 3 files touched, by 2 checks; the run wrote 1 file of its own (7)", "/tmp/made", "open,map", "apk musl", "– no package"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

// In every format an incomplete trace says so.
func TestIncompleteEverywhere(t *testing.T) {
	for _, f := range page.Formats {
		if f.Name == "svg" {
			continue
		}
		for _, complete := range []bool{true, false} {
			tr := whole()
			if tr.Complete = complete; !complete {
				tr.Bytes = nil
				tr.Reasons = []string{"a program used io_uring"}
			}
			var b bytes.Buffer
			p := page.Page{Title: "Trace", Data: tr, Report: "trace", Doc: tracereport.Document(tr, tracereport.Options{}).View(report.View{}, f.Rest)}
			if err := f.Write(&b, &p, report.Style{}); err != nil {
				t.Fatal(err)
			}
			said := strings.Contains(b.String(), "incomplete")
			if f.Name == "json" {
				var d struct{ Complete bool }
				if err := json.Unmarshal(b.Bytes(), &d); err != nil {
					t.Fatal(err)
				}
				said = !d.Complete
			}
			if said == complete {
				t.Errorf("%s, complete %t: says incomplete %t\n%s", f.Name, complete, said, b.String())
			}
		}
	}
}

// What was touched stands beside what is there where there is a trace, and only there.
func TestBeside(t *testing.T) {
	r := &weigh.Result{Name: "app", Layers: []weigh.Layer{{Index: 1, Live: 100, Instruction: "COPY . ."}}, Packages: []weigh.Package{{Type: "apk", Name: "musl", Live: 60}}}
	if d := tracereport.Weighed(r, true); d != nil {
		t.Errorf("without a trace: %v", d)
	}
	r.Traced = &weigh.Traced{Complete: true, Checks: 2, Passed: 2, Touched: &weigh.Touched{Read: 60}}
	r.Layers[0].Touched, r.Packages[0].Touched = &weigh.Touched{Read: 61, Untouched: 39}, &weigh.Touched{Read: 60}
	if got := text(t, tracereport.Weighed(r, true)); !strings.Contains(got, "TOUCHED, BY LAYER") || !strings.Contains(got, "61") || !strings.Contains(got, "apk musl") || strings.Contains(got, "did not pass") {
		t.Error(got)
	}
	r.Traced.Passed = 1
	if got := text(t, tracereport.Weighed(r, true)); !strings.Contains(got, "1 of 2 checks of the trace did not pass") {
		t.Error(got)
	}
	r.Traced.Complete = false
	if got := text(t, tracereport.Weighed(r, true)); !strings.Contains(got, "incomplete") || strings.Contains(got, "BY LAYER") {
		t.Error(got)
	}
	c := &compare.Result{Images: []compare.Image{{Name: "a"}, {Name: "b"}}}
	if d := tracereport.Compared(c, true); d != nil {
		t.Errorf("without a trace: %v", d)
	}
	c.Images[1].Traced = &weigh.Traced{Complete: true, Touched: &weigh.Touched{Read: 5}}
	if got := text(t, tracereport.Compared(c, true)); !strings.Contains(got, "TOUCHED") || !strings.Contains(got, "b") {
		t.Error(got)
	}
	p := &profile.Result{Name: ".", Lines: []profile.Line{{Lines: [2]int{4, 4}, Text: "COPY . .", Touched: &weigh.Touched{Read: 77}}}}
	if d := tracereport.Profiled(p, true); d != nil {
		t.Errorf("without a trace: %v", d)
	}
	p.Traced = &weigh.Traced{Complete: true}
	if got := text(t, tracereport.Profiled(p, true)); !strings.Contains(got, "77") || !strings.Contains(got, "COPY . .") {
		t.Error(got)
	}
}
