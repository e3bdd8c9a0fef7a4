package compare

import (
	"github.com/opencontainers/go-digest"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Sharing says what the images of a set have in common, at three levels.
type Sharing struct {
	// Blob: the same compressed blob, which a registry stores and a node pulls once.
	// Bytes of transfer, without manifests and configs; not known where a layer's blob is
	// not.
	Blob Level `json:"blob"`
	// DiffID: the same layer, however compressed, which a node unpacks once. Bytes of
	// tar.
	DiffID Level `json:"diffID"`
	// Content: the same live files, in whichever layers; what could be shared if the
	// images were layered alike. Bytes of live.
	Content Level `json:"content"`
	// Apart are the bytes of live files that several images have in layers of their own:
	// for each content its size, once for every image beyond the first. Sharing layers would
	// save them; copies within one image are none.
	Apart int64 `json:"apart"`
}

// Level is what is shared at one level.
type Level struct {
	// Together is what all images take when each thing is there once; Separately is
	// the sum of the images.
	Together   units.Amount `json:"together"`
	Separately units.Amount `json:"separately"`
	Images     []Share      `json:"images"`
}

// Share is the part of one image.
type Share struct {
	Name   string       `json:"name"`
	Shared units.Amount `json:"shared"` // bytes that others of the set have, too
	Unique units.Amount `json:"unique"` // and those that none has
}

func share(subjects []Subject) Sharing {
	return Sharing{
		Apart: apart(subjects),
		Blob: level(subjects, func(s *Subject, add func(digest.Digest, units.Amount)) {
			for i, d := range s.Facts.Image.Push.Layers {
				if !repeated(s.Facts, i) {
					add(d.Digest, s.Facts.Image.Push.Size(i))
				}
			}
		}),
		DiffID: level(subjects, func(s *Subject, add func(digest.Digest, units.Amount)) {
			for _, l := range s.Facts.Image.Layers {
				add(l.DiffID, units.Known(l.Sums.Tar))
			}
		}),
		Content: level(subjects, func(s *Subject, add func(weigh.Content, units.Amount)) {
			s.Facts.Live(func(_ tree.Ref, e *layer.Entry) {
				add(weigh.Content{Sum: e.Sum, Size: e.Size}, units.Known(e.Size))
			})
		}),
	}
}

func repeated(f *weigh.Facts, k int) bool {
	for i := range k {
		if f.Image.Push.Layers[i].Digest == f.Image.Push.Layers[k].Digest {
			return true
		}
	}
	return false
}

// apart counts what stands in several images in layers that none of the others has.
func apart(subjects []Subject) (bytes int64) {
	users, last := map[digest.Digest]int{}, map[digest.Digest]int{}
	for n := range subjects {
		for _, l := range subjects[n].Facts.Image.Layers {
			if at, ok := last[l.DiffID]; !ok || at != n {
				last[l.DiffID] = n
				users[l.DiffID]++
			}
		}
	}
	seen := map[weigh.Content]int{} // the last image that has it
	for n := range subjects {
		f := subjects[n].Facts
		f.Live(func(r tree.Ref, e *layer.Entry) {
			if users[f.Image.Layers[r.Layer].DiffID] > 1 {
				return
			}
			c := weigh.Content{Sum: e.Sum, Size: e.Size}
			if at, ok := seen[c]; ok && at != n {
				bytes += e.Size
			}
			seen[c] = n
		})
	}
	return bytes
}

// level counts things by a name that is the same in all images.
func level[K comparable](subjects []Subject, each func(*Subject, func(K, units.Amount))) Level {
	out := Level{Images: []Share{}}
	const many = -1
	owner := map[K]int{} // the only image that has it, or many
	for n := range subjects {
		each(&subjects[n], func(k K, bytes units.Amount) {
			if o, ok := owner[k]; !ok {
				owner[k] = n
				out.Together = out.Together.Plus(bytes)
			} else if o != n {
				owner[k] = many
			}
		})
	}
	for n := range subjects {
		s := Share{Name: subjects[n].Name}
		each(&subjects[n], func(k K, bytes units.Amount) {
			if owner[k] == many {
				s.Shared = s.Shared.Plus(bytes)
			} else {
				s.Unique = s.Unique.Plus(bytes)
			}
		})
		out.Separately = out.Separately.Plus(s.Shared).Plus(s.Unique)
		out.Images = append(out.Images, s)
	}
	return out
}
