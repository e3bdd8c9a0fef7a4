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

// same compares a line with an instruction of a history, but for spaces, and for the build
// arguments that BuildKit writes before a command: RUN |1 V=1 /bin/sh -c make.
func same(line, instruction string) bool {
	a, b := strings.Fields(line), strings.Fields(instruction)
	if slices.Equal(a, b) {
		return true
	}
	if len(a) < 2 || len(b) < 2 || a[0] != "RUN" || b[0] != "RUN" || b[1][0] != '|' {
		return false
	}
	cut := len(b) - len(a) + 1 // behind the arguments and the shell
	return cut > 2 && slices.Index(b, "-c") == cut-1 && slices.Equal(a[1:], b[cut:])
}

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
	d := &weigh.Dockerfile{Name: name, Lines: map[int]int{}, Host: map[int]bool{}, Steps: Steps(lines, img)}
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

// Steps are the lines of the steps of an image's history, by their index, as far as the
// history has their text. What sets a variable or a label may be written otherwise there:
// it is the line that names it, if one does. The base image's come first, so that the last
// step is taken.
func Steps(lines []Line, img *image.Image) map[int]int {
	out, taken := map[int]int{}, map[int]bool{}
	for k := len(img.History) - 1; k >= 0; k-- {
		text := img.History[k].Instruction()
		n := lineOf(lines, text)
		if n == 0 {
			n = setting(lines, text)
		}
		if n > 0 && !taken[n] {
			out[k], taken[n] = n, true
		}
	}
	return out
}

// setting is the only line that sets what an ENV, ARG or LABEL sets first; 0 if there are
// none or several.
func setting(lines []Line, instruction string) int {
	word, rest, _ := strings.Cut(instruction, " ")
	name, _, ok := strings.Cut(rest, "=")
	if !ok || word != "ENV" && word != "ARG" && word != "LABEL" {
		return 0
	}
	at, times := 0, 0
	for _, l := range lines {
		w, text, _ := strings.Cut(l.Text, " ")
		if strings.EqualFold(w, word) && slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '=' || r == '"' }), strings.Trim(name, `"`)) {
			at = l.Line
			times++
		}
	}
	if times != 1 {
		return 0
	}
	return at
}
