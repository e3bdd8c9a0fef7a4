package page_test

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"tare/internal/compare"
	"tare/internal/experiment"
	"tare/internal/page"
	"tare/internal/profile"
	"tare/internal/report"
	"tare/internal/weigh"
)

// written is a page as text.
func written(t testing.TB, p page.Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// words is what a page says without its script and style.
func words(t testing.TB, p page.Page) string {
	t.Helper()
	s := regexp.MustCompile(`(?s)<(script|style)[^>]*>.*?</(script|style)>`).ReplaceAllString(written(t, p), "")
	return strings.Join(strings.Fields(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(s, " "))), " ")
}

// Each sentence of the page's own is said where it is true, and not where it is not.
func TestSentences(t *testing.T) {
	_, lab := experimentOf(t, "a", "b", "c")
	build := profiled(t)
	changed := func(change func(*profile.Result)) page.Page {
		p := profiled(t)
		change(p.Data.(*profile.Result))
		return p
	}
	measured := func(change func(*experiment.Record)) page.Page {
		rec, p := experimentOf(t, "a", "b", "c")
		change(rec)
		return p
	}
	compared := func(change func(*compare.Result)) page.Page {
		rec, p := experimentOf(t, "a", "b", "c")
		change(rec.Comparison)
		return p
	}
	large := func(r *compare.Result) {
		for n := range r.Images {
			r.Images[n].Sizes.Live += 1_000_000_000
		}
	}
	for sentence, c := range map[string]struct{ with, without page.Page }{
		"* from the cache now: seconds of the last time that it was carried out.": {build, changed(func(r *profile.Result) { r.Lines[1].Cold = nil })},
		"critical path: what the build waited for":                                {build, changed(func(r *profile.Result) { r.Spans[1].Critical = false })},
		"When each step was at work":                                              {build, changed(func(r *profile.Result) { r.Spans = nil })},
		"What each line costs":                                                    {build, weighed(t)},
		"What was measured":                                                       {lab, measured(func(r *experiment.Record) { r.Variants = nil })},
		"Pulls, modelled from sizes": {lab, measured(func(r *experiment.Record) {
			for i := range r.Variants {
				r.Variants[i].Measures = r.Variants[i].Measures[:min(2, len(r.Variants[i].Measures))]
			}
		})},
		"Where no interval is drawn there are too few repetitions for one.": {lab, measured(func(r *experiment.Record) {
			one := 1.0
			for i := range r.Variants {
				for k := range r.Variants[i].Measures {
					r.Variants[i].Measures[k].Low, r.Variants[i].Measures[k].High = &one, &one
				}
			}
		})},
		"baseline: a":           {lab, measured(func(r *experiment.Record) { r.Baseline = "another" })},
		"95% interval":          {lab, build},
		"Why they differ":       {lab, weighed(t)},
		"The bars begin at 1GB": {compared(large), lab},
		"shared by 3 images": {lab, compared(func(r *compare.Result) {
			for n := range r.Images {
				r.Images[n].Stack = r.Images[n].Stack[:2]
			}
		})},
		"in one image only": {lab, compared(func(r *compare.Result) {
			for n := range r.Images {
				r.Images[n].Stack = r.Images[n].Stack[2:]
			}
		})},
		"This picture needs JavaScript": {weighed(t), build},
		"Size and time":                 {lab, build},
	} {
		if !strings.Contains(words(t, c.with), sentence) {
			t.Errorf("%q is not said", sentence)
		}
		if strings.Contains(words(t, c.without), sentence) {
			t.Errorf("%q is said where it is not true", sentence)
		}
	}
}

