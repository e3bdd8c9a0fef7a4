package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Document is a report as a list of blocks, which every writer writes in its way.
type Document []Block

// Block is a Para, an Item, a Grid or a Sides.
type Block interface {
	text(b *strings.Builder, s Style)
	markdown(b *strings.Builder)
	html(b *strings.Builder)
	csv() [][]string
}

// Para is a paragraph, or a heading.
type Para struct {
	Text    string
	Heading bool
	Dim     bool // of less weight
}

// Item is one point of a list.
type Item struct{ Text string }

// Grid is a table of rows; the last column takes what room there is.
type Grid struct {
	Title string
	Head  []string
	Right []bool // columns that are aligned to the right
	Wide  []bool // columns that are left out where the last one would get too little
	Rows  [][]string
	// Part, if given, is for each row its part of the whole from 0 to 1; it is drawn
	// as a bar where there is room.
	Part []float64
	Note string // below the rows
	Cut  bool   // the last column is cut at its end, not in its middle
}

// Sides is a table whose columns are subjects, with a baseline among them.
type Sides struct {
	Table
	Baseline int
}

// WriteText writes the document for a terminal.
func (d Document) WriteText(w io.Writer, s Style) error {
	d = d.clean()
	var b strings.Builder
	for n, block := range d {
		if n > 0 && item(d[n-1]) && !item(block) {
			b.WriteString("\n") // after a list
		}
		block.text(&b, s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func item(b Block) bool {
	_, ok := b.(Item)
	return ok
}

// WriteMarkdown writes the document as GitHub's Markdown.
func (d Document) WriteMarkdown(w io.Writer) error {
	d = d.clean()
	var b strings.Builder
	for _, block := range d {
		block.markdown(&b)
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s Style) paint(code, text string) string {
	if !s.Color || text == "" || code == "" {
		return text
	}
	return code + text + reset
}

func (p Para) text(b *strings.Builder, s Style) {
	code := ""
	switch {
	case p.Heading:
		code = bold
	case p.Dim:
		code = dim
	}
	for _, line := range wrap(p.Text, s.Width-2) {
		b.WriteString("  " + s.paint(code, line) + "\n")
	}
	b.WriteString("\n")
}

func (i Item) text(b *strings.Builder, s Style) {
	for n, line := range wrap(i.Text, s.Width-4) {
		if n > 0 {
			line = "  " + line
		}
		b.WriteString("  " + line + "\n")
	}
}

func (i Item) markdown(b *strings.Builder) { b.WriteString("- " + escape(i.Text)) }

func (p Para) markdown(b *strings.Builder) {
	t := escape(p.Text)
	if p.Heading {
		t = "### " + t
	}
	b.WriteString(t + "\n")
}

// wrap breaks text into lines of at most n columns, at spaces; words that are longer
// stand alone.
func wrap(text string, n int) []string {
	var out []string
	for para := range strings.SplitSeq(text, "\n") {
		line := ""
		for _, word := range strings.Fields(para) {
			switch {
			case line == "":
				line = word
			case width(line)+1+width(word) <= n:
				line += " " + word
			default:
				out = append(out, line)
				line = word
			}
		}
		out = append(out, line)
	}
	return out
}

func (g Grid) right(c int) bool { return c < len(g.Right) && g.Right[c] }

const barWidth = 20

// narrow is the least that the last column should have while others may go.
const narrow = 34

// without leaves out the columns that are only for wide terminals.
func (g Grid) without() Grid {
	keep := func(row []string) []string {
		var out []string
		for c, v := range row {
			if c >= len(g.Wide) || !g.Wide[c] {
				out = append(out, v)
			}
		}
		return out
	}
	var right []bool
	for c := range g.Head {
		if c >= len(g.Wide) || !g.Wide[c] {
			right = append(right, g.right(c))
		}
	}
	out := g
	out.Head, out.Right, out.Wide, out.Rows = keep(g.Head), right, nil, nil
	for _, r := range g.Rows {
		out.Rows = append(out.Rows, keep(r))
	}
	return out
}

func (g Grid) text(b *strings.Builder, s Style) {
	n := len(g.Head)
	widths := make([]int, n)
	for c := range n {
		widths[c] = width(g.Head[c])
		for _, r := range g.Rows {
			widths[c] = max(widths[c], width(r[c]))
		}
	}
	used := 2
	for c := range n - 1 {
		used += widths[c] + 2
	}
	room := max(12, s.Width-used)
	if g.Wide != nil && room < min(widths[n-1], narrow) {
		g.without().text(b, s)
		return
	}
	bars := g.Part != nil && room-barWidth-2 >= min(widths[n-1], 30)
	if bars {
		room -= barWidth + 2
	}
	widths[n-1] = min(widths[n-1], room)
	if g.Title != "" {
		b.WriteString("  " + s.paint(bold, clip(g.Title, s.Width-2)) + "\n")
	}
	line := func(cells []string, code, bar string) {
		l := " "
		for c, v := range cells {
			if g.Cut && c == n-1 {
				v = cut(v, widths[c])
			} else {
				v = clip(v, widths[c])
			}
			space := strings.Repeat(" ", max(0, widths[c]-width(v)))
			if g.right(c) {
				v = space + s.paint(code, v)
			} else {
				v = s.paint(code, v) + space
			}
			if c == 0 {
				l += " " + v
			} else {
				l += "  " + v
			}
		}
		b.WriteString(strings.TrimRight(l+bar, " ") + "\n")
	}
	line(g.Head, dim, "")
	for i, r := range g.Rows {
		bar := ""
		if bars {
			bar = "  " + Bar(g.Part[i], barWidth)
		}
		line(r, "", bar)
	}
	if g.Note != "" {
		for _, l := range wrap(g.Note, s.Width-2) {
			b.WriteString("  " + s.paint(dim, l) + "\n")
		}
	}
	b.WriteString("\n")
}

// cut shortens s to n columns at its end.
func cut(s string, n int) string {
	if width(s) <= n {
		return s
	}
	return runewidth.Truncate(s, n, "…")
}

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

func (g Grid) markdown(b *strings.Builder) {
	if g.Title != "" {
		b.WriteString("### " + escape(g.Title) + "\n\n")
	}
	row := func(cells []string) {
		for _, c := range cells {
			b.WriteString("| " + escape(c) + " ")
		}
		b.WriteString("|\n")
	}
	row(g.Head)
	for c := range g.Head {
		if g.right(c) {
			b.WriteString("|---:")
		} else {
			b.WriteString("|---")
		}
	}
	b.WriteString("|\n")
	for _, r := range g.Rows {
		row(r)
	}
	if g.Note != "" {
		fmt.Fprintf(b, "\n%s\n", escape(g.Note))
	}
}

func (t Sides) text(b *strings.Builder, s Style) { _ = Text(b, t.Table, s, t.Baseline) }

func (t Sides) markdown(b *strings.Builder) { _ = Markdown(b, t.Table) }
