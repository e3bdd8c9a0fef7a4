package chart

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"tare/internal/profile"
	"tare/internal/units"
)

// Gantt draws when each step of a build was at work; the critical path is marked.
func Gantt(r *profile.Result) Picture {
	const left, width, rowH = 300.0, 560.0, 18.0
	var spans []profile.Span
	end := r.Seconds
	for _, s := range r.Spans {
		if s.End-s.Start >= 0.001 {
			spans = append(spans, s)
			end = math.Max(end, s.End)
		}
	}
	if len(spans) == 0 || end <= 0 {
		return Picture{}
	}
	c := &canvas{w: left + width + 80, h: float64(len(spans))*rowH + 40}
	x := func(s float64) float64 { return left + width*s/end }
	for k := range 5 {
		s := end * float64(k) / 4
		_, _ = fmt.Fprintf(c, `<line class="ax" x1="%.1f" y1="20" x2="%.1f" y2="%.1f"/>`, x(s), x(s), c.h-12)
		c.text(x(s), 14, "s d", "middle", units.Seconds(seconds(s)))
	}
	for i, s := range spans {
		y := 22 + float64(i)*rowH
		name := s.Name
		if s.Line > 0 {
			name = strconv.Itoa(s.Line) + ": " + name
		}
		class := "tot"
		if s.Critical {
			class = "pos"
		}
		c.text(left-8, y+13, "s", "end", label(name, 46))
		c.rect(x(s.Start), y+3, math.Max(1, x(s.End)-x(s.Start)), rowH-5, `class="`+class+`"`, fmt.Sprintf("%s: %.3f s to %.3f s", s.Name, s.Start, s.End))
		c.text(x(s.End)+5, y+13, "s d", "", units.Seconds(seconds(s.End-s.Start)))
	}
	return c.picture("gantt", "When each step was at work; the critical path is marked")
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
