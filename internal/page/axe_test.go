package page_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"tare/internal/chart"
	"tare/internal/page"
	"tare/internal/report"
	"tare/internal/units"
	"tare/internal/weigh"
)

// axe is the program of axe-core. scripts/axe.sh fetches it.
func axe(t *testing.T) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Skip(err)
	}
	found, _ := filepath.Glob(filepath.Join(dir, "tare-test", "axe-core-*", "axe.min.js"))
	if len(found) == 0 {
		t.Skip("needs axe-core: scripts/axe.sh fetches it through npm")
	}
	b, err := os.ReadFile(found[len(found)-1])
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// violations are what axe-core says of the page as it is now, and how many rules passed.
func (w *watched) violations(t *testing.T) (bad []string, passed int) {
	t.Helper()
	var got string
	w.do(t, chromedp.Evaluate(`axe.run().then(r => JSON.stringify({bad: r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + n.failureSummary).join(" | ")), passed: r.passes.length}))`, &got,
		func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	var r struct {
		Bad    []string
		Passed int
	}
	if err := json.Unmarshal([]byte(got), &r); err != nil {
		t.Fatal(err)
	}
	return r.Bad, r.Passed
}

// Everybody can use the page: axe-core finds nothing, in light and dark, on a screen and on a
// phone, with everything folded and with everything open.
func TestAccessible(t *testing.T) {
	program := axe(t)
	pages := 0
	for name, p := range examples(t) {
		t.Run(name, func(t *testing.T) {
			w := browse(t, p)
			for _, scheme := range []string{"light", "dark"} {
				for _, width := range []int64{400, 1440} {
					w.do(t, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}), chromedp.EmulateViewport(width, 900), chromedp.Reload(), chromedp.Evaluate(program, nil))
					if w.eval(t, `matchMedia("(prefers-color-scheme: dark)").matches`) != fmt.Sprint(scheme == "dark") {
						t.Fatalf("the page is not %s", scheme)
					}
					for _, open := range []bool{false, true} {
						if !open && (scheme == "dark" || width == 400) { // what is folded is seen open as well
							continue
						}
						if open {
							w.do(t, chromedp.Evaluate(`document.querySelectorAll("details").forEach(d => d.open = true); document.querySelectorAll("figure.wf").forEach(f => f.hidden = false)`, nil))
						}
						bad, passed := w.violations(t)
						for _, b := range bad {
							t.Errorf("%s, %d pixels, open %t: %s", scheme, width, open, b)
						}
						if passed < 15 {
							t.Errorf("only %d rules passed: did it look at the page?", passed)
						}
						pages++
					}
				}
			}
		})
	}
	t.Logf("axe-core looked at %d pages", pages)
}

// axe-core finds what is wrong: else its silence says nothing.
func TestAxeFinds(t *testing.T) {
	program := axe(t)
	_, p := experimentOf(t, "a", "b", "c")
	w := browse(t, p)
	w.do(t, chromedp.Evaluate(program, nil), chromedp.Evaluate(`document.querySelector("select").closest("label").replaceWith(document.querySelector("select"))`, nil))
	if bad, _ := w.violations(t); !strings.Contains(strings.Join(bad, "\n"), "select-name") {
		t.Errorf("a choice without a name: %q", bad)
	}
}

// Nothing sticks out of a phone's screen, whatever is open.
func TestNarrow(t *testing.T) {
	for name, p := range examples(t) {
		t.Run(name, func(t *testing.T) {
			w := browse(t, p)
			for _, width := range []int64{320, 400, 800} {
				w.do(t, chromedp.EmulateViewport(width, 900), chromedp.Reload(), chromedp.Evaluate(`document.querySelectorAll("details").forEach(d => d.open = true)`, nil))
				if got := w.eval(t, `document.documentElement.scrollWidth`); got != fmt.Sprint(width) {
					t.Errorf("at %d pixels the page is %s wide: %s", width, got,
						w.eval(t, `[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll")).slice(0, 3).map(e => e.outerHTML.slice(0, 200)).join("\n")`))
				}
			}
		})
	}
}

// examples are pages of every report that has pictures.
func examples(t *testing.T) map[string]page.Page {
	t.Helper()
	_, lab := experimentOf(t, "python:3.13-slim", "registry.example.com/team/a-long-name-of-an-image:1.2.3", "c")
	_, foul := experimentOf(t, "a"+evil, "b"+evil, "c"+evil)
	lab.Doc, foul.Doc = lab.Doc.View(report.View{}, report.Fold), foul.Doc.View(report.View{}, report.Fold)
	compared := lab
	compared.Record, compared.Extra = nil, nil
	curves := []chart.Curve{{Name: "transfer", Values: []units.Amount{units.Known(5), units.Known(7), units.Unknown(), units.Known(9)}}, {Name: "live", Values: []units.Amount{units.Known(15), units.Known(17), units.Known(18), units.Known(19)}}}
	growth := page.Page{Title: "Growth of app", Doc: rows(30), Extra: []page.Picture{chart.Growth([]string{"1", "2", "3", "4"}, curves, 1)}}
	ground := chart.Ground{Images: 10, Alone: 2, Above: 5, Roots: []chart.Stratum{{Name: "registry.example/team/a-very-long-name-of-a-base:1.2.3<script>alert(1)</script>", Images: 8, Bytes: 9, Direct: 3, Above: 4, Kids: []chart.Stratum{{Name: "kid", Images: 5, Bytes: 3, Direct: 5}}}}}
	strata := page.Page{Title: "Fleet", Doc: rows(30), Extra: []page.Picture{chart.Strata(ground)}}
	return map[string]page.Page{"growth": growth, "strata": strata, "nothing": {Title: "scratch", Maps: []weigh.Node{{Name: "scratch"}}}, "lab": lab, "evil": foul, "compare": compared, "weigh": weighed(t), "profile": profiled(t)}
}
