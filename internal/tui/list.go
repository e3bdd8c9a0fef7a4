package tui

import "tare/internal/weigh"

// row is a line of a list.
type row struct {
	cells []string // right-aligned
	text  string   // what takes the rest of the width; safe
	depth int
	mark  string // before the text: whether it is open
	about any    // what it stands for
}

// list is a pane with rows and a cursor.
type list struct {
	title  string
	heads  []string // of the cells, and of the text
	widths []int
	rows   []row
	cursor int
	top    int
}

// move puts the cursor on a row and keeps it in sight.
func (l *list) move(to, height int) {
	l.cursor = max(0, min(to, len(l.rows)-1))
	l.top = scroll(l.top, l.cursor, len(l.rows), height)
}

// scroll is the first visible row such that the cursor is in sight.
func scroll(top, cursor, rows, height int) int {
	height = max(height, 1)
	top = max(min(top, cursor), cursor-height+1)
	return max(0, min(top, rows-height))
}

// at is what the row at the cursor stands for; nil in an empty list.
func (l *list) at() any {
	if l.cursor < len(l.rows) {
		return l.rows[l.cursor].about
	}
	return nil
}

// find puts the cursor on the row that stands for something.
func (l *list) find(about any, height int) bool {
	for n, r := range l.rows {
		if r.about == about {
			l.move(n, height)
			return true
		}
	}
	return false
}

// What rows stand for.
type (
	layerAt   int
	packageAt int32 // index into Facts.Packages
	stepAt    int   // index into Image.History
	imageAt   int
	wasteAt   struct { // bytes that one layer wrote and another hid
		layer int
		by    int32
		fate  string
	}
	causeAt struct{ difference, cause, file int } // -1: all of them
)

// lines are the Dockerfile's lines of the layers, if they are known.
func lines(d *weigh.Dockerfile) map[int]int {
	if d == nil {
		return nil
	}
	return d.Lines
}
