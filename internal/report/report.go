// Package report holds a small document model and the writers that turn it into
// text and Markdown.
package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"tare/internal/screen"
)

// Table is a table whose first column is labels and whose others are subjects.
type Table struct {
	Columns []Column
	Rows    []Row
}

// Column is the head of a column; Note stands below Title.
type Column struct{ Title, Note string }

// Row is one line of a table.
type Row struct {
	Label string
	Cells []Cell
	Help  string // explains the row, at its end where there is room
	// NoWinner says that less is not better.
	NoWinner bool
}

// Cell is a value and its difference from the baseline, which may be empty.
type Cell struct {
	Value, Delta string
	Key          *float64 // the number that Value shows, for sorting; nil for words
}

// Style chooses how text is written.
type Style struct {
	Width int  // columns of the terminal, at least 40
	Color bool // mark what the eye must find
}

const (
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	green = "\x1b[32m"
	red   = "\x1b[31m"
	reset = "\x1b[0m"
)

// Text writes the table aligned for a terminal. Columns that do not fit beside
// one another go below, with the baseline repeated.
func Text(w io.Writer, t Table, s Style, baseline int) error {
	label := 0
	for _, r := range t.Rows {
		label = max(label, width(r.Label))
	}
	widths := make([]int, len(t.Columns))
	for c, col := range t.Columns {
		widths[c] = max(width(col.Title), width(col.Note))
		for _, r := range t.Rows {
			widths[c] = max(widths[c], cellWidth(t, r, c))
		}
		widths[c] = min(widths[c], max(12, s.Width-label-6))
	}
	var b strings.Builder
	for _, group := range groups(widths, label, s.Width, baseline) {
		writeGroup(&b, t, s, group, widths, label)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func cellWidth(t Table, r Row, c int) int {
	if c >= len(r.Cells) {
		return 0
	}
	if r.Cells[c].Delta == "" {
		return width(r.Cells[c].Value)
	}
	return valueWidth(t, c) + 1 + width(r.Cells[c].Delta)
}

// valueWidth is what the values of a column need that stand before a difference.
func valueWidth(t Table, c int) int {
	n := 0
	for _, r := range t.Rows {
		if c < len(r.Cells) && r.Cells[c].Delta != "" {
			n = max(n, width(r.Cells[c].Value))
		}
	}
	return n
}

const gap = 2

func groups(widths []int, label, room, baseline int) [][]int {
	var out [][]int
	var cur []int
	used := 0
	for c, w := range widths {
		if len(cur) > 0 && used+gap+w > room {
			out = append(out, cur)
			cur = nil
		}
		if len(cur) == 0 {
			used = 2 + label
			if len(out) > 0 && c != baseline {
				cur, used = []int{baseline}, used+gap+widths[baseline]
				if used+gap+w > room { // no room for both: without the baseline
					cur, used = nil, 2+label
				}
			}
		}
		cur = append(cur, c)
		used += gap + w
	}
	return append(out, cur)
}

func writeGroup(b *strings.Builder, t Table, s Style, group, widths []int, label int) {
	paint := func(code, text string) string {
		if !s.Color || text == "" {
			return text
		}
		return code + text + reset
	}
	line := func(first string, cell func(c int) (plain, painted string), help string) {
		l, n := "  "+pad(first, label), 2+label
		for _, c := range group {
			plain, painted := cell(c)
			l += strings.Repeat(" ", gap) + painted + strings.Repeat(" ", max(0, widths[c]-width(plain)))
			n += gap + widths[c]
		}
		l = strings.TrimRight(l, " ")
		if help != "" && n+2+width(help) <= s.Width {
			l += strings.Repeat(" ", max(2, n+2-visible(l))) + paint(dim, help)
		}
		b.WriteString(l + "\n")
	}
	line("", func(c int) (string, string) {
		p := clip(t.Columns[c].Title, widths[c])
		return p, paint(bold, p)
	}, "")
	notes := false
	for _, c := range group {
		notes = notes || t.Columns[c].Note != ""
	}
	if notes {
		line("", func(c int) (string, string) {
			p := clip(t.Columns[c].Note, widths[c])
			return p, paint(dim, p)
		}, "")
	}
	for _, r := range t.Rows {
		line(r.Label, func(c int) (string, string) {
			if c >= len(r.Cells) {
				return "", ""
			}
			cell := r.Cells[c]
			if cell.Delta == "" {
				p := clip(cell.Value, widths[c])
				return p, p
			}
			v := pad(cell.Value, valueWidth(t, c)) + " "
			code := dim
			switch {
			case strings.HasPrefix(cell.Delta, "−"):
				code = green
			case strings.HasPrefix(cell.Delta, "+"):
				code = red
			}
			return v + cell.Delta, v + paint(code, cell.Delta)
		}, r.Help)
	}
	b.WriteString("\n")
}

// Markdown writes the table as GitHub's Markdown.
func Markdown(w io.Writer, t Table) error {
	var b strings.Builder
	b.WriteString("| |")
	for _, c := range t.Columns {
		head := escape(c.Title)
		if c.Note != "" {
			head += "<br>" + escape(c.Note)
		}
		fmt.Fprintf(&b, " %s |", head)
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(t.Columns)) + "\n")
	for _, r := range t.Rows {
		fmt.Fprintf(&b, "| %s |", escape(r.Label))
		for _, c := range r.Cells {
			v := escape(c.Value)
			if c.Delta != "" {
				v += " (" + escape(c.Delta) + ")"
			}
			fmt.Fprintf(&b, " %s |", v)
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "\\|", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "\n", " ", "\r", " ").Replace

func width(s string) int { return runewidth.StringWidth(s) }

// visible is the width of a line that may hold colours.
func visible(s string) int {
	n, in := 0, false
	var plain strings.Builder
	for _, r := range s {
		switch {
		case r == '\x1b':
			in = true
		case in:
			in = r != 'm'
		default:
			plain.WriteRune(r)
		}
	}
	return n + width(plain.String())
}

func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-width(s))) }

// clip shortens s to n columns; the middle goes, since ends of names tell most.
func clip(s string, n int) string {
	if width(s) <= n || n < 3 {
		return s
	}
	head, tail := "", ""
	for width(head)+width(tail)+1 < n {
		r, size := utf8.DecodeRuneInString(s[len(head):])
		if width(head)+width(tail)+1+width(string(r)) > n {
			break
		}
		head += s[len(head) : len(head)+size]
		if width(head)+width(tail)+1 >= n {
			break
		}
		r, size = utf8.DecodeLastRuneInString(s[:len(s)-len(tail)])
		if width(head)+width(tail)+1+width(string(r)) > n {
			break
		}
		tail = s[len(s)-len(tail)-size:]
	}
	return head + "…" + tail
}

// Safe makes a stranger's text fit for one line of a report.
func Safe(s string) string { return screen.Safe(s) }
