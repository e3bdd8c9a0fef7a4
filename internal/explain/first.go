package explain

import (
	"slices"

	"tare/internal/compare"
)

// What makes up less than one part in small of a difference, and less than noise bytes,
// is folded.
const (
	small = 100
	noise = 100_000
)

// Fold is how many of the groups, the largest first, deserve a row of their own where
// there are so many rows; the others go into one. A group that would be folded alone has
// a row, too.
func Fold(groups []Group, rows int) int {
	var all int64
	for i := range groups {
		all += abs(groups[i].Bytes)
	}
	n := 0
	for n < len(groups) && n < rows-1 {
		b := abs(groups[n].Bytes)
		if b < noise && b < all/small {
			break
		}
		n++
	}
	if n == len(groups)-1 {
		n++
	}
	return n
}

// Telling are, of a comparison's sentences, those that a reader would not see in its
// tables, at most so many.
func Telling(r *compare.Result, most int) []compare.Sentence {
	var out []compare.Sentence
	for _, topic := range []string{"stages", "tools", "waste", "sharing"} {
		for _, s := range r.Sentences {
			if s.Topic != topic || len(out) == most || topic == "waste" && !wasteful(r, &s) || topic == "sharing" && !shares(r) {
				continue
			}
			out = append(out, s)
		}
	}
	return out
}

// wasteful tells whether a sentence is about an image of whose files a twentieth or more
// is waste.
func wasteful(r *compare.Result, s *compare.Sentence) bool {
	return slices.ContainsFunc(r.Images, func(i compare.Image) bool {
		return len(s.Evidence) > 0 && i.Name == s.Evidence[0].Image && i.Sizes.Waste*20 >= i.Sizes.Files
	})
}

// shares tells whether layers in common save a twentieth or more of a pull, or of tar
// where pulls are not known.
func shares(r *compare.Result) bool {
	b := r.Sharing.Blob
	if !b.Separately.Known() {
		b = r.Sharing.DiffID
	}
	together, separately := b.Together.Or(0), b.Separately.Or(0)
	return (separately-together)*20 >= separately && separately > together
}
