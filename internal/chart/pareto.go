package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Point is an image in a scatter.
type Point struct {
	Name string
	X, Y float64
	best bool // no other is better in both
}

// Pareto draws images by two measures, of both of which less is better, and marks
// those that no other beats in both.
func Pareto(points []Point, xName, yName string, xText, yText func(float64) string) Picture {
	const left, top, width, tall = 90.0, 20.0, 420.0, 260.0
	c := &canvas{w: left + width + 150, h: top + tall + 50}
	mx, my := 0.0, 0.0
	for _, p := range points {
		mx, my = math.Max(mx, p.X), math.Max(my, p.Y)
	}
	if mx == 0 || my == 0 {
		return Picture{}
	}
	for i := range points {
		points[i].best = !slices.ContainsFunc(points, func(o Point) bool {
			return o.X <= points[i].X && o.Y <= points[i].Y && (o.X < points[i].X || o.Y < points[i].Y)
		})
	}
	px := func(v float64) float64 { return left + width*v/mx }
	py := func(v float64) float64 { return top + tall - tall*v/my }
	_, _ = fmt.Fprintf(c, `<path class="ax" fill="none" d="M%.1f %.1fV%.1fH%.1f"/>`, left, top, top+tall, left+width)
	c.text(left-8, top+8, "s d", "end", yText(my))
	c.text(left-8, top+tall, "s d", "end", "0")
	c.text(left+width, top+tall+16, "s d", "middle", xText(mx))
	c.text(left+width/2, top+tall+34, "", "middle", xName)
	c.text(left, top-6, "", "middle", yName)
	front := slices.Clone(points)
	front = slices.DeleteFunc(front, func(p Point) bool { return !p.best })
	slices.SortFunc(front, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
	var path strings.Builder
	for i, p := range front {
		fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], px(p.X), py(p.Y))
	}
	if len(front) > 1 {
		_, _ = fmt.Fprintf(c, `<path class="ax" fill="none" stroke-dasharray="4 3" d="%s"/>`, path.String())
	}
	for _, p := range points {
		r := 4
		if p.best {
			r = 7
		}
		_, _ = fmt.Fprintf(c, `<circle class="dot" cx="%.1f" cy="%.1f" r="%d"><title>%s</title></circle>`, px(p.X), py(p.Y), r, esc(fmt.Sprintf("%s: %s, %s", p.Name, xText(p.X), yText(p.Y))))
		c.text(px(p.X)+9, py(p.Y)+4, "s", "", label(p.Name, 24))
	}
	return c.picture("pareto", yName+" vs. "+xName+"; large dots: Pareto-optimal")
}
