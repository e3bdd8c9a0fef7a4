package compare

import (
	"slices"
	"strings"

	"tare/internal/image"
	"tare/internal/weigh"
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

// host tells whether an instruction copies files of the build context.
func host(text string) bool {
	words := strings.Fields(text)
	if len(words) < 3 || words[0] != "COPY" && words[0] != "ADD" {
		return false
	}
	return !slices.ContainsFunc(words, func(w string) bool {
		return strings.HasPrefix(w, "--from=") || strings.HasPrefix(w, "<<") || words[0] == "ADD" && (strings.Contains(w, "://") || strings.HasPrefix(w, "git@") || strings.Contains(w, "$"))
	})
}

// Match finds the lines of a Dockerfile, the FROM of its first stage among them, that made
// an image's layers, as far as the history names them; nil if it names none.
func Match(name string, lines []Line, img *image.Image) *weigh.Dockerfile {
	d := &weigh.Dockerfile{Name: name, Lines: map[int]int{}, Host: map[int]bool{}}
	first := -1
	for k := range img.Layers {
		if n := lineOf(lines, img.StepOf(k).Instruction()); n > 0 {
			d.Lines[k] = n
			d.Host[k] = slices.ContainsFunc(lines, func(l Line) bool { return l.Line == n && host(l.Text) })
			if first < 0 {
				first = k
			}
		}
	}
	if first < 0 {
		return nil
	}
	// Instructions before the first that was found may have made layers, too.
	d.Base = first
	for _, l := range lines {
		if l.Line == d.Lines[first] {
			break
		}
		if word, _, _ := strings.Cut(l.Text, " "); slices.Contains([]string{"RUN", "COPY", "ADD", "WORKDIR"}, word) {
			d.Base--
		}
	}
	d.Base = max(0, d.Base)
	if from, ok := strings.CutPrefix(lines[0].Text, "FROM "); ok && d.Base > 0 && !strings.Contains(from, "$") {
		d.From = from
	}
	return d
}
