package page

import (
	"cmp"
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
	lead   bool   // it writes what stands above the pictures
	head   string // what the last fold is called
	inside bool   // a fold is open
	drawn  bool   // the Dockerfile stands in a picture already
	open   bool   // no picture answers: tables do
	tables int    // how many there are already: each has a number
}

// printf writes into memory, which does not fail.
func (h *htmlWriter) printf(format string, a ...any) { fmt.Fprintf(&h.Builder, format, a...) }

// Fold begins what the reader opens on demand.
func (h *htmlWriter) Fold(title string) {
	h.printf("<details><summary>%s</summary>\n", esc(heading(title)))
	h.head, h.inside = title, true
}

// Unfold ends it.
func (h *htmlWriter) Unfold() { h.WriteString("</details>\n"); h.inside = false }

// heading is a title as a page has it: terminals have capitals where a page has bold letters.
// What stands behind a colon or a bracket is no part of that, nor is a title of a stranger's words.
func heading(s string) string {
	end := len(s)
	if i := strings.IndexAny(s, ":(0123456789"); i >= 0 {
		end = i
	}
	head := s[:end]
	if head != strings.ToUpper(head) || strings.TrimSpace(head) == "" {
		return s
	}
	head = strings.ToLower(head)
	return strings.ToUpper(head[:1]) + head[1:] + s[end:]
}

// Para writes a paragraph. Above the pictures a heading is the verdict: a sentence, and the
// page has its heading already.
func (h *htmlWriter) Para(p report.Para) {
	text := cmp.Or(p.Page, p.Text)
	switch {
	case text == "":
	case p.Verbatim:
		h.printf("<pre>%s</pre>\n", html.EscapeString(screen.Text(text)))
	case p.Heading && h.lead:
		h.printf("<p class=\"verdict\">%s</p>\n", esc(text))
	case p.Heading:
		h.printf("<h2>%s</h2>\n", esc(text))
	case p.Dim:
		h.printf("<p class=\"dim\">%s</p>\n", esc(text))
	default:
		h.printf("<p>%s</p>\n", esc(heading(text)))
	}
}

// Item writes one point of a list.
func (h *htmlWriter) Item(i report.Item) {
	class := map[report.Mark]string{report.Point: "also", report.Yes: "yes", report.No: "no"}[i.Mark]
	first := map[report.Mark]string{report.Yes: "<b>supported</b> ", report.No: "<b>✗</b> "}[i.Mark]
	if s := i.Severity.String(); s != "" {
		class, first = "severe "+s, "<b>"+s+":</b> "
	}
	h.printf("<p class=\"item %s\">%s%s</p>\n", class, first, esc(i.Text))
}

// folded tells whether a table is one of the first screen's that a page has in full further
// below, or shows as a picture: it is there for who opens it.
func (h *htmlWriter) folded(t *report.Table) bool {
	return !h.lead && !h.inside && (t.Weight == report.Brief && t.Part != "table" && !h.open || t.Part == "listing" && h.drawn)
}

// Table writes a table. Rows that do not sum up can be sorted by any column.
func (h *htmlWriter) Table(t report.Table) {
	h.tables++
	if h.folded(&t) {
		h.Fold(cmp.Or(t.Title, t.Subject, t.Part))
		defer h.Unfold()
	}
	label := t.Label()
	sort := ""
	if len(t.Rows) > 1 && !t.Summed() {
		sort = " data-sort"
	}
	name := heading(cmp.Or(t.Title, t.Part, "figures"))
	h.printf("<div class=\"scroll\"><table id=\"t%d\" class=\"grid\"%s>", h.tables, sort)
	if t.Title != "" && t.Title != h.head {
		h.printf("<caption>%s</caption>", esc(name))
	} else {
		h.printf("<caption class=\"vh\">%s</caption>", esc(name))
	}
	h.WriteString("<thead><tr>")
	heads := make([]string, len(t.Columns))
	for c, col := range t.Columns {
		heads[c] = cmp.Or(col.Title, col.Name)
		text := esc(heads[c])
		switch {
		case text == "":
			text = "<span class=\"vh\">column</span>"
		case col.Title == "":
			text = "<span class=\"vh\">" + text + "</span>"
		case sort != "":
			text = "<button type=\"button\">" + text + "</button>"
		}
		h.printf("<th%s scope=\"col\">%s</th>", class(c == label, col.Right), text)
	}
	h.WriteString("</tr></thead><tbody>\n")
	for n := range t.Rows[:min(len(t.Rows), mostRows)] {
		h.row(&t, &t.Rows[n], label, sort != "", heads)
	}
	h.WriteString("</tbody></table></div>\n")
	if n := len(t.Rows); n > mostRows {
		h.printf("<p class=\"dim\">The first %d of %d rows: the formats csv and json have all.</p>\n", mostRows, n)
	}
	if note := cmp.Or(t.Page, t.Note); note != "" {
		h.printf("<p class=\"dim\">%s</p>\n", esc(note))
	}
}

