package report

import (
	"encoding/csv"
	"io"
	"strings"
)

// WriteCSV writes the document's tables one below the other (RFC 4180), each with its
// head, and an empty line between; other text follows in rows of one cell. A cell that
// a spreadsheet would take for a formula gets an apostrophe before it.
func (d Document) WriteCSV(w io.Writer) error {
	d = d.clean()
	out := csv.NewWriter(w)
	for n, block := range d {
		rows := block.csv()
		if n > 0 && len(rows) > 1 {
			if err := out.Write([]string{""}); err != nil {
				return err
			}
		}
		for _, r := range rows {
			for i := range r {
				if r[i] != "" && strings.ContainsAny(r[i][:1], "=+-@\t\r") && !number(r[i]) {
					r[i] = "'" + r[i]
				}
			}
			if err := out.Write(r); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// number tells whether a cell is only a number, with a unit or without.
func number(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return s != "" && s[0] >= '0' && s[0] <= '9' && !strings.ContainsAny(s, "()*/!=|'\"")
}

func (p Para) csv() [][]string {
	if p.Text == "" {
		return nil
	}
	return [][]string{{p.Text}}
}

func (i Item) csv() [][]string { return [][]string{{i.Text}} }

func (g Grid) csv() [][]string {
	var out [][]string
	if g.Title != "" {
		out = append(out, []string{g.Title})
	}
	out = append(out, append([]string(nil), g.Head...))
	for _, r := range g.Rows {
		out = append(out, append([]string(nil), r...))
	}
	if g.Note != "" {
		out = append(out, []string{g.Note})
	}
	return out
}

func (t Sides) csv() [][]string {
	head := []string{""}
	for n, c := range t.Columns {
		head = append(head, c.Title)
		if n != t.Baseline {
			head = append(head, "change")
		}
	}
	out := [][]string{head}
	for _, r := range t.Rows {
		row := []string{r.Label}
		for n, c := range r.Cells {
			row = append(row, c.Value)
			if n != t.Baseline {
				row = append(row, c.Delta)
			}
		}
		out = append(out, row)
	}
	return out
}
