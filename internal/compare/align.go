package compare

import (
	"encoding/json"
	"slices"
	"strings"
)

// Align finds the instruction of a Dockerfile for each step of a history: the assignment in
// order that fits best (Needleman and Wunsch, with no cost for leaving out). owner has the
// index of an instruction, -1 for none; unsure marks steps whose text is not that of the
// instruction.
func Align(lines, history []string) (owner []int, unsure []bool) {
	owner, unsure = make([]int, len(history)), make([]bool, len(history))
	for j := range owner {
		owner[j] = -1
	}
	n, m := len(lines), len(history)
	if n*m > maxLikened {
		return owner, unsure // nobody writes such a file, nor such a history
	}
	shells := shellsOf(lines)
	likeness := func(line, entry string) float64 { return likeness(line, command(entry, shells)) }
	best := make([][]float64, n+1)
	for i := range best {
		best[i] = make([]float64, m+1)
	}
	// From the end: what a Dockerfile adds stands last in a history.
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1])
			if s := likeness(lines[i], history[j]); s > 0 {
				best[i][j] = max(best[i][j], best[i+1][j+1]+s)
			}
		}
	}
	// From the start, and as late in the history as is as good: the base's own history
	// may begin with the same instructions.
	for i, j := 0, 0; i < n && j < m; {
		s := likeness(lines[i], history[j])
		switch {
		case best[i][j+1] == best[i][j]:
			j++
		case best[i][j] == best[i+1][j+1]+s: // s is not 0: the step is needed
			owner[j], unsure[j] = i, s < sure
			i, j = i+1, j+1
		default:
			i++
		}
	}
	return owner, unsure
}

// maxLikened bounds the table of the alignment.
const maxLikened = 4 << 20

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

// command is a step without the build arguments that BuildKit writes before a command, and
// the shell that carries it out, if it is the default one or one of shells:
// RUN |1 V=1 /bin/sh -c make.
func command(entry string, shells []string) string {
	rest, ok := strings.CutPrefix(entry, "RUN ")
	if !ok {
		return entry
	}
	args := strings.HasPrefix(rest, "|")
	for _, sh := range shells {
		if before, cmd, ok := strings.Cut(" "+rest, " "+sh+" "); ok && (before == "" || args) {
			return "RUN " + strings.TrimSpace(cmd)
		}
	}
	if _, cmd, ok := strings.Cut(rest, " -c "); ok && args {
		return "RUN " + cmd
	}
	return entry
}

// shellsOf are the shells that SHELL instructions name, as histories write them.
func shellsOf(lines []string) (out []string) {
	for _, l := range lines {
		name, text, _ := strings.Cut(l, " ")
		var list []string
		if strings.EqualFold(name, "SHELL") && json.Unmarshal([]byte(text), &list) == nil && len(list) > 0 {
			out = append(out, strings.Join(list, " "))
		}
	}
	// The longest first: one may begin as another does.
	slices.SortFunc(out, func(a, b string) int { return len(b) - len(a) })
	return out
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