// mostRows bounds a table: a page with a hundred thousand rows is of no use to anybody.
const mostRows = 500

// class is the class of a column.
func class(label, right bool) string {
	switch {
	case label && right:
		return " class=\"l r\""
	case label:
		return " class=\"l\""
	case right:
		return " class=\"r\""
	}
	return ""
}

func (h *htmlWriter) row(t *report.Table, r *report.Row, label int, sorted bool, heads []string) {
	switch {
	case r.Total:
		h.WriteString("<tr class=\"total\">")
	case r.Detail:
		h.WriteString("<tr class=\"detail\">")
	default:
		h.WriteString("<tr>")
	}
	for c := range t.Columns {
		lead, key, cell := "", "", r.Cell(c)
		if c == label && r.Level > 0 {
			lead = strings.Repeat("&emsp;", r.Level) + "└ "
		}
		if sorted && cell.Number.Known {
			key = fmt.Sprintf(" data-v=\"%v\"", cell.Number.Float())
		}
		text := cellHTML(cell)
		if t.Columns[c].Cut != report.Middle {
			text = long(cell, text)
		}
		if c != label && heads[c] != "" && cell.Text != "" {
			key += " data-h=\"" + esc(strings.ToLower(heads[c])) + "\""
		}
		h.printf("<td%s%s>%s%s</td>", class(c == label, t.Columns[c].Right), key, lead, text)
	}
	h.WriteString("</tr>\n")
}

// trendClass is the class of a trend in the page's style.
var trendClass = map[report.Trend]string{report.Same: "same", report.Better: "less", report.Worse: "more"}

// cellHTML is what stands in a cell.
func cellHTML(c report.Cell) string {
	s := esc(cmp.Or(c.Page, c.Text))
	switch {
	case c.Delta != "":
		s += fmt.Sprintf(" <small class=\"%s\">%s</small>", trendClass[c.Trend], esc(c.Delta))
	case c.Trend == report.Better || c.Trend == report.Worse:
		s = fmt.Sprintf("<span class=\"%s\">%s</span>", trendClass[c.Trend], s)
	}
	return s
}

// A text longer than longText is shortened to shortText characters, and opens on demand.
const (
	longText  = 140
	shortText = 100
)

// long is a cell whose text may be too long for a row: a RUN of fifteen lines.
func long(c report.Cell, whole string) string {
	if len([]rune(c.Text)) <= longText {
		return whole
	}
	return fmt.Sprintf("<details class=\"long\"><summary>%s …</summary>%s</details>", esc(shorten(c.Text, shortText)), whole)
}

// shorten cuts a text to at most n characters, at the last space or slash: never within a
// word or a version, if there is anything else.
func shorten(s string, n int) string {
	r := []rune(screen.Safe(s))
	if len(r) <= n {
		return string(r)
	}
	head := string(r[:n])
	if i := strings.LastIndexAny(head, " /"); i > len(head)/3 {
		return strings.TrimRight(head[:i+1], " ")
	}
	return head
}

// Sides writes one row for each subject: so it can be sorted by any measure.
func (h *htmlWriter) Sides(s report.Sides) {
	h.tables++
	h.printf("<div class=\"scroll\"><table id=\"t%d\" class=\"sides\" data-sort><caption class=\"vh\">All measures</caption><thead><tr><th class=\"l\" scope=\"col\"><button type=\"button\">image</button></th>", h.tables)
	for _, r := range s.Rows {
		help := ""
		if r.Help != "" {
			help = " title=\"" + esc(r.Help) + "\""
		}
		h.printf("<th scope=\"col\"%s><button type=\"button\">%s</button></th>", help, esc(r.Label))
	}
	h.WriteString("</tr></thead><tbody>\n")
	for c, sub := range s.Subjects {
		note := ""
		if sub.Note != "" {
			note = " <small>" + esc(sub.Note) + "</small>"
		}
		h.printf("<tr><th class=\"l\" scope=\"row\">%s%s</th>", esc(sub.Title), note)
		for i := range s.Rows {
			cell, class, key := s.Rows[i].Cell(c), "", ""
			if s.Rows[i].Best(c) {
				class = " class=\"best\""
			}
			if cell.Number.Known {
				key = fmt.Sprint(cell.Number.Float())
			}
			h.printf("<td%s data-v=\"%s\" data-h=\"%s\">%s</td>", class, key, esc(s.Rows[i].Label), cellHTML(cell))
		}
		h.WriteString("</tr>\n")
	}
	h.WriteString("</tbody></table></div>\n")
}
