package report

import (
	"tare/internal/cut"
)
import "strings"

// sides writes a column for each subject. Columns that do not fit beside one another
// go below, with the baseline repeated.
func (t *textWriter) Sides(s Sides) {
	t.begin()
	v := &beside{textWriter: t, s: &s}
	for _, r := range s.Rows {
		v.label = max(v.label, cut.Width(r.Label))
	}
	v.values, v.widths = make([]int, len(s.Subjects)), make([]int, len(s.Subjects))
	for c, sub := range s.Subjects {
		deltas := 0
		for i := range s.Rows {
			cell := s.Rows[i].Cell(c)
			deltas = max(deltas, cut.Width(cell.Delta))
			if cell.Delta != "" {
				v.values[c] = max(v.values[c], cut.Width(cell.Text))
			}
			v.widths[c] = max(v.widths[c], cut.Width(cell.Text))
		}
		v.widths[c] = max(v.widths[c], v.values[c]+1+deltas, cut.Width(sub.Title), cut.Width(sub.Note))
		v.widths[c] = min(v.widths[c], t.room(v.label+6))
	}
	for _, group := range v.groups() {
		v.write(group)
	}
}

// beside is Sides being written.
type beside struct {
	*textWriter
	s              *Sides
	label          int
	values, widths []int // of the values that stand before a difference; of columns
}

func (v *beside) groups() [][]int {
	var out [][]int
	var cur []int
	used, room, baseline := 0, v.room(0), v.s.Baseline
	for c, w := range v.widths {
		if len(cur) > 0 && used+columnGap+w > room {
			out = append(out, cur)
			cur = nil
		}
		if len(cur) == 0 {
			used = 2 + v.label
			if len(out) > 0 && c != baseline {
				cur, used = []int{baseline}, used+columnGap+v.widths[baseline]
				if used+columnGap+w > room { // no room for both: without the baseline
					cur, used = nil, 2+v.label
				}
			}
		}
		cur = append(cur, c)
		used += columnGap + w
	}
	return append(out, cur)
}

func (v *beside) write(group []int) {
	line := func(first string, cell func(c int) (plain, painted string), help string) {
		l, n := "  "+cut.Pad(first, v.label), 2+v.label
		end := n // of what is not a space
		for _, c := range group {
			plain, painted := cell(c)
			l += strings.Repeat(" ", columnGap) + painted + strings.Repeat(" ", max(0, v.widths[c]-cut.Width(plain)))
			if plain != "" {
				end = n + columnGap + cut.Width(plain)
			}
			n += columnGap + v.widths[c]
		}
		l = strings.TrimRight(l, " ")
		if help != "" && n+2+cut.Width(help) <= v.Width {
			l += strings.Repeat(" ", n+2-end) + v.paint(dim, help)
		}
		v.WriteString(l + "\n")
	}
	line("", func(c int) (string, string) {
		p := cut.Clip(v.s.Subjects[c].Title, v.widths[c])
		return p, v.paint(bold, p)
	}, "")
	notes := false
	for _, c := range group {
		notes = notes || v.s.Subjects[c].Note != ""
	}
	if notes {
		line("", func(c int) (string, string) {
			p := cut.Clip(v.s.Subjects[c].Note, v.widths[c])
			return p, v.paint(dim, p)
		}, "")
	}
	for i := range v.s.Rows {
		r := &v.s.Rows[i]
		line(r.Label, func(c int) (string, string) {
			cell := r.Cell(c)
			if cell.Delta == "" {
				p := cut.Clip(cell.Text, v.widths[c])
				return p, p
			}
			p := cut.Pad(cell.Text, v.values[c]) + " "
			return p + cell.Delta, p + v.paint(cell.Trend.code(), cell.Delta)
		}, r.Help)
	}
	v.WriteString("\n")
}