// The answer comes first: verdict, table, what is said in words, then the picture, then the
// tables, folded.
func TestAnswerFirst(t *testing.T) {
	order := func(p page.Page, parts ...string) {
		t.Helper()
		s, at := written(t, p), 0
		_, s, _ = strings.Cut(s, "<main>")
		for _, part := range parts {
			i := strings.Index(s[at:], part)
			if i < 0 {
				t.Errorf("no %q behind the others", part)
				return
			}
			at += i
		}
	}
	order(weighed(t), "<h1>python:3.13-slim</h1>", `<p class="verdict">python:3.13-slim · linux/amd64`, ">IMAGE<", "<td class=\"l\">python:3.13-slim</td>", "What it is: ", `id="treemap"`, "<summary>Where it comes from</summary>", "<summary>Layers</summary>")
	_, lab := experimentOf(t, "a", "b", "c")
	order(lab, `<p class="verdict">`, "<table", `id="multiples"`, `id="waterfalls"`, `id="treemap"`, `id="layers"`, "<summary>a → b: live ")
	order(profiled(t), `<p class="verdict">`, "6.4 s", "What each line costs", "When each step was at work", "<summary>Dockerfile</summary>")
}

// A report without a title is about what its first heading says.
func TestTitle(t *testing.T) {
	d := report.Document{report.Para{Text: "one → two", Heading: true}}
	for want, p := range map[string]page.Page{"<h1>one → two</h1>": {Doc: d}, "<h1>own</h1>": {Title: "own", Doc: d}, "<h1>Report</h1>": {}} {
		s := written(t, p)
		if !strings.Contains(s, want) {
			t.Errorf("no %s", want)
		}
		if n := strings.Count(s, "one → two"); p.Doc != nil && n != map[bool]int{true: 2, false: 1}[p.Title == ""] { // in the head of the file, too
			t.Errorf("%s: it says %d times what it is about", want, n)
		}
	}
}

// A table of which the first screen has a part stands in a page once, and is open where there is
// no picture; one with very many rows ends, and says so.
func TestTablesOnce(t *testing.T) {
	short, whole := rows(10)[0].(report.Table), rows(600)[0].(report.Table)
	short.Title, whole.Title, short.Weight, whole.Weight = "FILES", "FILES", report.Brief, report.Full
	const said = "The first 500 of 600 rows: the formats csv and json have all."
	for _, c := range []struct {
		doc         report.Document
		maps        []weigh.Node
		tables      int
		fold, tells bool
	}{
		{report.Document{rows(2)[0], short, whole}, nil, 2, false, true},
		{report.Document{rows(2)[0], short, whole}, []weigh.Node{{Name: "x"}}, 2, true, true},
		{report.Document{rows(2)[0], short}, nil, 2, false, false},
		{report.Document{rows(2)[0], short}, []weigh.Node{{Name: "x"}}, 2, true, false},
	} {
		s := written(t, page.Page{Title: "x", Doc: c.doc, Maps: c.maps})
		if n := strings.Count(s, "<table"); n != c.tables || strings.Contains(s, "<summary>Files</summary>") != c.fold || strings.Contains(s, said) != c.tells || strings.Count(s, "<tr") > 2+2+501 {
			t.Errorf("%d tables, %+v: %t, %t", n, c, strings.Contains(s, "<summary>Files</summary>"), strings.Contains(s, said))
		}
	}
}

// A page names no flags: what they show is in it. Titles are no capitals.
func TestNoFlags(t *testing.T) {
	for name, p := range examples(t) {
		for _, flag := range []string{"--top", "--show", "--full", "WHERE IT COMES FROM", "LARGEST FILES"} {
			if got := words(t, p); strings.Contains(got, flag) {
				t.Errorf("%s: %q is in it", name, flag)
			}
		}
	}
}

// A RUN of fifteen lines is shortened at the end of a word, and whole on demand.
func TestLongRun(t *testing.T) {
	s := written(t, weighed(t))
	i := strings.Index(s, `<details class="long">`)
	if i < 0 {
		t.Fatal("no row is shortened")
	}
	short := s[i:][len(`<details class="long"><summary>`):strings.Index(s[i:], "</summary>")]
	if len(short) > 110 || !strings.HasSuffix(short, " …") || strings.HasSuffix(short, "1~ …") || !strings.Contains(s, esc(longRun[:len(longRun)-1])) {
		t.Errorf("%q", short)
	}
	if strings.Count(s, `<details class="long"`) > strings.Count(s, "RUN set -eux")+2 {
		t.Error("short texts are shortened, too")
	}
}

func esc(s string) string { return html.EscapeString(s) }

