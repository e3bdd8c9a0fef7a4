// Package report holds the document model (a list of blocks whose marks, trends and
// severities are fields) and a writer for each format of text.
package report

import (
	"strings"

	"tare/internal/screen"
)

// Document is a report as a list of blocks, which every Writer writes in its way.
type Document []Block

// Block is a Para, an Item, a Table or a Sides.
type Block interface {
	// At is where the block belongs; put is the block somewhere else.
	At() Place
	put(Place) Block
	// clean is the block with every text made fit to be shown.
	clean() Block
	// to hands the block to a Writer.
	to(Writer)
}

// Writer is what an output format does with each kind of block. A new kind of block
// does not compile until every format writes it.
type Writer interface {
	Para(Para)
	Item(Item)
	Table(Table)
	Sides(Sides)
	// fold stands before a run of blocks of one part that are not on the first
	// screen; unfold stands behind it.
	Fold(title string)
	Unfold()
}

// Place says which part of a report a block is, and whether it is on the first screen.
type Place struct {
	// Part is the name that --show takes, such as "layers". Blocks without one (the
	// line that says how to get the rest) belong to the first screen alone.
	Part   string
	Weight Weight
}

// Weight says where a block is shown.
type Weight int

// Weights of blocks.
const (
	Always Weight = iota // on the first screen and with --full
	Brief                // on the first screen only: --full has something fuller
	Full                 // with --full only, or when its part is asked for
)

// Mark is what stands before an item.
type Mark int

// Marks of items: a plain point, a claim that holds, a claim that does not.
const (
	Point Mark = iota
	Yes
	No
)

// Severity is how bad it is what an item says.
type Severity int

// Severities, the worst last.
const (
	Plain Severity = iota
	Note
	Warning
	Error
	Secret
)

// String is the word for people and programs; empty for Plain.
func (s Severity) String() string {
	return [...]string{"", "note", "warning", "error", "secret"}[s]
}

// Trend is how a value compares to the baseline's.
type Trend int

// Trends. NoTrend says that neither direction is better, or that nothing is compared.
const (
	NoTrend Trend = iota
	Same
	Better
	Worse
)

// lessIsBetter is the trend of a value of which a smaller one is better.
func lessIsBetter(now, was float64) Trend {
	switch {
	case now < was:
		return Better
	case now > was:
		return Worse
	}
	return Same
}

// Para is a paragraph, or a heading.
type Para struct {
	Place
	Text     string
	Page     string // what a page says instead: it has at hand what flags show elsewhere
	Heading  bool
	Dim      bool // of less weight
	Verbatim bool // lines of a program's output, which are not wrapped
}

// Item is one point of a list.
type Item struct {
	Place
	Text     string
	Mark     Mark
	Severity Severity
}

// At is where the paragraph belongs.
func (p Para) At() Place          { return p.Place }
func (p Para) put(at Place) Block { p.Place = at; return p }
func (p Para) to(w Writer)        { w.Para(p) }

// At is where the item belongs.
func (i Item) At() Place          { return i.Place }
func (i Item) put(at Place) Block { i.Place = at; return i }
func (i Item) to(w Writer)        { w.Item(i) }

// At is where the table belongs.
func (t Table) At() Place          { return t.Place }
func (t Table) put(at Place) Block { t.Place = at; return t }
func (t Table) to(w Writer)        { w.Table(t) }

// At is where the table belongs.
func (s Sides) At() Place          { return s.Place }
func (s Sides) put(at Place) Block { s.Place = at; return s }
func (s Sides) to(w Writer)        { w.Sides(s) }

func (p Para) clean() Block {
	p.Text, p.Page = screen.Text(p.Text), screen.Text(p.Page)
	return p
}
func (i Item) clean() Block { i.Text = screen.Text(i.Text); return i }

// in puts blocks where they belong.
func in(part string, w Weight, blocks ...Block) Document {
	out := make(Document, len(blocks))
	for n, b := range blocks {
		out[n] = b.put(Place{part, w})
	}
	return out
}

// Write hands a clean copy of every block to the Writer: whoever made a block may have
// forgotten a stranger's name. Runs of blocks of one part that are not on the first
// screen stand between fold and unfold.
func (d Document) Write(w Writer) {
	open := ""
	for n, b := range d {
		at := b.At()
		if open != "" && (at.Weight != Full || at.Part != open) {
			w.Unfold()
			open = ""
		}
		if at.Weight == Full && open == "" {
			w.Fold(d[n:].title())
			open = at.Part
		}
		b.clean().to(w)
	}
	if open != "" {
		w.Unfold()
	}
}

// title is the first heading of the part that the document begins with, or its name.
func (d Document) title() string {
	part := d[0].At().Part
	for _, b := range d {
		if b.At().Part != part {
			break
		}
		switch b := b.(type) {
		case Para:
			if b.Heading {
				return Safe(b.Text)
			}
		case Table:
			if b.Title != "" {
				return Safe(b.Title)
			}
		}
	}
	return strings.ToUpper(part[:min(1, len(part))]) + part[min(1, len(part)):]
}

// Safe makes a stranger's text fit for one line of a report.
func Safe(s string) string { return screen.Safe(s) }
