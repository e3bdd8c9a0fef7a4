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
// an image's layers; nil if its history has none of them as they stand in the file.
func Match(name string, lines []Line, img *image.Image) *weigh.Dockerfile {
	at := owners(lines, img)
	if at == nil {
		return nil
	}
	d := &weigh.Dockerfile{Name: name, Lines: map[int]int{}, Host: map[int]bool{}, Steps: map[int]int{}, Base: len(img.Layers)}
	made, first := map[int]bool{}, len(lines)
	for k, i := range at {
		if i < 0 {
			continue
		}
		d.Steps[k], made[i] = lines[i].Line, true
		if l := img.History[k].Layer; l >= 0 {
			d.Lines[l], d.Host[l] = lines[i].Line, host(lines[i].Text)
			d.Base, first = min(d.Base, l), min(first, i)
		}
	}
	// Instructions before the first that was found may have made layers, too.
	for i, l := range lines[:first] {
		if word, _, _ := strings.Cut(l.Text, " "); !made[i] && d.Base < len(img.Layers) && slices.Contains([]string{"RUN", "COPY", "ADD", "WORKDIR"}, word) {
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
// history has them.
func Steps(lines []Line, img *image.Image) map[int]int {
	out := map[int]int{}
	for k, i := range owners(lines, img) {
		if i >= 0 {
			out[k] = lines[i].Line
		}
	}
	return out
}

// owners are the indexes of the lines that made the steps of a history, -1 where none did;
// nil if no step has the text of a line.
func owners(lines []Line, img *image.Image) []int {
	var texts, steps []string
	for _, l := range lines {
		texts = append(texts, l.Text)
	}
	for _, s := range img.History {
		steps = append(steps, s.Instruction())
	}
	at, unsure := Align(texts, steps)
	for k := range at {
		if at[k] >= 0 && !unsure[k] {
			return at
		}
	}
	return nil
}
