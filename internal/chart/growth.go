package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"tare/internal/units"
)

// Curve is a measure over the releases of an image; values that are not known leave a gap.
type Curve struct {
	Name   string
	Values []units.Amount
}

// pens is how many colours curves have. They are in the style of a page and of a file of
// drawings, light and dark: each is seen on its ground (a contrast of 3 to 1).
const pens = 8

func pen(k int) string { return "pen" + strconv.Itoa(k%pens) }

// Growth draws measures of bytes over the releases of an image, and marks the release with
// the largest step (-1 for none). It is an empty picture of fewer than two releases.
func Growth(names []string, curves []Curve, marked int) Picture {
	const left, top, width, tall = 90.0, 24.0, 560.0, 240.0
	if len(names) < 2 || len(curves) == 0 {
		return Picture{}
	}
	most := int64(1)
	for _, c := range curves {
		for _, v := range c.Values {
			most = max(most, v.Or(0))
		}
	}
	c := &canvas{w: left + width + 120, h: top + tall + 60}
	px := func(i int) float64 { return left + width*float64(i)/float64(len(names)-1) }
	py := func(n int64) float64 { return top + tall - tall*float64(n)/float64(most) }
	_, _ = fmt.Fprintf(c, `<path class="ax" fill="none" d="M%.1f %.1fV%.1fH%.1f"/>`, left, top, top+tall, left+width)
	c.text(left-8, top+4, "s d", "end", units.Bytes(most))
	c.text(left-8, top+tall, "s d", "end", "0")
	if marked >= 0 && marked < len(names) {
		_, _ = fmt.Fprintf(c, `<path class="ax" fill="none" stroke-dasharray="4 3" d="M%.1f %.1fV%.1f"/>`, px(marked), top, top+tall)
		c.text(px(marked), top-8, "s", "middle", "largest step: "+label(names[marked], 30))
	}
	every := max(1, int(math.Ceil(float64(len(names))/8)))
	for i, n := range names {
		if i%every == 0 || i == len(names)-1 && i%every > every/2 {
			c.text(px(i), top+tall+18, "s d", "middle", label(n, 14))
		}
	}
	for k, curve := range curves {
		var path strings.Builder
		move := "M"
		for i, v := range curve.Values {
			n, ok := v.Int()
			if !ok {
				move = "M"
				continue
			}
			fmt.Fprintf(&path, "%s%.1f %.1f", move, px(i), py(n))
			move = "L"
		}
		_, _ = fmt.Fprintf(c, `<path fill="none" class="%s" stroke-width="2" d="%s"/>`, pen(k), path.String())
		for i, v := range curve.Values {
			if n, ok := v.Int(); ok {
				_, _ = fmt.Fprintf(c, `<circle class="%s" cx="%.1f" cy="%.1f" r="3" stroke-width="0"><title>%s</title></circle>`, "ink"+strconv.Itoa(k%pens), px(i), py(n), esc(fmt.Sprintf("%s: %s %s", names[i], units.Bytes(n), curve.Name)))
			}
		}
		_, _ = fmt.Fprintf(c, `<path class="%s" stroke-width="3" d="M%.1f %.1fh14"/>`, pen(k), left+width+16, top+10+18*float64(k))
		c.text(left+width+36, top+14+18*float64(k), "s", "", curve.Name)
	}
	return c.picture("growth", "Size over releases")
}
