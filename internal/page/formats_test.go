package page_test

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/chart"
	"tare/internal/compare"
	"tare/internal/exercise"
	"tare/internal/experiment"
	"tare/internal/explain"
	"tare/internal/page"
	"tare/internal/report"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/weigh"
)

// evil is in every name that a stranger chooses.
const evil = "<img src=x onerror=alert(1)>\"'&|`*_[x](y)\x1b[31m\u202e</script><script>boom()</script>"

// experimentOf is an experiment with three images of the given names, and all kinds of
// measures.
func experimentOf(t testing.TB, names ...string) (*experiment.Record, page.Page) {
	t.Helper()
	s := testkit.Store(t)
	var subjects []compare.Subject
	for n, name := range names {
		layers := [][]byte{
			testkit.Tar(t, testkit.File("usr/base", strings.Repeat("x", 5000)), testkit.File(fmt.Sprintf("etc/%c%s", 'a'+n, strings.ReplaceAll(evil, "/", "")), strings.Repeat("y", 700*(n+1)))),
			testkit.Tar(t, testkit.File("app/main", strings.Repeat("z", 40_000*(n+1))), testkit.File("etc/gone", "1")),
			testkit.Tar(t, testkit.File("etc/.wh.gone", "")),
		}
		subjects = append(subjects, compare.Subject{Name: name, Facts: testkit.Facts(t, s, testkit.Put(t, s, fmt.Sprint("n", n), store.Pulled, testkit.Image(t, testkit.Options{Layers: layers, History: []ocispec.History{{CreatedBy: "ADD rootfs.tar.gz / # " + evil}, {CreatedBy: "COPY . /app " + evil}, {CreatedBy: "RUN rm /etc/gone"}}})))})
	}
	c, err := compare.Compare(subjects, compare.Options{Pairs: true})
	if err != nil {
		t.Fatal(err)
	}
	c.Sentences = explain.Sentences(c, explain.Threshold)
	c.Course = exercise.Sentences(c, explain.Threshold)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	rec := &experiment.Record{Schema: experiment.Schema, ID: "1", Name: "x" + names[0], Started: now, Finished: &now, Baseline: names[0], Comparison: c,
		Machine: experiment.Machine{OS: "linux", Arch: "amd64", CPUs: 2, Model: evil, Kernel: "6"}, Method: experiment.Method{Repeat: 6, Warmup: 1, Confidence: .95, Alpha: .01}, Seconds: experiment.Spent{Total: 12, Builds: 8, Runs: 3, Own: 1}}
	page := page.Page{Title: rec.Name, Record: rec, Result: c}
	for n, name := range names {
		lo, hi := 0.9+float64(n), 1.2+float64(n)
		o := weigh.MapOptions{Parts: 50}
		if n > 0 {
			o.Against, o.Name = subjects[0].Facts, names[0]
		}
		m := subjects[n].Facts.Map(name, o)
		rec.Variants = append(rec.Variants, experiment.Result{Name: name, Source: "image " + name, Check: &experiment.Checked{Passed: n != 1, Reason: "it printed " + evil},
			Measures: []experiment.Measurement{{Name: experiment.StartExit, Unit: "seconds", Kind: experiment.Measured, Value: 1.031 + float64(n), Low: &lo, High: &hi, Samples: []float64{1, 2}},
				{Name: experiment.PeakMemory, Unit: "bytes", Kind: experiment.Measured, Value: 4_321_000 * float64(n+1)}, {Name: "pull-cold-10mbit", Unit: "seconds", Kind: experiment.Modelled, Value: 3.7 * float64(n+1)}},
			Edits: []experiment.Edited{{Name: evil, Repull: 4711 * int64(n+1), Layers: 1}}, Map: &m})
		page.Maps = append(page.Maps, m)
	}
	rec.Variants = append(rec.Variants, experiment.Result{Name: "failed" + evil, Error: "no " + evil, Log: "line 1\nline 2 " + evil})
	rec.Timed = []experiment.TimedDifference{{From: names[0], To: names[1], Measure: experiment.StartExit, Ratio: 1.97, P: .002, Significant: true}, {From: names[0], To: names[2], Measure: experiment.PeakMemory, Ratio: 3, P: .4}}
	page.Doc = report.Lab(rec, true)
	return rec, page
}

var figure = regexp.MustCompile(`\d+(?:\.\d+)?`)

// numbers are all figures of a text, each once.
func numbers(s string) map[string]bool {
	out := map[string]bool{}
	for _, n := range figure.FindAllString(s, -1) {
		out[n] = true
	}
	return out
}

