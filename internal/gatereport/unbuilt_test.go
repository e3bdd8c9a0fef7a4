package gatereport_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	gojunit "github.com/joshdk/go-junit"

	"tare/internal/gate"
	"tare/internal/gatereport"
)

// unbuilt is a check without a build: of two images one has a violation with two places.
func unbuilt(violated bool) *gate.Result {
	r := &gate.Result{Schema: gate.Schema, Verdict: gate.Pass, Images: []gate.Image{}, Violations: []gate.Violation{}, Unbuilt: &gate.Unbuilt{
		Images: []string{"app", "debug"}, Checked: []gate.Asked{{Image: "app", Rule: "lint"}, {Image: "app", Rule: "findings.vcs-data"}, {Image: "debug", Rule: "lint"}},
		NotChecked: []gate.Asked{{Image: "app", Rule: "transfer", Why: "it needs the image"}, {Image: "debug", Rule: "transfer", Why: "it needs the image"}}}}
	if violated {
		cause := func(n int) gate.Cause {
			return gate.Cause{Part: gate.Yours, File: "Dockerfile", Line: line(n), Text: "JSON, please"}
		}
		r.Verdict = gate.Violated
		r.Violations = []gate.Violation{{Image: "app", Rule: "lint.JSONArgsRecommended", Measure: "findings", Value: 2, File: "Dockerfile", Line: line(3), Text: "JSON, please", Causes: []gate.Cause{cause(3), cause(9)}}}
	}
	return r
}

// Every format tells what was not checked from what passed, and has a result for each place.
func TestUnbuilt(t *testing.T) {
	schema := sarifSchema(t)
	broken := unbuilt(true)
	if n := len(sarifOf(t, schema, broken, gatereport.Options{}).Runs[0].Results); n != 2 {
		t.Errorf("SARIF has %d results", n)
	}
	suites, err := gojunit.Ingest([]byte(write(t, broken, gatereport.Options{Format: "junit"})))
	if err != nil || len(suites) != 2 {
		t.Fatalf("%v %v", suites, err)
	}
	if c := suites[0].Totals; c.Failed != 1 || c.Passed != 1 || c.Skipped != 1 {
		t.Errorf("%+v", c)
	}
	if c := suites[1].Totals; c.Failed != 0 || c.Passed != 1 || c.Skipped != 1 {
		t.Errorf("%+v", c)
	}
	if s := suites[0].Tests[0].Error.Error(); strings.Contains(s, "0B") || !strings.Contains(s, "Dockerfile:9 JSON, please") {
		t.Errorf("%s", s)
	}
	var rows []any
	if err := json.Unmarshal([]byte(write(t, broken, gatereport.Options{Format: "gitlab-quality"})), &rows); err != nil || len(rows) != 2 {
		t.Errorf("%v %v", rows, err)
	}
	got := commandsOf(t, write(t, broken, gatereport.Options{Format: "github"}))
	if len(got) != 3 || got[0].name != "error" || got[1].properties["line"] != "9" || got[1].data != "app: JSON, please" || got[2].name != "notice" || !strings.Contains(got[2].data, "2 limits not checked") {
		t.Errorf("%+v", got)
	}
	if v := metricsOf(t, write(t, broken, gatereport.Options{Format: "openmetrics"})); v[`tare_check_unchecked{check="default"}`] != 2 || v[`tare_check_violations{check="default"}`] != 1 {
		t.Errorf("%v", v)
	}
	if s := write(t, broken, gatereport.Options{Format: "benchmark"}); strings.TrimSpace(s) != "[]" {
		t.Errorf("%s", s)
	}
	for format, want := range map[string][]string{
		"text":     {"violated without a build: 1 rule broken; 2 limits not checked", "app: lint.JSONArgsRecommended: JSON, please (Dockerfile:3)", "NOT CHECKED", "debug  transfer  it needs the image"},
		"markdown": {"violated without a build", "<summary>Not checked without a build</summary>"},
		"json":     {`"notChecked": [`, `"verdict": "violated"`},
	} {
		out := write(t, broken, gatereport.Options{Format: format})
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s has no %q:\n%s", format, w, out)
			}
		}
	}
	// Nothing wrong: it does not pass as if all had been checked.
	for _, format := range []string{"text", "summary"} {
		if out := write(t, unbuilt(false), gatereport.Options{Format: format}); !strings.Contains(out, "passed as far as can be told without a build; 2 limits not checked") || strings.Contains(out, "0 images") {
			t.Errorf("%s", out)
		}
	}
	if out := write(t, unbuilt(false), gatereport.Options{Format: "markdown"}); out != "" {
		t.Errorf("%s", out)
	}
	if n := len(sarifOf(t, schema, unbuilt(false), gatereport.Options{}).Runs[0].Results); n != 0 {
		t.Errorf("%d results of nothing", n)
	}
}

