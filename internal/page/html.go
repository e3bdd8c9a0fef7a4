package page

import (
	"fmt"
	"html"
	"strings"

	"tare/internal/report"
	"tare/internal/screen"
)

// esc makes any text fit for HTML and SVG, between tags and in quoted attributes.
func esc(s string) string { return html.EscapeString(screen.Safe(s)) }

// htmlWriter writes the blocks of a page.
type htmlWriter struct {
	strings.Builder
	head string // what the last fold is called
}

func (h *htmlWriter) Fold(title string) {
	fmt.Fprintf(h, "<details><summary>%s</summary>\n", esc(title))
	h.head = title
}

func (h *htmlWriter) Unfold() { h.WriteString("</details>\n") }

func (h *htmlWriter) Para(p report.Para) {
	switch {
	case p.Text == "":
	case p.Verbatim:
		fmt.Fprintf(h, "<pre>%s</pre>\n", html.EscapeString(screen.Text(p.Text)))
	case p.Heading:
		fmt.Fprintf(h, "<h2>%s</h2>\n", esc(p.Text))
	case p.Dim:
		fmt.Fprintf(h, "<p class=\"dim\">%s</p>\n", esc(p.Text))
	default:
		fmt.Fprintf(h, "<p>%s</p>\n", esc(p.Text))
	}
}

func (h *htmlWriter) Item(i report.Item) {
	class := map[report.Mark]string{report.Point: "also", report.Yes: "yes", report.No: "no"}[i.Mark]
	lead := map[report.Mark]string{report.Yes: "<b>supported</b> ", report.No: "<b>✗</b> "}[i.Mark]
	if s := i.Severity.String(); s != "" {
		class, lead = "severe "+s, "<b>"+s+":</b> "
	}
	fmt.Fprintf(h, "<p class=\"item %s\">%s%s</p>\n", class, lead, esc(i.Text))
}

// trendClass is the class of a trend in the page's style.
var trendClass = map[report.Trend]string{report.Same: "same", report.Better: "less", report.Worse: "more"}

func cellHTML(c report.Cell) string {
	s := esc(c.Text)
	switch {
	case c.Delta != "":
		s += fmt.Sprintf(" <small class=\"%s\">%s</small>", trendClass[c.Trend], esc(c.Delta))
	case c.Trend == report.Better || c.Trend == report.Worse:
		s = fmt.Sprintf("<span class=\"%s\">%s</span>", trendClass[c.Trend], s)
	}
	return s
}

// table writes a table; one with a row for each image can be sorted by its columns.
func (h *htmlWriter) Table(t report.Table) {
	label := t.Label()
	sort, open, end := "", "", ""
	if t.Columns[label].Subject && !t.Summed() {
		sort, open, end = " data-sort", "<button>", "</button>"
	}
	fmt.Fprintf(h, "<div class=\"scroll\"><table class=\"grid\"%s>", sort)
	if t.Title != "" && t.Title != h.head {
		fmt.Fprintf(h, "<caption>%s</caption>", esc(t.Title))
	}
	class := func(c int) string {
		if t.Columns[c].Right {
			return " class=\"r\""
		}
		return ""
	}
	h.WriteString("<thead><tr>")
	for c, col := range t.Columns {
		fmt.Fprintf(h, "<th%s scope=\"col\">%s%s%s</th>", class(c), open, esc(col.Title), end)
	}
	h.WriteString("</tr></thead><tbody>\n")
	for n := range t.Rows {
		r := &t.Rows[n]
		if r.Total {
			h.WriteString("<tr class=\"total\">")
		} else {
			h.WriteString("<tr>")
		}
		for c := range t.Columns {
			lead, key, cell := "", "", r.Cell(c)
			if c == label && r.Level > 0 {
				lead = strings.Repeat("&emsp;", r.Level) + "└ "
			}
			if sort != "" && cell.Number.Known {
				key = fmt.Sprintf(" data-v=\"%v\"", cell.Number.Float())
			}
			fmt.Fprintf(h, "<td%s%s>%s%s</td>", class(c), key, lead, cellHTML(cell))
		}
		h.WriteString("</tr>\n")
	}
	h.WriteString("</tbody></table></div>\n")
	if t.Note != "" {
		fmt.Fprintf(h, "<p class=\"dim\">%s</p>\n", esc(t.Note))
	}
}

// sides writes one row for each subject: so it can be sorted by any measure.
func (h *htmlWriter) Sides(s report.Sides) {
	h.WriteString("<div class=\"scroll\"><table class=\"sides\" data-sort><thead><tr><th scope=\"col\"><button>image</button></th>")
	for _, r := range s.Rows {
		help := ""
		if r.Help != "" {
			help = " title=\"" + esc(r.Help) + "\""
		}
		fmt.Fprintf(h, "<th scope=\"col\"%s><button>%s</button></th>", help, esc(r.Label))
	}
	h.WriteString("</tr></thead><tbody>\n")
	for c, sub := range s.Subjects {
		note := ""
		if sub.Note != "" {
			note = " <small>" + esc(sub.Note) + "</small>"
		}
		fmt.Fprintf(h, "<tr><th scope=\"row\">%s%s</th>", esc(sub.Title), note)
		for i := range s.Rows {
			cell, class, key := s.Rows[i].Cell(c), "", ""
			if s.Rows[i].Best(c) {
				class = " class=\"best\""
			}
			if cell.Number.Known {
				key = fmt.Sprint(cell.Number.Float())
			}
			fmt.Fprintf(h, "<td%s data-v=\"%s\">%s</td>", class, key, cellHTML(cell))
		}
		h.WriteString("</tr>\n")
	}
	h.WriteString("</tbody></table></div>\n")
}