// Every number of one format is in all the others.
func TestFormatsAgree(t *testing.T) {
	_, page := experimentOf(t, "first", "second", "third")
	var text, md, cs, ht bytes.Buffer
	if err := errors.Join(page.Doc.WriteText(&text, report.Style{Width: 400}), page.Doc.WriteMarkdown(&md), page.Doc.WriteCSV(&cs), page.Write(&ht)); err != nil {
		t.Fatal(err)
	}
	// The part of the page that is the document, without tags, keys and notes.
	_, body, _ := strings.Cut(ht.String(), "</h1>")
	body, _, _ = strings.Cut(body, "</main>")
	body = regexp.MustCompile(`(?s)<div id="pictures">.*</section>`).ReplaceAllString(body, "")
	body = html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, " "))
	mdText := html.UnescapeString(strings.ReplaceAll(md.String(), `\`, ""))
	all := map[string]map[string]bool{"text": numbers(text.String()), "markdown": numbers(mdText), "html": numbers(body)}
	if len(all["text"]) < 100 {
		t.Fatalf("only %d numbers", len(all["text"]))
	}
	for a, have := range all {
		for b, other := range all {
			for n := range have {
				if !other[n] {
					t.Errorf("%s has %s, %s has not", a, n, b)
				}
			}
		}
	}
}

// A CSV is one table in which everything that names a value is unique, bytes are plain
// integers, and no text is a formula.
func TestCSV(t *testing.T) {
	rec, page := experimentOf(t, "=cmd|' /C calc'!A0", "b,\"c", "d")
	var b bytes.Buffer
	if err := page.Doc.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll() // one number of fields in all rows
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(rows[0], ","); got != "subject,part,row,measure,unit,value" {
		t.Fatal(got)
	}
	values := map[string]string{}
	plain := map[string]*regexp.Regexp{"bytes": regexp.MustCompile(`^-?\d+$`), "count": regexp.MustCompile(`^-?\d+(\.\d+)?$`), "seconds": regexp.MustCompile(`^\d+(\.\d+)?$`), "percent": regexp.MustCompile(`^\d+(\.\d+)?$`)}
	for _, row := range rows[1:] {
		for _, c := range row {
			if c != "" && strings.ContainsAny(c[:1], "=+-@\t\r") && (c[0] != '-' || row[4] == "text") {
				t.Errorf("a formula: %q", c)
			}
		}
		id := strings.Join(row[:4], "|")
		if values[id] != "" {
			t.Errorf("%s is not unique", id)
		}
		values[id] = row[5]
		if row[4] != "text" && !plain[row[4]].MatchString(row[5]) {
			t.Errorf("%v: not a plain number", row)
		}
	}
	for n, i := range rec.Comparison.Images {
		for _, m := range compare.Measures {
			name := []string{"'" + i.Name, i.Name, i.Name}[n]
			if got, want := values[name+"|measures||"+m.Name], fmt.Sprint(m.Value(&i.Sizes)); got != want {
				t.Errorf("%s of %s is %q, not %s", m.Name, i.Name, got, want)
			}
		}
	}
	if got := values["d|measures||start to exit"]; got != "3.031" {
		t.Errorf("start to exit: %q", got)
	}
}

// What strangers chose stays text in every format.
func TestHostileNames(t *testing.T) {
	rec, page := experimentOf(t, "a"+evil, "b"+evil, "c"+evil)
	var text, md, cs, ht, svg, ans bytes.Buffer
	if err := errors.Join(page.Doc.WriteText(&text, report.Style{Width: 80}), page.Doc.WriteMarkdown(&md), page.Doc.WriteCSV(&cs), page.Write(&ht),
		chart.WriteSVG(&svg, page.Pictures()), exercise.Answers(rec, false).WriteText(&ans, report.Style{Width: 160})); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{"text": text.String(), "markdown": md.String(), "csv": cs.String(), "html": ht.String(), "svg": svg.String(), "answers": ans.String()} {
		if strings.ContainsAny(s, "\x1b\u202e") {
			t.Errorf("%s: a control character came through", name)
		}
		if name == "html" || name == "svg" || name == "markdown" {
			if strings.Contains(s, "<img") || strings.Contains(s, "<script>boom") {
				t.Errorf("%s: markup came through", name)
			}
		}
	}
	for _, p := range append(page.Pictures(), chart.Picture{SVG: svg.String()}) {
		d := xml.NewDecoder(strings.NewReader(p.SVG))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s is not well-formed: %v", p.ID, err)
			}
		}
	}
	if strings.Count(ht.String(), "<script") != 2 {
		t.Errorf("%d script elements", strings.Count(ht.String(), "<script"))
	}
}
