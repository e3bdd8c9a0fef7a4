package advice

import (
	"cmp"
	"slices"

	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Total is what findings of a kB and more save.
func Total(img *Image, list []Finding) weigh.Savings {
	return *weigh.Save(add(img, list), img.Sizes.Tar, units.Material{Bytes: 1000})
}

// Together sums findings up in another way, each entry once: what sums are held against.
func Together(img *Image, list []Finding) weigh.Savings { return together(img, list) }

func together(img *Image, list []Finding) weigh.Savings {
	var s weigh.Savings
	seen, places := map[tree.Ref]bool{}, map[int]bool{}
	for _, f := range list {
		if len(f.frees) == 0 {
			continue
		}
		places[cmp.Or(f.Line, -f.Layer)] = true
		s.Lines, s.Layers = append(s.Lines, f.Line), append(s.Layers, f.Layer)
		s.Overlap += f.Tar
		for r := range f.frees {
			if !seen[r] {
				seen[r] = true
				e := img.Tree.Entry(r)
				s.Tar += e.Span
				s.Transfer = s.Transfer.Plus(img.Share(r))
				if img.Tree.Bytes(r).Class == tree.Live {
					s.Live += e.Size
				}
			}
		}
	}
	slices.Sort(s.Lines)
	slices.Sort(s.Layers)
	s.Places = len(places)
	s.Overlap -= s.Tar
	return s
}

// Frees are the entries that a finding is about.
func Frees(f Finding) map[tree.Ref]bool { return f.frees }
