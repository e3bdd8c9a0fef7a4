package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"tare/internal/compare"
	"tare/internal/explain"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Picture is a drawing: an SVG without XML head, that works in a page and alone.
type Picture struct {
	ID, Title string
	SVG       string
	W, H      float64 // its size, in CSS pixels
}

// Alone is the picture as a file of its own, with the colours that a page has in its
// style sheet.
func (p Picture) Alone() string {
	head, rest, _ := strings.Cut(p.SVG, ">")
	return head + ">" + svgStyle + rest + "\n"
}

const svgStyle = `<style>text{font:12px system-ui,sans-serif;fill:#1d1d1f}.s{font-size:11px}.d{fill:#6b6b70}.ax{stroke:#c4c4c8}.pos{fill:#c2410c}.neg{fill:#15803d}.tot{fill:#57534e}.dot{fill:#0f62a8}.cell{stroke:#fff}.in{fill:#111}` +
	`@media(prefers-color-scheme:dark){svg{background:#161618}text{fill:#ececef}.d{fill:#a0a0a6}.ax{stroke:#4a4a50}.pos{fill:#fb923c}.neg{fill:#4ade80}.tot{fill:#a8a29e}.dot{fill:#6cb6ff}.cell{stroke:#161618}.in{fill:#111}}</style>`

// canvas collects the shapes of a picture.
type canvas struct {
	strings.Builder
	w, h float64
}

func (c *canvas) text(x, y float64, class, anchor, s string) {
	if anchor != "" {
		anchor = ` text-anchor="` + anchor + `"`
	}
	if class != "" {
		class = ` class="` + class + `"`
	}
	_, _ = fmt.Fprintf(c, `<text x="%.1f" y="%.1f"%s%s>%s</text>`, x, y, class, anchor, esc(s))
}

// rect draws a rectangle with a tip that says what it is.
func (c *canvas) rect(x, y, w, h float64, attrs, tip string) {
	_, _ = fmt.Fprintf(c, `<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" %s><title>%s</title></rect>`, x, y, math.Max(0, w), math.Max(0, h), attrs, esc(tip))
}

func (c *canvas) picture(id, title string) Picture {
	return Picture{ID: id, Title: title, W: c.w, H: c.h, SVG: fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="%s">%s</svg>`,
		c.w, c.h, c.w, c.h, esc(title), c.String())}
}

// label cuts a text to n characters.
func label(s string, n int) string {
	r := []rune(Safe(s))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n-1]) + "…"
}

// hue spreads colours so that neighbours differ: steps of the golden angle.
func hue(n int) string {
	return fmt.Sprintf("hsl(%d 52%% 58%%)", int(math.Mod(float64(n)*137.508, 360)))
}

// layersChart draws the layers of all images, stacked and to one scale. Layers that
// several images share have one colour and stand beside one another where they are
// the lowest; others are grey.
func layersChart(r *compare.Result) Picture {
	const left, top, width, tall, gapX, legend = 70.0, 30.0, 110.0, 320.0, 34.0, 230.0
	c := &canvas{w: left + float64(len(r.Images))*(width+gapX) + legend, h: top + tall + 60}
	uses := map[string]int{}
	most := int64(1)
	for _, img := range r.Images {
		for _, l := range img.Stack {
			uses[l.DiffID.String()]++
		}
		most = max(most, img.Sizes.Tar)
	}
	scale := tall / float64(most)
	for k := range 5 {
		y := top + tall - tall*float64(k)/4
		_, _ = fmt.Fprintf(c, `<line class="ax" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, left-6, y, c.w-legend, y)
		c.text(left-10, y+4, "s d", "end", units.Bytes(most*int64(k)/4))
	}
	colour := map[string]string{}
	for i, img := range r.Images {
		x, y := left+float64(i)*(width+gapX), top+tall
		for k, l := range img.Stack {
			h := float64(l.Tar) * scale
			y -= h
			id := l.DiffID.String()
			fill, shared := "#9a9aa2", ""
			if uses[id] > 1 {
				if colour[id] == "" {
					colour[id] = hue(len(colour))
					at := top + float64(len(colour)-1)*18
					c.rect(c.w-legend+15, at, 11, 11, fmt.Sprintf(`fill="%s"`, colour[id]), "shared layer")
					c.text(c.w-legend+31, at+10, "s", "", label(l.Instruction, 28))
				}
				fill, shared = colour[id], fmt.Sprintf(", shared by %d images", uses[id])
			}
			c.rect(x, y, width, math.Max(h, 0.5), fmt.Sprintf(`class="cell" fill="%s"`, fill),
				fmt.Sprintf("%s, layer %d: %s%s: %s", img.Name, k+1, units.Bytes(l.Tar), shared, l.Instruction))
			if h > 15 {
				c.text(x+5, y+13, "s in", "", label(l.Instruction, 17))
			}
		}
		c.text(x+width/2, top+tall+18, "", "middle", label(img.Name, 20))
		c.text(x+width/2, y-6, "s d", "middle", units.Bytes(img.Sizes.Tar))
	}
	return c.picture("layers", "Layers of all images to one scale (tar); colours are layers that several share")
}

