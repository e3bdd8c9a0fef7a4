// Package page writes a report in the format that was asked for. One of them is a page for
// browsers: one file that needs no network.
package page

import (
	"cmp"
	"crypto/sha256"
	_ "embed" // the page's scripts and style
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"

	"tare/internal/chart"
	"tare/internal/compare"
	"tare/internal/experiment"
	"tare/internal/profile"
	"tare/internal/report"
	"tare/internal/weigh"
)

// The page's style and scripts stand in it as they are: nothing has to be built. The scripts
// are one program in the end; state.js comes first.
var (
	//go:embed page.css
	pageCSS string
	//go:embed state.js
	stateJS string
	//go:embed tables.js
	tablesJS string
	//go:embed pairs.js
	pairsJS string
	//go:embed parts.js
	partsJS string
	//go:embed labels.js
	labelsJS string
	//go:embed map.js
	mapJS string
	//go:embed search.js
	searchJS string
)

// Picture is a drawing.
type Picture = chart.Picture

// Gantt draws when each step of a build was at work.
func Gantt(r *profile.Result) Picture { return chart.Gantt(r) }

// Profile is the page of a profile, without its document.
func Profile(r *profile.Result, name string) Page {
	p := Page{Title: "Profile of " + name}
	if r.Seconds > 0 || len(r.Spans) > 0 {
		p.Extra = []Picture{Gantt(r)}
	}
	if r.Map != nil {
		p.Maps = []weigh.Node{*r.Map}
	}
	return p
}

// Page is a report to be written in some format, and all that a browser's page shows beside
// the document.
type Page struct {
	Title  string
	Doc    report.Document    // all numbers, as in the other formats
	Data   any                // what the report was made of, as JSON
	Report string             // the command whose report it is
	Chart  string             // the only picture of a drawing; empty for all
	Result *compare.Result    // nil for reports of one image
	Record *experiment.Record // nil for what is no experiment
	Maps   []weigh.Node       // one for each image that has one
	Extra  []Picture          // further pictures
	// Served says that `tare view --web` serves the page, and Nonce what its policy lets run
	// then. The page has a place for files that are fetched on demand.
	Served bool
	Nonce  string
}

// Write writes the page. Its policy lets it load nothing and run nothing but its own
// script, so that no name in an image can do anything.
func (p *Page) Write(w io.Writer) error {
	data, err := p.mapsJSON()
	if err != nil {
		return err
	}
	program, style := stateJS+tablesJS+pairsJS+partsJS+labelsJS+mapJS+searchJS, pageCSS
	if p.Served {
		program, style = program+filesJS, style+filesCSS
	}
	script := "(() => {\n" + program + "})();\n"
	served, nonce, policy := "", "", fmt.Sprintf("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action 'none'\">\n", hash(style), hash(script))
	if p.Served { // the answer's head has the policy
		served, policy, nonce = " data-served", "<link rel=\"icon\" href=\"data:,\">\n", " nonce=\""+esc(p.Nonce)+"\""
	}
	title, doc := p.titled()
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html>\n<html lang=\"en\"%s><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"+
		"%s<meta name=\"referrer\" content=\"no-referrer\"><title>%s – tare</title>\n<style%s>%s</style></head><body><main>\n<h1>%s</h1>\n", served, policy, esc(title), nonce, style, esc(title))
	p.body(&b, doc)
	fmt.Fprintf(&b, "</main>\n<script type=\"application/json\" id=\"maps\"%s>%s</script>\n<script%s>%s</script></body></html>\n", nonce, data, nonce, script)
	_, err = io.WriteString(w, b.String())
	return err
}

// titled is the page's title, and what is left of the document: the first heading of a report
// without a title is its title.
func (p *Page) titled() (string, report.Document) {
	if p.Title != "" {
		return p.Title, p.Doc
	}
	for n, b := range p.Doc {
		if h, ok := b.(report.Para); ok && h.Heading {
			return cmp.Or(h.Page, h.Text), slices.Concat(p.Doc[:n], p.Doc[n+1:])
		}
	}
	return "Report", p.Doc
}

// hash names a text in a policy.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// body is the answer, the pictures that show why, and all tables.
func (p *Page) body(b *strings.Builder, doc report.Document) {
	var pictures strings.Builder
	p.pictures(&pictures)
	doc = once(doc, pictures.Len() > 0)
	first := lead(doc)
	h := &htmlWriter{lead: true}
	doc[:first].Write(h)
	p.overview().Write(h)
	said, others := parted(doc[first:])
	said.Write(h)
	b.WriteString(h.String() + "<div id=\"pictures\">\n" + pictures.String() + "</div>\n")
	if p.Served {
		b.WriteString(filesSection)
	}
	rest := &htmlWriter{tables: h.tables, open: pictures.Len() == 0, drawn: strings.Contains(pictures.String(), "id=\"dockerfile\"")}
	others.Write(rest)
	b.WriteString(rest.String())
}

// once leaves the short form of a table out of which all is there as well: a page shows the
// first rows of that. Where no picture answers, it is not folded.
func once(d report.Document, pictured bool) (out report.Document) {
	same := func(a, b report.Table) bool { return a.Part == b.Part && a.Title == b.Title && a.Subject == b.Subject }
	for n, b := range d {
		t, ok := b.(report.Table)
		if !ok {
			out = append(out, b)
			continue
		}
		twin := func(w report.Weight, among report.Document) bool {
			return slices.ContainsFunc(among, func(o report.Block) bool { u, ok := o.(report.Table); return ok && u.Weight == w && same(t, u) })
		}
		if t.Title != "" && t.Weight == report.Brief && twin(report.Full, d[n+1:]) {
			continue
		}
		if t.Title != "" && t.Weight == report.Full && !pictured && twin(report.Brief, d[:n]) {
			t.Weight = report.Always
		}
		out = append(out, t)
	}
	return out
}

// parted takes what is said in words, and what to do first, from the tables: a reader of
// sentences has to scroll past no picture.
func parted(d report.Document) (said, others report.Document) {
	for _, b := range d {
		at, words := b.At(), false
		switch b.(type) {
		case report.Item:
			words = at.Weight == report.Brief || at.Weight == report.Always && slices.Contains([]string{"warnings", "failures", "cache", "touched"}, at.Part)
		case report.Para:
			words = at.Weight == report.Brief && at.Part == "content"
		case report.Table:
			words = at.Weight == report.Brief && at.Part == "findings"
		}
		if words {
			said = append(said, b)
		} else {
			others = append(others, b)
		}
	}
	return said, others
}

// lead is how many blocks stand before the pictures: what decides comes first, the verdict
// and the table with a row for each image, whichever form it has. A report of one image has
// no such table: its verdict alone comes first then.
func lead(d report.Document) int {
	for n, b := range d {
		switch b.(type) {
		case report.Table, report.Sides:
			if part := b.At().Part; part == "layers" || part == "listing" || part == "findings" || part == "touched" {
				return n
			}
			for n++; n < len(d) && d[n].At().Weight == report.Full; n++ {
			}
			return n
		}
	}
	return 0
}
