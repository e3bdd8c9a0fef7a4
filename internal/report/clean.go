package report

import (
	"slices"

	"tare/internal/screen"
)

// clean makes every text of a document fit to be shown, before the writer adds colours
// of its own: whoever made the block may have forgotten a stranger's name.
func (d Document) clean() Document {
	out := make(Document, len(d))
	for i, block := range d {
		switch b := block.(type) {
		case Para:
			b.Text = screen.Text(b.Text)
			block = b
		case Item:
			b.Text = screen.Text(b.Text)
			block = b
		case Grid:
			block = b.clean()
		case Sides:
			b.Table = b.Table.clean()
			block = b
		}
		out[i] = block
	}
	return out
}

func (g Grid) clean() Grid {
	g.Title, g.Note, g.Head = Safe(g.Title), screen.Text(g.Note), safeAll(g.Head)
	g.Rows = slices.Clone(g.Rows)
	for i, r := range g.Rows {
		g.Rows[i] = safeAll(r)
	}
	return g
}

func (t Table) clean() Table {
	t.Columns, t.Rows = slices.Clone(t.Columns), slices.Clone(t.Rows)
	for i, c := range t.Columns {
		t.Columns[i] = Column{Title: Safe(c.Title), Note: Safe(c.Note)}
	}
	for i, r := range t.Rows {
		r.Label, r.Help, r.Cells = Safe(r.Label), Safe(r.Help), slices.Clone(r.Cells)
		for n, c := range r.Cells {
			r.Cells[n].Value, r.Cells[n].Delta = Safe(c.Value), Safe(c.Delta)
		}
		t.Rows[i] = r
	}
	return t
}

func safeAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = Safe(s)
	}
	return out
}
