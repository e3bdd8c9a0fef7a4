package page

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tare/internal/chart"
	"tare/internal/compare"
	"tare/internal/experiment"
	"tare/internal/profile"
	"tare/internal/units"
)

// Pictures are the drawings of a report, for files of drawings.
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
				add(chart.Waterfall(d, valueOf(p.Result, d.From, d.Measure), valueOf(p.Result, d.To, d.Measure), 12))
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

// valueOf is what an image has of a measure; 0 if that is not known.
func valueOf(r *compare.Result, name, measure string) int64 {
	img := r.Image(name)
	if img == nil {
		return 0
	}
	for _, m := range compare.Measures {
		if m.Name == measure {
			return m.Value(&img.Sizes).Or(0)
		}
	}
	return 0
}

// pareto sets size against the time that matters most of what was measured.
func (p *Page) pareto() Picture {
	if p.Record == nil || p.Result == nil {
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

// pictures are those of a page: first the one that shows why.
func (p *Page) pictures(b *strings.Builder) {
	r, _ := p.Data.(*profile.Result)
	if r != nil && r.Source != "" {
		margins(b, r)
	}
	if p.Record != nil {
		multiples(b, p.Record)
	}
	if p.Result != nil && len(p.Result.Images) > 1 {
		p.waterfalls(b)
	}
	if len(p.Maps) > 0 {
		p.maps(b)
	}
	if p.Result != nil && len(p.Result.Images) > 1 {
		layers(b, p.Result)
	}
	drawn := func(pic Picture) {
		if pic.SVG != "" {
			figure(b, "", pic.Title, func() { fmt.Fprintf(b, "<div class=\"scroll\">%s</div>\n", pic.SVG) })
		}
	}
	if pic := p.pareto(); pic.SVG != "" {
		b.WriteString("<section><h2>Size and time</h2>\n")
		drawn(pic)
		b.WriteString("</section>\n")
	}
	for _, e := range p.Extra {
		if e.ID == "gantt" && r != nil { // drawn in the width that there is
			gantt(b, r)
			continue
		}
		b.WriteString("<section>\n")
		drawn(e)
		b.WriteString("</section>\n")
	}
}

// shades is how many colours layers have that several images share.
const shades = 8

// layers draws the layers of all images to one scale; those that several share have one
// colour, and the others are grey.
func layers(b *strings.Builder, r *compare.Result) {
	uses, most := map[string]int{}, int64(1)
	for _, img := range r.Images {
		seen := map[string]bool{}
		for _, l := range img.Stack {
			if id := l.DiffID.String(); !seen[id] {
				seen[id] = true
				uses[id]++
			}
		}
		most = max(most, img.Sizes.Tar)
	}
	var keys []key
	shade := map[string]string{}
	b.WriteString("<section id=\"layers\"><h2>Which layers they share</h2>\n")
	figure(b, "", "Layers of all images to one scale (tar), the lowest first", func() {
		b.WriteString("<ol class=\"rows\">\n")
		for _, img := range r.Images {
			var marks []mark
			at := int64(0)
			for k, l := range img.Stack {
				class, shared, id := "own", "only here", l.DiffID.String()
				if uses[id] > 1 {
					shared = fmt.Sprintf("shared by %d images", uses[id])
					if shade[id] == "" {
						shade[id] = fmt.Sprintf("shade%d", len(shade)%shades)
						keys = append(keys, key{shade[id], fmt.Sprintf("%s, %s: %s", units.Bytes(l.Tar), shared, shorten(strings.Join(strings.Fields(l.Instruction), " "), 60))})
					}
					class = shade[id]
				}
				marks = append(marks, mark{float64(at) / float64(most), float64(at+l.Tar) / float64(most), class, fmt.Sprintf("layer %d: %s, %s: %s", k+1, units.Bytes(l.Tar), shared, shorten(l.Instruction, shortText))})
				at += l.Tar
			}
			row(b, img.Name, units.Bytes(img.Sizes.Tar), "tall", marks...)
		}
		b.WriteString("</ol>\n")
		if slices.ContainsFunc(r.Images, func(i compare.Image) bool {
			return slices.ContainsFunc(i.Stack, func(l compare.LayerSum) bool { return uses[l.DiffID.String()] == 1 })
		}) {
			keys = append(keys, key{"own", "in one image only"})
		}
		legend(b, keys...)
	})
	b.WriteString("</section>\n")
}
