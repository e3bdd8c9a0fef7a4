package page

import (
	"fmt"
	"slices"
	"strings"

	"tare/internal/chart"
	"tare/internal/compare"
	"tare/internal/units"
)

// shownPairs bounds how many differences a page draws: above, only those from the
// baseline are in it. shownCauses bounds the causes of one.
const (
	shownPairs  = 60
	shownCauses = 10
)

// drawn are the differences that the page draws.
func drawn(r *compare.Result) []*compare.Difference {
	var list []*compare.Difference
	for i := range r.Differences {
		d := &r.Differences[i]
		if slices.Contains([]string{"transfer", "tar", "live"}, d.Measure) && d.Total.Known() {
			list = append(list, d)
		}
	}
	if len(list) > shownPairs {
		list = slices.DeleteFunc(list, func(d *compare.Difference) bool { return d.From != r.Baseline })
	}
	// The one that is seen first is about what a container sees.
	slices.SortStableFunc(list, func(a, b *compare.Difference) int { return order(a.Measure) - order(b.Measure) })
	return list
}

func order(measure string) int { return slices.Index([]string{"live", "transfer", "tar"}, measure) }

// waterfalls draws the differences and lets the reader choose one.
func (p *Page) waterfalls(b *strings.Builder) {
	list := drawn(p.Result)
	if len(list) == 0 {
		return
	}
	b.WriteString("<section id=\"waterfalls\"><h2>Why they differ</h2>\n<p class=\"choices\">")
	first := telling(list, p.Result.Baseline)
	choose := func(id, label string, of func(*compare.Difference) string) {
		fmt.Fprintf(b, "<label>%s <select id=\"%s\">", label, id)
		var seen []string
		for _, d := range list {
			if v := of(d); !slices.Contains(seen, v) {
				seen = append(seen, v)
				option(b, v, "")
			}
		}
		b.WriteString("</select></label> ")
	}
	choose("wf-from", "from", func(d *compare.Difference) string { return d.From })
	choose("wf-to", "to", func(d *compare.Difference) string { return d.To })
	choose("wf-measure", "measure", func(d *compare.Difference) string { return d.Measure })
	b.WriteString("</p>\n<p id=\"wf-none\" role=\"status\" hidden>There is no such pair.</p>\n")
	for n, d := range list {
		hidden := ""
		if n != first {
			hidden = " hidden"
		}
		attrs := fmt.Sprintf(" class=\"wf\" data-from=\"%s\" data-to=\"%s\" data-measure=\"%s\"%s", esc(d.From), esc(d.To), esc(d.Measure), hidden)
		figure(b, attrs, fmt.Sprintf("From %s to %s: %s %s", d.From, d.To, d.Measure, units.Delta(d.Bytes())), func() { fall(b, p.Result, d) })
	}
	legend(b, key{"tot", "all bytes of an image"}, key{"pos", "more bytes"}, key{"neg", "fewer bytes"})
	b.WriteString("</section>\n")
}

// telling is the difference that is seen first: of those from the baseline the one with the
// most live bytes.
func telling(list []*compare.Difference, baseline string) (best int) {
	for n, d := range list {
		size := func(d *compare.Difference) int64 { return max(d.Bytes(), -d.Bytes()) }
		if d.Measure == list[0].Measure && d.From == baseline && (list[best].From != baseline || size(d) > size(list[best])) {
			best = n
		}
	}
	return best
}

// fall draws one difference, from one image's bytes to another's: each bar begins where the
// one before it ended.
func fall(b *strings.Builder, r *compare.Result, d *compare.Difference) {
	from, to := valueOf(r, d.From, d.Measure), valueOf(r, d.To, d.Measure)
	bars := chart.Steps(d, shownCauses)
	lo, hi, at := min(from, to), max(from, to), from
	for _, s := range bars {
		at += s.Bytes
		lo, hi = min(lo, at), max(hi, at)
	}
	if span := hi - lo; span == 0 || float64(lo) < 2*float64(span) { // else a small difference of large images is not seen
		lo = min(lo, 0)
	}
	if hi == lo {
		hi = lo + 1
	}
	x := func(v int64) float64 { return float64(v-lo) / float64(hi-lo) }
	b.WriteString("<ol class=\"rows\">\n")
	row(b, d.From, units.Bytes(from), "", mark{0, x(from), "tot", ""})
	at = from
	for _, s := range bars {
		class := "pos"
		if s.Bytes < 0 {
			class = "neg"
		}
		row(b, s.Title, units.Delta(s.Bytes), "", mark{x(at), x(at + s.Bytes), class, units.Exact(s.Bytes) + " bytes"})
		at += s.Bytes
	}
	row(b, d.To, units.Bytes(to), "", mark{0, x(to), "tot", ""})
	b.WriteString("</ol>\n")
	if lo > 0 {
		fmt.Fprintf(b, "<p class=\"dim\">The bars begin at %s.</p>\n", units.Bytes(lo))
	}
}
