// Package page writes a report in the format that was asked for. One of them is a page for
// browsers: one file that needs no network.
package page

import (
	"crypto/sha256"
	_ "embed" // the page's script and style
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tare/internal/chart"
	"tare/internal/compare"
	"tare/internal/experiment"
	"tare/internal/profile"
	"tare/internal/report"
	"tare/internal/screen"
	"tare/internal/units"
	"tare/internal/weigh"
)

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// Picture is a drawing.
type Picture = chart.Picture

// Gantt draws when each step of a build was at work.
func Gantt(r *profile.Result) Picture { return chart.Gantt(r) }

// Page is a report to be looked at in a browser: one file that needs no network.
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
}

// Pictures are the drawings of a page.
func (p *Page) Pictures() []Picture {
	var out []Picture
	add := func(pic Picture) {
		if pic.SVG != "" {
			out = append(out, pic)
		}
	}
	if p.Result != nil {
		add(chart.Layers(p.Result))
		add(p.pareto())
		for i := range p.Result.Differences {
			d := &p.Result.Differences[i]
			if d.Measure == "tar" && (d.From == p.Result.Baseline || len(p.Result.Images) < 4) {
				add(waterfallOf(p.Result, d))
			}
		}
	}
	for _, m := range p.Maps {
		add(chart.Treemap(m, 3))
	}
	for _, e := range p.Extra {
		add(e)
	}
	return out
}

func waterfallOf(r *compare.Result, d *compare.Difference) Picture {
	value := func(name string) int64 {
		for n := range r.Images {
			if r.Images[n].Name == name {
				for _, m := range compare.Measures {
					if m.Name == d.Measure {
						return m.Value(&r.Images[n].Sizes).Or(0)
					}
				}
			}
		}
		return 0
	}
	return chart.Waterfall(d, value(d.From), value(d.To), 12)
}

// pareto sets size against the time that matters most of what was measured.
func (p *Page) pareto() Picture {
	if p.Record == nil {
		return Picture{}
	}
	for _, name := range []string{experiment.StartReady, experiment.StartExit, experiment.BuildCold} {
		var points []chart.Point
		for _, img := range p.Result.Images {
			pull, known := img.Sizes.Transfer.Int()
			if v := p.Record.Variant(img.Name); v != nil && known {
				if m := v.Measure(name); m != nil && m.Value > 0 {
					points = append(points, chart.Point{Name: img.Name, X: float64(pull), Y: m.Value})
				}
			}
		}
		if len(points) > 1 {
			return chart.Pareto(points, "transfer", experiment.Title(name), func(v float64) string { return units.Bytes(int64(v)) },
				func(v float64) string { return units.Seconds(time.Duration(v * 1e9)) })
		}
	}
	return Picture{}
}

// shownPairs bounds how many differences a page draws: above, only those from the
// baseline are in it.
const shownPairs = 60

// Write writes the page. Its policy lets it load nothing and run nothing but its own
// script, so that no name in an image can do anything.
func (p *Page) Write(w io.Writer) error {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"+
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action 'none'\">\n"+
		"<meta name=\"referrer\" content=\"no-referrer\"><title>%s – tare</title>\n<style>%s</style></head><body><main>\n<h1>%s</h1>\n", hash(pageCSS), hash(pageJS), esc(p.Title), pageCSS, esc(p.Title))
	first := lead(p.Doc)
	h := &htmlWriter{}
	p.Doc[:first].Write(h)
	b.WriteString(h.String())
	b.WriteString("<div id=\"pictures\">\n")
	p.pictures(&b)
	b.WriteString("</div>\n")
	h = &htmlWriter{}
	p.Doc[first:].Write(h)
	b.WriteString(h.String())
	b.WriteString("</main>\n")
	maps := []weigh.Node{}
	for _, m := range p.Maps {
		maps = append(maps, safeNode(m))
	}
	data, err := json.Marshal(maps) // escapes <, > and &
	if err != nil {
		return err
	}
	fmt.Fprintf(&b, "<script type=\"application/json\" id=\"maps\">%s</script>\n<script>%s</script></body></html>\n", data, pageJS)
	_, err = io.WriteString(w, b.String())
	return err
}

