package profile

import (
	"strings"

	"tare/internal/compare"
)

// align finds the line for each entry of a history. unsure marks entries whose text is not
// that of the line.
func align(lines []*Line, history []History) (owner []*Line, unsure []bool) {
	var texts, steps []string
	for _, l := range lines {
		texts = append(texts, l.recorded())
	}
	for _, h := range history {
		steps = append(steps, h.Instruction)
	}
	at, unsure := compare.Align(texts, steps)
	owner = make([]*Line, len(history))
	for j, i := range at {
		if i >= 0 {
			owner[j] = lines[i]
		}
	}
	return owner, unsure
}

// recorded is what a builder writes into a history of a line: of a RUN with a here-document
// what stands in it, not its mark.
func (l *Line) recorded() string {
	if l.script != "" && strings.Contains(l.Text, "<<") {
		return "RUN " + l.script
	}
	return l.Text
}
