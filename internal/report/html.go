package report

import (
	"fmt"
	"html"
	"strings"
)

// esc makes any text fit for HTML and SVG, between tags and in quoted attributes.
func esc(s string) string { return html.EscapeString(Safe(s)) }

func (p Para) html(b *strings.Builder) {
	switch {
	case p.Text == "":
	case p.Heading:
		fmt.Fprintf(b, "<h2>%s</h2>\n", esc(p.Text))
	case p.Dim:
		fmt.Fprintf(b, "<p class=\"dim\">%s</p>\n", esc(p.Text))
	default:
		fmt.Fprintf(b, "<p>%s</p>\n", esc(p.Text))
	}
}

func (i Item) html(b *strings.Builder) {
	text, class := i.Text, ""
	for m, c := range map[string]string{"✓": "yes", "✗": "no", "·": "also"} {
		if rest, ok := strings.CutPrefix(text, m+" "); ok {
			text, class = rest, c
		}
	}
	words := map[string]string{"yes": "<b>supported</b> ", "no": "<b>✗</b> "}[class]
	fmt.Fprintf(b, "<p class=\"item %s\">%s%s</p>\n", class, words, esc(text))
}

func (g Grid) html(b *strings.Builder) {
	b.WriteString("<div class=\"scroll\"><table class=\"grid\">")
	if g.Title != "" {
		fmt.Fprintf(b, "<caption>%s</caption>", esc(g.Title))
	}
	cell := func(tag string, c int, v, extra string) {
		class := ""
		if g.right(c) {
			class = " class=\"r\""
		}
		fmt.Fprintf(b, "<%s%s%s>%s</%s>", tag, class, extra, esc(v), tag)
	}
	b.WriteString("<thead><tr>")
	for c, h := range g.Head {
		cell("th", c, h, " scope=\"col\"")
	}
	b.WriteString("</tr></thead><tbody>\n")
	for _, r := range g.Rows {
		b.WriteString("<tr>")
		for c, v := range r {
			cell("td", c, v, "")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table></div>\n")
	if g.Note != "" {
		fmt.Fprintf(b, "<p class=\"dim\">%s</p>\n", esc(g.Note))
	}
}

// html writes one row for each subject: so it can be sorted by any measure.
func (t Sides) html(b *strings.Builder) {
	b.WriteString("<div class=\"scroll\"><table class=\"sides\" data-sort><thead><tr><th scope=\"col\"><button>image</button></th>")
	for _, r := range t.Rows {
		help := ""
		if r.Help != "" {
			help = " title=\"" + esc(r.Help) + "\""
		}
		fmt.Fprintf(b, "<th scope=\"col\"%s><button>%s</button></th>", help, esc(r.Label))
	}
	b.WriteString("</tr></thead><tbody>\n")
	for c, col := range t.Columns {
		note := ""
		if col.Note != "" {
			note = " <small>" + esc(col.Note) + "</small>"
		}
		fmt.Fprintf(b, "<tr><th scope=\"row\">%s%s</th>", esc(col.Title), note)
		for _, r := range t.Rows {
			if c >= len(r.Cells) {
				b.WriteString("<td></td>")
				continue
			}
			cell := r.Cells[c]
			class := ""
			if r.best(c) {
				class = " class=\"best\""
			}
			fmt.Fprintf(b, "<td%s data-v=\"%s\">%s", class, sortKey(cell), esc(cell.Value))
			if cell.Delta != "" {
				kind := "same"
				switch {
				case strings.HasPrefix(cell.Delta, "−"), strings.HasPrefix(cell.Delta, "-"):
					kind = "less"
				case strings.HasPrefix(cell.Delta, "+"):
					kind = "more"
				}
				fmt.Fprintf(b, " <small class=\"%s\">%s</small>", kind, esc(cell.Delta))
			}
			b.WriteString("</td>")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table></div>\n")
}

// sortKey is the number by which a cell is sorted; empty for words.
func sortKey(c Cell) string {
	if c.Key == nil {
		return ""
	}
	return fmt.Sprint(*c.Key)
}

// best tells whether the row's least value stands in column c, alone or with others,
// and not in all.
func (r Row) best(c int) bool {
	if c >= len(r.Cells) || r.Cells[c].Key == nil || r.NoWinner {
		return false
	}
	worse := false
	for _, o := range r.Cells {
		if o.Key == nil {
			continue
		}
		if *o.Key < *r.Cells[c].Key {
			return false
		}
		worse = worse || *o.Key > *r.Cells[c].Key
	}
	return worse
}
