package report

import (
	"strings"

	"tare/internal/compare"
	"tare/internal/units"
)

// side is a column of an overview: a measure of every image.
type side struct {
	Column
	cells []Cell
	// once is how the value is said if it is the same for all; empty to say nothing.
	once func(Cell) string
	// always keeps the column even then.
	always bool
}

// same tells whether all cells read the same.
func (s *side) same() bool {
	for _, c := range s.cells {
		if c.Text != s.cells[0].Text || c.Delta != s.cells[0].Delta {
			return false
		}
	}
	return true
}

// imageSides are the columns that every comparison has.
func imageSides(r *compare.Result, z sizes) []side {
	base := r.BaselineIndex()
	per := func(cell func(i *compare.Image) Cell) []Cell {
		var out []Cell
		for n := range r.Images {
			out = append(out, cell(&r.Images[n]))
		}
		return out
	}
	measure := func(of func(*compare.Image) units.Amount) []Cell {
		was := of(&r.Images[base])
		return per(func(i *compare.Image) Cell {
			if i == &r.Images[base] {
				return z.amount(was)
			}
			return z.against(of(i), was)
		})
	}
	kind := func(c Cell) string { return c.Text }
	return []side{
		{Column: number("TRANSFER"), cells: measure(func(i *compare.Image) units.Amount { return i.Sizes.Transfer }), always: true},
		{Column: number("LIVE"), cells: measure(func(i *compare.Image) units.Amount { return units.Known(i.Sizes.Live) }), always: true},
		{Column: number("WASTE").spare(2), cells: per(func(i *compare.Image) Cell { return z.of(i.Sizes.Waste) }), once: some("waste", func(c Cell) string { return c.Text + " waste" })},
		{Column: number("LAYERS").spare(1), cells: per(func(i *compare.Image) Cell { return count(i.Layers) }), once: func(c Cell) string { return units.Plural(c.Number.Int, "layer") }},
		{Column: number("PACKAGES").spare(3), cells: per(func(i *compare.Image) Cell {
			n := 0
			for _, k := range i.Packages {
				n += k
			}
			return count(n)
		}), once: some("packages", func(c Cell) string { return units.Plural(c.Number.Int, "package") })},
		{Column: number("BUILD").spare(4), cells: per(briefBuild), once: func(Cell) string { return "" }},
		{Column: text("BASE").spare(6), cells: per(func(i *compare.Image) Cell { return words(Safe(i.Base)) }), once: kind},
		{Column: text("PLATFORM").spare(5), cells: per(func(i *compare.Image) Cell { return words(Safe(i.Platform)) }), once: kind},
	}
}

// overview is one row for each image, with the measures that differ as columns. What is
// the same for all is said once.
func overview(label string, names []string, sides []side) Table {
	t := Table{Place: Place{"table", Brief}, Columns: []Column{text(label).label().subject()}}
	for _, n := range names {
		t.add(words(Safe(n)))
	}
	var once []string
	for _, s := range sides {
		if s.same() && !s.always && len(names) > 1 {
			if s.once != nil && s.once(s.cells[0]) != "" {
				once = append(once, s.once(s.cells[0]))
			}
			continue
		}
		t.Columns = append(t.Columns, s.Column)
		for n := range t.Rows {
			t.Rows[n].Cells = append(t.Rows[n].Cells, s.cells[n])
		}
	}
	if len(once) > 0 {
		t.Note = "All: " + strings.Join(once, ", ")
	}
	return t
}

// some says what there is, and "no waste" of nothing.
func some(what string, say func(Cell) string) func(Cell) string {
	return func(c Cell) string {
		if c.Number.Int == 0 {
			return "no " + what
		}
		return say(c)
	}
}

// imageNames are the names of a comparison's images.
func imageNames(r *compare.Result) (out []string) {
	for n := range r.Images {
		out = append(out, r.Images[n].Name)
	}
	return out
}

func briefBuild(i *compare.Image) Cell {
	if i.BuildSeconds == nil {
		return none()
	}
	return buildTime(i)
}