// Nothing in a page runs or is styled but by its own script and style, whoever serves it: no
// attribute that a policy would have to allow.
func TestPolicy(t *testing.T) {
	for name, p := range examples(t) {
		for _, served := range []bool{false, true} {
			p.Served, p.Nonce = served, "n0nce\"'<"
			s := written(t, p)
			if got := strings.Contains(s, "Content-Security-Policy"); got == served {
				t.Errorf("%s, served %t: a policy of its own %t", name, served, got)
			}
			if got := strings.Contains(s, `<section id="files">`); got != served || got != strings.Contains(s, "<html lang=\"en\" data-served>") {
				t.Errorf("%s, served %t: a place for files %t", name, served, got)
			}
			for z := html.NewTokenizer(strings.NewReader(s)); ; {
				kind := z.Next()
				if kind == html.ErrorToken {
					if !errors.Is(z.Err(), io.EOF) {
						t.Error(z.Err())
					}
					break
				}
				tok := z.Token()
				nonce := ""
				for _, a := range tok.Attr {
					if a.Key == "style" || strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "href" && a.Val != "data:," || a.Key == "action" {
						t.Errorf("%s: <%s %s=%q>", name, tok.Data, a.Key, a.Val)
					}
					if a.Key == "nonce" {
						nonce = a.Val
					}
				}
				if kind == html.StartTagToken && (tok.Data == "script" || tok.Data == "style") && nonce != map[bool]string{true: p.Nonce}[served] {
					t.Errorf("%s, served %t: <%s> has nonce %q", name, served, tok.Data, nonce)
				}
			}
		}
	}
}

// The style names the colours that it needs, and text on them can be read: 4.5 to 1; marks
// are seen: 3 to 1.
func TestContrast(t *testing.T) {
	s := written(t, page.Page{Title: "x"})
	light, dark, _ := strings.Cut(s[strings.Index(s, ":root{"):], "@media(prefers-color-scheme:dark)")
	for scheme, css := range map[string]string{"light": light, "dark": dark[:strings.Index(dark, "}}")]} {
		colours := map[string]float64{}
		for _, m := range regexp.MustCompile(`--([\w-]+):#([0-9a-f]{3,6})`).FindAllStringSubmatch(css, -1) {
			colours[m[1]] = luminance(m[2])
		}
		if len(colours) < 28 {
			t.Fatalf("%s: only %d colours", scheme, len(colours))
		}
		for name := range colours {
			for _, c := range []struct {
				prefix, on string
				least      float64
			}{{"m-", "m-text", 4.5}, {"m-", "bg", 3}, {"s", "bg", 3}, {"s", "track", 3}, {"less", "bg", 4.5}, {"more", "bg", 4.5}, {"accent", "bg", 4.5}, {"dim", "bg", 4.5}, {"fg", "head", 4.5}, {"fg", "best", 4.5}, {"tot", "bg", 3}, {"tot", "track", 3}, {"more", "track", 3}, {"accent", "track", 3}} {
				if !strings.HasPrefix(name, c.prefix) || name == c.on || name == "m-text" {
					continue
				}
				if got := contrast(colours[name], colours[c.on]); got < c.least {
					t.Errorf("%s: --%s on --%s has %.2f, less than %.1f", scheme, name, c.on, got, c.least)
				}
			}
		}
	}
	if got := contrast(luminance("fff"), luminance("000")); got < 20.9 || got > 21.1 {
		t.Errorf("black on white has %f", got)
	}
}

// What is not known of an image is no measure of its map.
func TestMapsKnowWhatIsKnown(t *testing.T) {
	p := page.Page{Title: "x", Maps: []weigh.Node{{Name: "x", Bytes: 5, Files: 1, Has: []string{"tar"}}}}
	if s := written(t, p); !strings.Contains(s, `"has":["tar"]`) {
		t.Error("what is known of the map is not in the page")
	}
	if s := written(t, page.Page{Title: "x", Maps: []weigh.Node{{Name: "x", Bytes: 5}}}); !strings.Contains(s, `"has":[]`) {
		t.Error("a map of an earlier tare is not one that knows nothing more")
	}
}
