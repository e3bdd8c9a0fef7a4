package advice

import (
	"slices"

	"tare/internal/tree"
)

// Savings are what the findings of an image that matter free together, each byte once.
type Savings struct {
	Tar      int64 `json:"tar"`
	Transfer int64 `json:"transfer"` // apportioned
	Live     int64 `json:"live"`
	// Lines and Layers are where something has to be changed, in order. Lines is empty
	// where no Dockerfile is known.
	Lines  []int `json:"lines"`
	Layers []int `json:"layers"`
	// Overlap is what these findings free more than once in sum, in tar.
	Overlap int64 `json:"overlap"`
	// Small is the number of findings that save something and do not matter (less than
	// 100 kB and a hundredth of the image), SmallTar what they free beyond the rest.
	Small    int   `json:"small"`
	SmallTar int64 `json:"smallTar"`
}

// Freed are bytes under the names of docs/reference/measures.md.
type Freed struct {
	Tar, Transfer, Live int64

	files int64
}

func (s *Freed) add(p *Part) {
	s.Tar += p.Tar
	s.Transfer += p.Transfer
	s.files += p.Files
	if p.Fate == tree.Live {
		s.Live += p.Files
	}
}

// Total is what findings of one image free together: bytes that several of them would
// free count once.
func Total(list []Finding) Freed {
	var out Freed
	seen := map[*Part]bool{}
	for i := range list {
		for _, p := range list[i].frees {
			if !seen[p] {
				seen[p] = true
				out.add(p)
			}
		}
	}
	return out
}

// Sum says what the findings of an image of whole bytes of tar save together.
func Sum(list []Finding, whole int64) Savings {
	s := Savings{Lines: []int{}, Layers: []int{}}
	var named, all []Finding
	var sum int64
	for _, f := range list {
		if !f.Frees() {
			continue
		}
		all = append(all, f)
		if !f.Matters(whole) {
			s.Small++
			continue
		}
		named = append(named, f)
		sum += f.Tar
		if f.Line > 0 && !slices.Contains(s.Lines, f.Line) {
			s.Lines = append(s.Lines, f.Line)
		}
		if !slices.Contains(s.Layers, f.Layer) {
			s.Layers = append(s.Layers, f.Layer)
		}
	}
	slices.Sort(s.Lines)
	slices.Sort(s.Layers)
	t := Total(named)
	s.Tar, s.Transfer, s.Live, s.Overlap = t.Tar, t.Transfer, t.Live, sum-t.Tar
	s.SmallTar = Total(all).Tar - t.Tar
	return s
}
