// Package suggest finds the word that somebody meant by one that does not exist.
package suggest

import (
	"slices"
	"strings"

	"tare/internal/request"
)

// Nearest is the word of a list that somebody most likely meant by another: one that
// begins with it, or is few letters away. It is "" if none is near.
func Nearest(word string, list []string) string {
	word = strings.ToLower(word)
	best, least := "", 1+min(3, (len(word)+1)/3)
	for _, w := range list {
		d := distance(word, strings.ToLower(w))
		if len(word) > 1 && strings.HasPrefix(strings.ToLower(w), word) {
			d = min(d, 1)
		}
		if d < least {
			best, least = w, d
		}
	}
	return best
}

// distance counts letters that must be put in, taken out, replaced or swapped with the
// next one to make b of a.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	var before, last []int
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		before, last, row = last, row, make([]int, len(y)+1)
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(y)]
}

// Meant is "; did you mean X?" for the nearest word of a list, or "".
func Meant(word string, list []string) string {
	if w := Nearest(word, list); w != "" {
		return "; did you mean " + w + "?"
	}
	return ""
}

// MeantEnd is Meant at the end of a sentence: "; did you mean X?", or ".".
func MeantEnd(word string, list []string) string {
	if s := Meant(word, list); s != "" {
		return s
	}
	return "."
}

// OneOf is nil if a list has a flag's value, else a request.Error with the list and the
// nearest value of it.
func OneOf(flag, value string, list []string) error {
	if slices.Contains(list, value) {
		return nil
	}
	return request.Errorf("%s %q: want %s%s", flag, value, Enumerate(list), Meant(value, list))
}

// Enumerate is a list in a sentence: "a, b or c".
func Enumerate(list []string) string {
	n := len(list) - 1
	if n < 1 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:n], ", ") + " or " + list[n]
}