// lead is how many blocks stand before the pictures: what decides comes first, the verdict
// and the first table, whichever form it has.
func lead(d report.Document) int {
	for n, b := range d {
		switch b.(type) {
		case report.Table, report.Sides:
			for n++; n < len(d) && d[n].At().Weight == report.Full; n++ {
			}
			return n
		}
	}
	return 0
}

func (p *Page) pictures(b *strings.Builder) {
	figure := func(pic Picture, attrs string) {
		if pic.SVG != "" {
			fmt.Fprintf(b, "<figure%s><div class=\"scroll\">%s</div><figcaption>%s</figcaption></figure>\n", attrs, pic.SVG, esc(pic.Title))
		}
	}
	if p.Result != nil && len(p.Result.Images) > 1 {
		b.WriteString("<section><h2>Layers</h2>\n")
		figure(chart.Layers(p.Result), "")
		b.WriteString("</section>\n")
		p.waterfalls(b, figure)
	}
	if p.Result != nil {
		if pic := p.pareto(); pic.SVG != "" {
			b.WriteString("<section><h2>Size vs. time</h2>\n")
			figure(pic, "")
			b.WriteString("</section>\n")
		}
	}
	if len(p.Maps) > 0 {
		b.WriteString("<section id=\"treemaps\"><h2>Where the files are</h2><p class=\"dim\">Click a part to open it, its title (or Escape) to go back.</p><label>Image <select id=\"map\">")
		for n, m := range p.Maps {
			fmt.Fprintf(b, "<option value=\"%d\">%s</option>", n, esc(m.Name))
		}
		b.WriteString("</select></label><p id=\"crumbs\" aria-live=\"polite\"></p><div id=\"treemap\" tabindex=\"0\"></div></section>\n")
	}
	for _, pic := range p.Extra {
		b.WriteString("<section>\n")
		figure(pic, "")
		b.WriteString("</section>\n")
	}
}

// waterfalls draws the differences and lets the reader choose one.
func (p *Page) waterfalls(b *strings.Builder, figure func(Picture, string)) {
	var list []*compare.Difference
	for i := range p.Result.Differences {
		d := &p.Result.Differences[i]
		if slices.Contains([]string{"transfer", "tar", "live"}, d.Measure) && d.Total.Known() {
			list = append(list, d)
		}
	}
	if len(list) > shownPairs {
		list = slices.DeleteFunc(list, func(d *compare.Difference) bool { return d.From != p.Result.Baseline })
	}
	if len(list) == 0 {
		return
	}
	b.WriteString("<section id=\"waterfalls\"><h2>Why they differ</h2>")
	choose := func(id, label string, of func(*compare.Difference) string) {
		fmt.Fprintf(b, "<label>%s <select id=\"%s\">", label, id)
		var seen []string
		for _, d := range list {
			if v := of(d); !slices.Contains(seen, v) {
				seen = append(seen, v)
				fmt.Fprintf(b, "<option>%s</option>", esc(v))
			}
		}
		b.WriteString("</select></label> ")
	}
	choose("wf-from", "from", func(d *compare.Difference) string { return d.From })
	choose("wf-to", "to", func(d *compare.Difference) string { return d.To })
	choose("wf-measure", "measure", func(d *compare.Difference) string { return d.Measure })
	b.WriteString("<p id=\"wf-none\" hidden>There is no such pair.</p>\n")
	for n, d := range list {
		hidden := ""
		if n > 0 {
			hidden = " hidden"
		}
		figure(waterfallOf(p.Result, d), fmt.Sprintf(" class=\"wf\" data-from=\"%s\" data-to=\"%s\" data-measure=\"%s\"%s", esc(d.From), esc(d.To), esc(d.Measure), hidden))
	}
	b.WriteString("</section>\n")
}

// safeNode makes the names of a map fit to be shown.
func safeNode(n weigh.Node) weigh.Node {
	n.Name, n.Against = screen.Safe(n.Name), screen.Safe(n.Against)
	parts := n.Parts
	n.Parts = nil
	for _, p := range parts {
		n.Parts = append(n.Parts, safeNode(p))
	}
	return n
}