// waterfallPicture draws one difference, from one image to another.
func waterfallPicture(d *compare.Difference, from, to int64, top int) Picture {
	const left, width, rowH = 250.0, 420.0, 21.0
	type bar struct {
		title string
		n     int64
	}
	var bars []bar
	rest, more := int64(0), 0
	for n, g := range explain.Groups(d.Causes) {
		if n >= top {
			rest += g.Bytes
			more += g.Causes()
			continue
		}
		bars = append(bars, bar{g.String(), g.Bytes})
	}
	if more > 0 {
		bars = append(bars, bar{units.Plural(more, "smaller cause"), rest})
	}
	lo, hi := min(from, to), max(from, to)
	at := from
	for _, b := range bars {
		at += b.n
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
		if b.n < 0 {
			class = "neg"
		}
		c.text(left-8, y+14, "s", "end", label(b.title, 38))
		c.rect(min(x(at), x(at+b.n)), y+3, math.Max(1, math.Abs(x(at+b.n)-x(at))), rowH-6, `class="`+class+`"`, b.title+": "+units.Exact(b.n)+" bytes")
		c.text(max(x(at), x(at+b.n))+6, y+14, "s", "", units.Delta(b.n))
		at += b.n
		y += rowH
	}
	total(d.To, to)
	if lo > 0 {
		c.text(left, y+14, "s d", "", "the axis begins at "+units.Bytes(lo))
	}
	return c.picture("waterfall", fmt.Sprintf("From %s to %s: %s %s", d.From, d.To, d.Measure, units.Delta(d.Total)))
}

// treemap draws a map of files down to the given depth.
func treemap(n weigh.Node, depth int) Picture {
	c := &canvas{w: 760, h: 420}
	box(c, n, 0, 0, c.w, c.h, depth, 0, n.Name)
	return c.picture("treemap", "Files of "+n.Name+" by layer, package and directory")
}

func box(c *canvas, n weigh.Node, x, y, w, h float64, depth, tint int, path string) {
	if w < 1 || h < 1 {
		return
	}
	if depth == 0 || len(n.Parts) == 0 || w < 24 || h < 24 {
		c.rect(x, y, w, h, fmt.Sprintf(`class="cell" fill="%s"`, hue(tint)), path+": "+units.Bytes(n.Bytes))
		if w > 60 && h > 16 {
			c.text(x+4, y+13, "s in", "", label(n.Name, int(w/7)))
		}
		return
	}
	head := 0.0
	if h > 50 && w > 60 {
		head = 15
		c.text(x+3, y+12, "s d", "", label(n.Name+" "+units.Bytes(n.Bytes), int(w/7)))
	}
	for i, p := range Squarify(n.Parts, x, y+head, w, h-head) {
		t := tint
		if tint == 0 {
			t = i + 1
		}
		box(c, n.Parts[i], p[0]+.5, p[1]+.5, p[2]-1, p[3]-1, depth-1, t, path+"/"+n.Parts[i].Name)
	}
}

