package chart

import (
	"fmt"
	"math"

	"tare/internal/compare"
	"tare/internal/units"
)

// Layers draws the layers of all images, stacked and to one scale. Layers that
// several images share have one colour and stand beside one another where they are
// the lowest; others are grey.
func Layers(r *compare.Result) Picture {
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
