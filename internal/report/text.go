package report

import (
	"io"
	"strings"

	"tare/internal/cut"
)

// Style chooses how text is written.
type Style struct {
	// Width is that of the terminal in columns, at least 40. 0 says that there is no
	// terminal: nothing is cut, wrapped or left out.
	Width int
	Color bool // mark what the eye must find
	Bars  bool // draw bars where there is room
}

const (
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	green = "\x1b[32m"
	red   = "\x1b[31m"
	reset = "\x1b[0m"
)

func (s Style) paint(code, text string) string {
	if !s.Color || text == "" || code == "" {
		return text
	}
	return code + text + reset
}

// trend is the colour of a trend.
func (t Trend) code() string {
	return map[Trend]string{Better: green, Worse: red, Same: dim}[t]
}

// textWriter writes for a terminal, or for a pipe.
type textWriter struct {
	strings.Builder
	Style
	list bool // the last block was an item
}

// WriteText writes the document for a terminal or a pipe.
func (d Document) WriteText(w io.Writer, s Style) error {
	t := &textWriter{Style: s}
	d.Write(t)
	_, err := io.WriteString(w, t.String())
	return err
}

// begin puts an empty line behind a list.
func (t *textWriter) begin() {
	if t.list {
		t.WriteString("\n")
	}
	t.list = false
}

func (t *textWriter) Fold(string) {}
func (t *textWriter) Unfold()     {}

func (t *textWriter) Para(p Para) {
	t.begin()
	code := ""
	switch {
	case p.Heading:
		code = bold
	case p.Dim:
		code = dim
	}
	if p.Verbatim {
		for l := range strings.SplitSeq(p.Text, "\n") {
			t.WriteString(strings.TrimRight("    "+t.paint(code, l), " ") + "\n")
		}
		t.WriteString("\n")
		return
	}
	for _, line := range wrap(p.Text, t.room(2)) {
		t.WriteString("  " + t.paint(code, line) + "\n")
	}
	t.WriteString("\n")
}

// room is what is left of the width; endless without a terminal.
func (t *textWriter) room(used int) int {
	if t.Width == 0 {
		return 1 << 30
	}
	return max(12, t.Width-used)
}

func (t *textWriter) Item(i Item) {
	t.list = true
	mark, code := map[Mark]string{Point: "·", Yes: "✓", No: "✗"}[i.Mark], map[Mark]string{Yes: green, No: red}[i.Mark]
	word := i.Severity.String()
	severe := map[Severity]string{Warning: bold, Error: red, Secret: red}[i.Severity]
	if word != "" {
		word += ": "
	}
	for n, line := range wrap(word+i.Text, t.room(4)) {
		lead := "    "
		if n == 0 {
			lead = "  " + t.paint(code, mark) + " "
			if rest, ok := strings.CutPrefix(line, word); ok && word != "" {
				line = t.paint(severe, word) + rest
			}
		}
		t.WriteString(lead + line + "\n")
	}
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
			case cut.Width(line)+1+cut.Width(word) <= n:
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
