package gatereport

import (
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"tare/internal/gate"
	"tare/internal/report"
	"tare/internal/units"
)

// unbuilt is the verdict of a check without a build: what was found, and how much was not
// looked at.
func unbuilt(r *gate.Result) string {
	s := "passed as far as can be told without a build"
	if violated(r) {
		s = "violated without a build: " + units.Plural(len(r.Violations), "rule") + " broken"
	}
	if n := len(r.Unbuilt.NotChecked); n > 0 {
		s += "; " + units.Plural(n, "limit") + " not checked"
	}
	return s
}

// unchecked are the limits that need an image.
func (o Options) unchecked(r *gate.Result) report.Document {
	if len(r.Unbuilt.NotChecked) == 0 {
		return nil
	}
	t := report.Table{Place: report.Place{Part: "unchecked"}, Title: "NOT CHECKED",
		Columns: []report.Column{{Title: "IMAGE", Label: true, Subject: true}, {Title: "LIMIT", Key: true}, {Title: "WHY", Cut: report.End}}}
	for _, a := range r.Unbuilt.NotChecked {
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{{Text: safe(a.Image)}, {Text: safe(a.Rule)}, {Text: safe(a.Why)}}})
	}
	return report.Document{t}
}

// unchecked lists the limits that need an image, folded.
func (m *markdown) unchecked() {
	list := m.r.Unbuilt.NotChecked
	if len(list) == 0 {
		return
	}
	m.line("")
	m.line("<details><summary>Not checked without a build</summary>")
	m.line("")
	for n, a := range list {
		if n == tableImages && !m.Details {
			m.line("- and %d more", len(list)-n)
			break
		}
		m.line("- %s %s: %s", m.name(a.Image), m.name(a.Rule), words(brief(a.Why, 200)))
	}
	m.line("")
	m.line("</details>")
}

// suites writes a suite for each image of a check without a build: cases that failed, that
// passed, and that were skipped since they need the image. It returns the images.
func (o Options) suites(all *junit.Testsuites, r *gate.Result) map[string]bool {
	done := map[string]bool{}
	for _, name := range r.Unbuilt.Images {
		if done[name] {
			continue
		}
		done[name] = true
		suite := junit.Testsuite{Name: safe(name), Time: "0", ID: len(all.Suites)}
		failed := map[string]bool{}
		for i := range r.Violations {
			if v := &r.Violations[i]; v.Image == name {
				suite.AddTestcase(o.failed(v))
				rule, _, _ := strings.Cut(v.Rule, ".")
				failed[v.Rule], failed[rule] = true, true
			}
		}
		for _, a := range r.Unbuilt.Checked {
			if a.Image == name && !failed[a.Rule] {
				suite.AddTestcase(junit.Testcase{Name: safe(a.Rule), Classname: safe(name), Time: "0"})
			}
		}
		for _, a := range r.Unbuilt.NotChecked {
			if a.Image == name && !failed[a.Rule] {
				suite.AddTestcase(junit.Testcase{Name: safe(a.Rule), Classname: safe(name), Time: "0", Skipped: &junit.Result{Message: safe(a.Why)}})
			}
		}
		all.AddSuite(suite)
	}
	return done
}

// places are the places of a violation of findings, each as a violation of its own: a line of
// code scanning has one result for each.
func places(v *gate.Violation) (out []*gate.Violation) {
	if v.Measure != "findings" || len(v.Causes) < 2 {
		return []*gate.Violation{v}
	}
	for _, c := range v.Causes {
		one := *v
		one.File, one.Line, one.Text, one.Causes = c.File, c.Line, c.Text, []gate.Cause{c}
		out = append(out, &one)
	}
	return out
}

// about says what a rule is, to people who see it for the first time.
func about(rule string) string {
	if name, ok := strings.CutPrefix(rule, "lint."); ok {
		return "BuildKit's check " + safe(name) + " found something."
	}
	return "The budget " + safe(rule) + " is broken."
}
