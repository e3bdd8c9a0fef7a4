package chart

import (
	"fmt"
	"math"

	"tare/internal/units"
	"tare/internal/weigh"
)

// Treemap draws a map of files down to the given depth.
func Treemap(n weigh.Node, depth int) Picture {
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
