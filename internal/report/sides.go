package report

import "tare/internal/screen"

// Sides is a table of every measure of several subjects, with a baseline among them.
// Terminals get a column for each subject, pages a row.
type Sides struct {
	Place
	Subjects []Subject
	Rows     []Measure
	Baseline int
}

// Subject is the head of a column of Sides; Note stands below Title.
type Subject struct{ Title, Note string }

// Measure is one row of Sides.
type Measure struct {
	Label string
	Help  string // explains the measure, where there is room
	Cells []Cell
	// NoWinner says that less is not better.
	NoWinner bool
}

// Cell is the cell of subject c; an empty one where the row is shorter.
func (m *Measure) Cell(c int) Cell {
	if c >= len(m.Cells) {
		return Cell{}
	}
	return m.Cells[c]
}

// Best tells whether the row's least value is subject c's, alone or with others, and
// not that of all.
func (m *Measure) Best(c int) bool {
	mine := m.Cell(c).Number
	if !mine.Known || m.NoWinner {
		return false
	}
	worse := false
	for _, o := range m.Cells {
		if !o.Number.Known && o.Number.Unit == mine.Unit || o.Number.Known && o.Number.Float() < mine.Float() {
			return false // it is less, or may be
		}
		worse = worse || o.Number.Known && o.Number.Float() > mine.Float()
	}
	return worse
}

func (s Sides) clean() Block {
	subjects, rows := make([]Subject, len(s.Subjects)), make([]Measure, len(s.Rows))
	for i, c := range s.Subjects {
		subjects[i] = Subject{Title: Safe(c.Title), Note: Safe(c.Note)}
	}
	for i, r := range s.Rows {
		r.Label, r.Help, r.Cells = Safe(r.Label), Safe(r.Help), cleanCells(r.Cells)
		rows[i] = r
	}
	s.Subjects, s.Rows = subjects, rows
	return s
}

// cleanLines cleans a text of several lines.
func cleanLines(s string) string { return screen.Text(s) }