// Squarify divides a rectangle into parts with areas in proportion to the nodes'
// bytes and sides as equal as may be (Bruls, Huizing, van Wijk: Squarified Treemaps,
// 2000). Each part is x, y, width, height. The nodes must be the largest first.
func Squarify(nodes []weigh.Node, x, y, w, h float64) [][4]float64 {
	out := make([][4]float64, len(nodes))
	var sum float64
	for _, n := range nodes {
		sum += float64(n.Bytes)
	}
	if sum <= 0 || w <= 0 || h <= 0 {
		return out
	}
	scale := w * h / sum
	for i := 0; i < len(nodes); {
		side := math.Min(w, h)
		row, worst := 0.0, math.Inf(1)
		j := i
		for ; j < len(nodes); j++ {
			next := row + float64(nodes[j].Bytes)*scale
			biggest, least := float64(nodes[i].Bytes)*scale, math.Max(1e-9, float64(nodes[j].Bytes)*scale)
			now := math.Max(side*side*biggest/(next*next), next*next/(side*side*least))
			if j > i && now > worst {
				break
			}
			row, worst = next, now
		}
		thick := row / side
		at := 0.0
		for k := i; k < j; k++ {
			long := 0.0
			if thick > 0 {
				long = float64(nodes[k].Bytes) * scale / thick
			}
			if w >= h {
				out[k] = [4]float64{x, y + at, thick, long}
			} else {
				out[k] = [4]float64{x + at, y, long, thick}
			}
			at += long
		}
		if w >= h {
			x, w = x+thick, w-thick
		} else {
			y, h = y+thick, h-thick
		}
		i = j
	}
	return out
}

// point is an image in a scatter.
type point struct {
	name string
	x, y float64
	best bool // no other is better in both
}

// pareto draws images by two measures, of both of which less is better, and marks
// those that no other beats in both.
func pareto(points []point, xName, yName string, xText, yText func(float64) string) Picture {
	const left, top, width, tall = 90.0, 20.0, 420.0, 260.0
	c := &canvas{w: left + width + 150, h: top + tall + 50}
	mx, my := 0.0, 0.0
	for _, p := range points {
		mx, my = math.Max(mx, p.x), math.Max(my, p.y)
	}
	if mx == 0 || my == 0 {
		return Picture{}
	}
	for i := range points {
		points[i].best = !slices.ContainsFunc(points, func(o point) bool {
			return o.x <= points[i].x && o.y <= points[i].y && (o.x < points[i].x || o.y < points[i].y)
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
	front = slices.DeleteFunc(front, func(p point) bool { return !p.best })
	slices.SortFunc(front, func(a, b point) int { return cmp.Compare(a.x, b.x) })
	var path strings.Builder
	for i, p := range front {
		fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], px(p.x), py(p.y))
	}
	if len(front) > 1 {
		_, _ = fmt.Fprintf(c, `<path class="ax" fill="none" stroke-dasharray="4 3" d="%s"/>`, path.String())
	}
	for _, p := range points {
		r := 4
		if p.best {
			r = 7
		}
		_, _ = fmt.Fprintf(c, `<circle class="dot" cx="%.1f" cy="%.1f" r="%d"><title>%s</title></circle>`, px(p.x), py(p.y), r, esc(fmt.Sprintf("%s: %s, %s", p.name, xText(p.x), yText(p.y))))
		c.text(px(p.x)+9, py(p.y)+4, "s", "", label(p.name, 24))
	}
	return c.picture("pareto", yName+" against "+xName+"; large dots are beaten by none in both")
}

// WriteSVG writes pictures into one SVG file, one below the other.
func WriteSVG(w io.Writer, list []Picture) error {
	if len(list) == 1 {
		_, err := io.WriteString(w, list[0].Alone())
		return err
	}
	var b strings.Builder
	width, y := 0.0, 0.0
	for _, p := range list {
		fmt.Fprintf(&b, `<text x="10" y="%.0f">%s</text>`, y+18, esc(p.Title))
		b.WriteString(strings.Replace(p.SVG, "<svg ", fmt.Sprintf(`<svg y="%.0f" `, y+26), 1))
		width, y = math.Max(width, math.Max(p.W, 7*float64(len(p.Title)))), y+p.H+50
	}
	all := Picture{SVG: fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f">%s</svg>`, width, y, width, y, b.String())}
	_, err := io.WriteString(w, all.Alone())
	return err
}
