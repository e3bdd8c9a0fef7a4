package report

import (
	"fmt"
	"html"
	"io"
	"strings"
)

// markdownWriter writes GitHub's Markdown.
type markdownWriter struct {
	strings.Builder
	list bool   // the last block was an item
	head string // what the fold is called that was just opened: said once is enough
}

// WriteMarkdown writes the document as GitHub's Markdown. What is not on the first
// screen is folded.
func (d Document) WriteMarkdown(w io.Writer) error {
	m := &markdownWriter{}
	d.Write(m)
	_, err := io.WriteString(w, m.String())
	return err
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "\\|", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "\n", " ", "\r", " ").Replace

// begin puts an empty line between blocks, but not between the items of a list.
func (m *markdownWriter) begin(item bool) {
	if m.Len() > 0 && !(item && m.list) {
		m.WriteString("\n")
	}
	m.list = item
}

func (m *markdownWriter) Fold(title string) {
	m.begin(false)
	m.WriteString("<details><summary>" + escape(title) + "</summary>\n")
	m.head = title
}

func (m *markdownWriter) Unfold() {
	m.begin(false)
	m.WriteString("</details>\n")
}

func (m *markdownWriter) Para(p Para) {
	m.begin(false)
	switch {
	case p.Verbatim: // no fence, which the text could hold
		m.WriteString("<pre>" + html.EscapeString(p.Text) + "</pre>\n")
	case p.Heading:
		m.WriteString("### " + escape(p.Text) + "\n")
	default:
		m.WriteString(escape(p.Text) + "\n")
	}
}

func (m *markdownWriter) Item(i Item) {
	m.begin(true)
	lead := map[Mark]string{Yes: "✓ ", No: "✗ "}[i.Mark]
	if s := i.Severity.String(); s != "" {
		lead += "**" + s + ":** "
	}
	m.WriteString("- " + lead + escape(i.Text) + "\n")
}

// value is a cell with its difference.
func (c Cell) value() string {
	if c.Delta == "" {
		return c.Text
	}
	return strings.TrimSpace(c.Text + " (" + c.Delta + ")")
}

func (m *markdownWriter) Table(t Table) {
	m.begin(false)
	if t.Title != "" && t.Title != m.head {
		m.WriteString("### " + escape(t.Title) + "\n\n")
	}
	label := t.Label()
	for _, c := range t.Columns {
		m.WriteString("| " + escape(c.Title) + " ")
	}
	m.WriteString("|\n")
	for _, c := range t.Columns {
		if c.Right {
			m.WriteString("|---:")
		} else {
			m.WriteString("|---")
		}
	}
	m.WriteString("|\n")
	for n := range t.Rows {
		r := &t.Rows[n]
		for c := range t.Columns {
			s := escape(r.Cell(c).value())
			switch {
			case c == label && r.Level > 0:
				s = strings.Repeat("&nbsp; ", r.Level) + "└ " + s
			case r.Total && s != "":
				s = "**" + s + "**"
			}
			m.WriteString("| " + s + " ")
		}
		m.WriteString("|\n")
	}
	if t.Note != "" {
		fmt.Fprintf(m, "\n%s\n", escape(t.Note))
	}
}

func (m *markdownWriter) Sides(s Sides) {
	m.begin(false)
	m.WriteString("| |")
	for _, c := range s.Subjects {
		head := escape(c.Title)
		if c.Note != "" {
			head += "<br>" + escape(c.Note)
		}
		fmt.Fprintf(m, " %s |", head)
	}
	m.WriteString("\n|---|" + strings.Repeat("---:|", len(s.Subjects)) + "\n")
	for i := range s.Rows {
		r := &s.Rows[i]
		fmt.Fprintf(m, "| %s |", escape(r.Label))
		for c := range s.Subjects {
			fmt.Fprintf(m, " %s |", escape(r.Cell(c).value()))
		}
		m.WriteString("\n")
	}
}
