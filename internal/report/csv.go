package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// csvHead are the columns of every CSV: docs/reference/formats.md.
var csvHead = []string{"subject", "part", "row", "measure", "unit", "value"}

// csvWriter writes one table in long form: a row for each value.
type csvWriter struct {
	rows [][]string
	seen map[string]int // rows of one subject, part, label and measure
	said map[string]int // sentences of a part
}

// WriteCSV writes all values of the document as one table (RFC 4180) with one value a
// row. Numbers are plain: integer bytes, "-" for minus, no unit. A text that a
// spreadsheet would take for a formula gets an apostrophe before it.
func (d Document) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvHead); err != nil {
		return err
	}
	if err := out.WriteAll(d.longRows()); err != nil {
		return err
	}
	return out.Error()
}

// longRows are all values of the document, one a row.
func (d Document) longRows() [][]string {
	c := &csvWriter{seen: map[string]int{}, said: map[string]int{}}
	d.Write(c)
	return c.rows
}

// add adds a value. What identifies it is unique: a second one of the same name gets
// its number.
func (c *csvWriter) add(subject, part, row, measure string, cell Cell) {
	n, unit, value := cell.Number, "text", harmless(cell.Text)
	if n.Known {
		unit, value = n.Unit, n.String()
		if unit == "" {
			unit = "count"
		}
	} else if n.Unit != "" {
		unit = n.Unit // there is a number, and nobody knows it
	} else if value == "" || value == "–" {
		return // nothing is no value
	}
	id := strings.Join([]string{subject, part, row, measure}, "\x00")
	if c.seen[id]++; c.seen[id] > 1 {
		row = strings.TrimSpace(fmt.Sprintf("%s (%d)", row, c.seen[id]))
	}
	c.rows = append(c.rows, []string{harmless(subject), part, harmless(row), harmless(measure), unit, value})
}

// harmless is a text that no spreadsheet takes for a formula.
func harmless(s string) string {
	if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r") {
		return "'" + s
	}
	return s
}

func (c *csvWriter) Fold(string) {}
func (c *csvWriter) Unfold()     {}

func (c *csvWriter) Para(p Para) {
	if p.Text == "" {
		return
	}
	c.sentence(p.Place, "text", p.Text)
}

func (c *csvWriter) Item(i Item) {
	what := "text"
	switch {
	case i.Severity != Plain:
		what = i.Severity.String()
	case i.Mark == Yes:
		what = "supported"
	case i.Mark == No:
		what = "refuted"
	}
	c.sentence(i.Place, what, i.Text)
}

func (c *csvWriter) sentence(at Place, measure, s string) {
	c.said[at.Part]++
	c.add("", at.Part, strconv.Itoa(c.said[at.Part]), measure, words(s))
}

func (c *csvWriter) Table(t Table) {
	for n := range t.Rows {
		r := &t.Rows[n]
		if r.Head {
			continue
		}
		part := t.Part
		if r.Detail {
			part = "files"
		}
		subject, row := t.Subject, t.key(r)
		for k, col := range t.Columns {
			if col.Subject {
				subject = r.Cell(k).Text
			}
		}
		for k, col := range t.Columns {
			if !col.Subject && !t.names(k) {
				c.add(subject, part, row, col.name(), r.Cell(k))
			}
		}
	}
	if t.Note != "" {
		c.sentence(t.Place, "text", t.Note)
	}
}

func (c *csvWriter) Sides(s Sides) {
	for n, sub := range s.Subjects {
		for i := range s.Rows {
			c.add(sub.Title, s.Part, "", s.Rows[i].Label, s.Rows[i].Cell(n))
		}
	}
}