// junitAttributes are the attributes that Jenkins' schema of JUnit reports (junit-10) knows of
// each element, those that it wants first, up to the "|".
var junitAttributes = map[string]string{
	"testsuites": "| name time tests failures errors", "testsuite": "name tests failures errors | group time skipped timestamp hostname id package file log url",
	"testcase": "name | time classname group", "failure": "| type message", "error": "| type message", "skipped": "| type message",
	"properties": "|", "property": "name value |", "system-out": "|", "system-err": "|",
}

// junitChildren are the elements that may stand in each.
var junitChildren = map[string]string{
	"": "testsuites", "testsuites": "testsuite", "testsuite": "testsuite properties testcase system-out system-err", "testcase": "skipped error failure system-out system-err", "properties": "property",
}

// Reports are what the schema allows that Jenkins holds them against.
func TestJUnitSchema(t *testing.T) {
	fault := func(text string) string {
		d := xml.NewDecoder(strings.NewReader(text))
		stack := []string{""}
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				return ""
			} else if err != nil {
				return err.Error()
			}
			switch e := token.(type) {
			case xml.StartElement:
				name := e.Name.Local
				if !slices.Contains(strings.Fields(junitChildren[stack[len(stack)-1]]), name) {
					return name + " in " + stack[len(stack)-1]
				}
				wanted, allowed, _ := strings.Cut(junitAttributes[name], "|")
				have := map[string]bool{}
				for _, a := range e.Attr {
					if have[a.Name.Local] = true; !slices.Contains(strings.Fields(wanted+" "+allowed), a.Name.Local) {
						return name + " with " + a.Name.Local
					}
				}
				for _, w := range strings.Fields(wanted) {
					if !have[w] {
						return name + " without " + w
					}
				}
				stack = append(stack, name)
			case xml.EndElement:
				stack = stack[:len(stack)-1]
			}
		}
	}
	if fault(`<testsuites skipped="1"></testsuites>`) == "" || fault(`<testsuites><testcase name="x"/></testsuites>`) == "" || fault(`<testsuites><testsuite name="x"/></testsuites>`) == "" {
		t.Fatal("nothing is wrong with anything")
	}
	for _, r := range []*gate.Result{unbuilt(true), unbuilt(false), passed(imageOf("app", 1, 2, 3, 4, 5)), broken(imageOf("app", 2_000_000, 0, 0, 0, 0)), stranger(evil)} {
		out := write(t, r, gatereport.Options{Format: "junit"})
		if s := fault(out); s != "" {
			t.Errorf("%s:\n%s", s, out)
		}
	}
}

// What was not read has no sample: a curve would fall to 0.
func TestUnreadHasNoSample(t *testing.T) {
	r := passed(imageOf("app", 0, 0, 0, 0, 0))
	r.Images[0].After.Unread = true
	for _, format := range []string{"openmetrics", "benchmark"} {
		out := write(t, r, gatereport.Options{Format: format})
		if strings.Contains(out, "tare_image_live_bytes{") || strings.Contains(out, "amd64 live") || !strings.Contains(out, "transfer") {
			t.Errorf("%s", out)
		}
	}
}
