package compare

import (
	"slices"
	"strings"

	"tare/internal/advice"
)

// Line is an instruction of a Dockerfile: its text in one line, and where it begins.
type Line struct {
	Text string
	Line int
}

// line is the line of an instruction; 0 if it is not in the file, or more than once.
func (s *Subject) line(instruction string) int { return lineOf(s.Lines, instruction) }

func lineOf(lines []Line, instruction string) int {
	at, times := 0, 0
	for _, l := range lines {
		if same(l.Text, instruction) {
			at = l.Line
			times++
		}
	}
	if times != 1 {
		return 0
	}
	return at
}

// same compares instructions but for spaces.
func same(a, b string) bool { return slices.Equal(strings.Fields(a), strings.Fields(b)) }

// ledger is the subject's with the lines of its Dockerfile, where they are known.
func (s *Subject) ledger() *advice.Ledger { return Lined(advice.Of(s.Facts), s.Lines) }

// Lined is a ledger with the lines that its image was built from, as far as the history
// names them; the same ledger if it names none.
func Lined(l *advice.Ledger, lines []Line) *advice.Ledger {
	numbers := make([]int, len(l.Layers))
	first := -1
	for k := range l.Layers {
		numbers[k] = lineOf(lines, l.Layers[k].Instruction)
		if first < 0 && numbers[k] > 0 {
			first = k
		}
	}
	if first < 0 {
		return l
	}
	// Instructions before the first that was found may have made layers as well.
	base := first
	for _, i := range lines {
		if i.Line == numbers[first] {
			break
		}
		if word, _, _ := strings.Cut(i.Text, " "); slices.Contains([]string{"RUN", "COPY", "ADD", "WORKDIR"}, word) {
			base--
		}
	}
	return l.Lined(numbers, max(0, base))
}

// BaseOf is the image that the first line is FROM; empty for scratch, a variable, or no
// lines.
func BaseOf(lines []Line) string {
	if len(lines) == 0 {
		return ""
	}
	base, ok := strings.CutPrefix(lines[0].Text, "FROM ")
	if !ok || base == "scratch" || strings.Contains(base, "$") {
		return ""
	}
	return base
}
