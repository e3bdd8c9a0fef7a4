package gatereport

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"tare/internal/gate"
	"tare/internal/screen"
)

// writeJUnit writes a suite for each image, and in it a failed case for each budget that
// is broken, or one that passed.
func writeJUnit(w io.Writer, r *gate.Result, o Options) error {
	all := junit.Testsuites{Name: "tare check " + safe(o.Name), Time: "0"}
	done := map[string]bool{}
	for n := range r.Images {
		name := imageName(r, &r.Images[n])
		if done[name] {
			continue
		}
		done[name] = true
		suite := junit.Testsuite{Name: safe(name), Time: "0", ID: len(all.Suites)}
		if p := r.Images[n].Platform; p != "" {
			suite.AddProperty("platform", safe(p))
		}
		for i := range r.Violations {
			if v := &r.Violations[i]; violator(r, v) == name {
				suite.AddTestcase(o.failed(v))
			}
		}
		if len(suite.Testcases) == 0 {
			suite.AddTestcase(junit.Testcase{Name: "budgets", Classname: safe(name), Time: "0"})
		}
		all.AddSuite(suite)
	}
	if r.Unbuilt != nil {
		done = o.suites(&all, r)
	}
	rest := junit.Testsuite{Name: "tare check", Time: "0", ID: len(all.Suites)}
	for i := range r.Violations {
		if v := &r.Violations[i]; !done[violator(r, v)] {
			rest.AddTestcase(o.failed(v))
		}
	}
	if len(rest.Testcases) > 0 {
		all.AddSuite(rest)
	}
	all.Skipped = 0 // the schema that Jenkins publishes knows it of suites alone
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	return all.WriteXML(w)
}

// failed is the case of a budget that is broken, with its causes.
func (o Options) failed(v *gate.Violation) junit.Testcase {
	lines := []string{o.sentence(v)}
	if p := place(v.File, v.Line); p != "" {
		lines = append(lines, p)
	}
	for n, c := range v.Causes {
		if n == 10 && !o.Details {
			break
		}
		if v.Measure == "findings" {
			lines = append(lines, strings.TrimSpace(place(c.File, c.Line)+" "+safe(c.Text)))
			continue
		}
		lines = append(lines, strings.Join(strings.Fields(strings.Join([]string{o.amounts(c.Amounts), partTitle(c.Part), place(c.File, c.Line), safe(c.Text)}, "  ")), " "))
	}
	return junit.Testcase{Name: safe(v.Rule), Classname: safe(v.Image), Time: "0",
		Failure: &junit.Result{Message: o.sentence(v), Type: "budget", Data: xmlText(strings.Join(lines, "\n"))}}
}

// xmlText leaves out the two characters that XML does not allow and screen lets pass: the
// writer of CDATA does not look.
func xmlText(s string) string {
	return strings.NewReplacer("\ufffe", `\ufffe`, "\uffff", `\uffff`).Replace(screen.Text(s))
}
