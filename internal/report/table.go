package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"tare/internal/cut"
	"tare/internal/units"
)

// Table is a table of rows.
type Table struct {
	Place
	Title string
	// Subject is the image, or the pair of images, that all rows are about; it is
	// empty where a column says so.
	Subject string
	Columns []Column
	Rows    []Row
	Left    int    // rows that there are and that were not made, since only the first are shown
	Note    string // below the rows
	Page    string // what a page says instead of Note, if anything: it names no flags
	Bare    bool   // people need no column titles
}

// Column is one column of a table.
type Column struct {
	Title string
	Name  string // for programs, where the title says too little
	Right bool   // numbers
	// Label says that the column says what a row is about, and takes what room there
	// is. Without one it is the last.
	Label bool
	// Key columns name a row for programs where the label does not: a number of a line.
	Key bool
	// Subject says that the column names the image that a row is about.
	Subject bool
	// Spare columns are left out where there is no room, the highest first.
	Spare int
	Cut   Cut // how a text that is too long for a terminal is cut
}

// Cut says which part of a long text tells least.
type Cut = cut.Way

// Cuts: in the middle (names), at the end (instructions), among the directories (paths).
const (
	Middle = cut.Middle
	End    = cut.End
	Path   = cut.Path
)

// Row is one row of a table.
type Row struct {
	Cells []Cell
	// Bar, if not 0, is the row's part of the whole, from 0 to 1. It is drawn where
	// there is room.
	Bar   float64
	Level int  // how deep the row stands below the one that it belongs to
	Total bool // the row is the sum of others
	// Head rows are the sum of those below them, and left out for programs. Detail rows
	// are files of the one above, and a part of their own for programs: so the values of
	// a part sum up once.
	Head, Detail bool
}

// Cell is one value.
type Cell struct {
	Text   string // for people
	Page   string // what a page says instead, if anything: it names no flags
	Delta  string // the difference from the baseline's value, for people
	Trend  Trend  // of Delta, or else of Text
	Number Number // what Text says, for sorting and for programs
}

// Number is a number with its unit: "bytes", "seconds", "percent", "" for a count. The
// zero value is none.
type Number struct {
	Known bool
	Int   int64
	Real  float64 // where the unit is not of whole numbers
	Unit  string  // also of a number that nobody knows
}

// Float is the number for sorting.
func (n Number) Float() float64 {
	if n.Real != 0 {
		return n.Real
	}
	return float64(n.Int)
}

// String prints the number for programs: plain ASCII, no groups, no unit.
func (n Number) String() string {
	switch {
	case !n.Known:
		return ""
	case n.Real != 0:
		return strconv.FormatFloat(math.Round(n.Real*1e6)/1e6, 'f', -1, 64) // to the microsecond
	}
	return strconv.FormatInt(n.Int, 10)
}

// text is a column of words; number one of numbers, to the right.
func text(title string) Column   { return Column{Title: title} }
func number(title string) Column { return Column{Title: title, Right: true} }

// spare is the column, left out where there is no room; the highest n goes first.
func (c Column) spare(n int) Column { c.Spare = n; return c }

// label is the column, saying what its row is about.
func (c Column) label() Column { c.Label = true; return c }

// key is the column, naming its row for programs.
func (c Column) key() Column { c.Key = true; return c }

// subject is the column, naming its row's image.
func (c Column) subject() Column { c.Subject = true; return c }

// cut is the column, cut in the given way.
func (c Column) cut(how Cut) Column { c.Cut = how; return c }

// words is a cell of text.
func words(s string) Cell { return Cell{Text: s} }

// none is the cell of what does not exist.
func none() Cell { return words("–") }

// count is a cell of a number of things.
func count[N int | int64](n N) Cell {
	return Cell{Text: strconv.FormatInt(int64(n), 10), Number: Number{Known: true, Int: int64(n)}}
}

// bytesOf is a number of bytes.
func bytesOf(n int64) Number { return Number{Known: true, Int: n, Unit: "bytes"} }

// secondsOf is a number of seconds.
func secondsOf(s float64) Number { return Number{Known: true, Real: s, Unit: "seconds"} }

// ratio is a cell of n in percent of whole.
func ratio(n, whole int64) Cell {
	if whole == 0 {
		return none()
	}
	p := 100 * float64(n) / float64(whole)
	return Cell{Text: fmt.Sprintf("%.1f%%", p), Number: Number{Known: true, Real: p, Unit: "percent"}}
}

// sizes prints bytes for people: three digits, or exactly.
type sizes struct{ exact bool }

// text prints bytes.
func (z sizes) text(n int64) string {
	if z.exact {
		return units.Exact(n)
	}
	return units.Bytes(n)
}

// signed prints a difference.
func (z sizes) signed(n int64) string {
	switch {
	case !z.exact:
		return units.Delta(n)
	case n > 0:
		return "+" + units.Exact(n)
	}
	return units.Exact(n)
}

