package main

import (
	"bytes"
	"fmt"
	"math"
)

const (
	boxH, gapX, gapY = 28.0, 14.0, 46.0
	margin           = 20.0
)

type box struct{ x, y, w float64 }

// draw is the picture: a row for each floor, arrows downwards only. It has no numbers that
// every commit changes.
func (g graph) draw() []byte {
	floors := g.floors()
	at := map[string]box{}
	width := 0.0
	for _, list := range floors {
		width = math.Max(width, rowWidth(list))
	}
	for n, list := range floors {
		x := margin + (width-rowWidth(list))/2
		for _, p := range list {
			at[p.name] = box{x, margin + float64(n)*(boxH+gapY), boxWidth(p)}
			x += boxWidth(p) + gapX
		}
	}
	w, h := width+2*margin, 2*margin+float64(len(floors))*(boxH+gapY)-gapY
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="system-ui,sans-serif" font-size="13">`+"\n", w, h)
	fmt.Fprintf(&b, `<title>Which package imports which: %d packages on %d floors, %d arrows, all downwards</title>`+"\n", len(g), len(floors), g.arrows())
	fmt.Fprintf(&b, `<rect width="%.0f" height="%.0f" fill="#fff"/>`+"\n", w, h)
	for _, list := range floors {
		for _, p := range list {
			from := at[p.name]
			for _, to := range p.imports {
				t, ok := at[to]
				if !ok {
					continue
				}
				x1, y1, x2, y2 := from.x+from.w/2, from.y+boxH, t.x+t.w/2, t.y
				m := (y1 + y2) / 2
				fmt.Fprintf(&b, `<path d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f" fill="none" stroke="#789" stroke-opacity=".35"><title>%s → %s</title></path>`+"\n", x1, y1, x1, m, x2, m, x2, y2, p.name, to)
			}
		}
	}
	for _, list := range floors {
		for _, p := range list {
			a := at[p.name]
			fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.0f" rx="4" fill="#eef4fb" stroke="#456"/>`, a.x, a.y, a.w, boxH)
			fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", a.x+a.w/2, a.y+boxH/2+4.5, p.name)
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func boxWidth(p *pkg) float64 { return math.Max(54, 8*float64(len(p.name))+16) }

func rowWidth(list []*pkg) float64 {
	w := -gapX
	for _, p := range list {
		w += boxWidth(p) + gapX
	}
	return w
}

// arrows is how many imports there are.
func (g graph) arrows() (n int) {
	for _, p := range g {
		n += len(p.imports)
	}
	return n
}
