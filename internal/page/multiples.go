package page

import (
	"cmp"
	"fmt"
	"sort"
	"strings"
	"time"

	"tare/internal/experiment"
	"tare/internal/units"
)

// multiples draws each measure of an experiment on its own, with all variants below one
// another: the interval of the median, all repetitions, and a line at the baseline.
func multiples(b *strings.Builder, r *experiment.Record) {
	var names []string
	for _, name := range r.Measured() {
		for i := range r.Variants {
			if m := r.Variants[i].Measure(name); m != nil && m.Value > 0 {
				names = append(names, name)
				break
			}
		}
	}
	if len(names) == 0 {
		return
	}
	// What is worked out from sizes is there for who opens it: it says nothing new of time.
	sort.SliceStable(names, func(i, j int) bool { return !modelled(r, names[i]) && modelled(r, names[j]) })
	b.WriteString("<section id=\"multiples\"><h2>What was measured</h2>\n<div class=\"multiples\">\n")
	bare, folded := false, false
	for _, name := range names {
		if modelled(r, name) && !folded {
			b.WriteString("</div>\n<details><summary>Pulls, modelled from sizes</summary>\n<div class=\"multiples\">\n")
			folded = true
		}
		for i := range r.Variants {
			if m := r.Variants[i].Measure(name); m != nil {
				bare = bare || m.Kind == experiment.Measured && m.Low == nil
			}
		}
		figure(b, "", experiment.Title(name), func() { dots(b, r, name) })
	}
	b.WriteString("</div>\n")
	if folded {
		b.WriteString("</details>\n")
	}
	keys := []key{{"interval", fmt.Sprintf("%.0f%% interval of the median", 100*r.Method.Confidence)}, {"dot", "median, or the number itself"}, {"sample", "one repetition"}}
	if r.Variant(r.Baseline) != nil {
		keys = append(keys, key{"baseline", "baseline: " + r.Baseline})
	}
	legend(b, keys...)
	if bare {
		b.WriteString("<p class=\"dim\">Where no interval is drawn there are too few repetitions for one.</p>\n")
	}
	b.WriteString("</section>\n")
}

// modelled tells whether a measure is worked out from others.
func modelled(r *experiment.Record, name string) bool {
	for i := range r.Variants {
		if m := r.Variants[i].Measure(name); m != nil {
			return m.Kind == experiment.Modelled
		}
	}
	return false
}

// dots are the variants' values of one measure.
func dots(b *strings.Builder, r *experiment.Record, name string) {
	most, base := 0.0, 0.0
	for i := range r.Variants {
		m := r.Variants[i].Measure(name)
		if m == nil {
			continue
		}
		most = max(most, m.Value)
		if m.High != nil {
			most = max(most, *m.High)
		}
		for _, s := range m.Samples {
			most = max(most, s)
		}
		if r.Variants[i].Name == r.Baseline {
			base = m.Value
		}
	}
	most = cmp.Or(most*1.02, 1)
	b.WriteString("<ol class=\"rows\">\n")
	for i := range r.Variants {
		v := &r.Variants[i]
		m := v.Measure(name)
		if m == nil {
			continue
		}
		fmt.Fprintf(b, "<li><span class=\"l\">%s</span><svg class=\"bar dots\" aria-hidden=\"true\">", text(v.Name))
		x := func(f float64) string { return fmt.Sprintf("%.2f%%", 100*f/most) }
		if base > 0 {
			fmt.Fprintf(b, "<line class=\"baseline\" x1=\"%s\" x2=\"%s\" y1=\"0\" y2=\"100%%\"></line>", x(base), x(base))
		}
		if m.Low != nil && m.High != nil {
			fmt.Fprintf(b, "<rect class=\"interval\" x=\"%s\" width=\"%.2f%%\" y=\"28%%\" height=\"26%%\"></rect>", x(*m.Low), max(0.3, 100*(*m.High-*m.Low)/most))
		}
		for _, s := range m.Samples {
			fmt.Fprintf(b, "<circle class=\"sample\" cx=\"%s\" cy=\"82%%\" r=\"2\"></circle>", x(s))
		}
		fmt.Fprintf(b, "<circle class=\"dot\" cx=\"%s\" cy=\"41%%\" r=\"5\"></circle></svg><span class=\"v\">%s</span></li>\n", x(m.Value), esc(interval(m)))
	}
	b.WriteString("</ol>\n")
}

// interval is a measurement in words: with its interval, or how many repetitions there are
// where there is none.
func interval(m *experiment.Measurement) string {
	say := func(v float64) string {
		if m.Unit == "bytes" {
			return units.Bytes(int64(v))
		}
		return units.Seconds(time.Duration(v * 1e9))
	}
	switch {
	case m.Low != nil && m.High != nil:
		return fmt.Sprintf("%s, %s to %s", say(m.Value), say(*m.Low), say(*m.High))
	case m.Kind == experiment.Measured && len(m.Samples) > 0:
		return fmt.Sprintf("%s (n=%d)", say(m.Value), len(m.Samples))
	}
	return say(m.Value)
}
