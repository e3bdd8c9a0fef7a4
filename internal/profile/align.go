package profile

import (
	"slices"
	"strings"
)

// align finds the line for each entry of a history: the assignment in order that fits
// best (Needleman and Wunsch, with no cost for leaving out). unsure marks entries whose
// text is not that of the line.
func align(lines []*Line, history []History) (owner []*Line, unsure []bool) {
	owner, unsure = make([]*Line, len(history)), make([]bool, len(history))
	n, m := len(lines), len(history)
	if n*m > maxAligned {
		return owner, unsure // nobody writes such a file, nor such a history
	}
	best := make([][]float64, n+1)
	for i := range best {
		best[i] = make([]float64, m+1)
	}
	// From the end: what a Dockerfile adds stands last in a history.
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1])
			if s := likeness(lines[i].recorded(), history[j].Instruction); s > 0 {
				best[i][j] = max(best[i][j], best[i+1][j+1]+s)
			}
		}
	}
	// From the start, and as late in the history as is as good: the base's own history
	// may begin with the same instructions.
	for i, j := 0, 0; i < n && j < m; {
		s := likeness(lines[i].recorded(), history[j].Instruction)
		switch {
		case best[i][j+1] == best[i][j]:
			j++
		case best[i][j] == best[i+1][j+1]+s: // s is not 0, else it were best to go on in the history
			owner[j], unsure[j] = lines[i], s < sure
			i, j = i+1, j+1
		default:
			i++
		}
	}
	return owner, unsure
}

// recorded is what a builder writes into a history of a line: of a RUN with a here-document
// what stands in it, not its mark.
func (l *Line) recorded() string {
	if l.Keyword == "RUN" && l.script != "" && strings.Contains(l.Text, "<<") {
		return "RUN " + l.script
	}
	return l.Text
}

// maxAligned bounds the table of the alignment.
const maxAligned = 4 << 20

// sure is the likeness from which on two texts are taken for the same instruction.
const sure = 1.5

// likeness of an instruction and a history entry: 0 for other keywords, 2 for equal
// texts, else 0.2 and the part of the words that both have.
func likeness(line, entry string) float64 {
	a, b := words(line), words(entry)
	if len(a) == 0 || len(b) == 0 || !strings.EqualFold(a[0], b[0]) {
		return 0
	}
	have := map[string]int{}
	for _, w := range a[1:] {
		have[w]++
	}
	both := 0
	for _, w := range b[1:] {
		if have[w] > 0 {
			have[w]--
			both++
		}
	}
	most := max(len(a), len(b)) - 1
	if both == most {
		return 2
	}
	return 0.2 + 1.7*float64(both)/float64(most)
}

// words are those of an instruction, without flags that builders leave out and without
// marks: ENV a=b and ENV a b, CMD ["x"] and CMD ["x"] are the same.
func words(s string) []string {
	var out []string
	flags := true // they stand behind the keyword, and a command's own are none
	for n, w := range strings.Fields(s) {
		flags = flags && (n == 0 || strings.HasPrefix(w, "--"))
		if n > 0 && flags && left(w) {
			continue
		}
		out = append(out, strings.FieldsFunc(w, func(r rune) bool { return strings.ContainsRune("[]\"',=\\", r) })...)
	}
	return out
}

// left tells whether a flag is one that is left out of histories.
func left(flag string) bool {
	name, _, _ := strings.Cut(flag, "=")
	return slices.Contains([]string{"--mount", "--network", "--link", "--from"}, name)
}
