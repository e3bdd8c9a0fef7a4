package report

import (
	"slices"
	"strings"

	"tare/internal/cut"
)

const (
	barWidth = 20
	// narrow is the least that the label of a row should have while other columns may
	// go.
	narrow = 34
	// readable is what a label should have while there is a bar.
	readable = 56
)

// face is a table ready to be written in columns of one width.
type face struct {
	*textWriter
	t      Table
	label  int
	cells  [][]string // texts, as they stand in the label's column with its level
	values []int      // width of the values of a column
	deltas []int      // width of their differences; 0 if it has none
	bars   bool
	bar    int // its columns
}

func (t *textWriter) Table(tab Table) {
	t.begin()
	f := &face{textWriter: t, t: tab}
	f.measure()
	f.fit()
	if tab.Title != "" {
		t.WriteString("  " + t.paint(bold, cut.To(tab.Title, t.room(2), Middle)) + "\n")
	}
	f.head()
	for n := range f.t.Rows {
		f.row(n)
	}
	if tab.Note != "" {
		for _, l := range wrap(tab.Note, t.room(2)) {
			t.WriteString("  " + t.paint(dim, l) + "\n")
		}
	}
	t.WriteString("\n")
}

// measure works the widths of the columns out.
func (f *face) measure() {
	t := &f.t
	f.label = t.Label()
	f.cells = make([][]string, len(t.Rows))
	f.values, f.deltas = make([]int, len(t.Columns)), make([]int, len(t.Columns))
	for c, col := range t.Columns {
		if !t.Bare {
			f.values[c] = cut.Width(col.Title)
		}
	}
	for n := range t.Rows {
		r := &t.Rows[n]
		f.cells[n] = make([]string, len(t.Columns))
		for c := range t.Columns {
			s := r.Cell(c).Text
			if c == f.label && r.Level > 0 {
				s = strings.Repeat("  ", r.Level) + "└ " + s
			}
			f.cells[n][c] = s
			f.values[c] = max(f.values[c], cut.Width(s))
			f.deltas[c] = max(f.deltas[c], cut.Width(r.Cell(c).Delta))
		}
		f.bars = f.bars || r.Bar != 0
	}
	for c := len(t.Columns) - 1; c >= 0; c-- {
		if c != f.label && f.empty(c) {
			f.without(c)
		}
	}
}

// empty tells whether there is nothing in a column.
func (f *face) empty(c int) bool {
	for n := range f.cells {
		if f.cells[n][c] != "" || f.t.Rows[n].Cell(c).Delta != "" {
			return false
		}
	}
	return len(f.cells) > 0
}

// wide is the width of a column, with the differences in it.
func (f *face) wide(c int) int {
	if f.deltas[c] == 0 {
		return f.values[c]
	}
	return f.values[c] + 1 + f.deltas[c]
}

// used is the width of all columns but the label's, and what stands between them.
func (f *face) used() int {
	n := 2 - columnGap
	for c := range f.t.Columns {
		n += columnGap
		if c != f.label {
			n += f.wide(c)
		}
	}
	return n
}

const columnGap = 2

// fit leaves columns out until the label has room, and then shortens the label.
func (f *face) fit() {
	if f.Width == 0 {
		f.bars = false
		return
	}
	for f.Width-f.used() < min(f.values[f.label], narrow) && f.drop() {
	}
	room := max(12, f.Width-f.used())
	if f.bars && f.Bars {
		// A bar does not shorten labels, but for the longest: half a bar, or none.
		for _, f.bar = range []int{barWidth, barWidth / 2, 0} {
			if f.bar == 0 || room-f.bar-2 >= min(f.values[f.label], readable) {
				break
			}
		}
	}
	if f.bars = f.bar > 0; f.bars {
		room -= f.bar + 2
	}
	f.values[f.label] = min(f.values[f.label], room)
}

// drop leaves out the column that can best be spared; false if none can. Where even
// the label would get next to nothing, any column can.
func (f *face) drop() bool {
	at := -1
	for c, col := range f.t.Columns {
		if c != f.label && col.Spare > 0 && (at < 0 || col.Spare >= f.t.Columns[at].Spare) {
			at = c
		}
	}
	if at < 0 && f.Width-f.used() < 12 && len(f.t.Columns) > 2 {
		for c := range f.t.Columns {
			if c != f.label && c != 0 {
				at = c
			}
		}
	}
	if at < 0 {
		return false
	}
	f.without(at)
	return true
}

// without leaves out a column.
func (f *face) without(at int) {
	f.t.Columns = slices.Concat(f.t.Columns[:at], f.t.Columns[at+1:])
	f.values, f.deltas = slices.Concat(f.values[:at], f.values[at+1:]), slices.Concat(f.deltas[:at], f.deltas[at+1:])
	rows := make([]Row, len(f.t.Rows))
	for n, r := range f.t.Rows {
		f.cells[n] = slices.Concat(f.cells[n][:at], f.cells[n][at+1:])
		if at < len(r.Cells) {
			r.Cells = slices.Concat(r.Cells[:at], r.Cells[at+1:])
		}
		rows[n] = r
	}
	f.t.Rows = rows
	if at < f.label {
		f.label--
	}
}

func (f *face) head() {
	if f.t.Bare {
		return
	}
	l := ""
	for c, col := range f.t.Columns {
		l += f.between(c) + f.paint(dim, f.aligned(c, cut.To(col.Title, f.values[c], Middle)))
		if f.deltas[c] > 0 {
			l += strings.Repeat(" ", 1+f.deltas[c])
		}
	}
	f.line(l)
}

func (f *face) between(c int) string {
	if c == 0 {
		return "  "
	}
	return strings.Repeat(" ", columnGap)
}

func (f *face) aligned(c int, s string) string {
	if f.t.Columns[c].Right {
		return cut.PadLeft(s, f.values[c])
	}
	return cut.Pad(s, f.values[c])
}

func (f *face) row(n int) {
	r := &f.t.Rows[n]
	l := ""
	for c, col := range f.t.Columns {
		cell := r.Cell(c)
		code := ""
		switch {
		case cell.Delta == "":
			code = cell.Trend.code()
		case r.Total:
			code = bold
		}
		how := col.Cut
		if r.Detail && c == f.label {
			how = Path
		}
		l += f.between(c) + f.painted(code, f.aligned(c, cut.To(f.cells[n][c], f.values[c], how)))
		if f.deltas[c] > 0 {
			l += " " + f.painted(cell.Trend.code(), cut.PadLeft(cell.Delta, f.deltas[c]))
		}
	}
	if f.bars && r.Bar > 0 {
		l += "  " + Bar(r.Bar, f.bar)
	}
	f.line(l)
}

// painted colours a padded text, but not the spaces around it.
func (f *face) painted(code, s string) string {
	body := strings.TrimSpace(s)
	if body == "" {
		return s
	}
	head, tail, _ := strings.Cut(s, body)
	return head + f.paint(code, body) + tail
}

func (f *face) line(l string) { f.WriteString(strings.TrimRight(l, " ") + "\n") }

// Bar draws a part of 1 as a bar of at most n columns; whatever is not nothing shows.
func Bar(part float64, n int) string {
	eighths := int(part*float64(n)*8 + 0.5)
	if part > 0 && eighths == 0 {
		eighths = 1
	}
	eighths = min(eighths, n*8)
	s := strings.Repeat("█", max(0, eighths/8))
	if r := eighths % 8; r > 0 {
		s += string([]rune("▏▎▍▌▋▊▉")[r-1])
	}
	return s
}