// of is a cell of bytes.
func (z sizes) of(n int64) Cell { return Cell{Text: z.text(n), Number: bytesOf(n)} }

// amount is a cell of bytes, if they are known.
func (z sizes) amount(a units.Amount) Cell {
	if n, ok := a.Int(); ok {
		return z.of(n)
	}
	return Cell{Text: a.String(), Number: Number{Unit: "bytes"}}
}

// sent is a cell of what a line transfers: nothing is a dash, too, as in other columns.
func (z sizes) sent(a units.Amount) Cell {
	if n, ok := a.Int(); ok {
		return z.unless0(n)
	}
	return z.amount(a)
}

// unless0 is a cell of bytes that shows nothing as a dash.
func (z sizes) unless0(n int64) Cell {
	c := z.of(n)
	if n == 0 {
		c.Text = "–"
	}
	return c
}

// change is a cell of a difference of bytes.
func (z sizes) change(n int64) Cell {
	return Cell{Text: z.signed(n), Number: bytesOf(n), Trend: lessIsBetter(float64(n), 0)}
}

// against is a cell of bytes beside those of the baseline, if both are known.
func (z sizes) against(a, b units.Amount) Cell {
	c := z.amount(a)
	n, known := a.Int()
	base, too := b.Int()
	if !known || !too {
		return c
	}
	c.Delta, c.Trend = units.Percent(n, base), lessIsBetter(float64(n), float64(base))
	if z.exact {
		c.Delta = z.signed(n - base)
	}
	return c
}

// span is a cell of seconds, as a person would say them.
func span(s float64) Cell { return Cell{Text: seconds(s), Number: secondsOf(s)} }

func seconds(s float64) string { return units.Seconds(duration(s)) }

func duration(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Label is the index of the column that says what a row is about.
func (t *Table) Label() int {
	for n, c := range t.Columns {
		if c.Label {
			return n
		}
	}
	return len(t.Columns) - 1
}

// name is the column's name for programs.
func (c Column) name() string {
	if c.Name != "" {
		return c.Name
	}
	return strings.ToLower(c.Title)
}

// as is the column, under a name for programs.
func (c Column) as(name string) Column { c.Name = name; return c }

// names tells whether column c names rows for programs: the keys do, or else the label.
func (t *Table) names(c int) bool {
	for _, col := range t.Columns {
		if col.Key {
			return t.Columns[c].Key
		}
	}
	return c == t.Label()
}

// Summed tells whether rows are sums or parts of others, so that their order matters.
func (t *Table) Summed() bool {
	return slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Total || r.Head || r.Detail || r.Level > 0 })
}

// key is the name of a row for programs; empty for a row that is all of its subject.
func (t *Table) key(r *Row) string {
	var names []string
	for c, col := range t.Columns {
		if s := r.Cell(c).Text; t.names(c) && !col.Subject && s != "" {
			names = append(names, s)
		}
	}
	return strings.Join(names, " ")
}

// add adds a row.
func (t *Table) add(cells ...Cell) *Row {
	t.Rows = append(t.Rows, Row{Cells: cells})
	return &t.Rows[len(t.Rows)-1]
}

// Cell is the cell of a row in column c; an empty one where the row is shorter.
func (r *Row) Cell(c int) Cell {
	if c >= len(r.Cells) {
		return Cell{}
	}
	return r.Cells[c]
}

func (t Table) clean() Block {
	t.Title, t.Note, t.Page, t.Subject = Safe(t.Title), cleanLines(t.Note), cleanLines(t.Page), Safe(t.Subject)
	columns, rows := make([]Column, len(t.Columns)), make([]Row, len(t.Rows))
	for i, c := range t.Columns {
		c.Title = Safe(c.Title)
		columns[i] = c
	}
	for i, r := range t.Rows {
		r.Cells = cleanCells(r.Cells)
		rows[i] = r
	}
	t.Columns, t.Rows = columns, rows
	return t
}

func cleanCells(list []Cell) []Cell {
	out := make([]Cell, len(list))
	for i, c := range list {
		c.Text, c.Page, c.Delta = Safe(c.Text), Safe(c.Page), Safe(c.Delta)
		out[i] = c
	}
	return out
}

// first is the table with its first n rows for the first screen, and all of it in full.
func (t Table) first(n int) Document {
	if len(t.Rows) <= n || n <= 0 {
		return Document{t}
	}
	whole, brief := t, t
	whole.Weight, brief.Weight = Full, Brief
	brief.Rows = t.Rows[:n:n]
	brief.Page = fmt.Sprintf("and %d more", len(t.Rows)+t.Left-n)
	brief.Note = brief.Page + ": --show " + t.Part
	if t.Note != "" {
		brief.Note, brief.Page = t.Note+"\n"+brief.Note, t.Note+"\n"+brief.Page
	}
	return Document{brief, whole}
}

// part is n's part of the whole, from 0 to 1.
func part(n, whole int64) float64 {
	if whole <= 0 || n <= 0 {
		return 0
	}
	return float64(n) / float64(whole)
}
