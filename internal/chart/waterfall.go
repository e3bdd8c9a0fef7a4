package chart

import (
	"fmt"
	"math"

	"tare/internal/compare"
	"tare/internal/explain"
	"tare/internal/units"
)

// Step is one bar of a waterfall.
type Step struct {
	Title string
	Bytes int64
}

// Steps are the top causes of a difference, and the smaller ones together.
func Steps(d *compare.Difference, top int) []Step {
	var out []Step
	rest, more := int64(0), 0
	for n, g := range explain.Groups(d.Causes) {
		if n >= top {
			rest += g.Bytes
			more += g.Causes()
			continue
		}
		out = append(out, Step{g.String(), g.Bytes})
	}
	if more > 0 {
		out = append(out, Step{units.Plural(more, "smaller cause"), rest})
	}
	return out
}

// Waterfall draws one difference, from one image's bytes to another's, with the top causes.
func Waterfall(d *compare.Difference, from, to int64, top int) Picture {
	const left, width, rowH = 250.0, 420.0, 21.0
	bars := Steps(d, top)
	lo, hi := min(from, to), max(from, to)
	at := from
	for _, b := range bars {
		at += b.Bytes
		lo, hi = min(lo, at), max(hi, at)
	}
	lo = min(lo, from, to)
	if span := hi - lo; lo > 0 && float64(lo) < 2*float64(span) {
		lo = 0
	}
	if hi == lo {
		hi = lo + 1
	}
	x := func(v int64) float64 { return left + width*float64(v-lo)/float64(hi-lo) }
	c := &canvas{w: left + width + 110, h: float64(len(bars)+2)*rowH + 34}
	y := 8.0
	total := func(name string, v int64) {
		c.text(left-8, y+14, "", "end", label(name, 34))
		c.rect(x(lo), y+3, x(v)-x(lo), rowH-6, `class="tot"`, name+": "+units.Exact(v)+" bytes")
		c.text(x(v)+6, y+14, "s", "", units.Bytes(v))
		y += rowH
	}
	total(d.From, from)
	at = from
	for _, b := range bars {
		class := "pos"
		if b.Bytes < 0 {
			class = "neg"
		}
		c.text(left-8, y+14, "s", "end", label(b.Title, 38))
		c.rect(min(x(at), x(at+b.Bytes)), y+3, math.Max(1, math.Abs(x(at+b.Bytes)-x(at))), rowH-6, `class="`+class+`"`, b.Title+": "+units.Exact(b.Bytes)+" bytes")
		c.text(max(x(at), x(at+b.Bytes))+6, y+14, "s", "", units.Delta(b.Bytes))
		at += b.Bytes
		y += rowH
	}
	total(d.To, to)
	if lo > 0 {
		c.text(left, y+14, "s d", "", "the axis begins at "+units.Bytes(lo))
	}
	return c.picture("waterfall", fmt.Sprintf("From %s to %s: %s %s", d.From, d.To, d.Measure, units.Delta(d.Bytes())))
}
