package profile

import (
	"cmp"
	"slices"
)

// Telling are the first lines of the instructions that say most, at most as many as most:
// what failed, where stages begin, what can be saved, and what takes most bytes and time.
func (r *Result) Telling(most int) map[int]bool {
	type weight struct {
		line int
		much float64
	}
	var list []weight
	for i := range r.Lines {
		l := &r.Lines[i]
		w := weight{line: l.Lines[0]}
		if r.Total.Tar > 0 {
			w.much = float64(l.Bytes.Tar+l.Bytes.Caused) / float64(r.Total.Tar)
		}
		if r.Seconds > 0 {
			w.much += l.Seconds / r.Seconds
		}
		switch {
		case l.Error != "":
			w.much += 100
		case l.Keyword == "FROM":
			w.much += 10
		case r.Savings != nil && slices.Contains(r.Savings.Lines, w.line):
			w.much += 5
		}
		if w.much > 0 {
			list = append(list, w)
		}
	}
	slices.SortStableFunc(list, func(a, b weight) int { return cmp.Compare(b.much, a.much) })
	out := map[int]bool{}
	for _, w := range list[:min(most, len(list))] {
		out[w.line] = true
	}
	return out
}
